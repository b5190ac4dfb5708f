/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that somebody has removed rules of ours: a firewall that flushes the
 * whole ruleset on its own reload does so without asking.
 */
#ifndef CWMPGATE_RULEWATCH_H
#define CWMPGATE_RULEWATCH_H

#include <stdbool.h>
#include <stdio.h>

struct rulewatch;

/* NULL, with the reason on @err. */
struct rulewatch	*rulewatch_open(FILE *err);
void			 rulewatch_close(struct rulewatch *w);

/*
 * Whether a table, chain or rule of ours (with @xt also of the mangle table)
 * was deleted since the last call.  Does not wait.
 */
bool			 rulewatch_lost(struct rulewatch *w, bool xt);

#endif /* CWMPGATE_RULEWATCH_H */
