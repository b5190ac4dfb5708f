// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection whose bytes come in one piece, and the same one in many.  The
 * input: a byte that says how they are cut, then a request, the agent's answer
 * and another request, with 0xff between.
 *
 *	The gate decides the same at the same byte, the agent reads the same,
 *	and the judge has learned the same.
 */

#include "fuzz.h"
#include "world.h"

struct course {
	enum why	why[2];		/* of the two requests */
	uint16_t	offset[2];
	size_t		len[2];
	uint8_t		read[2][HEAD_MAX];
};

static const struct policy policy = {
	.nonce_life_ms = 20000, .paths = { .any = true }, .strip_unknown_fields = true,
	.attempts = { 1, 1, 10 }, .requests = { 1, 1, 10 }, .all_requests = { 1, 1, 10 },
	.malformed = { 1, 1, 10 },
};

static void client_sends(struct world *w, struct conn *c, struct bytes text, size_t step,
			 struct course *r, int nth)
{
	static struct segment	s;
	struct packet		p;

	for (size_t at = 0; at < text.len && c->state != KERNEL_NONE; at += step) {
		struct say say = { .seq = c->client_next, .ack = c->agent_next,
				   .flags = TCP_ACK };

		say.payload = (struct bytes){ text.at + at,
					      text.len - at < step ? text.len - at : step };
		world_build(w, c, FROM_CLIENT, &say, &s);
		c->client_next += (uint32_t)say.payload.len;
		world_send(w, FROM_CLIENT, &s);
		r->why[nth] = w->out->why;
		r->offset[nth] = w->out->offset;
		if (w->out->why == WHY_PARTIAL)
			continue;
		if (why_info[w->out->why].act == ACT_DELIVER && w->out->replaced &&
		    packet_decode(&p, (struct bytes){ w->out->packet.at, w->out->packet.len }) ==
		    WHY_NEXT) {
			r->len[nth] = p.payload.len;
			memcpy(r->read[nth], p.payload.at, p.payload.len);
		}
		return;
	}
}

static void agent_sends(struct world *w, struct conn *c, struct bytes text, size_t step)
{
	static struct segment	s;
	struct say		say = { .ack = c->read_next, .flags = TCP_ACK };

	for (size_t at = 0; at < text.len && at < REPLY_MAX; at += step) {
		say.payload = (struct bytes){ text.at + at,
					      text.len - at < step ? text.len - at : step };
		say.seq = c->agent_next;
		world_build(w, c, FROM_AGENT, &say, &s);
		c->agent_next += (uint32_t)say.payload.len;
		world_send(w, FROM_AGENT, &s);
	}
}

/* The agent's acknowledgement, its answer, and the client's for that. */
static void answer(struct world *w, struct conn *c, struct bytes text, size_t step)
{
	static struct segment	s;
	struct say		say = { .seq = c->agent_next, .ack = c->read_next,
					.flags = TCP_ACK };

	world_build(w, c, FROM_AGENT, &say, &s);
	world_send(w, FROM_AGENT, &s);
	for (unsigned i = 0; i < NONCES; i++)
		w->issued[i][c->source] = w->now;
	agent_sends(w, c, text, step);
	c->answered = true;
	say = (struct say){ .seq = c->client_next, .ack = c->agent_next, .flags = TCP_ACK };
	world_build(w, c, FROM_CLIENT, &say, &s);
	world_send(w, FROM_CLIENT, &s);
}

static void run(struct course *r, const struct bytes part[3], size_t step)
{
	static struct world	w;
	struct conn		*c = &w.conn[0];
	struct say		syn = { .flags = TCP_SYN };

	memset(r, 0, offsetof(struct course, read));
	world_begin(&w, &policy);
	syn.seq = c->client_isn;
	world_connect(&w, c, &syn);
	c->client_next = c->client_isn + 1;
	client_sends(&w, c, part[0], step, r, 0);
	if (r->len[0]) {
		answer(&w, c, part[1], step);
		client_sends(&w, c, part[2], step, r, 1);
	}
	world_end(&w);
}

static void check_same(const struct course *a, const struct course *b)
{
	for (int i = 0; i < 2; i++) {
		/* Cut after the blank line, the rest is another segment's offence. */
		if (a->why[i] == WHY_TRAILING)
			return;
		PROMISE(a->why[i] == b->why[i] && a->len[i] == b->len[i]);
		PROMISE(a->why[i] == WHY_PARTIAL || a->offset[i] == b->offset[i]);
		PROMISE(memcmp(a->read[i], b->read[i], a->len[i]) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct course	whole, cut;
	struct bytes		rest, part[3] = { { 0 } };

	if (len < 1 || len > HEAD_MAX)
		return 0;
	rest = (struct bytes){ data + 1, len - 1 };
	for (int i = 0; i < 3; i++) {
		if (!bytes_until(&rest, 0xff, &part[i])) {
			part[i] = rest;
			break;
		}
	}
	run(&whole, part, HEAD_MAX);
	run(&cut, part, data[0] % 64 + 1u);
	check_same(&whole, &cut);
	return 0;
}
