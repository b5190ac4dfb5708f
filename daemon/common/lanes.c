// SPDX-License-Identifier: GPL-2.0-or-later

#include "lanes.h"

uint64_t lanes_count(const struct lanes *l, enum why why)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->of[i]->count[why];
	return n;
}

uint64_t lanes_decisions(const struct lanes *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += atomic_load(&l->of[i]->n_decisions);
	return n;
}

struct use lanes_use(const struct lanes *l)
{
	struct use all = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct use u = l->of[i]->use;

		all.embryos = (uint16_t)(all.embryos + u.embryos);
		all.live = (uint16_t)(all.live + u.live);
		all.over = (uint16_t)(all.over + u.over);
		all.heads = (uint16_t)(all.heads + u.heads);
	}
	return all;
}

bool lanes_read(const struct lanes *l, uint64_t id, struct decision *d)
{
	return l->n && shm_read(l->of[id % l->n], id / l->n, d);
}

void lanes_look(const struct lanes *l, struct lanes_at *at)
{
	for (size_t i = 0; i < l->n; i++)
		at->end[i] = atomic_load(&l->of[i]->n_decisions);
}

void lanes_newest(const struct lanes *l, struct lanes_at *at)
{
	lanes_look(l, at);
	for (size_t i = 0; i < l->n; i++)
		at->next[i] = at->end[i];
}

/*
 * The oldest decision of memory @i that is not behind us.  A guard that is
 * somebody else's may have counted backwards: then the memory begins anew.
 */
static bool peek(const struct lanes *l, struct lanes_at *at, size_t i, struct decision *d)
{
	uint64_t end = at->end[i];

	if (end - at->next[i] >= DECISIONS_MAX)
		at->next[i] = end < DECISIONS_MAX ? 0 : end - DECISIONS_MAX + 1;
	while (at->next[i] < end && !shm_read(l->of[i], at->next[i], d))
		at->next[i]++;
	return at->next[i] < end;
}

bool lanes_next(const struct lanes *l, struct lanes_at *at, uint64_t *id, struct decision *d)
{
	struct decision	one;
	size_t		from = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (peek(l, at, i, &one) && (from == l->n || one.ms < d->ms)) {
			*d = one;
			from = i;
		}
	if (from == l->n)
		return false;
	*id = at->next[from]++ * l->n + from;
	return true;
}

bool lanes_previous(const struct lanes *l, struct lanes_at *at, uint64_t *id,
		    struct decision *d)
{
	struct decision	one;
	size_t		from = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (at->next[i] && shm_read(l->of[i], at->next[i] - 1, &one) &&
		    (from == l->n || one.ms >= d->ms)) {
			*d = one;
			from = i;
		}
	if (from == l->n)
		return false;
	*id = --at->next[from] * l->n + from;
	return true;
}
