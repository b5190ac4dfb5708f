/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes our nft sets at run time, by netlink batches: a ban must not wait for
 * a program to start.
 */
#ifndef CWMPGATE_NFTSET_H
#define CWMPGATE_NFTSET_H

#include <stdint.h>
#include <stdio.h>

#include "resolve.h"

/* Addresses of the ACS that were found at run time, sorted; none is in another. */
struct found {
	size_t		n;
	struct prefix	prefix[FOUND_PREFIXES_MAX];
};

struct nftset;

/* NULL, with the reason on @err. */
struct nftset	*nftset_open(FILE *err);
void		 nftset_close(struct nftset *n);

/*
 * Bans the source @source (addr_source()) for @ms milliseconds; the kernel
 * unbans it.  0, or -1 with errno; EEXIST is not an error.
 */
int		 nftset_ban(struct nftset *n, const struct addr *source, uint32_t ms);

/* Makes @f the contents of found4 and found6, both at once.  0, or -1 with errno. */
int		 nftset_found(struct nftset *n, const struct found *f);

/* Ends a ban.  0, or -1 with errno: ENOENT if there is none. */
int		 nftset_unban(struct nftset *n, const struct addr *source);

#endif /* CWMPGATE_NFTSET_H */
