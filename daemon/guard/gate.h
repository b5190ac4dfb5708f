/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate: one packet in, one verdict with one reason out.
 *
 * No sockets, no clock, no log and, after gate_new(), no memory is asked for:
 * the same packets at the same times give the same outcomes.
 */
#ifndef CWMPGATE_GATE_H
#define CWMPGATE_GATE_H

#include "ask.h"
#include "excerpt.h"
#include "flow_row.h"
#include "policy.h"
#include "segment.h"
#include "siphash.h"

enum { SENDS_MAX = 4 };		/* an eviction and a refusal */

/* What is to be done; every field is set. */
struct outcome {
	enum why	why;
	enum from	from;
	uint16_t	offset;		/* in the request head, where a byte decided */
	char		excerpt[EXCERPT_MAX];	/* of that head, where why_is_event() */
	struct addr	client;		/* all zero when no connection is known */
	uint16_t	cport, aport;
	bool		accept;		/* the packet, with our mark; else it is dropped */
	bool		replaced;	/* by @packet */
	struct segment	packet;
	uint32_t	ban_ms;		/* ban the client's source for so long; 0: do not */
	size_t		n_send;		/* segments to send besides, marked */
	struct segment	send[SENDS_MAX];
};

struct gate;

/*
 * All but @key are used for as long as the gate lives; in @count, indexed by
 * enum why, it counts the reasons it gave.  NULL when there is no memory.
 */
struct gate	*gate_new(const struct policy *policy, struct judge *judge,
			  const struct siphash_key *key, uint64_t count[WHY_COUNT]);
void		 gate_free(struct gate *g);

/*
 * Decides about @raw, an IP packet that came from the network for a guarded
 * port (FROM_CLIENT) or leaves the agent from one (FROM_AGENT).
 */
void		 gate_packet(struct gate *g, enum from from, struct bytes raw,
			     uint64_t now_ms, struct outcome *out);

/*
 * Ends one connection whose time is over; false if there was none.  There is
 * no packet to accept in @out.
 */
bool		 gate_tick(struct gate *g, uint64_t now_ms, struct outcome *out);

/*
 * What the gate holds, for people; nothing changes by it.  Not for every packet:
 * it walks over all connections.
 */
size_t		 gate_list(const struct gate *g, struct flow_row out[FLOWS_MAX]);
struct use	 gate_use(const struct gate *g);

#endif /* CWMPGATE_GATE_H */
