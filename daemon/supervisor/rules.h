/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables rules: the mode's files of rules/ with the configuration's values
 * in front of them, loaded by nft in one transaction.  Where the kernel lacks
 * nft's queue statement, the two queue chains alone go through iptables-nft.
 *
 * The files are looked for in /usr/share/cwmpgate/rules, or in the directory
 * that the environment variable CWMPGATE_RULES_DIR names.
 */
#ifndef CWMPGATE_RULES_H
#define CWMPGATE_RULES_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"
#include "nftset.h"

enum rules_backend {
	RULES_NATIVE,		/* nft queue statement */
	RULES_XT,		/* iptables-nft -j NFQUEUE in the mangle table */
	RULES_IPTABLES,		/* iptables and ipset, and nothing of nf_tables */
};

/* For status: "native", "iptables", "iptables-only". */
extern const char *const rules_backend_name[];

/*
 * Replaces whatever rules of ours are loaded.  @found, or NULL, is allowed like the
 * prefixes of @c.  On failure writes to @err in
 * words what is missing, with the package that has it, leaves nothing of a
 * first load behind and returns false.
 */
bool rules_load(const struct conf *c, const struct found *found, enum rules_backend *used,
		FILE *err);

/*
 * For a daemon that cannot start: closes the ports of @c to everybody, as mode
 * "block" does, where rules of ours are not loaded already and @c means them closed
 * (conf.h, "closes").  Says on @err what it did.  The next rules_load() and
 * rules_unload() undo it.
 */
void rules_close(const struct conf *c, FILE *err);

/* Whether rules_load() would make rules for iptables and ipset of it. */
bool rules_wants_iptables(const struct conf *c);

/* Whether all that rules_load() made with @used is still there. */
bool rules_present(enum rules_backend used);

/* Removes everything rules_load() may have made; true if nothing is left. */
bool rules_unload(FILE *err);

/*
 * Writes the nftables ruleset to @out: what rules_load() would load where the
 * kernel has nft's queue statement; with firewall = "iptables", what it gives
 * ipset, iptables-restore and ip6tables-restore.  A file that cannot be read is named there,
 * and false returned.
 */
bool rules_print(const struct conf *c, FILE *out);

#endif /* CWMPGATE_RULES_H */
