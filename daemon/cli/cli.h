/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cwmpgate, the control command: what its commands share. */
#ifndef CWMPGATE_CLI_H
#define CWMPGATE_CLI_H

#include <stdbool.h>

#include "conf.h"

/* Each command returns one of these. */
enum status {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* refused, or something was found wrong */
	STATUS_USAGE	= 2,	/* wrong usage, or a wrong configuration */
	STATUS_DOWN	= 3,	/* the daemon is not running, or does not answer */
	STATUS_DENIED	= 4,	/* not permitted */
};

struct cli {
	const char	*conf_file;
	bool		 json;
	bool		 colour;
	/* conf_file as far as it could be read: defaults where it could not. */
	struct conf	 conf;
	bool		 conf_good;
};

/* @argv begins after the command's own name and ends with NULL. */
typedef enum status command(struct cli *c, int argc, char *argv[]);

command cmd_status, cmd_events, cmd_explain, cmd_bans, cmd_ban, cmd_unban, cmd_reload,
	cmd_confirm, cmd_mode, cmd_check, cmd_rules, cmd_metrics, cmd_doctor, cmd_top,
	cmd_flows, cmd_learn, cmd_replay;

/* Says how the command at hand is used; STATUS_USAGE. */
enum status wrong_usage(void);

/* A decimal number of at most nine digits, and nothing else. */
bool read_count(const char *text, unsigned *out);

#endif /* CWMPGATE_CLI_H */
