/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the gate's decisions visible from outside: a status file with the
 * counters and the latest decisions, and a trace of what the agent was given.
 */
#ifndef CWMPGATE_REPORT_H
#define CWMPGATE_REPORT_H

#include <stdio.h>

#include "gate.h"

enum { RECENT_MAX = 64 };

struct decision {
	uint64_t	ms;		/* monotonic */
	struct addr	client;
	uint16_t	cport, aport;
	enum why	why;
	uint16_t	offset;
};

struct report {
	const struct gate	*gate;
	const char		*status_file;	/* NULL: none is written */
	FILE			*trace;		/* NULL: none is written */
	bool			 dirty;
	uint64_t		 next_ms;	/* not before, but for a tick */
	uint64_t		 n;		/* decisions worth a line, ever */
	struct decision		 recent[RECENT_MAX];	/* a ring */
};

/* A guard_listener; @arg is the report.  The status file is at most a tick old. */
void report_outcome(void *arg, uint64_t now_ms, const struct outcome *o);

/*
 * Writes the status file, through a rename, so that a reader sees a whole one.
 * "NAME COUNT" a reason, then "recent MS CLIENT CPORT PORT NAME OFFSET".
 */
void report_write(struct report *r);

#endif /* CWMPGATE_REPORT_H */
