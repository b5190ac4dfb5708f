/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sources that are banned: in the kernel's sets, which end each ban by
 * themselves, and here, for when the rules are loaded anew with empty sets.
 */
#ifndef CWMPGATE_BANS_H
#define CWMPGATE_BANS_H

#include <stddef.h>

#include "addr.h"
#include "limit.h"
#include "nftset.h"

struct bans {
	struct nftset	*set;
	bool		 in_ipset;	/* the rules are iptables': ipset.h instead */
	size_t		 next;		/* whose place is taken when all are */
	struct ban {
		struct addr	source;
		uint64_t	until_ms;	/* of the monotonic clock */
	} of[SOURCES_MAX];
};

/*
 * Bans the source of @client for @ms milliseconds from now on; a ban it has is
 * replaced.  False with errno if the kernel did not take it.
 */
bool bans_add(struct bans *b, const struct addr *client, uint32_t ms, uint64_t now_ms);

/* False with errno; ENOENT if the source is not banned. */
bool bans_remove(struct bans *b, const struct addr *client);

/* Puts those that have not ended back into the sets. */
void bans_restore(struct bans *b, uint64_t now_ms);

#endif /* CWMPGATE_BANS_H */
