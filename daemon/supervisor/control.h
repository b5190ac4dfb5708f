/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: root asks with one line, gets one answer, and the
 * connection is over.
 *
 * The supervisor's loop waits in control_serve() and nowhere else; whoever is
 * slow to ask is cut off, and nobody is waited for.  An answer is "ok" or
 * "error" in a line, then text.
 */
#ifndef CWMPGATE_CONTROL_H
#define CWMPGATE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"

enum {
	CONTROL_CLIENTS		= 4,
	CONTROL_LINE		= 128,	/* a question, with its newline */
	CONTROL_PATIENCE_MS	= 1000,
};

struct control {
	int	listener;		/* -1: nobody is listened to */
	char	path[PATH_LEN_MAX];
	struct control_client {
		int		fd;	/* -1: free */
		uint64_t	until_ms;
		size_t		len;
		char		line[CONTROL_LINE];
	} client[CONTROL_CLIENTS];
};

struct control_answer {
	bool	 failed;
	FILE	*text;
	int	 fd;			/* goes with it and is closed; -1: none */
};

typedef void control_ask(void *context, char *line, struct control_answer *a);

/* Before anything else. */
void control_init(struct control *c);

/*
 * Listens at @path; its directory is made if it is missing.  False, with the
 * reason on @err, when that cannot be: the gate works without.
 */
bool control_open(struct control *c, const char *path, FILE *err);

/* Also removes the socket's name. */
void control_close(struct control *c);

/*
 * Waits @wait_ms or until something is asked; then @ask answers, with @context,
 * each line that is complete.
 */
void control_serve(struct control *c, int wait_ms, control_ask *ask, void *context);

#endif /* CWMPGATE_CONTROL_H */
