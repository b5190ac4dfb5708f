/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address of either family: IPv4 is held IPv4-mapped (RFC 4291 2.5.5.2),
 * so that one comparison and one hash serve both.  Network byte order.
 */
#ifndef CWMPGATE_ADDR_H
#define CWMPGATE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct addr {
	uint8_t	b[16];
};

static inline struct addr addr_from4(const uint8_t ip4[4])
{
	struct addr a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	memcpy(a.b + 12, ip4, 4);
	return a;
}

static inline bool addr_is4(const struct addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

/* A network. */
struct prefix {
	struct addr	addr;		/* host bits are zero */
	uint8_t		len;		/* of the family: 0..32 or 0..128 */
};

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/*
 * What is counted as one source: an IPv4 address, or an IPv6 /64, since a
 * single host owns the lower half.
 */
static inline struct addr addr_source(const struct addr *a)
{
	struct addr s = *a;

	if (!addr_is4(a))
		memset(s.b + 8, 0, 8);
	return s;
}

#endif /* CWMPGATE_ADDR_H */
