// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate explain: check by check, why a decision was what it was. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "iptlook.h"
#include "remedy.h"
#include "ring.h"
#include "run.h"
#include "say.h"
#include "show.h"

enum { EXPLAINED = 5 };

enum result { RESULT_OK, RESULT_FAILED, RESULT_SKIPPED };

/* One line of the answer. */
struct check {
	const char	*name;
	enum result	 result;
	const char	*saw;
	const char	*setting;	/* NULL: none */
};

static void say_check(const struct cli *c, const struct check *k)
{
	static const char *const	word[] = { "ok", "FAILED", "-" };
	static const enum colour	colour[] = { GREEN, RED, PLAIN };
	char				where[PATH_LEN_MAX + 16];
	struct conf_place		p;

	printf("  %s%-6s%s  %-10s  %s\n", paint(c, colour[k->result]), word[k->result],
	       paint(c, PLAIN), k->name, k->saw);
	if (!k->setting || k->result == RESULT_SKIPPED)
		return;
	conf_where(c->conf_file, k->setting, &p);
	printf("%22s%s  (%s)\n", "", p.text, show_place(&p, where));
}

static void json_check(const struct cli *c, const struct check *k)
{
	static const char *const	word[] = { "ok", "failed", "not reached" };
	struct conf_place		p;

	printf("{\"check\":\"%s\",\"result\":\"%s\",\"saw\":", k->name, word[k->result]);
	json_text(stdout, k->saw);
	if (k->setting) {
		conf_where(c->conf_file, k->setting, &p);
		printf(",\"setting\":\"%s\",\"value\":", k->setting);
		json_text(stdout, p.text);
		fputs(",\"file\":", stdout);
		json_text(stdout, p.file);
		printf(",\"line\":%d", p.line);
	}
	putchar('}');
}

static void tell(const struct cli *c, const struct check *k, bool first)
{
	if (!c->json) {
		say_check(c, k);
		return;
	}
	if (!first)
		putchar(',');
	json_check(c, k);
}

enum member { MEMBER_YES, MEMBER_NO, MEMBER_UNKNOWN };

/* nft itself knows best whether an interval set has an address. */
static enum member in_nft_set(const char *set, const struct addr *a)
{
	char			name[16], element[INET6_ADDRSTRLEN + 8], text[INET6_ADDRSTRLEN];
	const char *const	argv[] = { "nft", "get", "element", "inet", "cwmpgate", name,
					   element, NULL };

	snprintf(name, sizeof(name), "%s%c", set, addr_is4(a) ? '4' : '6');
	snprintf(element, sizeof(element), "{ %s }", say_addr(a, text));
	switch (run(argv, NULL, NULL)) {
	case RAN_OK:
		return MEMBER_YES;
	case RAN_FAILED:
		return MEMBER_NO;
	case RAN_MISSING:
		break;
	}
	return MEMBER_UNKNOWN;
}

/* One of "acs", "ban" and "found", which is part of acs where the sets are ipset's. */
static enum member in_set(const struct metrics *m, const char *set, const struct addr *a)
{
	int has;

	if (!m->iptables)
		return in_nft_set(set, a);
	has = iptlook_has(set, a);
	return has < 0 ? MEMBER_UNKNOWN : has ? MEMBER_YES : MEMBER_NO;
}

/*
 * What the rules do with @a now, before the gate sees anything; it is in no
 * ring.  In mode "monitor" they only count.
 */
static struct check check_rules(const struct cli *c, const struct addr *a,
				const char **remedy_text)
{
	struct check		k = { "rules", RESULT_FAILED, NULL, "acs" };
	struct metrics		m = { .n_queues = 0 };
	struct addr		source = addr_source(a);
	const char		*mode;

	metrics_look(&m, c->conf.queue, c->conf.queues);
	mode = facts_mode_of_rules(m.counter, m.n_counters);
	*remedy_text = NULL;
	if (!*mode) {
		k = (struct check){ "rules", RESULT_SKIPPED, "there are none in the kernel", NULL };
		*remedy_text = "start cwmpgated, or see its log";
	} else if (strcmp(mode, "block") == 0) {
		k.saw = "the ports are closed to everyone (counter blocked)";
		k.setting = "mode";
	} else if (in_set(&m, "ban", &source) == MEMBER_YES) {
		k.saw = "the source is banned now (counter banned)";
		k.setting = "ban";
		*remedy_text = "cwmpgate bans shows for how long, cwmpgate unban ADDRESS ends it";
	} else if (in_set(&m, "acs", a) == MEMBER_NO && in_set(&m, "found", a) != MEMBER_YES) {
		k.saw = *mode == 'm' ? "in no prefix of acs: enforce would drop it (counter not_acs)" :
			"in no prefix of acs: dropped without an answer (counter not_acs)";
		*remedy_text = "if it is an ACS, add it to acs and reload";
	} else {
		k.result = RESULT_OK;
		k.saw = "the source is in acs and not banned";
	}
	return k;
}

static void check_stages(const struct cli *c, const struct decision *d)
{
	enum stage	at = remedy[d->why].stage;
	char		saw[160];

	for (enum stage i = STAGE_PACKET; at && i <= STAGE_AGENT; i++) {
		struct check k = { stage_info[i].word, i > at ? RESULT_SKIPPED : RESULT_OK,
				   stage_info[i].doc, stage_info[i].setting };

		if (i == at) {
			k.result = is_refusal(d->why) ? RESULT_FAILED : RESULT_OK;
			snprintf(saw, sizeof(saw), has_offset(d) ? "%s (byte %u, counted from 0)" :
				 "%s", why_info[d->why].doc, d->offset);
			k.saw = saw;
			k.setting = remedy[d->why].setting ? remedy[d->why].setting : k.setting;
		}
		/* Nothing decided there: it is off, or was not sent. */
		if (i == STAGE_DIGEST && d->why == WHY_UNCHECKED)
			k = (struct check){ "digest", RESULT_SKIPPED, "digest = \"off\"", NULL };
		tell(c, &k, false);
	}
}

/* A decision, with how often it was made in a row. */
struct told {
	uint64_t	id;
	struct decision	d;
	unsigned	times;
};

static void json_one(const struct cli *c, const struct policy *p, const struct told *t)
{
	const char	*remedy_text;
	struct check	 rules = check_rules(c, &t->d.client, &remedy_text);

	putchar('{');
	json_decision(p, t->id, &t->d, stdout);
	printf(",\"times\":%u,\"checks\":[", t->times);
	tell(c, &rules, true);
	check_stages(c, &t->d);
	fputs("],\"remedy\":", stdout);
	json_text(stdout, remedy[t->d.why].text);
	puts("}");
}

static void explain_one(const struct cli *c, const struct policy *p, const struct told *t)
{
	const struct decision	*d = &t->d;
	const char		*remedy_text;
	struct check		 rules = check_rules(c, &d->client, &remedy_text);
	char			 who[INET6_ADDRSTRLEN], span[24];

	if (c->json) {
		json_one(c, p, t);
		return;
	}
	printf("%s#%" PRIu64 " %s port %u to %u, %s ago: %s%s %s%s\n", paint(c, BOLD), t->id,
	       say_addr(&d->client, who), d->cport, d->aport,
	       say_span(monotonic_ms() - d->ms, span), p->observe ? "would be " : "",
	       say_act(p, d->why), why_info[d->why].name, paint(c, PLAIN));
	if (*d->excerpt)
		printf("  request: %s\n", d->excerpt);
	say_check(c, &rules);
	check_stages(c, d);
	if (t->times > 1)
		printf("  %u times in a row\n", t->times);
	if (d->ban_ms)
		printf("  and banned for %" PRIu32 " s; cwmpgate unban %s\n", d->ban_ms / 1000, who);
	printf("  what to do: %s\n", remedy[d->why].text);
	if (remedy_text)
		printf("              %s\n", remedy_text);
}

/* Refusals from the newest back; what is the same in a row is one. */
static unsigned explain_refusals(const struct cli *c, const struct lanes *l,
				 const struct filter *f, unsigned most)
{
	struct told	t = { .times = 0 };
	struct decision	d;
	struct lanes_at	at;
	unsigned	told = 0;
	uint64_t	id;

	lanes_newest(l, &at);
	while (lanes_previous(l, &at, &id, &d)) {
		if (!filter_wants(f, &d))
			continue;
		if (t.times && t.d.why == d.why && addr_equal(&t.d.client, &d.client)) {
			t.times++;
			continue;
		}
		if (t.times) {
			explain_one(c, &l->of[0]->setup.policy, &t);
			if (++told == most)
				return told;
		}
		t = (struct told){ id, d, 1 };
	}
	if (t.times) {
		explain_one(c, &l->of[0]->setup.policy, &t);
		told++;
	}
	return told;
}

static enum status explain_id(const struct cli *c, const struct lanes *l, unsigned id)
{
	struct told t = { .id = id, .times = 1 };

	if (lanes_read(l, id, &t.d)) {
		explain_one(c, &l->of[0]->setup.policy, &t);
		return STATUS_OK;
	}
	fprintf(stderr, "cwmpgate: #%u is not among the latest decisions; cwmpgate events shows them\n",
		id);
	return STATUS_FAILED;
}

/* Who has been refused nothing: what the rules say of him. */
static void explain_source(const struct cli *c, const char *address, const struct addr *a)
{
	const char	*remedy_text;
	struct check	 rules = check_rules(c, a, &remedy_text);

	if (c->json) {
		printf("{\"src_ip\":\"%s\",\"checks\":[", address);
		tell(c, &rules, true);
		fputs("],\"remedy\":", stdout);
		json_text(stdout, remedy_text ? remedy_text : "");
		puts("}");
		return;
	}
	printf("%s%s%s: nothing of it was refused by the gate\n", paint(c, BOLD), address,
	       paint(c, PLAIN));
	say_check(c, &rules);
	if (remedy_text)
		printf("  what to do: %s\n", remedy_text);
}

enum status cmd_explain(struct cli *c, int argc, char *argv[])
{
	struct filter		 f = { .refusals = true };
	const char		*what = argc ? argv[0] : "last";
	bool			 last = strcmp(what, "last") == 0;
	struct lanes		 lanes;
	enum status		 status;
	unsigned		 id;
	bool			 by_id = read_count(what + (*what == '#'), &id);
	struct addr		 a;

	if (argc > 1)
		return wrong_usage();
	if (!last && !by_id && !filter_by(&f, what, &a))
		return STATUS_USAGE;
	status = client_must_map(c, &lanes);
	if (status != STATUS_OK)
		return status;
	if (by_id)
		return explain_id(c, &lanes, id);
	if (explain_refusals(c, &lanes, &f, last ? 1 : EXPLAINED))
		return STATUS_OK;
	if (!last)
		explain_source(c, what, &a);
	else if (!c->json)
		puts("nothing was refused");
	return STATUS_OK;
}
