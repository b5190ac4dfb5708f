// SPDX-License-Identifier: GPL-2.0-or-later

#include "report.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

static const char *addr_text(const struct addr *a, char text[INET6_ADDRSTRLEN])
{
	if (addr_is4(a))
		return inet_ntop(AF_INET, a->b + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a->b, text, INET6_ADDRSTRLEN);
}

/* Not the packets of every healthy connection. */
static bool is_worth_a_line(enum why why)
{
	switch (why_info[why].act) {
	case ACT_DELIVER:
	case ACT_REFUSE:
	case ACT_BUSY:
		return true;
	case ACT_DROP:
		return why != WHY_DEFERRED && why != WHY_SYN_ACK_REPEAT &&
		       why != WHY_FAREWELL && why != WHY_LATE && why != WHY_FORGOTTEN;
	case ACT_NONE:
	case ACT_PASS:
	case ACT_TRIM:
	case ACT_ABSORB:
		break;
	}
	return false;
}

/* The canonical head stands at the end of the packet that carries it. */
static void trace_head(struct report *r, const struct outcome *o)
{
	char		text[INET6_ADDRSTRLEN];
	struct packet	p;

	if (!o->replaced || packet_decode(&p, (struct bytes){ o->packet.at, o->packet.len }) ||
	    !p.payload.len)
		return;
	fprintf(r->trace, "%s %u ", addr_text(&o->client, text), o->cport);
	for (size_t i = 0; i < p.payload.len; i++)
		fprintf(r->trace, "%02x", p.payload.at[i]);
	fputc('\n', r->trace);
	fflush(r->trace);
}

void report_outcome(void *arg, uint64_t now_ms, const struct outcome *o)
{
	struct report *r = arg;

	if (!o) {
		report_write(r);
		return;
	}
	if (r->trace && o->why != WHY_REDELIVERED)
		trace_head(r, o);
	if (!r->status_file)
		return;
	if (is_worth_a_line(o->why))
		r->recent[r->n++ % RECENT_MAX] = (struct decision){
			now_ms, o->client, o->cport, o->aport, o->why, o->offset };
	r->dirty = true;
	if (now_ms >= r->next_ms) {
		report_write(r);
		r->next_ms = now_ms + TICK_MS;
	}
}

void report_write(struct report *r)
{
	const uint64_t	*count = gate_counts(r->gate);
	char		 text[INET6_ADDRSTRLEN], tmp[PATH_MAX];
	uint64_t	 first = r->n > RECENT_MAX ? r->n - RECENT_MAX : 0;
	FILE		*f;

	if (!r->status_file || !r->dirty)
		return;
	snprintf(tmp, sizeof(tmp), "%s.new", r->status_file);
	f = fopen(tmp, "we");
	if (!f)
		return;
	for (size_t i = 0; i < WHY_COUNT; i++)
		if (count[i])
			fprintf(f, "%s %llu\n", why_info[i].name, (unsigned long long)count[i]);
	for (uint64_t i = first; i < r->n; i++) {
		const struct decision *d = &r->recent[i % RECENT_MAX];

		fprintf(f, "recent %llu %s %u %u %s %u\n", (unsigned long long)d->ms,
			addr_text(&d->client, text), d->cport, d->aport,
			why_info[d->why].name, d->offset);
	}
	if (fclose(f) == 0 && rename(tmp, r->status_file) == 0)
		r->dirty = false;
}
