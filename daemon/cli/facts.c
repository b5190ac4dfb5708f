// SPDX-License-Identifier: GPL-2.0-or-later

#include "facts.h"

#include <string.h>

static bool has_counter(const struct metrics *m, const char *name)
{
	for (int i = 0; i < m->n_counters; i++)
		if (strcmp(m->counter[i].name, name) == 0)
			return true;
	return false;
}

/* Each mode's rules count something that no other's do. */
static const char *mode_of_rules(const struct metrics *m)
{
	if (m->n_counters == 0)
		return "";
	if (has_counter(m, "blocked"))
		return "block";
	return has_counter(m, "unmarked") ? "enforce" : "monitor";
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
		metrics_look(m, c->conf.queue);
		snprintf(f->mode, sizeof(f->mode), "%s", mode_of_rules(m));
		strcpy(f->daemon_down, c->conf.down_open ? "open" : "closed");
		strcpy(f->overload, c->conf.overload_open ? "open" : "closed");
		return;
	}
	client_value(r, "mode", f->mode, sizeof(f->mode));
	client_value(r, "daemon_down", f->daemon_down, sizeof(f->daemon_down));
	client_value(r, "overload", f->overload, sizeof(f->overload));
	m->shm = client_map(c);
	m->mode = f->mode;
	m->serving = strcmp(client_value(r, "serving", text, sizeof(text)), "yes") == 0;
	m->reload_failed = strcmp(client_value(r, "reload_failed", text, sizeof(text)), "yes") == 0;
	m->uptime_ms = client_number(r, "uptime_ms");
	m->restarts = client_number(r, "restarts");
	m->acs = client_number(r, "acs");
	m->credentials = client_number(r, "credentials");
	metrics_look(m, (uint16_t)client_number(r, "queue"));
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

const char *facts_when_full(const struct facts *f)
{
	if (strcmp(f->mode, "block") == 0)
		return "there is no queue in this mode";
	if (strcmp(f->mode, "monitor") == 0 || strcmp(f->overload, "open") == 0)
		return "what does not fit passes unchecked";
	return "what does not fit is dropped (overload = \"closed\")";
}
