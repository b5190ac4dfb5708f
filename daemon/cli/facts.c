// SPDX-License-Identifier: GPL-2.0-or-later

#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "iptlook.h"
#include "run.h"

static bool has_counter(const struct nft_counter *counter, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(counter[i].name, name) == 0)
			return true;
	return false;
}

/* Each mode's rules count something that no other's do. */
const char *facts_mode_of_rules(const struct nft_counter *counter, int n)
{
	if (n <= 0)
		return "";
	if (has_counter(counter, n, "blocked"))
		return "block";
	return has_counter(counter, n, "unmarked") ? "enforce" : "monitor";
}

void facts_get(const struct cli *c, struct facts *f)
{
	const struct reply	*r = &f->reply;
	char			 text[8];
	struct metrics		*m = &f->m;

	memset(m, 0, sizeof(*m));
	client_ask(c, "status", &f->reply);
	f->status = r->status;
	if (f->status != STATUS_OK) {
		metrics_look(m, c->conf.queue, c->conf.queues);
		snprintf(f->mode, sizeof(f->mode), "%s",
			 facts_mode_of_rules(m->counter, m->n_counters));
		strcpy(f->daemon_down, c->conf.down_open ? "open" : "closed");
		strcpy(f->overload, c->conf.overload_open ? "open" : "closed");
		return;
	}
	client_value(r, "mode", f->mode, sizeof(f->mode));
	client_value(r, "daemon_down", f->daemon_down, sizeof(f->daemon_down));
	client_value(r, "overload", f->overload, sizeof(f->overload));
	client_map(c, &m->lanes);
	m->mode = f->mode;
	m->serving = strcmp(client_value(r, "serving", text, sizeof(text)), "yes") == 0;
	m->reload_failed = strcmp(client_value(r, "reload_failed", text, sizeof(text)), "yes") == 0;
	m->uptime_ms = client_number(r, "uptime_ms");
	m->restarts = client_number(r, "restarts");
	m->acs = client_number(r, "acs");
	m->acs_wrong = client_number(r, "acs_wrong");
	m->credentials = client_number(r, "credentials");
	metrics_look(m, (uint16_t)client_number(r, "queue"),
		     (size_t)client_number(r, "queues"));
}

const char *facts_without_daemon(const struct facts *f)
{
	if (f->m.n_counters == 0)
		return "there are no rules of cwmpgate: the ports are as open as without it";
	if (strcmp(f->mode, "monitor") == 0)
		return "every packet goes through, as without cwmpgate";
	if (strcmp(f->mode, "block") == 0)
		return "the ports stay closed to everyone";
	if (strcmp(f->daemon_down, "open") == 0)
		return "what comes from the ACS's addresses reaches the agent unchecked "
		       "(daemon_down = \"open\")";
	return "nothing reaches the agent until the daemon is back (daemon_down = \"closed\")";
}

const char *facts_now(const struct facts *f)
{
	if (f->status == STATUS_DOWN && f->reply.silent && f->m.n_queues && f->m.queue[0].bound)
		return "the queue is held: as long as guard and judge run they decide, but nobody starts "
		       "them again, bans, or puts lost rules back";
	return facts_without_daemon(f);
}

const char *facts_when_full(const struct facts *f)
{
	if (strcmp(f->mode, "block") == 0)
		return "there is no queue in this mode";
	if (strcmp(f->mode, "monitor") == 0 || strcmp(f->overload, "open") == 0)
		return "what does not fit passes unchecked";
	return "what does not fit is dropped (overload = \"closed\")";
}

enum { SHOWN = 6 };			/* of a set */

/* A set's members on one line: the first ones, and how many there are. */
struct line {
	char		*out;
	size_t		 max, len;
	unsigned	 n;
};

static void add_member(struct line *l, const char *at, size_t n)
{
	if (n && l->n++ < SHOWN && l->len < l->max)
		l->len += (size_t)snprintf(l->out + l->len, l->max - l->len, "%s%.*s",
					   l->len ? ", " : "", (int)n, at);
}

static size_t end_line(struct line *l)
{
	if (l->n > SHOWN && l->len < l->max)
		l->len += (size_t)snprintf(l->out + l->len, l->max - l->len, " and %u more",
					   l->n - SHOWN);
	return l->len < l->max ? l->len : l->max - 1;
}

/* What nft says of a set. */
static size_t read_elements(const char *said, char *out, size_t max)
{
	struct line	 l = { .out = out, .max = max };
	const char	*at = strstr(said, "elements = {");

	at = at ? at + strlen("elements = {") : "";
	while (*at && *at != '}') {
		at += strspn(at, " \t\n,");
		add_member(&l, at, strcspn(at, " ,\n}"));
		at += strcspn(at, ",}");
	}
	return end_line(&l);
}

/* The same of an ipset. */
static size_t read_members(const char *members, char *out, size_t max)
{
	struct line l = { .out = out, .max = max };

	for (const char *at = members; *at; at += strspn(at, "\n")) {
		add_member(&l, at, strcspn(at, " \n"));
		at += strcspn(at, "\n");
	}
	return end_line(&l);
}

static char *acs_of_ipset(char *out, size_t max)
{
	size_t len = 0;

	*out = '\0';
	for (int four = 1; four >= 0 && len + 2 < max; four--) {
		char *members = iptlook_members("acs", four), part[256] = "";

		if (members && read_members(members, part, sizeof(part)))
			len += (size_t)snprintf(out + len, max - len, "%s%s", len ? ", " : "", part);
		free(members);
	}
	return out;
}

char *facts_acs(const struct facts *f, char *out, size_t max)
{
	static const char *const	sets[] = { "acs4", "acs6", "found4", "found6" };
	size_t				len = 0;

	if (f->m.iptables)
		return acs_of_ipset(out, max);
	*out = '\0';
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && len + 2 < max; i++) {
		const char *const	argv[] = { "nft", "list", "set", "inet", "cwmpgate", sets[i],
						   NULL };
		char			*said = NULL, part[256] = "";

		if (run(argv, NULL, &said) == RAN_OK && said &&
		    read_elements(said, part, sizeof(part)))
			len += (size_t)snprintf(out + len, max - len, "%s%s", len ? ", " : "", part);
		free(said);
	}
	return out;
}
