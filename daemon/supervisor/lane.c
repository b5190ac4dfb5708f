// SPDX-License-Identifier: GPL-2.0-or-later

#include "lane.h"

#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "limit.h"
#include "supervisor.h"

enum {
	HUNG_MS		= 2000,
	BACKOFF_MS	= 100,		/* doubles with each failure in a row */
	BACKOFF_MAX_MS	= 500,
	STEADY_MS	= 10000,	/* after so long a failure is the first again */
};

bool lane_make(struct lane *l)
{
	*l = (struct lane){ .children = { .judge_fd = -1 } };
	l->shm_fd = memfd_create("cwmpgate", MFD_CLOEXEC);
	if (l->shm_fd < 0 || ftruncate(l->shm_fd, sizeof(*l->shm)) < 0)
		return false;
	l->shm = mmap(NULL, sizeof(*l->shm), PROT_READ | PROT_WRITE, MAP_SHARED, l->shm_fd, 0);
	return l->shm != MAP_FAILED;
}

void lane_start(struct lane *l, const struct setup *setup, int trace,
		const struct secrets *secrets, uint64_t now_ms)
{
	/* All of it, whatever the last guard has made of it. */
	l->shm->version = SHM_VERSION;
	l->shm->setup = *setup;
	atomic_store(&l->shm->heartbeat_ms, 0);
	l->judge_silent = atomic_load(&l->shm->judge_silent);
	l->started_ms = now_ms;
	l->serving = children_start(&l->children, l->shm, l->shm_fd, trace, secrets);
	l->restart_ms = now_ms + l->backoff_ms;
}

/* What the guard held went with it. */
static void end(struct lane *l)
{
	children_stop(&l->children);
	l->serving = false;
	l->shm->use = (struct use){ 0 };
}

void lane_stop(struct lane *l)
{
	end(l);
	l->backoff_ms = 0;
}

bool lane_wait(struct lane *l)
{
	uint64_t until = clock_ms() + START_MS;

	while (!atomic_load(&l->shm->heartbeat_ms)) {
		if (clock_ms() > until || children_ended(&l->children)) {
			fputs("cwmpgate-guard did not start\n", stderr);
			return false;
		}
		poll(NULL, 0, 1);
	}
	return true;
}

void lane_fail(struct lane *l, uint64_t now_ms, const char *why)
{
	fprintf(stderr, "%s; starting guard and judge again\n", why);
	end(l);
	if (now_ms - l->started_ms > STEADY_MS)
		l->backoff_ms = 0;
	l->restart_ms = now_ms + l->backoff_ms;
	l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : BACKOFF_MS;
	if (l->backoff_ms > BACKOFF_MAX_MS)
		l->backoff_ms = BACKOFF_MAX_MS;
}

bool lane_failed(struct lane *l, uint64_t now_ms)
{
	uint64_t	 beat = atomic_load(&l->shm->heartbeat_ms);
	uint64_t	 last = beat > l->started_ms ? beat : l->started_ms;
	const char	*why = NULL;

	if (!l->serving)
		return false;
	if (children_ended(&l->children))
		why = "a process has ended";
	else if (now_ms > last + HUNG_MS)
		why = "cwmpgate-guard hangs";
	else if (atomic_load(&l->shm->judge_silent) != l->judge_silent)
		why = "cwmpgate-judge does not answer";
	if (why)
		lane_fail(l, now_ms, why);
	return why;
}

bool lane_is_due(const struct lane *l, uint64_t now_ms)
{
	return !l->serving && now_ms >= l->restart_ms;
}
