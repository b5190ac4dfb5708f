/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes our nft sets at run time, by netlink batches: a ban must not wait for
 * a program to start.
 */
#ifndef CWMPGATE_NFTSET_H
#define CWMPGATE_NFTSET_H

#include <stdint.h>
#include <stdio.h>

#include "addr.h"

struct nftset;

/* NULL, with the reason on @err. */
struct nftset	*nftset_open(FILE *err);
void		 nftset_close(struct nftset *n);

/*
 * Bans the source @source (addr_source()) for @ms milliseconds; the kernel
 * unbans it.  0, or -1 with errno; EEXIST is not an error.
 */
int		 nftset_ban(struct nftset *n, const struct addr *source, uint32_t ms);

/* Ends a ban.  0, or -1 with errno: ENOENT if there is none. */
int		 nftset_unban(struct nftset *n, const struct addr *source);

#endif /* CWMPGATE_NFTSET_H */
