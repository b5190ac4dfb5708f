/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one source (an IPv4 address, an IPv6 /64) holds of the gate's tables
 * and how often it has sent what no client sends.
 *
 * No source can use up what another needs: shares are limited, and when a
 * table is full whoever holds most of it gives way (flow_cheapest()).
 */
#ifndef CWMPGATE_SOURCE_H
#define CWMPGATE_SOURCE_H

#include "addr.h"
#include "bytes.h"
#include "limit.h"
#include "policy.h"
#include "siphash.h"

struct source {
	struct addr	addr;
	uint16_t	flows;		/* connections past their handshake */
	uint16_t	heads;		/* head buffers */
	uint8_t		strikes;	/* bans so far; each doubles the next */
	bool		used;
	bool		proven;		/* it has sent a digest that was right */
	struct bucket	malformed;
	uint64_t	seen_ms;
	uint64_t	banned_ms;	/* the end of its latest ban */
	uint16_t	next_in_bucket;	/* source.c only */
};

struct sources {
	struct siphash_key	key;
	uint16_t		bucket[SOURCES_MAX];
	struct source		of[SOURCES_MAX];
};

void sources_init(struct sources *t, const struct siphash_key *key);

/*
 * The source of @addr, made if it is new; it takes the place of the one that
 * holds nothing and was quiet for longest.  NULL if every one holds something.
 */
struct source *source_get(struct sources *t, const struct addr *addr,
			  const struct policy *policy, uint64_t now_ms);

/*
 * Charges one malformed request or connection.  Returns how long the source is
 * to be banned, in milliseconds, or 0 while its budget lasts.
 */
uint32_t source_charge(struct source *s, const struct policy *policy, uint64_t now_ms);

#endif /* CWMPGATE_SOURCE_H */
