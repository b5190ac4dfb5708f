/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rings of decisions in the daemon's memory, as the commands read them. */
#ifndef CWMPGATE_RING_H
#define CWMPGATE_RING_H

#include "client.h"

/* Which decisions are wanted. */
struct filter {
	bool		by_source;
	struct addr	source;
	bool		refusals;
};

/* An address of the command line, as it is to @a; false, said on standard error. */
bool	 filter_by(struct filter *f, const char *address, struct addr *a);

bool	 filter_wants(const struct filter *f, const struct decision *d);

/* To where from on there are @count decisions that are wanted. */
void ring_begin(const struct lanes *l, const struct filter *f, uint64_t count,
		struct lanes_at *at);

#endif /* CWMPGATE_RING_H */
