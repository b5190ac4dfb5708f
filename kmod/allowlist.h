/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may come: IPv4 and IPv6 prefixes, written once and only read afterwards.
 *
 * Since every prefix says the same, "allowed", the longest match is any match.
 * What others cover is left out, the rest is sorted, and one binary search finds
 * the only candidate.
 */
#ifndef CWMPGATE_ALLOWLIST_H
#define CWMPGATE_ALLOWLIST_H

#include <linux/in6.h>
#include <linux/types.h>

#include "uapi/nf_cwmpgate.h"

struct allowlist;

/* Process context.  NULL if there is no memory. */
struct allowlist *allowlist_new(unsigned int room);
void allowlist_free(struct allowlist *a);

/* Adds @p while there is room; false if it is none.  Then, once: allowlist_sort(). */
bool allowlist_add(struct allowlist *a, const struct cwmpgate_prefix *p);
void allowlist_sort(struct allowlist *a);

/* How many are left. */
unsigned int allowlist_size(const struct allowlist *a);

/* Any context. */
bool allowlist_has4(const struct allowlist *a, __be32 addr);
bool allowlist_has6(const struct allowlist *a, const struct in6_addr *addr);

#ifdef DEBUG
bool allowlist_selftest(void);
#endif

#endif /* CWMPGATE_ALLOWLIST_H */
