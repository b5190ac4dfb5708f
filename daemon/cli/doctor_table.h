/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one table of nft's or iptables' holds that may be in the gate's way. */
#ifndef CWMPGATE_DOCTOR_TABLE_H
#define CWMPGATE_DOCTOR_TABLE_H

#include "doctor.h"

/* One table, as far as it matters here. */
struct table {
	char	name[128];
	bool	ours;
	bool	drops;		/* a base chain before the agent whose policy is drop */
	bool	has_port;	/* some rule names a guarded port */
	bool	queues, sets_mark, untracks, redirects;
};

/* The findings about @t, if it is somebody else's. */
void doctor_table(struct doctor *d, const struct table *t);

/* In a chain that we share with others, our rule is not the first one. */
void doctor_not_first(struct doctor *d, const struct table *t, const char *chain);

/* Whether a guarded port stands in @text, or behind a "dport" in it. */
bool doctor_has_port(const struct conf *c, const char *text);
bool doctor_names_port(const struct conf *c, const char *line);

/* The kernel's old tables, of which nft knows nothing. */
void doctor_legacy(struct doctor *d);

#endif /* CWMPGATE_DOCTOR_TABLE_H */
