// SPDX-License-Identifier: GPL-2.0-or-later

#include "packet.h"

#include <netinet/in.h>

#include "checksum.h"
#include "limit.h"

enum {
	IP4_FRAGMENT	= 0xbfff,	/* offset, MF and the reserved bit; DF may be set */
	TCP_RESERVED	= 0x0e,		/* the low one is AE (RFC 9768) */
};

enum tcp_option {
	OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_WSCALE = 3,
	OPT_SACK_OK = 4, OPT_SACK = 5, OPT_TIMESTAMP = 8,
};

enum { WSCALE_MAX = 14 };		/* RFC 7323 2.3 */

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

/* One option after its kind; false if its length or place is wrong. */
static bool decode_option(struct packet *p, uint8_t kind, struct bytes *opts)
{
	struct bytes	body;
	uint8_t		len;
	bool		syn = p->flags & TCP_SYN;

	if (!bytes_u8(opts, &len) || len < 2 || !bytes_take(opts, len - 2u, &body))
		return false;
	switch (kind) {
	case OPT_MSS:
		return syn && len == 4;
	case OPT_WSCALE:
		return syn && len == 3 && bytes_u8(&body, &p->wscale) &&
		       p->wscale <= WSCALE_MAX;
	case OPT_SACK_OK:
		return syn && len == 2;
	case OPT_SACK:		/* one to four blocks, RFC 2018 section 3 */
		return !syn && body.len && body.len % 8 == 0;
	case OPT_TIMESTAMP:
		p->has_ts = true;
		return bytes_be32(&body, &p->tsval) && bytes_be32(&body, &p->tsecr) &&
		       body.len == 0;
	}
	return false;		/* MD5, AO, TFO, MPTCP: would change what the bytes mean */
}

/* Options (RFC 9293 3.2): each known, well-formed and at most once. */
static enum why decode_options(struct packet *p, struct bytes opts)
{
	uint32_t	seen = 0;
	uint8_t		kind;

	p->wscale = 0;
	p->has_ts = false;
	p->tsval = p->tsecr = 0;
	while (bytes_u8(&opts, &kind)) {
		if (kind == OPT_END)
			break;
		if (kind == OPT_NOP)
			continue;
		if (kind > OPT_TIMESTAMP || seen & 1u << kind ||
		    !decode_option(p, kind, &opts))
			return WHY_BAD_OPTION;
		seen |= 1u << kind;
	}
	while (bytes_u8(&opts, &kind))
		if (kind != 0)
			return WHY_BAD_OPTION;
	return WHY_NEXT;
}

/* The combinations a TCP of our time sends (RFC 9293 3.10.7). */
static enum why check_flags(const struct packet *p)
{
	if (p->flags & TCP_URG)
		return WHY_URGENT;
	switch (p->flags & (TCP_SYN | TCP_RST | TCP_FIN | TCP_ACK)) {
	case TCP_SYN:
	case TCP_SYN | TCP_ACK:
		if (p->payload.len)
			return WHY_SYN_DATA;
		return p->flags & TCP_PSH ? WHY_BAD_FLAGS : WHY_NEXT;
	case TCP_RST:
	case TCP_RST | TCP_ACK:
	case TCP_ACK:
	case TCP_ACK | TCP_FIN:
		return WHY_NEXT;
	}
	return WHY_BAD_FLAGS;
}

static enum why decode_tcp(struct packet *p, struct bytes segment)
{
	struct bytes	h = segment;
	uint8_t		doff;
	size_t		hlen;
	enum why	why;

	if (!bytes_be16(&h, &p->sport) || !bytes_be16(&h, &p->dport) ||
	    !bytes_be32(&h, &p->seq) || !bytes_be32(&h, &p->ack) ||
	    !bytes_u8(&h, &doff) || !bytes_u8(&h, &p->flags) ||
	    !bytes_be16(&h, &p->window) || !bytes_skip(&h, 4))
		return WHY_TRUNCATED;

	hlen = (size_t)(doff >> 4) * 4;
	if (hlen < TCP_HLEN || doff & TCP_RESERVED || !p->sport || !p->dport)
		return WHY_BAD_TCP;
	if (!bytes_take(&segment, hlen, &p->tcp))
		return WHY_TRUNCATED;
	p->payload = segment;

	if ((why = check_flags(p)))
		return why;
	return decode_options(p, (struct bytes){ p->tcp.at + TCP_HLEN, hlen - TCP_HLEN });
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
