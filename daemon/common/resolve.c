// SPDX-License-Identifier: GPL-2.0-or-later

#include "resolve.h"

#define MAPPED 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff

/* IANA's special-purpose registries (RFC 6890), where no ACS can be. */
static const struct prefix never[] = {
	{ { { MAPPED, 0 } }, 8 },			/* this network */
	{ { { MAPPED, 127 } }, 8 },			/* loopback */
	{ { { MAPPED, 169, 254 } }, 16 },		/* link-local */
	{ { { MAPPED, 224 } }, 3 },			/* multicast, reserved, broadcast */
	{ { { 0 } }, 8 },				/* unspecified, loopback, mapped */
	{ { { 0xfe, 0x80 } }, 10 },			/* link-local */
	{ { { 0xfe, 0xc0 } }, 10 },			/* site-local, deprecated */
	{ { { 0xff } }, 8 },				/* multicast */
};

static bool same_bits(const struct addr *a, const struct addr *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a->b[i / 8] ^ b->b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

/* Of networks one is in the other, or they have nothing in common. */
static bool overlap(const struct prefix *a, const struct prefix *b)
{
	uint8_t least = a->len < b->len ? a->len : b->len;
	bool	four = addr_is4(&a->addr);

	return four == addr_is4(&b->addr) && same_bits(&a->addr, &b->addr, least + (four ? 96u : 0u));
}

bool resolve_may(const struct prefix *p)
{
	bool four = addr_is4(&p->addr);

	if (p->len < (four ? LIST_PREFIX4_MIN : LIST_PREFIX6_MIN) || p->len > (four ? 32 : 128))
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (overlap(p, &never[i]))
			return false;
	return true;
}
