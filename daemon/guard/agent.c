// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's half of a connection: its handshake gives birth to the flow, its
 * acknowledgements end the time of repeats, its answer teaches the judge.
 * What the agent says is never refused for its form.
 */

#include "path.h"

static void begin(struct flows *t, struct flow *f, const struct packet *p, uint64_t now_ms)
{
	uint32_t first = p->ack;

	flow_set(t, f, FLOW_EMBRYO, now_ms + EMBRYO_MS);
	f->v6 = p->v6;
	f->deferred = f->client_fin = f->agent_fin = f->last = f->learned = false;
	f->unproven = f->by_gate = false;
	f->requests = 0;
	f->client_first = f->client_delivered = f->client_next = first;
	f->client_edge = first + p->window;	/* a SYN's window is never scaled */
	f->agent_first = f->agent_next = f->agent_acked = p->seq + 1;
	f->agent_wscale = p->wscale;
	f->has_ts = p->has_ts;
	f->agent_tsval = p->tsval;
	f->client_tsval = p->tsecr;
	f->answer_at = f->agent_next;
	f->ticket = 0;
	f->hide_len = 0;
}

/* The agent's kernel is told to forget it as well: its own table is smaller. */
static void give_up_embryo(struct scene *s, const struct flow_key *key)
{
	struct flow *f = flow_crowding(s->gate->flows, key);

	if (f) {
		s->given_up = *f;
		flow_remove(s->gate->flows, f);
	}
}

static enum why handshake(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	struct flow_key		 key = { p->dst, p->src, p->dport, p->sport };

	if (f && f->state != FLOW_EMBRYO && p->seq + 1 == f->agent_first &&
	    p->ack == f->client_first)
		return WHY_SYN_ACK_REPEAT;
	if (!f) {
		give_up_embryo(s, &key);
		f = s->flow = flow_add(s->gate->flows, &key);
	}
	if (!f)
		return WHY_FLOWS_FULL;
	begin(s->gate->flows, f, p, s->now_ms);
	return WHY_SYN_ACK;
}

static void take_numbers(struct flow *f, const struct packet *p)
{
	uint32_t	end = p->seq + packet_seq_len(p);
	uint32_t	edge = p->ack + ((uint32_t)p->window << f->agent_wscale);

	if (seq_after(end, f->agent_next) > 0)
		f->agent_next = end;
	if (p->flags & TCP_FIN)
		f->agent_fin = true;
	if (p->has_ts && seq_after(p->tsval, f->agent_tsval) > 0)
		f->agent_tsval = p->tsval;
	if (seq_after(p->ack, f->client_delivered) > 0 &&
	    seq_after(p->ack, f->client_next) <= 0)
		f->client_delivered = p->ack;
	if (seq_after(edge, f->client_edge) > 0)
		f->client_edge = edge;
}

/* RFC 9112 section 2.1, but agents end lines with LF alone as well. */
static bool has_blank_line(const struct reply *r)
{
	for (size_t i = 0; i + 1 < r->len; i++)
		if (r->at[i] == '\n' && (r->at[i + 1] == '\n' ||
		    (i + 2 < r->len && r->at[i + 1] == '\r' && r->at[i + 2] == '\n')))
			return true;
	return false;
}

/* The agent's response, as far as it is here. */
static struct question *put_reply(struct scene *s, enum ask ask)
{
	const struct flow	*f = s->flow;
	struct question		*q = &s->gate->question;

	q->ask = ask;
	q->now_ms = s->now_ms;
	q->client = f->key.client;
	q->ticket = f->ticket;
	q->len = f->reply->len;
	memcpy(q->bytes, f->reply->at, q->len);
	return q;
}

static void ask_what_to_blank(struct scene *s)
{
	struct flow	*f = s->flow;
	struct question	*q = put_reply(s, ASK_BLANK);
	struct answer	*a = &s->gate->answer;

	judge_ask(s->gate->judge, q, a);
	/* What was blanked once stays so, whatever the judge makes of the rest. */
	if (a->hide_len && a->hide_at + a->hide_len <= q->len) {
		f->hide_at = f->answer_at + a->hide_at;
		f->hide_len = a->hide_len;
	}
}

static void tell(struct scene *s)
{
	judge_tell(s->gate->judge, put_reply(s, TELL_REPLY));
	s->flow->learned = true;
	flow_drop_reply(s->gate->flows, s->flow);
}

/* Collects the head of the answer, however the agent cuts it. */
static void learn(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	struct bytes		 news = p->payload;
	int32_t			 behind;

	if (f->learned || (!news.len && !f->reply))
		return;
	if (!flow_take_reply(s->gate->flows, f)) {
		f->learned = true;
		return;
	}
	behind = seq_after(f->answer_at + f->reply->len, p->seq);
	if (behind >= 0 && bytes_skip(&news, (size_t)behind)) {
		size_t room = sizeof(f->reply->at) - f->reply->len;
		size_t n = news.len < room ? news.len : room;

		if (n)
			memcpy(f->reply->at + f->reply->len, news.at, n);
		f->reply->len = (uint16_t)(f->reply->len + n);
	}
	if (s->gate->policy->hide_server)	/* its line leaves with this packet */
		ask_what_to_blank(s);
	/* Some heads end with the connection only. */
	if (has_blank_line(f->reply) || f->agent_fin || f->reply->len == sizeof(f->reply->at))
		tell(s);
}

/* Also when the kernel sends it again: the client must see the same bytes. */
static bool is_hiding(const struct flow *f, const struct packet *p)
{
	return f->hide_len && p->payload.len <= HEAD_MAX &&
	       seq_after(p->seq + (uint32_t)p->payload.len, f->hide_at) > 0 &&
	       seq_after(f->hide_at + f->hide_len, p->seq) > 0;
}

enum why agent_packet(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow_key		 key = { p->dst, p->src, p->dport, p->sport };
	struct flow		*f = s->flow = flow_find(s->gate->flows, &key);
	struct flows		*t = s->gate->flows;
	uint32_t		 next;

	if (p->flags & TCP_SYN && p->flags & TCP_ACK)
		return handshake(s);
	if (!f || f->state == FLOW_CLOSED)
		return WHY_REPLY;
	if (f->state == FLOW_REFUSED || f->state == FLOW_FAREWELL)
		return WHY_LATE;
	if (p->flags & TCP_RST) {
		flow_set(t, f, FLOW_CLOSED, s->now_ms + LINGER_MS);
		return WHY_REPLY;
	}

	next = f->agent_next;
	take_numbers(f, p);
	if (f->state == FLOW_SENT && seq_after(head_end(f->head), f->client_delivered) <= 0) {
		f->deferred = false;
		flow_drop_head(t, f);
		flow_set(t, f, FLOW_ANSWERING, s->now_ms + IDLE_MS);
	}
	if (f->state == FLOW_ANSWERING) {
		if (seq_after(f->agent_next, next) > 0)		/* a repeat is no sign of life */
			f->deadline_ms = s->now_ms + (f->unproven ? CHALLENGED_MS : IDLE_MS);
		learn(s);
	}
	if (is_hiding(f, p))
		s->act = ACT_BLANK;
	if (is_over(f))
		flow_set(t, f, FLOW_CLOSED, s->now_ms + LINGER_MS);
	return WHY_REPLY;
}
