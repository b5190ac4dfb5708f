/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: what the processes say, and one line for each decision worth one.
 *
 * Where it goes: with -f to standard error, as it is said; without, and where
 * systemd has tied standard error to its journal, to the journal in its native
 * form with fields, or else to syslog.  Then standard error of all processes is a
 * pipe that is read here.  Nobody is waited for: what a logger does not take is
 * lost, and counted.
 *
 * Of a request nothing is logged but what excerpt.h allows.
 */
#ifndef CWMPGATE_LOG_H
#define CWMPGATE_LOG_H

#include <stdio.h>
#include <sys/un.h>

#include "conf.h"
#include "rate.h"
#include "shm.h"

enum { LOG_LINE_MAX = 1024 };

enum log_to { LOG_TO_STDERR, LOG_TO_JOURNAL, LOG_TO_SYSLOG };

struct log {
	enum log_to		 to;
	int			 fd;		/* a datagram socket; -1: standard error */
	struct sockaddr_un	 at;
	int			 pipe;		/* what was said on standard error; -1 */
	char			 line[LOG_LINE_MAX];	/* of which no end has come yet */
	size_t			 len;
	uint64_t		 lost;		/* lines that no logger took */
	struct rate		 rate;		/* of lines for one reason */
	struct bucket		 bucket[WHY_COUNT];
	uint32_t		 more[WHY_COUNT];	/* that were not logged */
	uint64_t		 summary_ms;	/* when that is said next */
	FILE			*file;		/* JSON lines; NULL: none */
	char			 file_name[PATH_LEN_MAX];
};

/* Takes over standard error, unless it is where the log goes. */
void log_open(struct log *l, bool foreground);

/* The rate and the file of @c from now on. */
void log_configure(struct log *l, const struct conf *c);

/* The file may have been renamed: goes on in a new one of that name. */
void log_reopen(struct log *l);

/* Passes on what was said, and says how often the rate was exceeded. */
void log_serve(struct log *l, uint64_t now_ms);

/* Decision number @id under the policy @p; @d is somebody else's memory and not believed. */
void log_decision(struct log *l, const struct policy *p, uint64_t id,
		  const struct decision *d, uint64_t now_ms);

/* Says all that is left to say. */
void log_close(struct log *l);

#endif /* CWMPGATE_LOG_H */
