/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Token buckets by source: how often one may try to connect.
 *
 * A source is an IPv4 address or an IPv6 /64.  At most CWMPGATE_SOURCES_MAX are
 * remembered, a new one beyond that is refused; one whose bucket is full again is
 * forgotten, within a second.
 */
#ifndef CWMPGATE_LIMITER_H
#define CWMPGATE_LIMITER_H

#include <linux/in6.h>
#include <linux/types.h>

#include "reason.h"

/* "30/min burst 10" is { .events = 30, .per_ms = 60000, .burst = 10 }. */
struct rate {
	u32	events, per_ms, burst;
};

struct limiter;

/* The memory that all limiters take their entries from. */
int limiter_init(void);
void limiter_uninit(void);

/* Process context.  NULL if there is no memory; nobody may use it when it is freed. */
struct limiter *limiter_new(const struct rate *r);
void limiter_free(struct limiter *l);

/* Any context: takes a token of @source, an IPv4 address in its mapped form. */
enum reason limiter_take(struct limiter *l, const struct in6_addr *source);

/* How many sources are remembered. */
unsigned int limiter_count(const struct limiter *l);

#ifdef DEBUG
bool limiter_selftest(void);
#endif

#endif /* CWMPGATE_LIMITER_H */
