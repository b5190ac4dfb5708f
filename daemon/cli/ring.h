/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of decisions in the daemon's memory, as the commands read it. */
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

/* The number of the decision from which on there are @count that are wanted. */
uint64_t ring_begin(const struct shm *shm, const struct filter *f, uint64_t count);

#endif /* CWMPGATE_RING_H */
