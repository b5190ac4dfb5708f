// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what "iptables-save -c" prints of the kernel's old tables: ours, where the
 * rules are iptables', and those of others.
 *
 *	*filter
 *	:INPUT DROP [0:0]
 *	[0:0] -A INPUT -p tcp -j CWMPGATE_FILTER
 *	COMMIT
 */
#include "doctor_table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iptlook.h"

enum { HOOKS = 4 };	/* from which ours are reached: rules_ipt.c */

struct save {
	struct doctor	*d;
	bool		 four;
	struct table	 table;
	char		 chain[64];	/* whose rules are read */
	unsigned	 hooks;		/* that lead to ours */
};

static unsigned long hex_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? strtoul(at + strlen(word), NULL, 16) : 0;
}

/* "--set-xmark 0x1/0xff" takes the bits of the mask away and turns those of the value. */
static bool sets_our_mark(const struct conf *c, const char *line)
{
	const char	*at = strstr(line, " --set-xmark 0x");
	char		*end = NULL;
	unsigned long	 bits = at ? strtoul(at + strlen(" --set-xmark "), &end, 16) : 0;

	/* The connection's mark is another one, until it becomes the packet's. */
	if (strstr(line, " -j MARK ") && end && *end == '/')
		return (bits | strtoul(end + 1, NULL, 16)) & c->mark;
	return strstr(line, " --restore-mark ") && hex_after(line, " --nfmask ") & c->mark;
}

static bool redirects(const struct conf *c, const char *line)
{
	const char	*at = strstr(line, " -j REDIRECT");
	const char	*to = at ? at : strstr(line, " -j DNAT");

	return to && (doctor_names_port(c, line) || doctor_has_port(c, to));
}

static bool untracks(const struct conf *c, const char *line)
{
	return (strstr(line, " -j NOTRACK") || strstr(line, " --notrack")) &&
	       (doctor_names_port(c, line) || !strstr(line, "port"));
}

/* "INPUT -p tcp ...", behind the -A. */
static void read_rule(struct save *s, const char *rule)
{
	const struct conf	*c = s->d->conf;
	struct table		*t = &s->table;
	size_t			 n = strcspn(rule, " ");
	bool			 first = strlen(s->chain) != n || strncmp(s->chain, rule, n) != 0;

	snprintf(s->chain, sizeof(s->chain), "%.*s", (int)n, rule);
	if (strncmp(rule, "CWMPGATE_", 9) == 0)
		return;
	if (strstr(rule, " -j CWMPGATE_")) {
		s->hooks++;
		if (!first)
			doctor_not_first(s->d, t, s->chain);
		return;
	}
	t->has_port |= doctor_names_port(c, rule);
	t->queues |= strstr(rule, " -j NFQUEUE") || strstr(rule, " -j QUEUE");
	t->sets_mark |= sets_our_mark(c, rule);
	t->untracks |= untracks(c, rule);
	t->redirects |= redirects(c, rule);
}

static void read_line(struct save *s, const char *line)
{
	const char *rule = strstr(line, "] -A ");

	if (*line == '*') {
		s->table = (struct table){ .ours = false };
		snprintf(s->table.name, sizeof(s->table.name), "%s of ip%stables", line + 1,
			 s->four ? "" : "6");
		*s->chain = '\0';
	} else if (*line == ':') {
		s->table.drops |= strncmp(line, ":INPUT DROP", 11) == 0 ||
				  strncmp(line, ":PREROUTING DROP", 16) == 0;
	} else if (*line == '[' && rule) {
		read_rule(s, rule + strlen("] -A "));
	} else if (strcmp(line, "COMMIT") == 0) {
		doctor_table(s->d, &s->table);
	}
}

static void look_at_save(struct doctor *d, bool four, char *text)
{
	struct save	 s = { .d = d, .four = four };
	const char	*name = four ? "iptables" : "ip6tables";
	char		*rest = NULL;
	unsigned	 before = d->bad + d->odd;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		read_line(&s, line);
	if (d->facts->m.iptables && s.hooks != HOOKS)
		doctor_say(d, FOUND_BAD, "the daemon loads them; or cwmpgate rules load",
			   "%u of %d rules that lead to cwmpgate's are in %s", s.hooks, HOOKS, name);
	if (d->bad + d->odd == before)
		doctor_say(d, FOUND_GOOD, NULL, "%s: no rule of others is in the way", name);
}

void doctor_legacy(struct doctor *d)
{
	for (int four = 1; four >= 0; four--) {
		char *text = iptlook_save(four);

		if (text)
			look_at_save(d, four, text);
		else if (iptlook_has_tables(four))
			doctor_say(d, FOUND_ODD, "install iptables-legacy",
				   "there are old tables of ip%stables, which nobody here can list",
				   four ? "" : "6");
		free(text);
	}
}
