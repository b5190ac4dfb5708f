// SPDX-License-Identifier: GPL-2.0-or-later

#include "source.h"

enum { NONE = 0xffff };

void sources_init(struct sources *t, const struct siphash_key *key)
{
	memset(t, 0, sizeof(*t));
	t->key = *key;
	for (size_t i = 0; i < SOURCES_MAX; i++)
		t->bucket[i] = NONE;
}

static uint16_t *bucket_of(struct sources *t, const struct addr *a)
{
	return &t->bucket[siphash(a, sizeof(*a), &t->key) % SOURCES_MAX];
}

static void forget(struct sources *t, struct source *s)
{
	uint16_t *link = bucket_of(t, &s->addr);

	while (*link != s - t->of)
		link = &t->of[*link].next_in_bucket;
	*link = s->next_in_bucket;
	s->used = false;
}

/*
 * A source under a ban, or one that has used up some of its budget, would come
 * back with a full one; so the quietest goes first.
 */
static struct source *find_room(struct sources *t)
{
	struct source *victim = NULL;

	for (size_t i = 0; i < SOURCES_MAX; i++) {
		struct source *s = &t->of[i];

		if (!s->used)
			return s;
		if (!s->flows && (!victim || s->seen_ms < victim->seen_ms))
			victim = s;
	}
	if (victim)
		forget(t, victim);
	return victim;
}

struct source *source_get(struct sources *t, const struct addr *addr,
			  const struct policy *policy, uint64_t now_ms)
{
	struct addr	 a = addr_source(addr);
	uint16_t	*bucket = bucket_of(t, &a);
	struct source	*s;

	for (uint16_t i = *bucket; i != NONE; i = t->of[i].next_in_bucket)
		if (addr_equal(&t->of[i].addr, &a)) {
			t->of[i].seen_ms = now_ms;
			return &t->of[i];
		}
	s = find_room(t);
	if (!s)
		return NULL;
	*s = (struct source){ .addr = a, .used = true, .seen_ms = now_ms,
			      .next_in_bucket = *bucket };
	bucket_fill(&s->malformed, &policy->malformed, now_ms);
	*bucket = (uint16_t)(s - t->of);
	return s;
}

uint32_t source_charge(struct source *s, const struct policy *policy, uint64_t now_ms)
{
	uint64_t ban = policy->ban_ms;

	if (!ban || bucket_take(&s->malformed, &policy->malformed, now_ms))
		return 0;
	/* Quiet for as long as the longest ban after the last one: forgiven. */
	if (now_ms > s->banned_ms + policy->ban_max_ms)
		s->strikes = 0;
	ban <<= s->strikes < 16 ? s->strikes : 16;
	if (ban > policy->ban_max_ms)
		ban = policy->ban_max_ms;
	else
		s->strikes++;
	s->banned_ms = now_ms + ban;
	bucket_fill(&s->malformed, &policy->malformed, now_ms);
	return (uint32_t)ban;
}
