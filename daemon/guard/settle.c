// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns a reason into what is done: the verdict on the packet at hand and the
 * segments the gate writes itself.
 */

#include "path.h"

/* TR-069 3.2.2.2: 503, and no Retry-After. */
static const char busy[] =
	"HTTP/1.1 503 Service Unavailable\r\n"
	"Content-Length: 0\r\n"
	"Connection: close\r\n\r\n";

static struct segment *next_send(struct outcome *out)
{
	return &out->send[out->n_send++];
}

static uint16_t window_left(const struct flow *f, uint32_t ack)
{
	int32_t left = seq_after(f->client_edge, ack);

	if (left <= 0)
		return 0;
	left >>= f->agent_wscale;
	return left > UINT16_MAX ? UINT16_MAX : (uint16_t)left;
}

/* A segment to the client in the agent's name. */
static struct segment_spec to_client(const struct flow *f, uint8_t flags)
{
	bool		gate_holds = f->state == FLOW_READING || f->by_gate;
	uint32_t	ack = gate_holds ? f->client_next : f->client_delivered;

	return (struct segment_spec){
		.src = f->key.agent, .dst = f->key.client, .v6 = f->v6,
		.sport = f->key.aport, .dport = f->key.cport,
		.seq = f->agent_next, .ack = ack,
		.window = window_left(f, ack), .flags = flags,
		/* Never ahead of the kernel's own clock, or its next segment is old. */
		.has_ts = f->has_ts && !(flags & TCP_RST),
		.tsval = f->agent_tsval, .tsecr = f->client_tsval,
	};
}

static void acknowledge(const struct flow *f, struct outcome *out)
{
	struct segment_spec spec = to_client(f, TCP_ACK);

	segment_build(next_send(out), &spec);
}

/* RFC 9293 3.10.7.3: at the number the client expects next. */
static void reset_client(const struct scene *s, struct outcome *out)
{
	struct segment_spec spec = to_client(s->flow, TCP_RST | TCP_ACK);

	if (s->packet && s->packet->flags & TCP_ACK)
		spec.seq = s->packet->ack;
	segment_build(next_send(out), &spec);
}

static void reset_agent_at(const struct flow *f, uint32_t seq, struct outcome *out)
{
	struct segment_spec spec = {
		.src = f->key.client, .dst = f->key.agent, .v6 = f->v6,
		.sport = f->key.cport, .dport = f->key.aport,
		.seq = seq, .flags = TCP_RST,
	};

	segment_build(next_send(out), &spec);
}

/*
 * Closes the agent's side.  The client's packet at hand becomes the RST; with
 * none at hand the RST goes over the loopback.
 */
static void reset_agent(const struct scene *s, struct outcome *out)
{
	uint32_t seq = agent_expects(s->flow);

	if (s->packet) {
		segment_rewrite(&out->packet, s->packet, seq, TCP_RST, (struct bytes){ 0 });
		out->accept = out->replaced = true;
	} else {
		reset_agent_at(s->flow, seq, out);
	}
}

/*
 * What went on may not have been taken: the head by a full backlog, a FIN for
 * an old acknowledgement (RFC 5961 5.2).  A RST is honoured at one number only,
 * so every one before @expects at which the agent's kernel may stand gets one.
 */
static void reset_agent_before(const struct flow *f, uint32_t expects, struct outcome *out)
{
	if (f->client_delivered != expects)
		reset_agent_at(f, f->client_delivered, out);
	if (f->client_fin && f->client_next - 1 != expects &&
	    f->client_next - 1 != f->client_delivered)
		reset_agent_at(f, f->client_next - 1, out);
}

static void refuse(struct scene *s, struct outcome *out)
{
	struct flow *f = s->flow;

	if (f->state != FLOW_FAREWELL) {
		reset_agent_before(f, agent_expects(f), out);
		reset_agent(s, out);
	}
	reset_client(s, out);
	if (why_info[out->why].blame == BLAME_MALFORMED && f->source)
		out->ban_ms = source_charge(f->source, s->gate->policy, s->now_ms);
	flow_set(s->gate->flows, f, FLOW_REFUSED, s->now_ms + LINGER_MS);
}

/* Another flow took its place; neither of its sides has sent a packet now. */
static void refuse_evicted(struct scene *s, struct outcome *out)
{
	struct segment_spec spec = to_client(s->evicted, TCP_RST | TCP_ACK);

	segment_build(next_send(out), &spec);
	reset_agent_at(s->evicted, s->evicted_seq, out);
	s->gate->count[WHY_EVICTED]++;
}

static void say_busy(const struct flow *f, uint32_t seq, struct outcome *out)
{
	struct segment_spec spec = to_client(f, TCP_ACK | TCP_PSH | TCP_FIN);

	spec.seq = seq;
	spec.payload = BYTES(busy);
	segment_build(next_send(out), &spec);
}

static void refuse_busy(struct scene *s, struct outcome *out)
{
	struct flow *f = s->flow;

	reset_agent(s, out);
	flow_drop_head(s->gate->flows, f);
	flow_set(s->gate->flows, f, FLOW_FAREWELL, s->now_ms + HEAD_MS);
	f->by_gate = true;
	f->answer_at = f->agent_next;
	say_busy(f, f->answer_at, out);
	f->agent_next += (uint32_t)sizeof(busy) - 1 + 1;	/* the text and the FIN */
	f->agent_fin = true;
}

static void drop(struct scene *s, enum why why, struct outcome *out)
{
	struct flow *f = s->flow;

	if (s->say_busy)
		say_busy(f, f->answer_at, out);
	/* The RST was lost, or the client sent this before it came. */
	if (why == WHY_LATE && f->state == FLOW_REFUSED && s->packet->flags & TCP_ACK &&
	    !(s->packet->flags & TCP_RST) && addr_equal(&s->packet->src, &f->key.client))
		reset_client(s, out);
	if (why == WHY_FORGOTTEN && f->state == FLOW_EMBRYO)
		reset_agent_at(f, agent_expects(f), out);
	if (why == WHY_FORGOTTEN)
		flow_remove(s->gate->flows, f);
}

static void deliver(struct scene *s, struct outcome *out)
{
	const struct flow	*f = s->flow;
	struct bytes		 canon = { f->head->canon, f->head->len };

	segment_rewrite(&out->packet, s->packet, f->head->seq,
			s->packet->flags | TCP_PSH, canon);
	out->accept = out->replaced = true;
}

/* Spaces, so that no length and no sequence number changes. */
static void blank(struct scene *s, struct outcome *out)
{
	const struct packet	*p = s->packet;
	const struct flow	*f = s->flow;
	uint8_t			*payload;

	segment_rewrite(&out->packet, p, p->seq, p->flags, p->payload);
	payload = out->packet.at + out->packet.len - p->payload.len;
	for (size_t i = 0; i < p->payload.len; i++) {
		int32_t at = seq_after(p->seq + (uint32_t)i, f->hide_at);

		if (at >= 0 && at < f->hide_len)
			payload[i] = ' ';
	}
	/* The checksum, once more. */
	segment_finish(&out->packet);
	out->accept = out->replaced = true;
}

static void trim(struct scene *s, enum why why, struct outcome *out)
{
	if (why == WHY_RESET)
		reset_agent_before(s->flow, s->trim_seq, out);
	segment_rewrite(&out->packet, s->packet, s->trim_seq,
			s->packet->flags & (TCP_ACK | TCP_FIN | TCP_RST), (struct bytes){ 0 });
	out->accept = out->replaced = true;
}

static void perform(struct scene *s, enum why why, enum act act, struct outcome *out)
{
	switch (act) {
	case ACT_NONE:
		break;			/* no step may end so; dropped */
	case ACT_PASS:
		/* Whatever the steps say: a client's bytes do not pass. */
		out->accept = s->from == FROM_AGENT || s->packet->payload.len == 0;
		break;
	case ACT_BLANK:
		blank(s, out);
		break;
	case ACT_TRIM:
		trim(s, why, out);
		break;
	case ACT_DELIVER:
		deliver(s, out);
		break;
	case ACT_ABSORB:
		if (s->flow)
			acknowledge(s->flow, out);
		break;
	case ACT_DROP:
		drop(s, why, out);
		break;
	case ACT_REFUSE:
		refuse(s, out);
		break;
	case ACT_BUSY:
		refuse_busy(s, out);
		break;
	}
}

/* Before anything is done, for a refusal drops the head. */
static void tell_head(const struct scene *s, enum why why, struct outcome *out)
{
	const struct head	*h = s->flow ? s->flow->head : NULL;
	struct bytes		 held = { 0 }, more = { 0 };

	out->excerpt[0] = '\0';
	if (!h || !why_is_event(why))
		return;
	held = (struct bytes){ h->sent, h->len };
	if (s->packet && s->packet->payload.len) {
		int32_t known = seq_after(head_end(h), s->packet->seq);

		more = s->packet->payload;
		if (known < 0 || !bytes_skip(&more, (size_t)known))
			more = (struct bytes){ 0 };
	}
	excerpt(out->excerpt, held, more, s->offset);
}

void settle(struct scene *s, enum why why, struct outcome *out)
{
	enum act act = s->act ? s->act : why_info[why].act;

	out->why = why;
	out->from = s->from;
	out->offset = s->offset;
	out->accept = out->replaced = false;
	out->ban_ms = 0;
	out->n_send = 0;
	memset(&out->client, 0, sizeof(out->client));
	out->cport = out->aport = 0;
	if (s->flow) {
		out->client = s->flow->key.client;
		out->cport = s->flow->key.cport;
		out->aport = s->flow->key.aport;
	} else if (s->packet) {
		out->client = s->packet->src;
		out->cport = s->packet->sport;
		out->aport = s->packet->dport;
	}
	s->gate->count[why]++;
	tell_head(s, why, out);
	if (s->evicted)
		refuse_evicted(s, out);
	if (s->given_up.state == FLOW_EMBRYO)
		reset_agent_at(&s->given_up, agent_expects(&s->given_up), out);
	perform(s, why, act, out);

	/* Monitor mode: everything was decided; nothing is done. */
	if (s->gate->policy->observe) {
		out->accept = true;
		out->replaced = false;
		out->n_send = 0;
		out->ban_ms = 0;
	}
}
