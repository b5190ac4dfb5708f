/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rate as nft and iptables both write it, and how long they have to keep count. */
#ifndef CWMPGATE_RULES_RATE_H
#define CWMPGATE_RULES_RATE_H

#include "rate.h"

enum {
	SYN_SOURCES_MAX		= 4096,
	SYN_FORGET_S_MIN	= 60,
};

/* Whole seconds until a spent burst has grown again: then it may be forgotten. */
static inline unsigned long rules_refill_s(const struct rate *r)
{
	uint64_t ms = ((uint64_t)r->burst * r->per_ms + r->events - 1) / r->events;
	uint64_t s = (ms + 999) / 1000;

	return s < SYN_FORGET_S_MIN ? SYN_FORGET_S_MIN : (unsigned long)s;
}

/* The unit in their word; conf_rate() makes no other. */
static inline const char *rules_per(const struct rate *r)
{
	switch (r->per_ms) {
	case 1000:
		return "second";
	case 60 * 1000:
		return "minute";
	case 60 * 60 * 1000:
		return "hour";
	}
	return "day";
}

#endif /* CWMPGATE_RULES_RATE_H */
