/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel holds of our rules where they are iptables' and ipset's
 * (rules_ipt.h): as nftlook.h, but by what their programs say.  Nothing is run where
 * the kernel has none of iptables' old tables.
 */
#ifndef CWMPGATE_IPTLOOK_H
#define CWMPGATE_IPTLOOK_H

#include "addr.h"
#include "nftlook.h"

/* Whether the kernel has any of the old tables; to ask their programs would make them. */
bool iptlook_has_tables(bool four);

/* What iptables-save says with counters, NULL without tables; the caller frees it. */
char *iptlook_save(bool four);

/*
 * The rules with a name as a comment, of both families together, and the members of
 * the sets of bans.  Returns how many there are, at most @max of them in @out; 0
 * without our rules.  Of bans -1 with errno: ipset is not there.
 */
int iptlook_counters(struct nft_counter *out, size_t max);
int iptlook_bans(struct nft_ban *out, size_t max);

/*
 * The members of ipset's set cwmpgate-NAME4 or -NAME6, a line each, "" for none; the
 * caller frees them.  NULL with errno: ipset is not there.
 */
char *iptlook_members(const char *name, bool four);

/* Whether @a is in the set of its family; -1: ipset is not there. */
int iptlook_has(const char *name, const struct addr *a);

#endif /* CWMPGATE_IPTLOOK_H */
