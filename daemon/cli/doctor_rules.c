// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what "nft list ruleset" prints.  An accept elsewhere does no harm, since
 * every base chain is asked; a drop, a queue or our mark elsewhere may.
 */
#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* One table, as far as it matters here. */
struct table {
	char	name[128];
	bool	ours;
	bool	drops_input;	/* a base chain on input whose policy is drop */
	bool	has_port;	/* some rule names a guarded port */
	bool	queues, sets_mark;
};

static bool names_port(const struct conf *c, const char *line)
{
	char port[8];

	for (size_t i = 0; i < c->n_ports; i++) {
		snprintf(port, sizeof(port), "%u", c->port[i]);
		if (strstr(line, "dport") && strstr(line, port))
			return true;
	}
	return false;
}

/* A whole word is set, and our bit in it. */
static bool sets_our_mark(const struct conf *c, const char *line)
{
	const char *at = strstr(line, "meta mark set 0x");

	return at && strtoul(at + strlen("meta mark set "), NULL, 16) & c->mark;
}

static void judge_table(struct doctor *d, const struct table *t)
{
	if (!*t->name || t->ours)
		return;
	if (t->drops_input && !t->has_port)
		doctor_say(d, FOUND_ODD, "let it accept the guarded ports; cwmpgate sees to who may ask",
			   "table %s drops what it does not accept, and names no guarded port",
			   t->name);
	if (t->queues)
		doctor_say(d, FOUND_ODD, "see that it leaves the guarded ports alone",
			   "table %s has a queue of its own", t->name);
	if (t->sets_mark)
		doctor_say(d, FOUND_BAD, "set mark to a bit that nobody else uses",
			   "table %s sets the mark by which the gate knows its packets", t->name);
}

static void read_line(const struct doctor *d, struct table *t, const char *line)
{
	bool input = strstr(line, "hook input") != NULL;

	t->drops_input |= input && strstr(line, "policy drop");
	t->has_port |= names_port(d->conf, line);
	/* iptables' queue rules in mangle are our own fallback. */
	t->queues |= (strstr(line, " queue ") || strstr(line, "NFQUEUE")) &&
		     !names_port(d->conf, line) && !strstr(line, "sport");
	t->sets_mark |= sets_our_mark(d->conf, line);
}

static void look_at_ruleset(struct doctor *d, char *ruleset)
{
	struct table	 t = { .name = "" };
	char		*rest = NULL;
	unsigned	 others = 0;
	unsigned	 before = d->bad + d->odd;

	for (char *line = strtok_r(ruleset, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "table ", 6) != 0) {
			read_line(d, &t, line);
			continue;
		}
		judge_table(d, &t);
		t = (struct table){ .ours = strncmp(line, "table inet cwmpgate ", 20) == 0 };
		snprintf(t.name, sizeof(t.name), "%.*s", (int)strcspn(line + 6, "{") - 1, line + 6);
		others += !t.ours;
	}
	judge_table(d, &t);
	if (d->bad + d->odd == before)
		doctor_say(d, FOUND_GOOD, NULL, "%u other tables, none in the way", others);
}

/* These chains are not in nft's list. */
static void look_at_legacy(struct doctor *d)
{
	FILE	*f = fopen("/proc/self/net/ip_tables_names", "re");
	char	 name[64];

	if (f && fgets(name, sizeof(name), f))
		doctor_say(d, FOUND_ODD, "iptables-legacy -S shows them",
			   "there are iptables-legacy tables, which are not looked at here");
	if (f)
		fclose(f);
}

void doctor_rules(struct doctor *d)
{
	const char *const	argv[] = { "nft", "-s", "list", "ruleset", NULL };
	char			*said = NULL;

	if (run(argv, NULL, &said) == RAN_OK && said)
		look_at_ruleset(d, said);
	else
		doctor_say(d, FOUND_BAD, "install nftables", "the rules cannot be listed");
	free(said);
	look_at_legacy(d);
}
