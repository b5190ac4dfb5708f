/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP packet as the kernel's queue hands it over, decoded (RFC 791, 8200,
 * 9293): numbers in host order, the rest as views.
 *
 * The decoder knows one form of packet and refuses every other: what a
 * receiver might read in two ways never gets further.
 */
#ifndef CWMPGATE_PACKET_H
#define CWMPGATE_PACKET_H

#include "addr.h"
#include "bytes.h"
#include "tcp_check.h"
#include "why.h"

struct packet {
	struct addr	src, dst;
	bool		v6;
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint16_t	window;		/* as sent, not scaled */
	uint8_t		flags;		/* enum tcp_flag */
	uint8_t		wscale;		/* of a SYN; 0 without the option */
	bool		has_ts;		/* RFC 7323 */
	uint32_t	tsval, tsecr;
	struct bytes	ip;		/* IP header; the TCP header follows it */
	struct bytes	tcp;		/* TCP header with its options */
	struct bytes	payload;
};

/*
 * Decodes @raw, which may hold anything.  On WHY_NEXT every field of @p is set
 * and its views lie within @raw; otherwise the reason.  The checksum is not
 * looked at.
 */
must_check enum why packet_decode(struct packet *p, struct bytes raw);

/* RFC 9293 3.1; the kernel verifies TCP's checksum only after the queue. */
must_check bool packet_checksum_ok(const struct packet *p);

/* How many sequence numbers the packet takes. */
static inline uint32_t packet_seq_len(const struct packet *p)
{
	return (uint32_t)p->payload.len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

/* Serial number arithmetic (RFC 9293 3.4): how far @a is after @b. */
static inline int32_t seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif /* CWMPGATE_PACKET_H */
