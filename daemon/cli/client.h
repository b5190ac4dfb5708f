/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of the daemon's control socket. */
#ifndef CWMPGATE_CLIENT_H
#define CWMPGATE_CLIENT_H

#include "cli.h"
#include "lanes.h"

enum { REPLY_TEXT_MAX = 1 << 16 };

struct reply {
	enum status	 status;	/* STATUS_OK: it has answered "ok" */
	int		 fd;		/* what came along; -1: nothing */
	bool		 silent;	/* STATUS_DOWN: somebody is there, and does not answer */
	bool		 stopped;	/* that one is stopped, as by SIGSTOP */
	char		 text[REPLY_TEXT_MAX];	/* without its first line */
};

/*
 * Asks @line; what kept it from an answer stands in the text.  A daemon that is stopped is
 * given up after a second; one that only takes its time, after 15.
 */
void client_ask(const struct cli *c, const char *line, struct reply *r);

/* As client_ask(), and says on standard error what went wrong. */
enum status client_order(const struct cli *c, const char *line);

/* The value of "KEY=" in the text, up to the end of its line; "" if it is not there. */
const char *client_value(const struct reply *r, const char *key, char *value, size_t max);
uint64_t client_number(const struct reply *r, const char *key);

/* The key of the pid of the "guard" or "judge" of queue @lane, into @key; returns it. */
char *client_pid_key(const char *which, size_t lane, char key[32]);

/* The daemon's shared memories, to be read; false if there are none of our version. */
bool client_map(const struct cli *c, struct lanes *out);
void client_unmap(struct lanes *l);

/* As client_map(), and says on standard error what went wrong. */
enum status client_must_map(const struct cli *c, struct lanes *out);

struct flow_list {
	enum status	status;
	size_t		n;
	struct flow_row	row[FLOWS_MAX * QUEUES_MAX];
};

/* The connections at this moment; NULL, or what went wrong. */
const char *client_flows(const struct cli *c, struct flow_list *l);

#endif /* CWMPGATE_CLIENT_H */
