/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP header as a TCP of our time sends it (RFC 9293 3.1, 3.2, 3.10.7): one
 * pure function, for the daemon and for the kernel module.  What one of them
 * refuses the other refuses as well.
 */
#ifndef CWMPGATE_TCP_CHECK_H
#define CWMPGATE_TCP_CHECK_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

enum tcp_flag {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20, TCP_ECE = 0x40, TCP_CWR = 0x80,
};

enum tcp_option {
	TCP_OPT_END = 0, TCP_OPT_NOP = 1, TCP_OPT_MSS = 2, TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4, TCP_OPT_SACK = 5, TCP_OPT_TIMESTAMP = 8,
};

enum {
	TCP_HEADER_MIN	= 20,
	TCP_HEADER_MAX	= 60,
	TCP_RESERVED	= 0x0e,		/* the low one is AE (RFC 9768) */
	TCP_WSCALE_MAX	= 14,		/* RFC 7323 2.3 */
};

/* What is wrong with a header. */
enum tcp_fault {
	TCP_SOUND,		/* nothing */
	TCP_TRUNCATED,		/* it is not all there */
	TCP_CONTRADICTS,	/* length, reserved bits or ports cannot be */
	TCP_BAD_FLAGS,		/* make no sense together */
	TCP_URGENT,
	TCP_SYN_DATA,		/* data on a SYN */
	TCP_BAD_OPTION,		/* malformed, repeated, unknown or out of place */
};

/* What the options say, 0 where they do not. */
struct tcp_options {
	uint32_t	tsval, tsecr;
	bool		has_ts;		/* RFC 7323 */
	uint8_t		wscale;		/* of a SYN */
};

static inline uint32_t tcp_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The combinations a TCP of our time sends (RFC 9293 3.10.7). */
static inline enum tcp_fault tcp_check_flags(uint8_t flags, bool has_data)
{
	if (flags & TCP_URG)
		return TCP_URGENT;
	switch (flags & (TCP_SYN | TCP_RST | TCP_FIN | TCP_ACK)) {
	case TCP_SYN:
	case TCP_SYN | TCP_ACK:
		if (has_data)
			return TCP_SYN_DATA;
		return flags & TCP_PSH ? TCP_BAD_FLAGS : TCP_SOUND;
	case TCP_RST:
	case TCP_RST | TCP_ACK:
	case TCP_ACK:
	case TCP_ACK | TCP_FIN:
		return TCP_SOUND;
	}
	return TCP_BAD_FLAGS;
}

/* One option of @len bytes, kind and length among them, all of which are there. */
static inline bool tcp_option_ok(const uint8_t *at, uint8_t len, bool syn, struct tcp_options *o)
{
	switch (at[0]) {
	case TCP_OPT_MSS:
		return syn && len == 4;
	case TCP_OPT_WSCALE:
		if (!syn || len != 3 || at[2] > TCP_WSCALE_MAX)
			return false;
		o->wscale = at[2];
		return true;
	case TCP_OPT_SACK_OK:
		return syn && len == 2;
	case TCP_OPT_SACK:	/* one to four blocks, RFC 2018 section 3 */
		return !syn && len > 2 && len % 8 == 2;
	case TCP_OPT_TIMESTAMP:
		if (len != 10)
			return false;
		o->has_ts = true;
		o->tsval = tcp_be32(at + 2);
		o->tsecr = tcp_be32(at + 6);
		return true;
	}
	return false;		/* MD5, AO, TFO, MPTCP: would change what the bytes mean */
}

/* Options (RFC 9293 3.2): each known, well-formed and at most once. */
static inline enum tcp_fault tcp_check_options(const uint8_t *at, unsigned int len, bool syn,
					       struct tcp_options *o)
{
	uint32_t	seen = 0;
	unsigned int	i = 0;

	while (i < len && at[i] != TCP_OPT_END) {
		uint8_t kind = at[i];

		if (kind == TCP_OPT_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || at[i + 1] < 2 || at[i + 1] > len - i)
			return TCP_BAD_OPTION;
		if (kind > TCP_OPT_TIMESTAMP || seen & 1u << kind ||
		    !tcp_option_ok(at + i, at[i + 1], syn, o))
			return TCP_BAD_OPTION;
		seen |= 1u << kind;
		i += at[i + 1];
	}
	for (; i < len; i++)	/* padding */
		if (at[i] != 0)
			return TCP_BAD_OPTION;
	return TCP_SOUND;
}

/*
 * Checks the header of a segment of @len bytes at @at, of which at most the first
 * TCP_HEADER_MAX are read.  When it is sound, @o holds what its options say.
 * Neither checksum nor urgent pointer are looked at.
 */
static inline enum tcp_fault tcp_check(const uint8_t *at, unsigned int len, struct tcp_options *o)
{
	const struct tcp_options none = { 0, 0, false, 0 };
	enum tcp_fault	fault;
	unsigned int	hlen;
	uint8_t		flags;

	*o = none;
	if (len < TCP_HEADER_MIN)
		return TCP_TRUNCATED;
	hlen = (at[12] >> 4) * 4u;
	flags = at[13];
	if (hlen < TCP_HEADER_MIN || at[12] & TCP_RESERVED ||
	    !(at[0] | at[1]) || !(at[2] | at[3]))
		return TCP_CONTRADICTS;
	if (hlen > len)
		return TCP_TRUNCATED;
	fault = tcp_check_flags(flags, len > hlen);
	if (fault != TCP_SOUND)
		return fault;
	return tcp_check_options(at + TCP_HEADER_MIN, hlen - TCP_HEADER_MIN, flags & TCP_SYN, o);
}

#endif /* CWMPGATE_TCP_CHECK_H */
