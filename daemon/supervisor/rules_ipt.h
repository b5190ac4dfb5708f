/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All rules for routers that have iptables and ipset, and no nf_tables: what
 * rules/enforce.nft, monitor.nft and block.nft do, in the tables raw, mangle and
 * filter.  Each table of each family, and each set, changes at one moment.
 */
#ifndef CWMPGATE_RULES_IPT_H
#define CWMPGATE_RULES_IPT_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"
#include "nftset.h"
#include "run.h"

/*
 * Runs iptables' program @tool ("", "-save", "-restore") for the kernel's old tables,
 * whatever its name is here, as run().
 */
enum ran rules_ipt_run(bool four, const char *tool, const char *const more[3],
		       const char *input, char **said);

/* Whether iptables for the kernel's old tables is installed. */
bool rules_ipt_possible(void);

/*
 * Replaces what is loaded; on failure says in words on @err what is missing.
 * @found, or NULL, is allowed like the prefixes of @c.
 */
bool rules_ipt_load(const struct conf *c, const struct found *found, FILE *err);

/* Only the sets of who is allowed, each at one moment. */
bool rules_ipt_found(const struct conf *c, const struct found *found, FILE *err);

/* Whether all that rules_ipt_load() made in this process is still there. */
bool rules_ipt_present(void);

/* Whether there are rules of ours, whoever has loaded them. */
bool rules_ipt_any(void);

/* Removes the rules, then the sets; true if nothing is left. */
bool rules_ipt_unload(FILE *err);

/* What rules_ipt_load() gives ipset, iptables-restore and ip6tables-restore. */
void rules_ipt_print(const struct conf *c, FILE *out);

#endif /* CWMPGATE_RULES_IPT_H */
