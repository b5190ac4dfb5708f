// SPDX-License-Identifier: GPL-2.0-or-later

#include "segment.h"

#include <netinet/in.h>

#include "checksum.h"

enum {
	TTL		= 64,
	TS_OPTION_LEN	= 12,		/* RFC 7323 appendix A: NOP NOP TS */
	IP4_LEN = 2, IP4_SUM = 10, IP6_LEN = 4,
	TCP_SEQ = 4, TCP_DOFF = 12, TCP_FLAGS = 13, TCP_SUM = 16,
};

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, (uint16_t)(v >> 16));
	put16(at + 2, (uint16_t)v);
}

void segment_finish(struct segment *s)
{
	bool		 v6 = s->at[0] >> 4 == 6;
	size_t		 ip = v6 ? IP6_HLEN : IP4_HLEN;
	size_t		 addrs = v6 ? 32 : 8;
	uint8_t		*tcp = s->at + ip;
	struct bytes	 pseudo = { tcp - addrs, addrs };
	struct bytes	 body = { tcp, s->len - ip };
	uint64_t	 sum;

	if (v6) {
		put16(s->at + IP6_LEN, (uint16_t)(s->len - ip));
	} else {
		put16(s->at + IP4_LEN, (uint16_t)s->len);
		put16(s->at + IP4_SUM, 0);
		sum = checksum_add(0, (struct bytes){ s->at, ip });
		put16(s->at + IP4_SUM, checksum_fold(sum));
	}
	put16(tcp + TCP_SUM, 0);
	sum = checksum_add(IPPROTO_TCP + body.len, pseudo);
	put16(tcp + TCP_SUM, checksum_fold(checksum_add(sum, body)));
}

static void put_ip(uint8_t *ip, const struct segment_spec *spec)
{
	if (spec->v6) {
		memset(ip, 0, IP6_HLEN);
		ip[0] = 6 << 4;
		ip[6] = IPPROTO_TCP;
		ip[7] = TTL;
		memcpy(ip + 8, spec->src.b, 16);
		memcpy(ip + 24, spec->dst.b, 16);
	} else {
		memset(ip, 0, IP4_HLEN);
		ip[0] = 4 << 4 | IP4_HLEN / 4;
		ip[6] = 0x40;			/* DF */
		ip[8] = TTL;
		ip[9] = IPPROTO_TCP;
		memcpy(ip + 12, spec->src.b + 12, 4);
		memcpy(ip + 16, spec->dst.b + 12, 4);
	}
}

void segment_build(struct segment *s, const struct segment_spec *spec)
{
	size_t	 ip = spec->v6 ? IP6_HLEN : IP4_HLEN;
	size_t	 hlen = TCP_HLEN + (spec->has_ts ? TS_OPTION_LEN : 0u);
	uint8_t	*tcp = s->at + ip;

	put_ip(s->at, spec);
	put16(tcp, spec->sport);
	put16(tcp + 2, spec->dport);
	put32(tcp + TCP_SEQ, spec->seq);
	put32(tcp + 8, spec->flags & TCP_ACK ? spec->ack : 0);
	tcp[TCP_DOFF] = (uint8_t)(hlen / 4 << 4);
	tcp[TCP_FLAGS] = spec->flags;
	put16(tcp + 14, spec->window);
	put32(tcp + TCP_SUM, 0);
	if (spec->has_ts) {
		put32(tcp + TCP_HLEN, 0x0101080a);
		put32(tcp + TCP_HLEN + 4, spec->tsval);
		put32(tcp + TCP_HLEN + 8, spec->tsecr);
	}
	if (spec->payload.len)
		memcpy(tcp + hlen, spec->payload.at, spec->payload.len);
	s->len = ip + hlen + spec->payload.len;
	segment_finish(s);
}

void segment_rewrite(struct segment *s, const struct packet *p, uint32_t seq,
		     uint8_t flags, struct bytes payload)
{
	uint8_t	*tcp = s->at + p->ip.len;

	memcpy(s->at, p->ip.at, p->ip.len);
	memcpy(tcp, p->tcp.at, p->tcp.len);
	if (payload.len)
		memcpy(tcp + p->tcp.len, payload.at, payload.len);
	put32(tcp + TCP_SEQ, seq);
	tcp[TCP_FLAGS] = flags;
	s->len = p->ip.len + p->tcp.len + payload.len;
	segment_finish(s);
}
