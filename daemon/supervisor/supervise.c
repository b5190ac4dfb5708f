// SPDX-License-Identifier: GPL-2.0-or-later

#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "limit.h"
#include "metrics.h"
#include "notify.h"
#include "report.h"
#include "rules_ipt.h"

enum {
	WATCHDOG_MS	= 1000,
	METRICS_MS	= 15000,
	HUNG_MS		= 2000,
	BACKOFF_MS	= 100,		/* doubles with each failure in a row */
	BACKOFF_MAX_MS	= 500,
	STEADY_MS	= 10000,	/* after so long a failure is the first again */
	RULES_AGAIN_MS	= 500,		/* after a load that did not work */
	RULES_LOOK_MS	= 2000,		/* iptables tells nobody of changes */
};

volatile sig_atomic_t supervise_stop, supervise_reload, supervise_reopen;

const char *const mode_name[] = {
	[MODE_MONITOR] = "monitor", [MODE_ENFORCE] = "enforce", [MODE_BLOCK] = "block",
};

uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool make_shm(struct supervisor *s)
{
	s->shm_fd = memfd_create("cwmpgate", MFD_CLOEXEC);
	if (s->shm_fd < 0 || ftruncate(s->shm_fd, sizeof(*s->shm)) < 0)
		return false;
	s->shm = mmap(NULL, sizeof(*s->shm), PROT_READ | PROT_WRITE, MAP_SHARED, s->shm_fd, 0);
	if (s->shm == MAP_FAILED)
		return false;
	return getrandom(&s->key, sizeof(s->key), 0) == sizeof(s->key);
}

static bool open_trace(struct supervisor *s)
{
	s->trace_fd = -1;
	if (s->options->trace_file)
		s->trace_fd = open(s->options->trace_file, O_WRONLY | O_APPEND | O_CREAT |
				   O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->options->trace_file && s->trace_fd < 0) {
		fprintf(stderr, "%s: %s\n", s->options->trace_file, strerror(errno));
		return false;
	}
	return true;
}

/* A failure here only means that a change is noticed at the next reload. */
static void watch_credentials(struct supervisor *s)
{
	watch_close(&s->watch);
	if (*s->conf->credentials_file && !watch_open(&s->watch, s->conf->credentials_file))
		fprintf(stderr, "%s: not watched: %s\n", s->conf->credentials_file,
			strerror(errno));
}

static void start_serving(struct supervisor *s, uint64_t now_ms)
{
	struct setup *setup = &s->shm->setup;

	/* All of it, whatever the last guard has made of it. */
	s->shm->version = SHM_VERSION;
	setup->key = s->key;
	setup->policy = s->conf->policy;
	setup->mark = s->conf->mark;
	setup->queue = s->conf->queue;
	setup->fail_open = s->conf->overload_open || s->conf->mode == MODE_MONITOR;
	setup->sandbox_optional = s->conf->sandbox_optional;
	atomic_store(&s->shm->heartbeat_ms, 0);
	s->judge_silent = atomic_load(&s->shm->judge_silent);
	s->started_ms = now_ms;
	s->serving = children_start(&s->children, s->shm, s->shm_fd, s->trace_fd, &s->secrets);
	s->restart_ms = now_ms + s->backoff_ms;
}

static void stop_serving(struct supervisor *s)
{
	children_stop(&s->children);
	s->serving = false;
}

/* A pair that has just failed again waits longer for its next start. */
static void restart_serving(struct supervisor *s, uint64_t now_ms, const char *why)
{
	fprintf(stderr, "%s; starting guard and judge again\n", why);
	stop_serving(s);
	s->restarts++;
	if (now_ms - s->started_ms > STEADY_MS)
		s->backoff_ms = 0;
	s->restart_ms = now_ms + s->backoff_ms;
	s->backoff_ms = s->backoff_ms ? s->backoff_ms * 2 : BACKOFF_MS;
	if (s->backoff_ms > BACKOFF_MAX_MS)
		s->backoff_ms = BACKOFF_MAX_MS;
}

static void check_children(struct supervisor *s, uint64_t now_ms)
{
	uint64_t beat = atomic_load(&s->shm->heartbeat_ms);
	uint64_t last = beat > s->started_ms ? beat : s->started_ms;

	if (s->conf->mode == MODE_BLOCK)
		return;
	if (s->serving) {
		if (children_ended(&s->children))
			restart_serving(s, now_ms, "a process has ended");
		else if (now_ms > last + HUNG_MS)
			restart_serving(s, now_ms, "cwmpgate-guard hangs");
		else if (atomic_load(&s->shm->judge_silent) != s->judge_silent)
			restart_serving(s, now_ms, "cwmpgate-judge does not answer");
	}
	if (!s->serving && now_ms >= s->restart_ms)
		start_serving(s, now_ms);
}

static void look_at_decisions(struct supervisor *s, uint64_t now_ms)
{
	uint64_t	n = atomic_load(&s->shm->n_decisions);
	struct decision	d;

	if (n - s->seen >= DECISIONS_MAX)
		s->seen = n - DECISIONS_MAX + 1;
	for (; s->seen < n; s->seen++) {
		if (!shm_read(s->shm, s->seen, &d))
			continue;
		if (d.ban_ms && !bans_add(&s->bans, &d.client, d.ban_ms, now_ms))
			fprintf(stderr, "ban: %s\n", strerror(errno));
		log_decision(&s->log, &s->conf->policy, s->seen, &d, now_ms);
	}
}

static void write_status(struct supervisor *s)
{
	uint64_t counted = 0;

	if (!s->options->status_file)
		return;
	for (size_t i = 0; i < WHY_COUNT; i++)
		counted += s->shm->count[i];
	if (counted != s->counted && report_write(s->shm, s->options->status_file))
		s->counted = counted;
}

/* With the last ones, of a daemon that ends, "up" is 0. */
static void write_metrics(struct supervisor *s, bool up, uint64_t now_ms)
{
	static struct metrics	m;
	const char		*file = s->conf->metrics_file;

	if (!*file || (up && now_ms < s->metrics_ms))
		return;
	s->metrics_ms = now_ms + METRICS_MS;
	m = (struct metrics){ .shm = up ? s->shm : NULL, .mode = mode_name[s->conf->mode],
			      .serving = s->serving, .reload_failed = s->reload_failed,
			      .uptime_ms = now_ms - s->begun_ms, .restarts = s->restarts,
			      .acs = s->conf->n_prefixes + s->acs.found.n,
			      .acs_wrong = acs_wrong(&s->acs),
			      .credentials = s->credentials->n };
	metrics_look(&m, s->conf->queue);
	if (!metrics_write_file(&m, file))
		fprintf(stderr, "metrics_file: %s: %s\n", file, strerror(errno));
}

static bool load_rules(struct supervisor *s)
{
	bool loaded = rules_load(s->conf, &s->acs.found, &s->backend, stderr);

	/* What was told meanwhile was our own change, or also somebody else's. */
	rulewatch_lost(s->rulewatch, true);
	s->rules_loaded = loaded && rules_present(s->backend);
	s->rules_again_ms = clock_ms() + RULES_AGAIN_MS;
	s->rules_look_ms = clock_ms() + RULES_LOOK_MS;
	s->bans.in_ipset = s->backend == RULES_IPTABLES;
	if (s->rules_loaded)
		bans_restore(&s->bans, clock_ms());
	return s->rules_loaded;
}

static void check_rules(struct supervisor *s, uint64_t now_ms)
{
	bool lost = rulewatch_lost(s->rulewatch, s->backend == RULES_XT);

	if (s->backend == RULES_IPTABLES) {
		lost = s->rules_loaded && now_ms >= s->rules_look_ms && !rules_present(s->backend);
		if (now_ms >= s->rules_look_ms)
			s->rules_look_ms = now_ms + RULES_LOOK_MS;
	}
	if (lost)
		fprintf(stderr, "rules of ours were removed; loading them again\n");
	if (lost || (!s->rules_loaded && now_ms >= s->rules_again_ms))
		load_rules(s);
}

/* The same again is no change: it would end the time of grace of those before. */
static void change_credentials(struct supervisor *s, const struct credentials *fresh)
{
	if (memcmp(s->credentials, fresh, sizeof(*fresh)) == 0)
		return;
	s->secrets.previous = *s->credentials;
	s->secrets.changed_ms = clock_ms();
	*s->credentials = *fresh;
}

static void forget_credentials(struct supervisor *s, uint64_t now_ms)
{
	if (now_ms < s->secrets.changed_ms + s->conf->policy.credentials_grace_ms)
		return;
	explicit_bzero(&s->secrets.previous, sizeof(s->secrets.previous));
	s->secrets.changed_ms = 0;
}

/* Unloaded by hand, it is not loaded again by us. */
static void check_kmod(struct supervisor *s)
{
	switch (kmod_news(s->kmod)) {
	case KMOD_NO_NEWS:
		return;
	case KMOD_CAME:
		if (s->conf->kmod != KMOD_OFF && kmod_load(s->kmod, s->conf, &s->acs.found, stderr))
			fputs("the kernel module has its configuration again\n", stderr);
		return;
	case KMOD_WENT:
		if (s->conf->kmod != KMOD_OFF)
			fputs("the kernel module was unloaded; the rules do its work\n", stderr);
		return;
	}
}

/* Rules that are not there are loaded with all that is known by then. */
static void allow_found(struct supervisor *s)
{
	if (!s->rules_loaded)
		return;
	if (s->backend == RULES_IPTABLES)
		rules_ipt_found(s->conf, &s->acs.found, stderr);
	else if (nftset_found(s->bans.set, &s->acs.found) < 0)
		fprintf(stderr, "acs: %s\n", strerror(errno));
}

static void check_acs(struct supervisor *s, uint64_t now_ms)
{
	if (!acs_serve(&s->acs, now_ms))
		return;
	allow_found(s);
	kmod_load(s->kmod, s->conf, &s->acs.found, stderr);
}

/* What cannot be read changes nothing: the last good ones stay. */
static bool read_credentials(struct supervisor *s, const struct conf *c, FILE *err)
{
	static struct credentials	fresh;
	bool				good;

	memset(&fresh, 0, sizeof(fresh));
	good = !*c->credentials_file || conf_credentials(&fresh, c->credentials_file, err);
	if (good)
		change_credentials(s, &fresh);
	explicit_bzero(&fresh, sizeof(fresh));
	return good;
}

static void check_credentials(struct supervisor *s, uint64_t now_ms)
{
	uint64_t changed_ms;

	forget_credentials(s, now_ms);
	changed_ms = s->secrets.changed_ms;
	if (!watch_changed(&s->watch))
		return;
	if (!read_credentials(s, s->conf, stderr)) {
		fputs("credentials: the ones read before stay in use\n", stderr);
		return;
	}
	fprintf(stderr, "credentials: %zu read anew\n", s->credentials->n);
	if (s->secrets.changed_ms != changed_ms && s->serving && !children_order_credentials(&s->children, s->credentials, now_ms))
		restart_serving(s, now_ms, "cwmpgate-judge takes no orders");
}

static void tell_ready(const struct conf *c)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "READY=1\nSTATUS=mode %s, queue %u",
		 mode_name[c->mode], c->queue);
	notify(lines);
}

/* Only while packets are served: a timer alone would vouch for a dead guard. */
static void tell_watchdog(struct supervisor *s, uint64_t now_ms)
{
	if (now_ms < s->watchdog_ms || (s->conf->mode != MODE_BLOCK && !s->serving))
		return;
	notify("WATCHDOG=1");
	s->watchdog_ms = now_ms + WATCHDOG_MS;
}

/* Where there is none, or somewhere else; what cannot be opened waits for a reload. */
static void open_control(struct supervisor *s)
{
	if (s->control.listener >= 0 && strcmp(s->control.path, s->conf->control) == 0)
		return;
	control_close(&s->control);
	control_open(&s->control, s->conf->control, stderr);
}

void supervisor_apply(struct supervisor *s, const struct conf *c)
{
	*s->conf = *c;
	s->confirm_ms = 0;
	s->metrics_ms = 0;
	stop_serving(s);
	s->backoff_ms = 0;
	acs_configure(&s->acs, s->conf);
	log_configure(&s->log, s->conf);
	if (s->conf->mode != MODE_BLOCK)
		start_serving(s, clock_ms());
	if (!load_rules(s))
		fputs("the rules could not be loaded\n", stderr);
	kmod_load(s->kmod, s->conf, &s->acs.found, stderr);
	watch_credentials(s);
	open_control(s);
	tell_ready(s->conf);
}

/* A new configuration is complete and good, or nothing changes. */
bool supervisor_reload(struct supervisor *s, FILE *err)
{
	static struct conf fresh;

	notify("RELOADING=1");
	s->reload_failed = !conf_load(&fresh, s->options->conf_file, err) ||
			   !read_credentials(s, &fresh, err);
	if (s->reload_failed) {
		fputs("reload: refused; the configuration read before stays in use\n", stderr);
		notify("READY=1");
		return false;
	}
	supervisor_apply(s, &fresh);
	fprintf(stderr, "reloaded, mode %s\n", mode_name[s->conf->mode]);
	return true;
}

/* Whoever asked for the reload has perhaps locked himself out by it. */
static void check_confirmed(struct supervisor *s, uint64_t now_ms)
{
	static struct conf before;

	if (!s->confirm_ms || now_ms < s->confirm_ms)
		return;
	fputs("reload: not confirmed; going back to the configuration before it\n", stderr);
	before = s->unconfirmed;
	if (!read_credentials(s, &before, stderr))
		fputs("credentials: the ones read last stay in use\n", stderr);
	supervisor_apply(s, &before);
}

static bool wait_for_guard(struct supervisor *s)
{
	uint64_t until = clock_ms() + START_MS;

	while (!atomic_load(&s->shm->heartbeat_ms)) {
		if (clock_ms() > until || children_ended(&s->children)) {
			fputs("cwmpgate-guard did not start\n", stderr);
			return false;
		}
		poll(NULL, 0, 1);
	}
	return true;
}

/* The queue is bound, and a guard in its loop, before the rules send anything. */
static bool start(struct supervisor *s)
{
	if (!open_trace(s))
		return false;
	if (!make_shm(s)) {
		perror("shared memory");
		return false;
	}
	if (s->conf->mode != MODE_BLOCK) {
		start_serving(s, clock_ms());
		if (!s->serving || !wait_for_guard(s))
			return false;
	}
	s->bans.set = nftset_open(stderr);
	s->rulewatch = rulewatch_open(stderr);
	s->kmod = kmod_open(stderr);
	acs_configure(&s->acs, s->conf);
	if (!s->bans.set || !s->rulewatch || !s->kmod || !load_rules(s))
		return false;
	/* Last, for it only drops: what the rules refuse it may refuse earlier. */
	if (!kmod_load(s->kmod, s->conf, &s->acs.found, stderr) && s->conf->kmod == KMOD_REQUIRE)
		return false;
	if (s->conf->mode != MODE_BLOCK && s->backend == RULES_XT)
		fputs("this kernel has no nft queue statement (nft_queue); "
		      "the queue rules are in iptables-nft's mangle table\n", stderr);
	watch_credentials(s);
	open_control(s);
	return true;
}

int supervise(const struct supervise_options *o, struct conf *c,
	      struct credentials *credentials)
{
	static struct supervisor s;

	s = (struct supervisor){ .options = o, .conf = c, .credentials = credentials,
				 .begun_ms = clock_ms(), .children = { .judge_fd = -1 },
				 .watch = { .fd = -1 } };
	s.secrets.current = credentials;
	control_init(&s.control);
	acs_init(&s.acs);
	log_open(&s.log, o->foreground);
	log_configure(&s.log, c);
	if (!start(&s)) {
		stop_serving(&s);
		rules_close(c, stderr);
		log_close(&s.log);
		return EXIT_FAILURE;
	}
	fprintf(stderr, "cwmpgated " VERSION " ready, mode %s, queue %u\n",
		mode_name[c->mode], c->queue);
	tell_ready(c);

	while (!supervise_stop) {
		uint64_t now;

		/* A signal ends it, too. */
		control_serve(&s.control, TICK_MS, command_answer, &s);
		now = clock_ms();
		if (supervise_reload) {
			supervise_reload = 0;
			supervisor_reload(&s, stderr);
		}
		check_confirmed(&s, now);
		check_children(&s, now);
		check_credentials(&s, now);
		look_at_decisions(&s, now);
		check_rules(&s, now);
		check_kmod(&s);
		check_acs(&s, now);
		write_status(&s);
		write_metrics(&s, true, now);
		tell_watchdog(&s, now);
		if (supervise_reopen) {
			supervise_reopen = 0;
			log_reopen(&s.log);
		}
		log_serve(&s.log, now);
	}
	notify("STOPPING=1");
	control_close(&s.control);
	acs_stop(&s.acs);
	/* The rules stay: in enforce mode the ports are closed from here on. */
	stop_serving(&s);
	write_status(&s);
	write_metrics(&s, false, clock_ms());
	log_close(&s.log);
	return EXIT_SUCCESS;
}
