/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cwmpgate learn makes of the decisions it is shown, be they the daemon's
 * latest or those of a capture: settings that would fit, each with its reason.
 */
#ifndef CWMPGATE_LESSON_H
#define CWMPGATE_LESSON_H

#include "bytes.h"
#include "cli.h"
#include "shm.h"

enum { LEARNT_SOURCES = 64, LEARNT_PATHS = PATHS_MAX, LEARNT_SETTINGS = 8 };

struct learnt_source {
	struct addr	addr;		/* as sources are told apart: IPv6 by their /64 */
	uint32_t	proven;		/* requests */
	uint32_t	count[WHY_COUNT];
	uint64_t	minute;		/* the latest, and what came in it */
	uint32_t	in_minute, peak;
};

struct learnt_path {
	bool	proven;			/* or else an address of acs asked for it, in vain */
	char	text[TARGET_MAX + 1];
};

struct lesson {
	uint64_t		n, begin_ms, end_ms;	/* by the wall's clock */
	size_t			n_sources, n_paths;
	struct learnt_source	source[LEARNT_SOURCES];
	struct learnt_path	path[LEARNT_PATHS];
	struct conf_place	place[LEARNT_SETTINGS];	/* where they stand now */
};

/* To be called first, while the configuration can be read. */
void lesson_begin(struct lesson *l, const struct cli *c);

/* Has who sent this shown that he is the ACS, as far as the policy can tell? */
bool lesson_is_proof(const struct policy *p, enum why why);

void lesson_take(struct lesson *l, const struct conf *c, const struct decision *d);

/*
 * @target begins with the target of a request that was proven; a query is cut off.
 * For a path that the excerpt of a decision is too short for.
 */
void lesson_take_path(struct lesson *l, struct bytes target);

/* A file for conf.d, or JSON; @from NULL is the running daemon. */
void lesson_write(struct lesson *l, const struct cli *c, const char *from);

#endif /* CWMPGATE_LESSON_H */
