// SPDX-License-Identifier: GPL-2.0-or-later

#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "conf_values.h"
#include "limit.h"
#include "metrics.h"
#include "notify.h"
#include "report.h"
#include "rules_ipt.h"

enum {
	WATCHDOG_MS	= 1000,
	METRICS_MS	= 15000,
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

/* Those that are missing for the configuration; none is ever taken away. */
static bool make_lanes(struct supervisor *s)
{
	for (; s->lanes.n < s->conf->queues; s->lanes.n++) {
		struct lane *l = &s->lane[s->lanes.n];

		if (!lane_make(l)) {
			perror("shared memory");
			return false;
		}
		s->lanes.of[s->lanes.n] = l->shm;
	}
	return true;
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

static void start_lane(struct supervisor *s, size_t i, uint64_t now_ms)
{
	const struct conf	*c = s->conf;
	struct setup		 setup = {
		.key = s->key, .policy = c->policy, .mark = c->mark,
		.queue = (uint16_t)(c->queue + i), .lanes = (uint8_t)s->lanes.n,
		.fail_open = c->overload_open || c->mode == MODE_MONITOR,
		.sandbox_optional = c->sandbox_optional,
	};

	/* The budget of all sources together: nobody counts what another judge allows. */
	setup.policy.all_requests = rate_share(&c->policy.all_requests, c->queues);
	lane_start(&s->lane[i], &setup, s->trace_fd, &s->secrets, now_ms);
}

/* The lanes that the configuration wants. */
static size_t wanted_lanes(const struct supervisor *s)
{
	size_t n = s->conf->mode == MODE_BLOCK ? 0 : s->conf->queues;

	return n < s->lanes.n ? n : s->lanes.n;
}

bool supervisor_serves(const struct supervisor *s)
{
	for (size_t i = 0; i < wanted_lanes(s); i++)
		if (!s->lane[i].serving)
			return false;
	return s->conf->mode != MODE_BLOCK && s->lanes.n >= s->conf->queues;
}

static void start_serving(struct supervisor *s, uint64_t now_ms)
{
	make_lanes(s);
	for (size_t i = 0; i < wanted_lanes(s); i++)
		start_lane(s, i, now_ms);
}

static void stop_serving(struct supervisor *s)
{
	for (size_t i = 0; i < s->lanes.n; i++)
		lane_stop(&s->lane[i]);
}

static void check_lanes(struct supervisor *s, uint64_t now_ms)
{
	for (size_t i = 0; i < wanted_lanes(s); i++) {
		s->restarts += lane_failed(&s->lane[i], now_ms);
		if (lane_is_due(&s->lane[i], now_ms))
			start_lane(s, i, now_ms);
	}
}

static void look_at_decisions(struct supervisor *s, uint64_t now_ms)
{
	struct decision	d;
	uint64_t	id;

	lanes_look(&s->lanes, &s->seen);
	while (lanes_next(&s->lanes, &s->seen, &id, &d)) {
		if (d.ban_ms && !bans_add(&s->bans, &d.client, d.ban_ms, now_ms))
			fprintf(stderr, "ban: %s\n", strerror(errno));
		log_decision(&s->log, &s->conf->policy, id, &d, now_ms);
	}
}

static void write_status(struct supervisor *s)
{
	uint64_t counted = 0;

	if (!s->options->status_file)
		return;
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		counted += lanes_count(&s->lanes, i);
	if (counted != s->counted && report_write(&s->lanes, s->options->status_file))
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
	m = (struct metrics){ .lanes = s->lanes, .mode = mode_name[s->conf->mode],
			      .serving = supervisor_serves(s), .reload_failed = s->reload_failed,
			      .uptime_ms = now_ms - s->begun_ms, .restarts = s->restarts,
			      .acs = s->conf->n_prefixes + s->acs.found.n,
			      .acs_wrong = acs_wrong(&s->acs),
			      .credentials = s->credentials->n };
	if (!up)
		m.lanes.n = 0;
	metrics_look(&m, s->conf->queue, s->conf->queues);
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
	for (size_t i = 0; s->secrets.changed_ms != changed_ms && i < wanted_lanes(s); i++)
		if (s->lane[i].serving &&
		    !children_order_credentials(&s->lane[i].children, s->credentials, now_ms)) {
			lane_fail(&s->lane[i], now_ms, "cwmpgate-judge takes no orders");
			s->restarts++;
		}
}

static void tell_ready(const struct conf *c)
{
	char lines[64], queues[QUEUES_TEXT];

	snprintf(lines, sizeof(lines), "READY=1\nSTATUS=mode %s, queue %s", mode_name[c->mode],
		 conf_queues_text(c->queue, c->queues, '-', queues));
	notify(lines);
}

/* Only while every lane serves: a timer alone would vouch for a dead guard. */
static void tell_watchdog(struct supervisor *s, uint64_t now_ms)
{
	if (now_ms < s->watchdog_ms || (s->conf->mode != MODE_BLOCK && !supervisor_serves(s)))
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
	acs_configure(&s->acs, s->conf);
	log_configure(&s->log, s->conf);
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

static bool wait_for_guards(struct supervisor *s)
{
	for (size_t i = 0; i < s->conf->queues; i++)
		if (!s->lane[i].serving || !lane_wait(&s->lane[i]))
			return false;
	return true;
}

/* Each queue is bound, and a guard in its loop, before the rules send anything. */
static bool start(struct supervisor *s)
{
	if (!open_trace(s))
		return false;
	if (getrandom(&s->key, sizeof(s->key), 0) != sizeof(s->key) || !make_lanes(s))
		return false;
	start_serving(s, clock_ms());
	if (s->conf->mode != MODE_BLOCK && !wait_for_guards(s))
		return false;
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
	static struct supervisor	s;
	char				queues[QUEUES_TEXT];

	/* It is large, and what nobody writes to takes no memory. */
	s.options = o;
	s.conf = c;
	s.credentials = credentials;
	s.secrets.current = credentials;
	s.begun_ms = clock_ms();
	s.watch.fd = -1;
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
	fprintf(stderr, "cwmpgated " VERSION " ready, mode %s, queue %s\n",
		mode_name[c->mode], conf_queues_text(c->queue, c->queues, '-', queues));
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
		check_lanes(&s, now);
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
