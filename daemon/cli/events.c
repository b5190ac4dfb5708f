// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate events: the decisions in the daemon's ring. */

#include <string.h>
#include <time.h>

#include "ring.h"
#include "say.h"
#include "show.h"

enum { EVENTS = 20, FOLLOW_MS = 100, LOST_MS = 1000 };

static uint64_t print_from(const struct cli *c, const struct shm *shm, const struct filter *f,
			   uint64_t i)
{
	uint64_t	n = atomic_load(&shm->n_decisions);
	struct decision	d;

	if (n - i >= DECISIONS_MAX)
		i = n - DECISIONS_MAX + 1;
	for (; i < n; i++)
		if (shm_read(shm, i, &d) && filter_wants(f, &d))
			show_decision(c, &shm->setup.policy, i, &d, stdout);
	fflush(stdout);
	return n;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/*
 * The ring outlives guard and judge, but not the daemon: when its heart has
 * stopped, a new one is looked for.
 */
static enum status follow(const struct cli *c, const struct shm *shm, const struct filter *f,
			  uint64_t i)
{
	while (!ferror(stdout)) {
		const struct shm *other;

		i = print_from(c, shm, f, i);
		pause_ms(FOLLOW_MS);
		if (monotonic_ms() < atomic_load(&shm->heartbeat_ms) + LOST_MS)
			continue;
		other = client_map(c);
		if (!other) {
			pause_ms(LOST_MS);
			continue;
		}
		if (memcmp(&other->setup.key, &shm->setup.key, sizeof(shm->setup.key)) != 0) {
			i = 0;
			client_unmap(&shm);
			shm = other;
		} else {
			client_unmap(&other);
		}
	}
	return STATUS_OK;
}

enum status cmd_events(struct cli *c, int argc, char *argv[])
{
	struct filter		 f = { 0 };
	unsigned		 count = EVENTS;
	bool			 following = false;
	const struct shm	*shm;
	enum status		 status;
	struct addr		 a;
	uint64_t		 i;

	for (int k = 0; k < argc; k++) {
		if (strcmp(argv[k], "-f") == 0)
			following = true;
		else if (strcmp(argv[k], "-n") == 0 && k + 1 < argc && read_count(argv[k + 1], &count))
			k++;
		else if (*argv[k] == '-' || f.by_source)
			return wrong_usage();
		else if (!filter_by(&f, argv[k], &a))
			return STATUS_USAGE;
	}
	shm = client_must_map(c, &status);
	if (!shm)
		return status;
	i = print_from(c, shm, &f, ring_begin(shm, &f, count));
	return following ? follow(c, shm, &f, i) : STATUS_OK;
}
