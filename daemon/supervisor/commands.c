// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the control socket.  Each is a word and at most two more; an
 * answer is for a program (cwmpgate), which puts it into words.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_values.h"
#include "supervisor.h"

enum { WORDS = 3, BAN_SECONDS_MAX = 30 * 24 * 3600, CONFIRM_SECONDS_MAX = 3600 };

static void fail(struct control_answer *a, const char *text)
{
	a->failed = true;
	fprintf(a->text, "%s\n", text);
}

static bool read_seconds(const char *word, unsigned max, unsigned *out)
{
	char		*end;
	unsigned long	 v = word ? strtoul(word, &end, 10) : 0;

	if (v == 0 || v > max || *end || *word == '-' || *word == '+')
		return false;
	*out = (unsigned)v;
	return true;
}

static bool read_addr(const char *word, struct addr *out)
{
	struct prefix	p;
	bool		exact;

	if (!word || strchr(word, '/') || !conf_prefix(word, &p, &exact))
		return false;
	*out = p.addr;
	return true;
}

static void tell_conf(const struct conf *c, FILE *f)
{
	const struct policy *p = &c->policy;

	fprintf(f, "conf_file=%s\nmode=%s\n", c->file, mode_name[c->mode]);
	fprintf(f, "daemon_down=%s\noverload=%s\nsandbox=%s\n", c->down_open ? "open" : "closed",
		c->overload_open ? "open" : "closed",
		c->sandbox_optional ? "best-effort" : "require");
	fprintf(f, "digest=%s\non_bad_digest=%s\n", p->digest == DIGEST_OFF ? "off" : "require",
		p->on_bad_digest == BAD_DIGEST_RESET ? "reset" : "challenge");
	fprintf(f, "queue=%u\nqueues=%u\nmark=0x%08x\nports=", c->queue, c->queues, c->mark);
	for (size_t i = 0; i < c->n_ports; i++)
		fprintf(f, "%s%u", i ? " " : "", c->port[i]);
	fputs("\ninterfaces=", f);
	for (size_t i = 0; i < c->n_interfaces; i++)
		fprintf(f, "%s%s", i ? " " : "", c->interface[i]);
	fputc('\n', f);
}

/* Process ids; those of the further queues have its place in their names. */
static void tell_lanes(const struct supervisor *s, FILE *f)
{
	fprintf(f, "serving=%s\n", supervisor_serves(s) ? "yes" : "no");
	for (size_t i = 0; i < s->lanes.n && i < s->conf->queues; i++) {
		const struct children	*c = &s->lane[i].children;
		char			 place[8] = "";

		if (i)
			snprintf(place, sizeof(place), "_%zu", i);
		fprintf(f, "guard_pid%s=%d\njudge_pid%s=%d\n", place, (int)c->guard, place,
			(int)c->judge);
	}
	fprintf(f, "restarts=%" PRIu32 "\n", s->restarts);
}

static void status(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	uint64_t now = clock_ms();

	(void)word;
	fprintf(a->text, "version=" VERSION "\npid=%d\nuptime_ms=%" PRIu64 "\n", (int)getpid(),
		now - s->begun_ms);
	tell_conf(s->conf, a->text);
	fprintf(a->text, "credentials=%zu\nacs=%zu\nacs_configured=%zu\nacs_wrong=%zu\n",
		s->credentials->n, s->conf->n_prefixes + s->acs.found.n, s->conf->n_prefixes,
		acs_wrong(&s->acs));
	acs_tell(&s->acs, now, a->text);
	tell_lanes(s, a->text);
	fprintf(a->text, "rules=%s\nbackend=%s\n", s->rules_loaded ? "loaded" : "missing",
		rules_backend_name[s->backend]);
	fprintf(a->text, "reload_failed=%s\n", s->reload_failed ? "yes" : "no");
	fprintf(a->text, "confirm_ms=%" PRIu64 "\n",
		s->confirm_ms > now ? s->confirm_ms - now : 0);
}

/* The lane that is meant, the first one if none is named; NULL, and said, if it is none. */
static struct lane *read_lane(struct supervisor *s, const char *word, struct control_answer *a)
{
	char		*end;
	unsigned long	 i = word ? strtoul(word, &end, 10) : 0;

	if (i < s->lanes.n && (!word || (word[0] >= '0' && word[0] <= '9' && !*end)))
		return &s->lane[i];
	fail(a, "there is no such memory");
	return NULL;
}

/* Opened anew, so that whoever gets it can read and nothing else. */
static void shm(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	const struct lane	*l = read_lane(s, word[1], a);
	char			 path[32];

	if (!l)
		return;
	fprintf(a->text, "lanes=%zu\n", s->lanes.n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->shm_fd);
	a->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (a->fd < 0)
		fail(a, strerror(errno));
}

/* The guard makes the list at its next tick; whoever asks looks for it there. */
static void flows(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	const struct lane *l = read_lane(s, word[1], a);

	if (!l)
		return;
	if (!l->serving) {
		fail(a, "guard and judge do not run");
		return;
	}
	atomic_store(&l->shm->flows_wanted, ++s->flows_wanted);
	fprintf(a->text, "wanted=%" PRIu32 "\n", s->flows_wanted);
	shm(s, word, a);
}

static void ban(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	struct addr	addr;
	unsigned	seconds;

	if (!read_addr(word[1], &addr) || !read_seconds(word[2], BAN_SECONDS_MAX, &seconds)) {
		fail(a, "expected an address, and 1 to 2592000 seconds");
		return;
	}
	if (s->conf->mode == MODE_BLOCK) {
		fail(a, "mode is \"block\": everybody is refused already");
		return;
	}
	if (!bans_add(&s->bans, &addr, seconds * 1000, clock_ms()))
		fail(a, strerror(errno));
}

static void unban(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	struct addr addr;

	if (!read_addr(word[1], &addr))
		fail(a, "expected an address");
	else if (!bans_remove(&s->bans, &addr))
		fail(a, errno == ENOENT ? "this source is not banned" : strerror(errno));
}

/* "reload", or "reload SECONDS": without a "confirm" in that time it is taken back. */
static void reload(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	static struct conf	before;
	unsigned		seconds = 0;

	if (word[1] && !read_seconds(word[1], CONFIRM_SECONDS_MAX, &seconds)) {
		fail(a, "expected 1 to 3600 seconds");
		return;
	}
	/* Of two reloads that nobody has confirmed, both are taken back. */
	before = s->confirm_ms ? s->unconfirmed : *s->conf;
	if (!supervisor_reload(s, a->text)) {
		a->failed = true;
		return;
	}
	if (seconds) {
		s->unconfirmed = before;
		s->confirm_ms = clock_ms() + seconds * 1000;
	}
}

static void confirm(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	(void)word;
	if (!s->confirm_ms)
		fail(a, "nothing to confirm");
	s->confirm_ms = 0;
}

/* Until the file is read again, which stays as it is. */
static void mode(struct supervisor *s, char *word[WORDS], struct control_answer *a)
{
	static struct conf	fresh;
	enum mode		to = MODE_MONITOR;

	while (to <= MODE_BLOCK && (!word[1] || strcmp(word[1], mode_name[to]) != 0))
		to++;
	if (to > MODE_BLOCK) {
		fail(a, "expected monitor, enforce or block");
		return;
	}
	fresh = *s->conf;
	fresh.mode = to;
	fresh.policy.observe = to == MODE_MONITOR;
	if (to == MODE_ENFORCE && fresh.policy.digest == DIGEST_REQUIRE &&
	    !*fresh.credentials_file) {
		fail(a, "mode \"enforce\" needs credentials, or digest = \"off\"");
		return;
	}
	supervisor_apply(s, &fresh);
}

static const struct command {
	const char	*name;
	void		 (*run)(struct supervisor *s, char *word[WORDS], struct control_answer *a);
	bool		 changes;	/* and so is worth a line in the log */
} commands[] = {
	{ "status", status, false },
	{ "shm", shm, false },
	{ "flows", flows, false },
	{ "ban", ban, true },
	{ "unban", unban, true },
	{ "reload", reload, true },
	{ "confirm", confirm, true },
	{ "mode", mode, true },
};

void command_answer(void *context, char *line, struct control_answer *a)
{
	char	*word[WORDS] = { NULL }, *rest = NULL;
	size_t	 n = 0;

	for (char *at = strtok_r(line, " ", &rest); at; at = strtok_r(NULL, " ", &rest)) {
		if (n == WORDS) {
			fail(a, "too many words");
			return;
		}
		word[n++] = at;
	}
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word[0], commands[i].name) != 0)
			continue;
		commands[i].run(context, word, a);
		if (commands[i].changes)
			fprintf(stderr, "control: %s%s%s%s%s: %s\n", word[0],
				word[1] ? " " : "", word[1] ? word[1] : "",
				word[2] ? " " : "", word[2] ? word[2] : "",
				a->failed ? "refused" : "done");
		return;
	}
	fail(a, "unknown command");
}
