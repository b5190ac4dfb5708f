// SPDX-License-Identifier: GPL-2.0-or-later

#include "packet.h"

#include <netinet/in.h>

#include "checksum.h"
#include "limit.h"

enum { IP4_FRAGMENT = 0xbfff };		/* offset, MF and the reserved bit; DF may be set */

static enum why decode_ip4(struct packet *p, struct bytes raw, struct bytes *segment)
{
	struct bytes	whole = raw, dgram;
	uint8_t		vhl, proto, src[4], dst[4];
	uint16_t	total, frag;

	if (!bytes_u8(&raw, &vhl) || !bytes_skip(&raw, 1) ||
	    !bytes_be16(&raw, &total) || !bytes_skip(&raw, 2) ||
	    !bytes_be16(&raw, &frag) || !bytes_skip(&raw, 1) ||
	    !bytes_u8(&raw, &proto) || !bytes_skip(&raw, 2) ||
	    !bytes_copy(&raw, src, 4) || !bytes_copy(&raw, dst, 4))
		return WHY_TRUNCATED;

	/* No options: nobody needs them here, and some steer the packet. */
	if (vhl != (4 << 4 | IP4_HLEN / 4) || total < IP4_HLEN)
		return WHY_BAD_IP;
	if (frag & IP4_FRAGMENT || proto != IPPROTO_TCP)
		return WHY_BAD_IP;
	if (!bytes_take(&whole, total, &dgram) || !bytes_take(&dgram, IP4_HLEN, &p->ip))
		return WHY_TRUNCATED;
	if (whole.len)		/* the kernel has trimmed what the link padded */
		return WHY_BAD_IP;

	p->v6 = false;
	p->src = addr_from4(src);
	p->dst = addr_from4(dst);
	*segment = dgram;
	return WHY_NEXT;
}

static enum why decode_ip6(struct packet *p, struct bytes raw, struct bytes *segment)
{
	struct bytes	whole = raw;
	uint8_t		version, next;
	uint16_t	len;

	if (!bytes_u8(&raw, &version) || !bytes_skip(&raw, 3) ||
	    !bytes_be16(&raw, &len) || !bytes_u8(&raw, &next) ||
	    !bytes_skip(&raw, 1) ||
	    !bytes_copy(&raw, p->src.b, 16) || !bytes_copy(&raw, p->dst.b, 16))
		return WHY_TRUNCATED;

	/* No extension header of any kind, fragments among them. */
	if (version >> 4 != 6 || next != IPPROTO_TCP)
		return WHY_BAD_IP;
	if (!bytes_take(&whole, IP6_HLEN, &p->ip) || !bytes_take(&whole, len, segment))
		return WHY_TRUNCATED;
	if (whole.len || addr_is4(&p->src) || addr_is4(&p->dst))
		return WHY_BAD_IP;

	p->v6 = true;
	return WHY_NEXT;
}

static enum why why_of(enum tcp_fault fault)
{
	switch (fault) {
	case TCP_SOUND:
		return WHY_NEXT;
	case TCP_TRUNCATED:
		return WHY_TRUNCATED;
	case TCP_CONTRADICTS:
		return WHY_BAD_TCP;
	case TCP_BAD_FLAGS:
		return WHY_BAD_FLAGS;
	case TCP_URGENT:
		return WHY_URGENT;
	case TCP_SYN_DATA:
		return WHY_SYN_DATA;
	case TCP_BAD_OPTION:
		return WHY_BAD_OPTION;
	}
	return WHY_BAD_TCP;
}

static enum why decode_tcp(struct packet *p, struct bytes segment)
{
	struct bytes		h = segment;
	struct tcp_options	o;
	enum tcp_fault		fault = tcp_check(segment.at, (unsigned)segment.len, &o);
	uint8_t			doff;

	if (fault != TCP_SOUND)
		return why_of(fault);
	if (!bytes_be16(&h, &p->sport) || !bytes_be16(&h, &p->dport) ||
	    !bytes_be32(&h, &p->seq) || !bytes_be32(&h, &p->ack) ||
	    !bytes_u8(&h, &doff) || !bytes_u8(&h, &p->flags) ||
	    !bytes_be16(&h, &p->window) ||
	    !bytes_take(&segment, (size_t)(doff >> 4) * 4, &p->tcp))
		return WHY_TRUNCATED;
	p->payload = segment;
	p->wscale = o.wscale;
	p->has_ts = o.has_ts;
	p->tsval = o.tsval;
	p->tsecr = o.tsecr;
	return WHY_NEXT;
}

enum why packet_decode(struct packet *p, struct bytes raw)
{
	struct bytes	segment;
	uint8_t		version;
	enum why	why;

	if (!bytes_peek(&raw, &version))
		return WHY_TRUNCATED;
	why = version >> 4 == 6 ? decode_ip6(p, raw, &segment)
				: decode_ip4(p, raw, &segment);
	if (why)
		return why;
	if (addr_equal(&p->src, &p->dst))	/* LAND */
		return WHY_BAD_IP;
	return decode_tcp(p, segment);
}

bool packet_checksum_ok(const struct packet *p)
{
	size_t		addrs = p->v6 ? 32 : 8;
	struct bytes	pseudo = { p->ip.at + p->ip.len - addrs, addrs };
	uint64_t	sum = IPPROTO_TCP + p->tcp.len + p->payload.len;

	sum = checksum_add(sum, pseudo);
	sum = checksum_add(sum, p->tcp);	/* a multiple of four bytes */
	sum = checksum_add(sum, p->payload);
	return checksum_fold(sum) == 0;
}
