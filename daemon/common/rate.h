/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Token buckets.
 *
 * Credit grows by @events for every millisecond of the monotonic clock and an
 * event costs @per_ms, so nothing is ever divided and nothing rounded away.
 * No clock is read here.
 */
#ifndef CWMPGATE_RATE_H
#define CWMPGATE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* "30/min burst 10" is { .events = 30, .per_ms = 60000, .burst = 10 }. */
struct rate {
	uint32_t	events;
	uint32_t	per_ms;
	uint32_t	burst;
};

struct bucket {
	uint64_t	credit;		/* events times per_ms */
	uint64_t	at_ms;		/* when the credit was last brought up to date */
};

/* A full bucket, as a source that was never seen has. */
void bucket_fill(struct bucket *b, const struct rate *r, uint64_t now_ms);

/* Takes one token; false, and nothing taken, if there is none. */
bool bucket_take(struct bucket *b, const struct rate *r, uint64_t now_ms);

/* Gives one token back; never beyond the burst. */
void bucket_give(struct bucket *b, const struct rate *r);

/* Less than half of the burst is left, as of the last bucket_take(). */
bool bucket_is_low(const struct bucket *b, const struct rate *r);

/*
 * What each of @n that share @r may spend by itself.  The rate is divided exactly;
 * of the burst at least one token is left.
 */
struct rate rate_share(const struct rate *r, uint32_t n);

/* As good as never used: forgetting the bucket would change nothing. */
bool bucket_is_full(const struct bucket *b, const struct rate *r, uint64_t now_ms);

#endif /* CWMPGATE_RATE_H */
