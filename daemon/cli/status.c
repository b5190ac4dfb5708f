// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate status and metrics: the same facts in two forms. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "say.h"
#include "show.h"

static struct facts facts;

static void row(const struct cli *c, const char *name, const char *value)
{
	printf("%s%-14s%s %s\n", paint(c, BOLD), name, paint(c, PLAIN), value);
}

static void say_ports(const struct cli *c, const struct facts *f)
{
	char ports[128], interfaces[300], text[512];

	client_value(&f->reply, "ports", ports, sizeof(ports));
	client_value(&f->reply, "interfaces", interfaces, sizeof(interfaces));
	snprintf(text, sizeof(text), "%s on %s", ports,
		 *interfaces ? interfaces : "every interface");
	row(c, "ports", text);
}

static void say_queue(const struct cli *c, const struct queue_state *q)
{
	char text[256];

	if (q->bound)
		snprintf(text, sizeof(text), "%u, bound by port id %u%s%s%s; %u waiting, %u dropped "
			 "(queue full), %u dropped (socket full)", q->num, q->portid,
			 *q->owner ? " (" : "", q->owner, *q->owner ? ")" : "", q->waiting,
			 q->dropped, q->user_dropped);
	else
		snprintf(text, sizeof(text), "%u, nobody has bound it", q->num);
	row(c, "queue", text);
}

static void say_queues(const struct cli *c, const struct facts *f)
{
	for (size_t i = 0; strcmp(f->mode, "block") != 0 && i < f->m.n_queues; i++)
		say_queue(c, &f->m.queue[i]);
}

/* What the daemon tells of names and the file: KIND, NAME, AGE, WHAT IS WRONG, ADDRESSES. */
struct acs_words {
	char	text[4096];
	char	*kind, *name, *age, *wrong, *addresses;
};

static bool acs_source(const struct facts *f, int i, struct acs_words *w)
{
	char	key[32], *rest = w->text;

	snprintf(key, sizeof(key), "acs_source_%d", i);
	if (!*client_value(&f->reply, key, w->text, sizeof(w->text)))
		return false;
	w->kind = strsep(&rest, "\t");
	w->name = strsep(&rest, "\t");
	w->age = strsep(&rest, "\t");
	w->wrong = strsep(&rest, "\t");
	w->addresses = rest;
	return w->addresses;
}

static void say_acs(const struct cli *c, const struct facts *f)
{
	static struct acs_words	w;
	char			text[5120], span[24];

	for (int i = 0; acs_source(f, i, &w); i++) {
		if (*w.age == '-')
			snprintf(text, sizeof(text), "  %s: nobody yet", w.name);
		else
			snprintf(text, sizeof(text), "  %s: %s, %s ago", w.name,
				 *w.addresses ? w.addresses : "nobody",
				 say_span(strtoull(w.age, NULL, 10), span));
		if (*w.wrong)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "; %s", w.wrong);
		row(c, "", text);
	}
}

static void say_rules(const struct cli *c, const struct facts *f)
{
	char backend[16];

	client_value(&f->reply, "backend", backend, sizeof(backend));
	if (f->m.n_counters == 0)
		row(c, "rules", "MISSING: the kernel has no table inet cwmpgate, nor chains in iptables");
	else if (f->m.iptables)
		row(c, "rules", "loaded; they are in iptables and ipset");
	else if (strcmp(backend, "iptables") == 0)
		row(c, "rules", "loaded; the queue rules are in iptables-nft's mangle table, "
		    "since the kernel has no nft queue statement");
	else
		row(c, "rules", "loaded");
}

static void say_use(const struct cli *c, const struct facts *f)
{
	struct use	use = lanes_use(&f->m.lanes);
	unsigned	n = (unsigned)f->m.n_queues;
	char		text[160];

	if (!f->m.lanes.n || !f->m.serving)
		return;
	snprintf(text, sizeof(text), "%u of %u, and %u of %u handshakes; %u linger", use.live,
		 LIVE_MAX * n, use.embryos, EMBRYOS_MAX * n, use.over);
	row(c, "connections", text);
}

static void say_kmod(const struct cli *c, const struct kmod_state *k)
{
	char text[128];

	if (k->configured)
		snprintf(text, sizeof(text), "%s; %u prefixes, %u sources with a budget",
			 kmod_words(k), k->prefixes, k->sources);
	else
		snprintf(text, sizeof(text), "%s", kmod_words(k));
	row(c, "kernel module", text);
}

static void say_state(const struct cli *c, const struct facts *f)
{
	static const char *const mode_words[][2] = {
		{ "monitor", "decides and counts, touches nothing" },
		{ "enforce", "nothing reaches the agent but what was checked" },
		{ "block", "the ports are closed to everyone" },
	};
	char		text[256], acs[640], span[24];
	uint64_t	confirm = client_number(&f->reply, "confirm_ms");

	for (size_t i = 0; i < 3; i++)
		if (strcmp(f->mode, mode_words[i][0]) == 0)
			snprintf(text, sizeof(text), "%s: %s", f->mode, mode_words[i][1]);
	row(c, "mode", text);
	if (strcmp(f->mode, "block") != 0 && !f->m.serving)
		row(c, "guard, judge", "NOT RUNNING; see the daemon's log");
	row(c, "without daemon", facts_without_daemon(f));
	row(c, "queue full", facts_when_full(f));
	say_ports(c, f);
	row(c, "acs", *facts_acs(f, acs, sizeof(acs)) ? acs : "nobody may ask");
	say_acs(c, f);
	snprintf(text, sizeof(text), "%" PRIu64, f->m.credentials);
	row(c, "credentials", text);
	say_rules(c, f);
	say_kmod(c, &f->m.kmod);
	say_queues(c, f);
	say_use(c, f);
	snprintf(text, sizeof(text), "%d", f->m.bans);
	row(c, "bans", text);
	if (f->m.restarts) {
		snprintf(text, sizeof(text), "%" PRIu64 " of guard and judge, unasked", f->m.restarts);
		row(c, "restarts", text);
	}
	if (f->m.reload_failed)
		row(c, "reload", "the latest was REFUSED; see the daemon's log");
	if (confirm) {
		snprintf(text, sizeof(text), "taken back in %s unless it is confirmed",
			 say_span(confirm, span));
		row(c, "reload", text);
	}
}

static bool has_packets(const struct metrics *m)
{
	for (int i = 0; i < m->n_counters; i++)
		if (m->counter[i].packets)
			return true;
	return false;
}

static bool has_reasons(const struct lanes *l)
{
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		if (lanes_count(l, i))
			return true;
	return false;
}

static void say_counters(const struct cli *c, const struct facts *f)
{
	static const struct { const char *name, *what; } rule[] = {
		{ "fragment", "first fragments for a guarded port" },
		{ "extension_header", "IPv6 extension headers before TCP" },
		{ "banned", "from banned sources" }, { "not_acs", "from who is no ACS" },
		{ "syn_over_rate", "connection attempts over the budget syn" },
		{ "invalid", "unknown to conntrack" }, { "unmarked", "dropped at the gate" },
		{ "blocked", "for a port that is closed to everyone" },
	};
	const struct metrics *m = &f->m;

	if (has_packets(m))
		printf("\n%spackets counted by the rules%s\n", paint(c, BOLD), paint(c, PLAIN));
	for (int i = 0; i < m->n_counters; i++) {
		const char *what = "";

		for (size_t k = 0; k < sizeof(rule) / sizeof(rule[0]); k++)
			if (strcmp(rule[k].name, m->counter[i].name) == 0)
				what = rule[k].what;
		if (m->counter[i].packets)
			printf("%10" PRIu64 "  %-18s %s\n", m->counter[i].packets,
			       m->counter[i].name, what);
	}
	if (m->kmod.configured)
		printf("\n%spackets for the ports, by the kernel module%s\n", paint(c, BOLD),
		       paint(c, PLAIN));
	for (int i = 0; m->kmod.configured && i < m->kmod.n_counters; i++)
		if (m->kmod.counter[i].packets)
			printf("%10" PRIu64 "  %s\n", m->kmod.counter[i].packets,
			       m->kmod.counter[i].name);
	if (!has_reasons(&m->lanes))
		return;
	printf("\n%sreasons given by the gate%s\n", paint(c, BOLD), paint(c, PLAIN));
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		if (lanes_count(&m->lanes, i))
			printf("%10" PRIu64 "  %s%-18s%s %s\n", lanes_count(&m->lanes, i),
			       paint(c, is_refusal(i) ? RED : PLAIN), why_info[i].name,
			       paint(c, PLAIN), why_info[i].doc);
}

static void json_acs(const struct facts *f)
{
	static struct acs_words	w;
	const char		*sep;
	char			*at;

	fputs(",\"acs_sources\":[", stdout);
	for (int i = 0; acs_source(f, i, &w); i++) {
		printf("%s{\"kind\":\"%s\",\"name\":", i ? "," : "", w.kind);
		json_text(stdout, w.name);
		printf(",\"age_ms\":%s,\"error\":", *w.age == '-' ? "null" : w.age);
		if (*w.wrong)
			json_text(stdout, w.wrong);
		else
			fputs("null", stdout);
		fputs(",\"addresses\":[", stdout);
		for (sep = ""; (at = strsep(&w.addresses, " ")) && *at; sep = ",")
			printf("%s\"%s\"", sep, at);
		fputs("]}", stdout);
	}
	putchar(']');
}

static void json_queue(const struct queue_state *q)
{
	if (!q->bound) {
		fputs("null", stdout);
		return;
	}
	printf("{\"portid\":%u,\"owner\":", q->portid);
	json_text(stdout, q->owner);
	printf(",\"waiting\":%u,\"dropped\":%u,\"user_dropped\":%u}", q->waiting, q->dropped,
	       q->user_dropped);
}

/* "queue" is the first one, or the only one; "queues" by their numbers. */
static void json_queues(const struct metrics *m)
{
	fputs(",\"queue\":", stdout);
	json_queue(&m->queue[0]);
	fputs(",\"queues\":{", stdout);
	for (size_t i = 0; i < m->n_queues; i++) {
		printf("%s\"%u\":", i ? "," : "", m->queue[i].num);
		json_queue(&m->queue[i]);
	}
	putchar('}');
}

static void json_kmod(const struct kmod_state *k)
{
	printf(",\"module\":{\"loaded\":%s,\"used\":%s,\"drops\":%s,\"prefixes\":%u,\"sources\":%u,"
	       "\"packets\":{", k->loaded ? "true" : "false", k->configured ? "true" : "false",
	       k->drops ? "true" : "false", k->prefixes, k->sources);
	for (int i = 0; i < k->n_counters; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", k->counter[i].name,
		       k->counter[i].packets);
	fputs("}}", stdout);
}

void facts_json(const struct facts *f)
{
	const struct metrics	*m = &f->m;
	struct use		 use = lanes_use(&m->lanes);
	const char		*sep = "";
	char			 backend[16];

	printf("{\"up\":%s,\"silent\":%s,\"version\":\"" VERSION "\",\"pid\":%" PRIu64 ",\"mode\":\"%s\","
	       "\"serving\":%s,\"daemon_down\":\"%s\",\"overload\":\"%s\",\"without_daemon\":",
	       f->status == STATUS_OK ? "true" : "false", f->reply.silent ? "true" : "false",
	       client_number(&f->reply, "pid"),
	       f->mode, m->serving ? "true" : "false", f->daemon_down, f->overload);
	json_text(stdout, facts_without_daemon(f));
	printf(",\"uptime_ms\":%" PRIu64 ",\"restarts\":%" PRIu64 ",\"acs\":%" PRIu64
	       ",\"credentials\":%" PRIu64 ",\"bans\":%d,\"rules_present\":%s,\"backend\":\"%s\","
	       "\"reload_failed\":%s,\"confirm_ms\":%" PRIu64, m->uptime_ms, m->restarts, m->acs,
	       m->credentials, m->bans, m->n_counters ? "true" : "false",
	       client_value(&f->reply, "backend", backend, sizeof(backend)),
	       m->reload_failed ? "true" : "false", client_number(&f->reply, "confirm_ms"));
	json_acs(f);
	json_queues(m);
	fputs(",\"connections\":", stdout);
	if (m->lanes.n && m->serving)
		printf("{\"live\":%u,\"embryos\":%u,\"over\":%u,\"heads\":%u}", use.live, use.embryos,
		       use.over, use.heads);
	else
		fputs("null", stdout);
	json_kmod(&m->kmod);
	fputs(",\"rules\":{", stdout);
	for (int i = 0; i < m->n_counters; i++, sep = ",")
		printf("%s\"%s\":%" PRIu64, sep, m->counter[i].name, m->counter[i].packets);
	fputs("},\"reasons\":{", stdout);
	sep = "";
	for (enum why i = WHY_NEXT + 1; m->lanes.n && i < WHY_COUNT; i++, sep = ",")
		printf("%s\"%s\":%" PRIu64, sep, why_info[i].name, lanes_count(&m->lanes, i));
	puts("}}");
}

static void say_down(const struct cli *c, const struct facts *f)
{
	char text[64], acs[640];

	fputs(f->reply.text, stdout);
	if (f->status != STATUS_DOWN)
		return;
	row(c, "now", facts_now(f));
	if (f->m.n_counters) {
		snprintf(text, sizeof(text), "%s, by the rules in the kernel", f->mode);
		row(c, "mode", text);
		row(c, "acs", *facts_acs(f, acs, sizeof(acs)) ? acs : "nobody may ask");
	}
	say_queues(c, f);
	if (f->m.n_counters)
		say_counters(c, f);
}

static void say_all(const struct cli *c, const struct facts *f)
{
	char span[24];

	if (f->status != STATUS_OK) {
		say_down(c, f);
		return;
	}
	printf("cwmpgate " VERSION ", running for %s (process %" PRIu64 ")\n",
	       say_span(f->m.uptime_ms, span), client_number(&f->reply, "pid"));
	say_state(c, f);
	say_counters(c, f);
}

enum status cmd_status(struct cli *c, int argc, char *argv[])
{
	(void)argv;
	if (argc)
		return wrong_usage();
	facts_get(c, &facts);
	if (c->json)
		facts_json(&facts);
	else
		say_all(c, &facts);
	return facts.status;
}

/* "name{label="value"} number" as an object; what begins with # says nothing new. */
static void json_sample(const char *line, const char *sep)
{
	size_t		 name = strcspn(line, "{ ");
	const char	*at = line + name, *value = strrchr(line, ' ');

	printf("%s{\"name\":\"%.*s\",\"labels\":{", sep, (int)name, line);
	for (const char *s = ""; *at && *at != '}' && at < value; s = ",") {
		const char	*label = at + 1;
		size_t		 len = strcspn(label, "=");

		at = strchr(label + len + 2, '"') + 1;
		printf("%s\"%.*s\":%.*s", s, (int)len, label, (int)(at - label - (int)len - 1),
		       label + len + 1);
	}
	printf("},\"value\":%s}", value + 1);
}

static void json_metrics(char *text)
{
	const char	*sep = "";
	char		*rest = NULL;

	putchar('[');
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line != '#') {
			json_sample(line, sep);
			sep = ",";
		}
	puts("]");
}

enum status cmd_metrics(struct cli *c, int argc, char *argv[])
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out;

	(void)argv;
	if (argc)
		return wrong_usage();
	out = open_memstream(&text, &len);
	if (!out)
		return STATUS_FAILED;
	facts_get(c, &facts);
	metrics_write(&facts.m, out);
	if (fclose(out) == 0 && c->json)
		json_metrics(text);
	else
		fputs(text, stdout);
	free(text);
	return facts.status;
}
