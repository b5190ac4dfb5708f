/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can be known of the gate at one moment, from daemon and kernel. */
#ifndef CWMPGATE_FACTS_H
#define CWMPGATE_FACTS_H

#include "client.h"
#include "metrics.h"

struct facts {
	enum status	 status;	/* STATUS_OK: the daemon runs */
	struct reply	 reply;		/* to "status" */
	char		 mode[16];	/* "" if nobody knows */
	char		 daemon_down[16], overload[16];
	struct metrics	 m;
};

/* Without a daemon, what the rules in the kernel say. */
void facts_get(const struct cli *c, struct facts *f);

/* All of it as one JSON object, in a line. */
void facts_json(const struct facts *f);

/* The mode whose rules are in the kernel; "" without any. */
const char *facts_mode_of_rules(const struct nft_counter *counter, int n);

/* Who may ask, as the kernel's sets have it; "" for nobody, or without rules. */
char *facts_acs(const struct facts *f, char *out, size_t max);

/* What becomes of connection requests when there is no daemon. */
const char *facts_without_daemon(const struct facts *f);

/* The same at this moment: one that does not answer may have children that do their work. */
const char *facts_now(const struct facts *f);

/* What becomes of what the queue has no room for. */
const char *facts_when_full(const struct facts *f);

#endif /* CWMPGATE_FACTS_H */
