/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the few segments the gate writes itself.  Builds; sends nothing.
 */
#ifndef CWMPGATE_SEGMENT_H
#define CWMPGATE_SEGMENT_H

#include "limit.h"
#include "packet.h"

struct segment {
	size_t		len;
	uint8_t		at[SEGMENT_MAX];
};

/* A segment without a packet to start from. */
struct segment_spec {
	struct addr	src, dst;
	bool		v6;
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint16_t	window;		/* as it goes on the wire */
	uint8_t		flags;
	bool		has_ts;		/* send the timestamp option */
	uint32_t	tsval, tsecr;
	struct bytes	payload;	/* at most HEAD_MAX */
};

void segment_build(struct segment *s, const struct segment_spec *spec);

/*
 * The packet @p, headers and options as they came, with another sequence
 * number, other flags and another payload (at most HEAD_MAX).
 */
void segment_rewrite(struct segment *s, const struct packet *p, uint32_t seq,
		     uint8_t flags, struct bytes payload);

/* Lengths and checksums, once everything else stands. */
void segment_finish(struct segment *s);

#endif /* CWMPGATE_SEGMENT_H */
