// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what "nft list ruleset" prints.  An accept elsewhere does no harm, since
 * every base chain is asked; a drop, a queue, a redirect or our mark elsewhere may.
 */
#include "doctor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

enum { CHAINS_MAX = 24 };

/* One table, as far as it matters here. */
struct table {
	char	name[128];
	bool	ours;
	bool	drops;		/* a base chain before the agent whose policy is drop */
	bool	has_port;	/* some rule names a guarded port */
	bool	queues, sets_mark, untracks, redirects;
};

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

/* As a word: 7547 is not in 17547. */
static bool has_number(const char *line, unsigned number)
{
	char	word[8];
	size_t	n = (size_t)snprintf(word, sizeof(word), "%u", number);

	for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
		if ((at == line || !isdigit((unsigned char)at[-1])) && !isdigit((unsigned char)at[n]))
			return true;
	return false;
}

static bool names_port(const struct conf *c, const char *line)
{
	const char *at = strstr(line, "dport");

	for (size_t i = 0; at && i < c->n_ports; i++)
		if (has_number(at, c->port[i]))
			return true;
	return false;
}

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
	bool		 ours = names_port(c, line);

	for (size_t i = 0; to && !ours && i < c->n_ports; i++)
		ours = has_number(to, c->port[i]);
	return to && ours;
}

static void judge_table(struct doctor *d, const struct table *t)
{
	if (!*t->name || t->ours)
		return;
	if (t->drops && !t->has_port)
		doctor_say(d, FOUND_ODD, "let it accept the guarded ports; cwmpgate sees to who may ask",
			   "table %s drops what it does not accept, and names no guarded port",
			   t->name);
	if (t->queues)
		doctor_say(d, FOUND_ODD, "see that it leaves the guarded ports alone",
			   "table %s has a queue of its own", t->name);
	if (t->sets_mark)
		doctor_say(d, FOUND_BAD, "set mark to a bit that nobody else uses",
			   "table %s sets the mark by which the gate knows its packets", t->name);
	if (t->untracks)
		doctor_say(d, FOUND_ODD, "leave the guarded ports out of it",
			   "table %s takes packets out of connection tracking (notrack)", t->name);
	if (t->redirects)
		doctor_say(d, FOUND_ODD, "ports has to hold the port before and the one behind it",
			   "table %s redirects a guarded port", t->name);
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
		doctor_say(d, FOUND_ODD, "load cwmpgate's rules last, or move that rule behind it",
			   "in table %s chain %s another rule comes before cwmpgate's", t->name,
			   s->chain);
	s->first_rule = false;
	if (ours)
		return;
	t->has_port |= names_port(d->conf, line);
	t->queues |= strstr(line, " queue ") || strstr(line, "NFQUEUE");
	t->sets_mark |= sets_our_mark(d->conf, line);
	t->untracks |= strstr(line, "notrack") && (names_port(d->conf, line) || !strstr(line, "port"));
	t->redirects |= redirects(d->conf, line);
}

static void read_line(struct ruleset *s, const char *line)
{
	const char *at = line + strspn(line, " \t");

	if (strncmp(line, "table ", 6) == 0) {
		judge_table(s->d, &s->table);
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
	judge_table(d, &s.table);
	if (d->bad + d->odd == before)
		doctor_say(d, FOUND_GOOD, NULL, "%u other table%s, none in the way", s.others,
			   s.others == 1 ? "" : "s");
	say_order(d, &s);
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
	const char *const	argv[] = { "nft", "-s", "-y", "list", "ruleset", NULL };
	char			*said = NULL;

	if (run(argv, NULL, &said) == RAN_OK && said)
		look_at_ruleset(d, said);
	else
		doctor_say(d, FOUND_BAD, "install nftables", "the rules cannot be listed");
	free(said);
	look_at_legacy(d);
}
