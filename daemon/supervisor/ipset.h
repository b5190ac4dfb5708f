/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bans in ipset's sets cwmpgate-ban4 and -ban6, where the rules are iptables':
 * by netlink, as nftset.h and for the same reason.
 */
#ifndef CWMPGATE_IPSET_H
#define CWMPGATE_IPSET_H

#include <stdint.h>

#include "addr.h"

/*
 * Bans the source @source (addr_source()) for @ms milliseconds, of which ipset
 * counts whole seconds, or ends its ban.  0, or -1 with errno; ENOENT if there is
 * no ban to end.
 */
int	ipset_ban(const struct addr *source, uint32_t ms);
int	ipset_unban(const struct addr *source);

#endif /* CWMPGATE_IPSET_H */
