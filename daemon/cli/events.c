// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate events: the decisions in the daemon's ring. */

#include <string.h>
#include <time.h>

#include "ring.h"
#include "say.h"
#include "show.h"

enum { EVENTS = 20, FOLLOW_MS = 100, LOST_MS = 1000 };

static void print_from(const struct cli *c, const struct lanes *l, const struct filter *f,
		       struct lanes_at *at)
{
	struct decision	d;
	uint64_t	id;

	lanes_look(l, at);
	while (lanes_next(l, at, &id, &d))
		if (filter_wants(f, &d))
			show_decision(c, &l->of[0]->setup.policy, id, &d, stdout);
	fflush(stdout);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* The same daemon, with a queue more. */
static bool is_grown(const struct lanes *l, const struct lanes *other)
{
	return memcmp(&other->of[0]->setup.key, &l->of[0]->setup.key,
		      sizeof(l->of[0]->setup.key)) == 0;
}

/*
 * The rings outlive guard and judge, but not the daemon: when the first one's heart
 * has stopped, a new one is looked for; and when there are more of them.
 */
static enum status follow(const struct cli *c, struct lanes *l, const struct filter *f,
			  struct lanes_at *at)
{
	while (!ferror(stdout)) {
		struct lanes other;

		print_from(c, l, f, at);
		pause_ms(FOLLOW_MS);
		if (monotonic_ms() < atomic_load(&l->of[0]->heartbeat_ms) + LOST_MS &&
		    l->of[0]->setup.lanes == l->n)
			continue;
		if (!client_map(c, &other)) {
			pause_ms(LOST_MS);
			continue;
		}
		if (!is_grown(l, &other))
			*at = (struct lanes_at){ { 0 }, { 0 } };
		client_unmap(l);
		*l = other;
	}
	return STATUS_OK;
}

enum status cmd_events(struct cli *c, int argc, char *argv[])
{
	struct filter		 f = { 0 };
	unsigned		 count = EVENTS;
	bool			 following = false;
	struct lanes		 lanes;
	struct lanes_at		 at;
	enum status		 status;
	struct addr		 a;

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
	status = client_must_map(c, &lanes);
	if (status != STATUS_OK)
		return status;
	ring_begin(&lanes, &f, count, &at);
	print_from(c, &lanes, &f, &at);
	return following ? follow(c, &lanes, &f, &at) : STATUS_OK;
}
