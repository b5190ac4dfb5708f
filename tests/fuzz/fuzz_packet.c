// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet, any bytes.
 *
 *	Its views lie inside it, follow one another and cover it.
 *	What the gate makes of it has the same headers, and decodes again.
 *	Cut short or made longer it is another packet: refused.
 *	Decoding it again gives the same.
 */

#include "fuzz.h"
#include "packet.h"
#include "segment.h"

static void check_views(const struct packet *p, const uint8_t *data, size_t len)
{
	PROMISE(p->ip.at == data);
	PROMISE(p->ip.len == (p->v6 ? IP6_HLEN : IP4_HLEN));
	PROMISE(p->tcp.at == data + p->ip.len);
	PROMISE(p->tcp.len >= TCP_HLEN && p->tcp.len <= TCP_HLEN_MAX);
	PROMISE(p->payload.at == p->tcp.at + p->tcp.len);
	PROMISE(p->ip.len + p->tcp.len + p->payload.len == len);
	PROMISE(p->sport && p->dport && !addr_equal(&p->src, &p->dst));
	PROMISE(addr_is4(&p->src) == !p->v6 && addr_is4(&p->dst) == !p->v6);
	PROMISE(!(p->flags & TCP_URG) && p->wscale <= 14);
	PROMISE(!(p->flags & TCP_SYN) || p->payload.len == 0);
}

static void check_same(const struct packet *p, const struct packet *q)
{
	PROMISE(addr_equal(&p->src, &q->src) && addr_equal(&p->dst, &q->dst));
	PROMISE(p->v6 == q->v6 && p->sport == q->sport && p->dport == q->dport);
	PROMISE(p->ack == q->ack && p->window == q->window);
	PROMISE(p->wscale == q->wscale && p->has_ts == q->has_ts);
	PROMISE(p->tsval == q->tsval && p->tsecr == q->tsecr);
	PROMISE(bytes_equal((struct bytes){ p->tcp.at + TCP_HLEN, p->tcp.len - TCP_HLEN },
			    (struct bytes){ q->tcp.at + TCP_HLEN, q->tcp.len - TCP_HLEN }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct segment	s;
	struct packet		p, q;
	bool			syn;

	if (packet_decode(&p, (struct bytes){ data, len }))
		return 0;
	check_views(&p, data, len);
	PROMISE(packet_decode(&q, (struct bytes){ data, len }) == WHY_NEXT);
	check_same(&p, &q);
	PROMISE(p.seq == q.seq && p.flags == q.flags);
	PROMISE(packet_checksum_ok(&p) == packet_checksum_ok(&q));
	PROMISE(packet_decode(&q, (struct bytes){ data, len - 1 }) != WHY_NEXT);

	syn = p.flags & TCP_SYN;
	segment_rewrite(&s, &p, 7, syn ? p.flags : TCP_ACK, syn ? BYTES("") : BYTES("xyz"));
	PROMISE(packet_decode(&q, (struct bytes){ s.at, s.len }) == WHY_NEXT);
	check_views(&q, s.at, s.len);
	check_same(&p, &q);
	PROMISE(packet_checksum_ok(&q) && q.seq == 7);
	PROMISE(bytes_equal(q.payload, syn ? BYTES("") : BYTES("xyz")));
	s.at[s.len] = 0;
	PROMISE(packet_decode(&q, (struct bytes){ s.at, s.len + 1 }) != WHY_NEXT);
	return 0;
}
