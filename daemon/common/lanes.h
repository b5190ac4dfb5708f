/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memories of all guards (shm.h) as one, for who reads them.
 *
 * Each queue has a guard of its own with its own counters and decisions.  Here
 * counters are sums, decisions stand in the order of their times, and one is
 * found by one number: its place in its memory times the number of memories,
 * plus the memory's own number.  With one memory that is its place.
 */
#ifndef CWMPGATE_LANES_H
#define CWMPGATE_LANES_H

#include <stddef.h>

#include "limit.h"
#include "shm.h"

struct lanes {
	size_t			 n;	/* 0: there is no daemon */
	const struct shm	*of[QUEUES_MAX];
};

/* Between two decisions of each memory, and how far it may go on. */
struct lanes_at {
	uint64_t	next[QUEUES_MAX], end[QUEUES_MAX];
};

/* How often the reason was given, by all guards. */
uint64_t lanes_count(const struct lanes *l, enum why why);

/* Decisions ever made. */
uint64_t lanes_decisions(const struct lanes *l);

/* What the tables of all guards hold. */
struct use lanes_use(const struct lanes *l);

/* Copies decision @id; false if it is not there, as shm_read() has it. */
bool lanes_read(const struct lanes *l, uint64_t id, struct decision *d);

/* Lets @at go on to what has been decided by now; one of zeros begins with the oldest. */
void lanes_look(const struct lanes *l, struct lanes_at *at);

/* Behind the newest. */
void lanes_newest(const struct lanes *l, struct lanes_at *at);

/*
 * Copies the next decision after @at, or the previous one before it, and goes
 * there.  False if there is none; what was overwritten meanwhile is passed over.
 */
bool lanes_next(const struct lanes *l, struct lanes_at *at, uint64_t *id, struct decision *d);
bool lanes_previous(const struct lanes *l, struct lanes_at *at, uint64_t *id,
		    struct decision *d);

#endif /* CWMPGATE_LANES_H */
