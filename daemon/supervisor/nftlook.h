/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds in our nft table: read by netlink, changed by nothing here. */
#ifndef CWMPGATE_NFTLOOK_H
#define CWMPGATE_NFTLOOK_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum { NFT_COUNTERS_MAX = 16 };

struct nft_counter {
	char		name[32];
	uint64_t	packets, bytes;
};

struct nft_ban {
	struct addr	source;
	uint64_t	ms_left;
};

/*
 * The named counters of the table, or those in ban4 and ban6.  Returns how many
 * there are, at most @max of them in @out; 0 without our table.  -1 with errno.
 */
int nftlook_counters(struct nft_counter *out, size_t max);
int nftlook_bans(struct nft_ban *out, size_t max);

#endif /* CWMPGATE_NFTLOOK_H */
