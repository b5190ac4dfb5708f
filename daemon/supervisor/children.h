/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of processes that serve: a judge and the guard that asks it.  They
 * are started together and end together; a guard never meets another's judge.
 */
#ifndef CWMPGATE_CHILDREN_H
#define CWMPGATE_CHILDREN_H

#include <sys/types.h>

#include "conf.h"
#include "shm.h"

struct children {
	pid_t	guard, judge;	/* 0: not running */
	int	judge_fd;	/* for orders to the judge */
};

/* What the judge proves requests by; a new one goes on where the last one was. */
struct secrets {
	const struct credentials	*current;
	struct credentials		 previous;	/* good for the time of grace */
	uint64_t			 changed_ms;	/* since then; 0: there are none */
};

/*
 * Executes @name, which is beside the daemon or where it is installed, for the
 * user @user, or uid @otherwise where nobody has made one: it is told and changes
 * to it.  Descriptor i of the @n in @fd becomes number 3 + i; -1 leaves it closed.
 * 0, with the reason on standard error, when that cannot be.
 */
pid_t child_start(const char *name, const char *user, uid_t otherwise, const int *fd, int n);

/* Ends the process, if there is one, and waits for it. */
void child_stop(pid_t *pid);

/* The same for one that has done its work; if it ended otherwise, that is said. */
void child_finish(pid_t *pid, const char *name);

/*
 * Binds the queue and starts the pair with what @shm->setup says.  @trace is
 * passed on, or -1.  False, with the reason on standard error and nothing left
 * running.
 */
bool children_start(struct children *c, struct shm *shm, int shm_fd, int trace,
		    const struct secrets *secrets);

/* Ends both at once and waits for them. */
void children_stop(struct children *c);

/* True if one of them has ended; says which, and how, on standard error. */
bool children_ended(struct children *c);

/* False if the judge does not take it. */
bool children_order_credentials(const struct children *c,
				const struct credentials *credentials, uint64_t now_ms);

#endif /* CWMPGATE_CHILDREN_H */
