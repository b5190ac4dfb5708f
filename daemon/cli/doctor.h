/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of cwmpgate doctor.  Each looks at one thing and says what it finds. */
#ifndef CWMPGATE_DOCTOR_H
#define CWMPGATE_DOCTOR_H

#include "facts.h"

enum finding { FOUND_GOOD, FOUND_ODD, FOUND_BAD };

struct doctor {
	const struct cli	*cli;
	const struct conf	*conf;
	const struct facts	*facts;
	unsigned		 n, bad, odd;	/* findings */
};

/* A line of the report, and what to do about it (NULL: nothing). */
void doctor_say(struct doctor *d, enum finding f, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Whether the rules are iptables' here, or would be. */
bool doctor_in_iptables(const struct doctor *d);

/* Well-known ones: in our credentials, and in the agent's own configuration. */
void doctor_passwords(struct doctor *d);

/* Features of the kernel, its settings, and who has the queue. */
void doctor_kernel(struct doctor *d);

/* Other tables that see the same packets. */
void doctor_rules(struct doctor *d);

/* Who listens on the guarded ports. */
void doctor_ports(struct doctor *d);

#endif /* CWMPGATE_DOCTOR_H */
