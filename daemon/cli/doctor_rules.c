// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what "nft list ruleset" prints.  An accept elsewhere does no harm, since
 * every base chain is asked; a drop, a queue, a redirect or our mark elsewhere may.
 */
#include "doctor_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum { CHAINS_MAX = 24 };

/* A base chain at input. */
struct chain {
	char	name[160];
	int	priority;
};

struct ruleset {
	struct doctor	*d;
	struct table	 table;
	char		 chain[64];	/* whose lines are read */
	bool		 first_rule;	/* none was read in it yet */
	unsigned	 others;
	size_t		 n;
	struct chain	 input[CHAINS_MAX];
};

/* A whole word is set, and our bit in it. */
static bool sets_our_mark(const struct conf *c, const char *line)
{
	const char *at = strstr(line, "meta mark set 0x");

	return at && strtoul(at + strlen("meta mark set "), NULL, 16) & c->mark;
}

static bool redirects(const struct conf *c, const char *line)
{
	const char	*at = strstr(line, "redirect to :");
	const char	*to = at ? at : strstr(line, "dnat ");

	return to && (doctor_names_port(c, line) || doctor_has_port(c, to));
}

/* "type filter hook input priority -5; policy accept;", with numbers for names. */
static void read_base_chain(struct ruleset *s, const char *line)
{
	const char	*at = strstr(line, "priority ");
	bool		 input = strstr(line, "hook input") != NULL;
	struct chain	*k;
	size_t		 i = s->n;

	s->table.drops |= (input || strstr(line, "hook prerouting")) && strstr(line, "policy drop");
	if (!input || !at || s->n == CHAINS_MAX)
		return;
	s->n++;
	k = &s->input[i];
	snprintf(k->name, sizeof(k->name), "%.90s %.60s", s->table.name, s->chain);
	k->priority = (int)strtol(at + strlen("priority "), NULL, 10);
	/* In order; of two with one number the kernel asks the older first. */
	for (; i && s->input[i - 1].priority > k->priority; i--, k--) {
		struct chain other = k[-1];

		k[-1] = *k;
		*k = other;
	}
}

/* iptables-nft's rules stand in one chain with those of others: ours has to be the first. */
static void read_rule(struct ruleset *s, const char *line)
{
	struct doctor	*d = s->d;
	struct table	*t = &s->table;
	const char	*jump = strstr(line, "jump CWMPGATE_");
	bool		 ours = jump || strncmp(s->chain, "CWMPGATE_", 9) == 0;

	if (jump && !s->first_rule)
		doctor_not_first(d, t, s->chain);
	s->first_rule = false;
	if (ours)
		return;
	t->has_port |= doctor_names_port(d->conf, line);
	t->queues |= strstr(line, " queue ") || strstr(line, "NFQUEUE");
	t->sets_mark |= sets_our_mark(d->conf, line);
	t->untracks |= strstr(line, "notrack") &&
		       (doctor_names_port(d->conf, line) || !strstr(line, "port"));
	t->redirects |= redirects(d->conf, line);
}

static void read_line(struct ruleset *s, const char *line)
{
	const char *at = line + strspn(line, " \t");

	if (strncmp(line, "table ", 6) == 0) {
		doctor_table(s->d, &s->table);
		s->table = (struct table){
			.ours = strncmp(line, "table inet cwmpgate ", 20) == 0 };
		snprintf(s->table.name, sizeof(s->table.name), "%.*s",
			 (int)strcspn(line + 6, "{") - 1, line + 6);
		s->others += !s->table.ours;
	} else if (strncmp(at, "chain ", 6) == 0) {
		snprintf(s->chain, sizeof(s->chain), "%.*s", (int)strcspn(at + 6, " {"), at + 6);
		s->first_rule = true;
	} else if (strncmp(at, "type ", 5) == 0 && strstr(at, " hook ")) {
		read_base_chain(s, at);
	} else if (*at && *at != '}' && *at != '#') {
		read_rule(s, at);
	}
}

static void say_order(struct doctor *d, const struct ruleset *s)
{
	char	text[400];
	size_t	len = 0;

	for (size_t i = 0; i < s->n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s (%d)", i ? ", " : "",
					s->input[i].name, s->input[i].priority);
	if (s->n)
		doctor_say(d, FOUND_GOOD, NULL, "order at input: %s", text);
}

static void look_at_ruleset(struct doctor *d, char *ruleset)
{
	struct ruleset	 s = { .d = d };
	char		*rest = NULL;
	unsigned	 before = d->bad + d->odd;

	for (char *line = strtok_r(ruleset, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		read_line(&s, line);
	doctor_table(d, &s.table);
	if (d->bad + d->odd == before)
		doctor_say(d, FOUND_GOOD, NULL, "%u other table%s, none in the way", s.others,
			   s.others == 1 ? "" : "s");
	say_order(d, &s);
}

/* What iptables-nft and nft have made; without nft there is none of it. */
static void look_at_nft(struct doctor *d)
{
	const char *const	argv[] = { "nft", "-s", "-y", "list", "ruleset", NULL };
	char			*said = NULL;
	enum ran		 ran = run(argv, NULL, &said);

	if (ran == RAN_OK && said)
		look_at_ruleset(d, said);
	else if (ran != RAN_MISSING || !doctor_in_iptables(d))
		doctor_say(d, FOUND_BAD, "install nftables", "the rules cannot be listed");
	free(said);
}

void doctor_rules(struct doctor *d)
{
	look_at_nft(d);
	doctor_legacy(d);
}
