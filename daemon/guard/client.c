// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The client's half of a connection (RFC 9293 3.10.7, read strictly).
 *
 * One function per state says what a packet means in it.  The rule behind
 * them: whatever the agent's kernel might read otherwise than the gate does
 * not reach it.
 */

#include "path.h"

enum { OLD_MAX = 65536 };	/* repeats from further back are not answered */

/* Timestamps as the kernel checks them: one tick back is still fresh. */
static bool timestamp_ok(const struct flow *f, const struct packet *p)
{
	if (!f->has_ts)
		return !p->has_ts;
	return p->has_ts && seq_after(f->client_tsval, p->tsval) <= 1;
}

/* What holds in every state of a live connection. */
static enum why check_segment(const struct flow *f, const struct packet *p)
{
	uint32_t end = p->seq + packet_seq_len(p);

	if (p->flags & TCP_RST)		/* RFC 5961 3.2, without its challenge */
		return p->seq == f->client_next ? WHY_RESET : WHY_RST_SEQ;
	if (!timestamp_ok(f, p))
		return WHY_BAD_TIMESTAMP;
	if (seq_after(p->ack, f->agent_next) > 0 || seq_after(p->ack, f->agent_first) < 0)
		return WHY_BAD_ACK;
	if (seq_after(end, f->client_edge) > 0 || seq_after(f->client_next, end) > OLD_MAX)
		return WHY_OUT_OF_WINDOW;
	/* Before the first byte there is a keep-alive probe at most (RFC 9293 3.8.4). */
	if (seq_after(p->seq, f->client_first) < 0 &&
	    (p->seq != f->client_first - 1 || end - p->seq > 1))
		return WHY_OUT_OF_WINDOW;
	return WHY_NEXT;
}

/* For packets that go on: what is dropped tells the agent's kernel nothing. */
static void pass_ack(struct flow *f, const struct packet *p)
{
	if (seq_after(p->ack, f->agent_acked) > 0)
		f->agent_acked = p->ack;
}

static void take_numbers(struct flow *f, const struct packet *p)
{
	if (p->has_ts && seq_after(p->seq, f->client_next) <= 0 &&
	    seq_after(p->tsval, f->client_tsval) > 0)
		f->client_tsval = p->tsval;
}

/* Goes on at the one sequence number that the agent's kernel honours. */
static enum why reset(struct scene *s)
{
	struct flow *f = s->flow;

	s->act = f->state == FLOW_FAREWELL ? ACT_DROP : ACT_TRIM;
	s->trim_seq = agent_expects(f);
	flow_set(s->gate->flows, f, FLOW_CLOSED, s->now_ms + LINGER_MS);
	return WHY_RESET;
}

/* The judge reads hostile text; its answer is believed only in this form. */
static bool is_sane(const struct answer *a, uint16_t asked_len)
{
	if (a->why >= WHY_COUNT)
		return false;
	if (a->act == ACT_DELIVER)
		return a->len == asked_len;
	return a->act == ACT_REFUSE || a->act == ACT_BUSY;
}

/* The head is complete: may it pass, and as what? */
static enum why ask(struct scene *s)
{
	struct gate	*g = s->gate;
	struct flow	*f = s->flow;
	struct question	*q = &g->question;
	struct answer	*a = &g->answer;

	q->ask = ASK_REQUEST;
	q->now_ms = s->now_ms;
	q->client = f->key.client;
	q->ticket = 0;
	q->len = f->head->len;
	memcpy(q->bytes, f->head->sent, q->len);
	judge_ask(g->judge, q, a);
	if (!is_sane(a, q->len))
		return WHY_JUDGE_SILENT;

	s->offset = a->offset;
	s->act = a->act;
	if (a->act != ACT_DELIVER)
		return a->why;

	memcpy(f->head->canon, a->bytes, f->head->len);
	pass_ack(f, s->packet);
	f->ticket = a->ticket;
	f->last = a->last;
	f->source->proven |= a->why == WHY_AUTHENTICATED;
	f->unproven = a->why != WHY_AUTHENTICATED && a->why != WHY_UNCHECKED;
	f->learned = false;
	f->answer_at = f->agent_next;
	f->requests++;
	flow_drop_reply(g->flows, f);
	flow_set(g->flows, f, FLOW_SENT, s->now_ms + DELIVERY_MS);
	return a->why;
}

/* The cheapest makes room; settle() tells its two sides. */
static bool evict(struct scene *s, bool head)
{
	struct flow *f = flow_cheapest(s->gate->flows, head);

	if (!f)
		return false;
	s->evicted = f;
	s->evicted_seq = agent_expects(f);
	flow_set(s->gate->flows, f, FLOW_REFUSED, s->now_ms + LINGER_MS);
	return true;
}

static bool take_head(struct scene *s)
{
	struct flow *f = s->flow;

	if (f->source->heads >= HEADS_PER_SOURCE)
		return false;
	return flow_take_head(s->gate->flows, f) ||
	       (evict(s, true) && flow_take_head(s->gate->flows, f));
}

static enum why read_bytes(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	bool			 fin = p->flags & TCP_FIN;
	enum why		 why;

	if (!f->head) {
		if (seq_after(p->seq, f->client_next) > 0)
			return WHY_OUT_OF_ORDER;
		if (seq_after(p->seq + (uint32_t)p->payload.len, f->client_next) <= 0)
			return WHY_REPEAT;
		if (!take_head(s))
			return WHY_HEADS_FULL;
		head_start(f->head, f->client_next);
		f->deadline_ms = s->now_ms + HEAD_MS;
	}

	why = head_add(f->head, p->seq, p->payload, &s->offset);
	if (why == WHY_NEXT || why == WHY_PARTIAL)
		f->client_next = head_end(f->head);
	if (fin && (why == WHY_PARTIAL || why == WHY_REPEAT))
		return WHY_CLOSED_EARLY;
	if (why != WHY_NEXT)
		return why;
	if (fin) {
		f->client_fin = true;
		f->client_next++;
	}
	return ask(s);
}

static enum why reading(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;

	if (p->payload.len)
		return read_bytes(s);
	if (p->flags & TCP_FIN)
		return p->seq == f->client_next ? WHY_CLOSED_EARLY : WHY_OUT_OF_ORDER;
	if (f->deferred)
		return WHY_DEFERRED;
	pass_ack(f, p);
	s->act = ACT_TRIM;		/* the agent's kernel has not seen this head's bytes */
	s->trim_seq = f->client_delivered;
	return WHY_ACK;
}

/* The segment that completes the handshake (RFC 9293 3.10.7.4, SYN-RECEIVED). */
static enum why embryo(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	struct gate		*g = s->gate;

	if (p->ack != f->agent_first)
		return WHY_BAD_ACK;
	f->source = source_get(&g->sources, &p->src, g->policy, s->now_ms);
	if (!f->source || f->source->flows >= FLOWS_PER_SOURCE)
		return WHY_SOURCE_FULL;
	if (flow_live_full(g->flows) && !evict(s, false))
		return WHY_SOURCE_FULL;
	f->deferred = true;
	flow_set(g->flows, f, FLOW_READING, s->now_ms + FIRST_BYTE_MS);
	return reading(s);
}

/*
 * Nothing may complete the agent's handshake without the request, and a bare
 * acknowledgement would: until the agent has acknowledged, only repeats of
 * the request go on, each as the whole canonical head.
 */
static enum why sent(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	enum why		 why;

	if (!p->payload.len)
		return WHY_TOO_EARLY;
	why = head_add(f->head, p->seq, p->payload, &s->offset);
	if (why == WHY_TRAILING)
		return WHY_PIPELINED;
	if (why == WHY_OUT_OF_ORDER ||
	    (why == WHY_REPEAT &&
	     seq_after(p->seq + (uint32_t)p->payload.len, f->head->seq) <= 0)) {
		s->act = ACT_DROP;	/* to acknowledge is the agent's kernel's business now */
		return why;
	}
	if (why != WHY_REPEAT)
		return why;

	if (p->flags & TCP_FIN) {
		if (p->seq + (uint32_t)p->payload.len != head_end(f->head))
			return WHY_CONFLICT;
		f->client_fin = true;
		f->client_next = head_end(f->head) + 1;
	}
	pass_ack(f, p);
	s->act = ACT_DELIVER;
	return WHY_REDELIVERED;
}

static enum why next_request(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;

	if (f->client_fin)
		return WHY_OUT_OF_WINDOW;
	if (f->agent_fin || f->last)
		return WHY_AFTER_CLOSE;
	if (seq_after(p->ack, f->answer_at) <= 0)
		return WHY_PIPELINED;
	if (f->requests == REQUESTS_PER_FLOW)
		return WHY_TOO_MANY_REQUESTS;
	flow_set(s->gate->flows, f, FLOW_READING, s->now_ms + HEAD_MS);
	return reading(s);
}

static enum why client_closes(struct flow *f, const struct packet *p)
{
	uint32_t at = p->seq + (uint32_t)p->payload.len;

	if (f->client_fin)
		return at == f->client_next - 1 ? WHY_FIN : WHY_OUT_OF_WINDOW;
	if (at != f->client_next)
		return WHY_OUT_OF_ORDER;
	f->client_fin = true;
	f->client_next++;
	return WHY_FIN;
}

static enum why answering(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	uint32_t		 end = p->seq + (uint32_t)p->payload.len;
	enum why		 why;

	if (seq_after(p->seq, f->client_next) > 0)
		return WHY_OUT_OF_ORDER;
	if (seq_after(end, f->client_next) > 0)
		return next_request(s);
	if (p->flags & TCP_FIN) {
		why = client_closes(f, p);
		if (why == WHY_FIN) {
			s->act = ACT_TRIM;
			s->trim_seq = end;
		}
	} else if (p->payload.len || p->seq != f->client_next) {
		return WHY_REPEAT;	/* a keep-alive probe, too (RFC 9293 3.8.4) */
	} else {
		why = WHY_ACK;
	}
	if (why == WHY_FIN || why == WHY_ACK)
		pass_ack(f, p);
	if (is_over(f))
		flow_set(s->gate->flows, f, FLOW_CLOSED, s->now_ms + LINGER_MS);
	return why;
}

/* The agent is out of it; the gate alone ends the connection. */
static enum why farewell(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow		*f = s->flow;
	uint32_t		 end = p->seq + (uint32_t)p->payload.len;

	if (seq_after(end, f->client_next) > 0)
		return WHY_AFTER_CLOSE;
	pass_ack(f, p);			/* to the gate itself */
	if (p->payload.len)
		s->say_busy = true;		/* it was lost on the way */
	if (p->flags & TCP_FIN) {
		if (!f->client_fin && end == f->client_next) {
			f->client_fin = true;
			f->client_next++;
		}
		s->act = ACT_ABSORB;
	}
	if (f->client_fin && f->agent_acked == f->agent_next)
		flow_set(s->gate->flows, f, FLOW_CLOSED, s->now_ms + LINGER_MS);
	return WHY_FAREWELL;
}

/*
 * Both sides are done.  Nothing goes on: the agent's kernel may have forgotten
 * the connection, and with SYN cookies it would take a bare ACK for the third
 * of a handshake.  If our last acknowledgement was lost, it is said again.
 */
static enum why closed(struct scene *s)
{
	const struct packet	*p = s->packet;
	const struct flow	*f = s->flow;

	if (p->flags & TCP_FIN && !p->payload.len && f->agent_fin && f->client_fin &&
	    p->seq == f->client_next - 1)
		s->act = ACT_ABSORB;
	return WHY_LATE;
}

static bool takes_syn(const struct flow *f)
{
	return !f || f->state == FLOW_EMBRYO || f->state == FLOW_REFUSED ||
	       f->state == FLOW_CLOSED;
}

enum why client_packet(struct scene *s)
{
	const struct packet	*p = s->packet;
	struct flow_key		 key = { p->src, p->dst, p->sport, p->dport };
	struct flow		*f = s->flow = flow_find(s->gate->flows, &key);
	enum why		 why;

	if (p->flags & TCP_SYN && p->flags & TCP_ACK)
		return WHY_BAD_FLAGS;
	if (p->flags & TCP_SYN)
		return takes_syn(f) ? WHY_SYN : WHY_SYN_IN_FLOW;
	if (!f)
		return WHY_NO_FLOW;
	if (f->state == FLOW_REFUSED)
		return WHY_LATE;
	if (f->state == FLOW_CLOSED)
		return closed(s);

	why = check_segment(f, p);
	if (why == WHY_RESET)
		return reset(s);
	if (why)
		return why;
	take_numbers(f, p);

	switch (f->state) {
	case FLOW_EMBRYO:
		return embryo(s);
	case FLOW_READING:
		return reading(s);
	case FLOW_SENT:
		return sent(s);
	case FLOW_ANSWERING:
		return answering(s);
	case FLOW_FAREWELL:
		return farewell(s);
	case FLOW_FREE:
	case FLOW_REFUSED:
	case FLOW_CLOSED:
		break;
	}
	return WHY_NO_FLOW;
}
