// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The path of a packet.  This file states the order of the steps and does
 * nothing else; no step knows another.
 */

#include "gate.h"

#include <stdlib.h>

#include "path.h"

static enum why from_client(struct scene *s, struct packet *p, struct bytes raw)
{
	enum why why;

	if ((why = packet_decode(p, raw)))
		return why;
	if (!packet_checksum_ok(p))
		return WHY_BAD_CHECKSUM;
	s->packet = p;
	return client_packet(s);
}

/* The kernel's own packets: never refused for their form. */
static enum why from_agent(struct scene *s, struct packet *p, struct bytes raw)
{
	if (packet_decode(p, raw))
		return WHY_REPLY;
	s->packet = p;
	return agent_packet(s);
}

void gate_packet(struct gate *g, enum from from, struct bytes raw,
		 uint64_t now_ms, struct outcome *out)
{
	struct scene	s = { .gate = g, .now_ms = now_ms, .from = from };
	struct packet	p;
	enum why	why = WHY_NEXT;

	switch (from) {
	case FROM_CLIENT:
		why = from_client(&s, &p, raw);
		break;
	case FROM_AGENT:
		why = from_agent(&s, &p, raw);
		break;
	case FROM_CLOCK:
		break;
	}
	settle(&s, why, out);
}

bool gate_tick(struct gate *g, uint64_t now_ms, struct outcome *out)
{
	struct scene	s = { .gate = g, .now_ms = now_ms, .from = FROM_CLOCK };

	s.flow = flow_overdue(g->flows, now_ms);
	if (!s.flow)
		return false;
	settle(&s, deadline_passed(&s), out);
	return true;
}

size_t gate_list(const struct gate *g, struct flow_row out[FLOWS_MAX])
{
	return flows_list(g->flows, out);
}

struct use gate_use(const struct gate *g)
{
	return flows_use(g->flows);
}

struct gate *gate_new(const struct policy *policy, struct judge *judge,
		      const struct siphash_key *key, uint64_t count[WHY_COUNT])
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->policy = policy;
	g->judge = judge;
	g->count = count;
	sources_init(&g->sources, key);
	g->flows = flows_new(key);
	if (!g->flows) {
		free(g);
		return NULL;
	}
	return g;
}

void gate_free(struct gate *g)
{
	if (g)
		flows_free(g->flows);
	free(g);
}
