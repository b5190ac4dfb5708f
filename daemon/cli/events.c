// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate events and explain: the decisions in the daemon's ring. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "conf_values.h"
#include "remedy.h"
#include "run.h"
#include "say.h"

enum { EVENTS = 20, EXPLAINED = 5, FOLLOW_MS = 100, LOST_MS = 1000 };

/* Which decisions are wanted. */
struct filter {
	bool		by_source;
	struct addr	source;
	bool		refusals;
};

static bool wanted(const struct filter *f, const struct decision *d)
{
	struct addr source = addr_source(&d->client);

	return (!f->by_source || addr_equal(&source, &f->source)) &&
	       (!f->refusals || is_refusal(d->why));
}

static bool read_source(const char *text, struct filter *f)
{
	struct prefix	p;
	bool		exact;

	if (strchr(text, '/') || !conf_prefix(text, &p, &exact)) {
		fprintf(stderr, "cwmpgate: %s is no address\n", text);
		return false;
	}
	f->by_source = true;
	f->source = addr_source(&p.addr);
	return true;
}

/* The number of the decision from which on there are @count that are wanted. */
static uint64_t begin_of(const struct shm *shm, const struct filter *f, uint64_t count)
{
	uint64_t	i = atomic_load(&shm->n_decisions);
	struct decision	d;

	while (i && count && shm_read(shm, i - 1, &d)) {
		i--;
		count -= wanted(f, &d);
	}
	return i;
}

static uint64_t print_from(const struct cli *c, const struct shm *shm, const struct filter *f,
			   uint64_t i)
{
	uint64_t	n = atomic_load(&shm->n_decisions);
	struct decision	d;

	if (n - i >= DECISIONS_MAX)
		i = n - DECISIONS_MAX + 1;
	for (; i < n; i++)
		if (shm_read(shm, i, &d) && wanted(f, &d))
			say_decision(c, &shm->setup.policy, &d, stdout);
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
			munmap((void *)shm, sizeof(*shm));
			shm = other;
		} else {
			munmap((void *)other, sizeof(*other));
		}
	}
	return STATUS_OK;
}

static const struct shm *must_map(const struct cli *c, enum status *status)
{
	const struct shm *shm = client_map(c);

	*status = STATUS_OK;
	if (!shm)
		*status = client_order(c, "status");
	if (!shm && *status == STATUS_OK) {
		fputs("cwmpgate: the daemon is of another version\n", stderr);
		*status = STATUS_FAILED;
	}
	return shm;
}

enum status cmd_events(struct cli *c, int argc, char *argv[])
{
	struct filter		 f = { 0 };
	unsigned long		 count = EVENTS;
	bool			 following = false;
	const struct shm	*shm;
	enum status		 status;
	uint64_t		 i;

	for (int k = 0; k < argc; k++) {
		if (strcmp(argv[k], "-f") == 0)
			following = true;
		else if (strcmp(argv[k], "-n") == 0 && k + 1 < argc)
			count = strtoul(argv[++k], NULL, 10);
		else if (*argv[k] == '-' || f.by_source)
			return wrong_usage();
		else if (!read_source(argv[k], &f))
			return STATUS_USAGE;
	}
	shm = must_map(c, &status);
	if (!shm)
		return status;
	i = print_from(c, shm, &f, begin_of(shm, &f, count));
	return following ? follow(c, shm, &f, i) : STATUS_OK;
}

/* Where the setting stands in the configuration file, as it stands there. */
static void say_setting(const struct cli *c, const char *name)
{
	char	 line[256];
	FILE	*f = fopen(c->conf_file, "re");
	size_t	 n = strlen(name);

	for (int number = 1; f && fgets(line, sizeof(line), f); number++) {
		const char *at = line + strspn(line, " \t");

		if (strncmp(at, name, n) != 0 || !strchr(" \t=:", at[n]))
			continue;
		printf("  setting:    %s:%d: %.*s\n", c->conf_file, number,
		       (int)strcspn(at, "\n"), at);
		fclose(f);
		return;
	}
	if (f)
		fclose(f);
	printf("  setting:    %s, which %s leaves at its default\n", name, c->conf_file);
}

static void explain_one(const struct cli *c, const struct policy *p, const struct decision *d,
			unsigned times)
{
	const struct remedy	*r = &remedy[d->why];
	char			 who[INET6_ADDRSTRLEN], span[24];

	if (c->json) {
		say_decision(c, p, d, stdout);
		return;
	}
	printf("%s%s port %u to %u, %s ago%s: %s%s\n", paint(c, BOLD), say_addr(&d->client, who),
	       d->cport, d->aport, say_span(monotonic_ms() - d->ms, span), paint(c, PLAIN),
	       p->observe ? "would be " : "", say_act(p, d->why));
	printf("  reason:     %s, %s\n", why_info[d->why].name, why_info[d->why].doc);
	if (*d->excerpt)
		printf("  request:    %s\n", d->excerpt);
	if (has_offset(d))
		printf("  where:      byte %u of the request head, counted from 0\n", d->offset);
	if (times > 1)
		printf("  how often:  %u times in a row\n", times);
	if (d->ban_ms)
		printf("  and:        banned for %" PRIu32 " s; cwmpgate unban %s\n",
		       d->ban_ms / 1000, who);
	if (r->setting)
		say_setting(c, r->setting);
	printf("  what to do: %s\n", r->text);
}

/* Refusals from the newest back; what is the same in a row is one. */
static unsigned explain_refusals(const struct cli *c, const struct shm *shm,
				 const struct filter *f, unsigned most)
{
	uint64_t	i = atomic_load(&shm->n_decisions);
	struct decision	d, held = { 0 };
	unsigned	times = 0, told = 0;

	for (; i && told < most && shm_read(shm, i - 1, &d); i--) {
		if (!wanted(f, &d))
			continue;
		if (times && held.why == d.why && addr_equal(&held.client, &d.client) && most > 1) {
			times++;
			continue;
		}
		if (times) {
			explain_one(c, &shm->setup.policy, &held, times);
			told++;
		}
		held = d;
		times = 1;
	}
	if (times && told < most) {
		explain_one(c, &shm->setup.policy, &held, times);
		told++;
	}
	return told;
}

/* nft itself knows best whether an interval set has an address. */
static bool in_set(const char *set, const struct addr *a)
{
	char			name[16], element[INET6_ADDRSTRLEN + 8], text[INET6_ADDRSTRLEN];
	const char *const	argv[] = { "nft", "get", "element", "inet", "cwmpgate", name,
					   element, NULL };

	snprintf(name, sizeof(name), "%s%c", set, addr_is4(a) ? '4' : '6');
	snprintf(element, sizeof(element), "{ %s }", say_addr(a, text));
	return run(argv, NULL, NULL) == RAN_OK;
}

/* What the rules do before the gate sees anything; it is in no ring. */
static bool explain_rules(const struct cli *c, const char *who)
{
	struct prefix	p;
	bool		exact;
	struct addr	source;

	if (!conf_prefix(who, &p, &exact))
		return false;
	source = addr_source(&p.addr);
	if (!in_set("acs", &p.addr)) {
		printf("%s%s%s is in no prefix of acs: the rules drop what it sends without an "
		       "answer, and the gate never sees it (counter not_acs)\n",
		       paint(c, BOLD), who, paint(c, PLAIN));
		say_setting(c, "acs");
		puts("  what to do: if it is an ACS, add it to acs and reload");
		return true;
	}
	if (in_set("ban", &source)) {
		printf("%s%s%s is banned: the rules drop what it sends (counter banned)\n",
		       paint(c, BOLD), who, paint(c, PLAIN));
		printf("  what to do: cwmpgate bans shows for how long, cwmpgate unban %s ends it\n",
		       who);
		return true;
	}
	return false;
}

enum status cmd_explain(struct cli *c, int argc, char *argv[])
{
	struct filter		 f = { .refusals = true };
	bool			 last = argc == 0 || strcmp(argv[0], "last") == 0;
	const struct shm	*shm;
	enum status		 status;
	bool			 told = false;

	if (argc > 1)
		return wrong_usage();
	if (!last && !read_source(argv[0], &f))
		return STATUS_USAGE;
	shm = must_map(c, &status);
	if (!shm)
		return status;
	if (!last && !c->json)
		told = explain_rules(c, argv[0]);
	if (explain_refusals(c, shm, &f, last ? 1 : EXPLAINED) || told || c->json)
		return STATUS_OK;
	if (last)
		puts("nothing was refused");
	else
		printf("%s may ask, and nothing of it was refused\n", argv[0]);
	return STATUS_OK;
}
