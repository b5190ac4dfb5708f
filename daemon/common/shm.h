/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that the supervisor and the guard share; each guard has one of its own.
 *
 * The supervisor writes `setup` before it starts a guard, and empties `use` when
 * one has ended; the guard alone writes the rest, without locks, and everybody
 * else only reads it.  It
 * outlives the guard, so counters and decisions survive a crash and a reload.
 *
 * The connections are listed only when somebody asks: the supervisor sets
 * `flows_wanted`, the guard copies its table between two packets, at its next
 * tick, and says so in `flows_given`.  While nobody asks it costs one load for
 * each tick, and the pages of the list are not even there.
 */
#ifndef CWMPGATE_SHM_H
#define CWMPGATE_SHM_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"
#include "excerpt.h"
#include "flow_row.h"
#include "policy.h"
#include "siphash.h"
#include "why.h"

enum { DECISIONS_MAX = 4096, SHM_VERSION = 4 };

/* One decision worth a line: no packet of a healthy connection. */
struct decision {
	uint64_t	ms;		/* monotonic */
	uint64_t	wall_ms;	/* since 1970, at the same moment */
	struct addr	client;
	uint16_t	cport, aport;
	uint16_t	offset;		/* of the byte that decided */
	enum why	why;
	uint32_t	ban_ms;		/* the source is to be banned for so long */
	enum from	from;
	char		excerpt[EXCERPT_MAX];	/* of the request head; may be empty */
};

struct setup {
	struct policy		policy;
	struct siphash_key	key;
	uint32_t		mark;
	uint16_t		queue;
	uint8_t			lanes;		/* memories like this one (lanes.h) */
	bool			fail_open;	/* what finds the queue full passes */
	bool			sandbox_optional;
};

struct shm {
	uint32_t		version;
	struct setup		setup;
	_Atomic uint64_t	heartbeat_ms;	/* the guard was in its loop */
	_Atomic uint32_t	judge_silent;	/* questions without a usable answer */
	uint64_t		count[WHY_COUNT];
	uint64_t		late_verdicts, odd_messages, lost_segments;
	_Atomic uint64_t	n_decisions;	/* ever; the newest is before this index */
	struct decision		decision[DECISIONS_MAX];
	struct use		use;		/* at the last tick */
	_Atomic uint32_t	flows_wanted;	/* a number that was not used before */
	_Atomic uint32_t	flows_given;	/* the one the list was made for */
	_Atomic uint32_t	flows_edits;	/* odd while the list is written */
	uint32_t		n_flows;
	uint64_t		flows_ms;	/* when it was made */
	struct flow_row		flow[FLOWS_MAX];
};

/* The guard's side. */
static inline void shm_decide(struct shm *m, const struct decision *d)
{
	uint64_t n = atomic_load_explicit(&m->n_decisions, memory_order_relaxed);

	m->decision[n % DECISIONS_MAX] = *d;
	atomic_store_explicit(&m->n_decisions, n + 1, memory_order_release);
}

/* The guard writes printable text; whoever reads it does not rely on that. */
static inline void shm_clean(char text[EXCERPT_MAX])
{
	text[EXCERPT_MAX - 1] = '\0';
	for (char *at = text; *at; at++)
		if (*at < 0x20 || *at >= 0x7f)
			*at = '.';
}

/*
 * Copies decision number @i, false if it is not there: not yet made, or
 * overwritten, perhaps while it was copied; or none, for the guard that wrote
 * it may be somebody else's by now.
 */
static inline bool shm_read(const struct shm *m, uint64_t i, struct decision *d)
{
	uint64_t n = atomic_load_explicit(&m->n_decisions, memory_order_acquire);

	if (i >= n || n - i >= DECISIONS_MAX)
		return false;
	*d = m->decision[i % DECISIONS_MAX];
	atomic_thread_fence(memory_order_acquire);
	n = atomic_load_explicit(&m->n_decisions, memory_order_relaxed);
	shm_clean(d->excerpt);
	return n - i < DECISIONS_MAX && d->why < WHY_COUNT && d->from <= FROM_CLOCK;
}

/*
 * Copies the list of connections that was made for @wanted, or a later one, to
 * @out; false if it is not there yet, or was written while it was copied.
 */
static inline bool shm_read_flows(const struct shm *m, uint32_t wanted,
				  struct flow_row out[FLOWS_MAX], size_t *n)
{
	uint32_t edits = atomic_load_explicit(&m->flows_edits, memory_order_acquire);

	if (edits & 1 ||
	    (int32_t)(atomic_load_explicit(&m->flows_given, memory_order_relaxed) - wanted) < 0)
		return false;
	*n = m->n_flows;
	if (*n > FLOWS_MAX)
		return false;
	memcpy(out, m->flow, *n * sizeof(*out));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&m->flows_edits, memory_order_relaxed) == edits;
}

#endif /* CWMPGATE_SHM_H */
