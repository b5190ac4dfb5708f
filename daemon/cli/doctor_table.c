// SPDX-License-Identifier: GPL-2.0-or-later

#include "doctor_table.h"

#include <ctype.h>
#include <string.h>

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

bool doctor_has_port(const struct conf *c, const char *text)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (has_number(text, c->port[i]))
			return true;
	return false;
}

bool doctor_names_port(const struct conf *c, const char *line)
{
	const char *at = strstr(line, "dport");

	return at && doctor_has_port(c, at);
}

void doctor_table(struct doctor *d, const struct table *t)
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

void doctor_not_first(struct doctor *d, const struct table *t, const char *chain)
{
	doctor_say(d, FOUND_ODD, "load cwmpgate's rules last, or move that rule behind it",
		   "in table %s chain %s another rule comes before cwmpgate's", t->name, chain);
}
