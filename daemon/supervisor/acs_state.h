/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file in which the addresses that were found at run time outlive the daemon
 * (acs_state):
 *
 *	name 1764386000 acs.example.net
 *	192.0.2.10
 *	2001:db8:1::/64
 *	file 1764386000 /var/state/icwmp
 *
 * the kind of a source, when it said so last in seconds since 1970, what it is
 * called; then its addresses, as lines of acs_file (daemon/resolver/list.h).  Empty
 * lines and those that begin with # are passed over.  All but load and save is pure.
 */
#ifndef CWMPGATE_ACS_STATE_H
#define CWMPGATE_ACS_STATE_H

#include <stdio.h>

#include "bytes.h"
#include "conf.h"

enum { ACS_STATE_SIZE = 65536 };	/* bytes of the file */

/* One source, with what it said last. */
struct acs_known {
	bool		list;			/* the file of the agent, or else a name */
	char		name[PATH_LEN_MAX];
	int64_t		when_s;			/* since 1970 */
	size_t		n;
	struct prefix	prefix[LIST_PREFIXES_MAX];
};

struct acs_state {
	size_t			n;
	struct acs_known	of[SOURCES_OF_ACS];
};

/*
 * 0, or the number of the line that is wrong: no such line is written, or names a
 * network in which no ACS can be, or is one too many.  @s is then empty.
 */
int acs_state_parse(struct bytes text, struct acs_state *s);

void acs_state_put(const struct acs_state *s, FILE *out);

/* The source of @s that is meant, or NULL. */
const struct acs_known *acs_state_find(const struct acs_state *s, bool list, const char *name);

/*
 * Reads @file into @s.  One that is not there is an empty one.  One that is wrong, or
 * that others than root and the daemon's user can write, is told on @err: false, with
 * an empty @s.
 */
bool acs_state_load(struct acs_state *s, const char *file, FILE *err);

/*
 * Writes @file anew, mode 0600, by renaming; makes its directory if there is none.
 * False with errno.
 */
bool acs_state_save(const struct acs_state *s, const char *file);

#endif /* CWMPGATE_ACS_STATE_H */
