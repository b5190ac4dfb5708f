// SPDX-License-Identifier: GPL-2.0-or-later

#include "acsmatch.h"

static bool has_prefix(const struct prefix *p, const struct addr *a)
{
	unsigned bits = p->len + (addr_is4(&p->addr) ? 96u : 0u);

	if (addr_is4(&p->addr) != addr_is4(a))
		return false;
	for (unsigned i = 0; i < bits; i++)
		if ((p->addr.b[i / 8] ^ a->b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

bool acs_match(const struct conf *c, const struct addr *a)
{
	for (size_t i = 0; i < c->n_prefixes; i++)
		if (has_prefix(&c->prefix[i], a))
			return true;
	return false;
}
