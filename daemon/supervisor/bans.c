// SPDX-License-Identifier: GPL-2.0-or-later

#include "bans.h"

#include <errno.h>

#include "ipset.h"

static int kernel_ban(struct bans *b, const struct addr *source, uint32_t ms)
{
	return b->in_ipset ? ipset_ban(source, ms) : nftset_ban(b->set, source, ms);
}

static int kernel_unban(struct bans *b, const struct addr *source)
{
	return b->in_ipset ? ipset_unban(source) : nftset_unban(b->set, source);
}

static struct ban *place_of(struct bans *b, const struct addr *source, uint64_t now_ms)
{
	struct ban *ended = NULL;

	for (size_t i = 0; i < SOURCES_MAX; i++) {
		if (addr_equal(&b->of[i].source, source))
			return &b->of[i];
		if (!ended && b->of[i].until_ms <= now_ms)
			ended = &b->of[i];
	}
	return ended ? ended : &b->of[b->next++ % SOURCES_MAX];
}

bool bans_add(struct bans *b, const struct addr *client, uint32_t ms, uint64_t now_ms)
{
	struct addr source = addr_source(client);

	*place_of(b, &source, now_ms) = (struct ban){ source, now_ms + ms };
	/* The kernel would keep the time of an element that is there. */
	kernel_unban(b, &source);
	return kernel_ban(b, &source, ms) == 0;
}

bool bans_remove(struct bans *b, const struct addr *client)
{
	struct addr source = addr_source(client);

	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (addr_equal(&b->of[i].source, &source))
			b->of[i] = (struct ban){ 0 };
	return kernel_unban(b, &source) == 0;
}

void bans_restore(struct bans *b, uint64_t now_ms)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (b->of[i].until_ms > now_ms)
			kernel_ban(b, &b->of[i].source,
				   (uint32_t)(b->of[i].until_ms - now_ms));
}
