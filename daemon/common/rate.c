// SPDX-License-Identifier: GPL-2.0-or-later

#include "rate.h"

static uint64_t full(const struct rate *r)
{
	return (uint64_t)r->burst * r->per_ms;
}

static uint64_t credit_at(const struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	uint64_t room = full(r) - b->credit;
	uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	/* Compared by division: after a long silence the product would not fit. */
	if (r->events && passed > room / r->events)
		return full(r);
	return b->credit + passed * r->events;
}

void bucket_fill(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	b->credit = full(r);
	b->at_ms = now_ms;
}

bool bucket_take(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	b->credit = credit_at(b, r, now_ms);
	if (now_ms > b->at_ms)
		b->at_ms = now_ms;
	if (r->burst == 0 || b->credit < r->per_ms)
		return false;
	b->credit -= r->per_ms;
	return true;
}

void bucket_give(struct bucket *b, const struct rate *r)
{
	uint64_t room = full(r) - b->credit;

	b->credit += room < r->per_ms ? room : r->per_ms;
}

bool bucket_is_low(const struct bucket *b, const struct rate *r)
{
	return b->credit < (uint64_t)(r->burst / 2) * r->per_ms;
}

/* An event costs @n times as much, so that nothing is rounded here either. */
struct rate rate_share(const struct rate *r, uint32_t n)
{
	return (struct rate){ .events = r->events, .per_ms = r->per_ms * n,
			      .burst = r->burst < n && r->burst ? 1 : r->burst / n };
}

bool bucket_is_full(const struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	return credit_at(b, r, now_ms) == full(r);
}
