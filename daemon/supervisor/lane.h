/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue and who serves it: a guard and a judge of its own, and the memory they
 * leave behind.  A lane that fails is started again; the others go on meanwhile.
 */
#ifndef CWMPGATE_LANE_H
#define CWMPGATE_LANE_H

#include "children.h"
#include "lanes.h"

struct lane {
	struct children	 children;
	struct shm	*shm;
	int		 shm_fd;
	bool		 serving;
	uint64_t	 started_ms, restart_ms;
	uint32_t	 backoff_ms;
	uint32_t	 judge_silent;	/* as last seen */
};

/* Its memory; false with errno. */
bool lane_make(struct lane *l);

/* Starts guard and judge with @setup; what is told them besides as in children_start(). */
void lane_start(struct lane *l, const struct setup *setup, int trace,
		const struct secrets *secrets, uint64_t now_ms);

/* Ends both.  The next start is not delayed for what failed before. */
void lane_stop(struct lane *l);

/* Waits until its guard is in its loop; false if it ends or takes too long. */
bool lane_wait(struct lane *l);

/* Ends both for the reason @why; one that has just failed again waits longer for its start. */
void lane_fail(struct lane *l, uint64_t now_ms, const char *why);

/* Looks whether the lane, if it serves, is in order; what is not fails it: true. */
bool lane_failed(struct lane *l, uint64_t now_ms);

/* It does not serve, and it is time to start it again. */
bool lane_is_due(const struct lane *l, uint64_t now_ms);

#endif /* CWMPGATE_LANE_H */
