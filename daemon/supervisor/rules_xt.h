/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to the daemon through iptables-nft; see rules.h for when. */
#ifndef CWMPGATE_RULES_XT_H
#define CWMPGATE_RULES_XT_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"

/* Replaces the two queue chains in each family's mangle table. */
bool rules_xt_load(const struct conf *c, FILE *err);

/* Whether both are there, and packets go through them. */
bool rules_xt_present(void);

/* Removes them, and a mangle table that is bare then; true if none is left. */
bool rules_xt_unload(FILE *err);

/*
 * "-j NFQUEUE" and its queues.  Over several the kernel spreads by the two
 * addresses, whichever is whose: a connection's two directions take the same one.
 */
void rules_xt_print_nfqueue(const struct conf *c, bool bypass, FILE *out);

/* Unmakes what @listing ("-S") shows of ours in the chains that are not ours. */
void rules_xt_print_unjump(const char *listing, FILE *out);

/* A kernel without IPv6 has no ip6tables' tables either. */
bool rules_xt_has_ip6(void);

#endif /* CWMPGATE_RULES_XT_H */
