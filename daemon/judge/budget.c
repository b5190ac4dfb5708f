// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Budgets by source address in a table of fixed size (TR-069 3.2.2.2).
 *
 * A source has a few places where it may stand, which the keyed hash chooses.
 * To forget one whose buckets are full again changes nothing for it, so these
 * go first; only then the one that was not seen for longest.
 */

#include "budget.h"

#include <stdlib.h>

enum { PLACES = 8, SETS = SOURCES_MAX / PLACES };

struct budgets {
	const struct policy	*policy;
	struct siphash_key	 key;
	struct budget		 of[SETS][PLACES];
};

struct budgets *budgets_new(const struct policy *policy, const struct siphash_key *key)
{
	struct budgets *t = calloc(1, sizeof(*t));

	if (t) {
		t->policy = policy;
		t->key = *key;
	}
	return t;
}

void budgets_free(struct budgets *t)
{
	free(t);
}

static bool is_idle(const struct budgets *t, const struct budget *s, uint64_t now_ms)
{
	return bucket_is_full(&s->attempts, &t->policy->attempts, now_ms) &&
	       bucket_is_full(&s->requests, &t->policy->requests, now_ms);
}

static bool is_cheaper(const struct budgets *t, const struct budget *a,
		       const struct budget *b, uint64_t now_ms)
{
	bool a_idle = is_idle(t, a, now_ms), b_idle = is_idle(t, b, now_ms);

	if (a->taken != b->taken)
		return !a->taken;
	if (a_idle != b_idle)
		return a_idle;
	return a->seen_ms < b->seen_ms;
}

struct budget *budgets_find(struct budgets *t, const struct addr *client, uint64_t now_ms)
{
	struct addr	 addr = addr_source(client);
	struct budget	*set = t->of[siphash(addr.b, sizeof(addr.b), &t->key) % SETS];
	struct budget	*s = set;

	for (struct budget *o = set; o < set + PLACES; o++) {
		if (o->taken && addr_equal(&o->addr, &addr)) {
			o->seen_ms = now_ms;
			return o;
		}
		if (is_cheaper(t, o, s, now_ms))
			s = o;
	}
	*s = (struct budget){ .taken = true, .addr = addr, .seen_ms = now_ms };
	bucket_fill(&s->attempts, &t->policy->attempts, now_ms);
	bucket_fill(&s->requests, &t->policy->requests, now_ms);
	return s;
}
