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

#endif /* CWMPGATE_RULES_XT_H */
