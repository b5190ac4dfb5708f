// SPDX-License-Identifier: GPL-2.0-or-later

#include "world.h"

#include "canon.h"
#include "fuzz.h"
#include "oracle.h"

const char *const world_nonce[NONCES] = { "12345678", "abcdefghij" };

static const struct credentials credentials = { .n = 1, .of = { {
	.user_len = 1, .password_len = 1, .user = WORLD_USER, .password = WORLD_PASSWORD } } };

static const struct siphash_key key = { { 1, 2 } };

static void note(struct world *w, uint64_t v)
{
	w->seen = (w->seen ^ v) * 0x100000001b3;
}

/* Four sources, four ports each; every other source speaks IPv6. */
void world_begin(struct world *w, const struct policy *policy)
{
	static struct outcome	out;

	*w = (struct world){ .policy = *policy, .now = 1000, .out = &out };
	w->judge = judge_new(&w->policy, &credentials, &key);
	w->gate = gate_new(&w->policy, w->judge, &key, w->count);
	PROMISE(w->judge && w->gate);
	for (unsigned i = 0; i < CONNS; i++) {
		struct conn *c = &w->conn[i];

		c->source = (uint8_t)(i % SOURCES);
		c->v6 = c->source & 1;
		c->port = (uint16_t)(1000 + i);
		c->client = addr_from4((const uint8_t[]){ 192, 0, 2, c->source });
		c->agent = addr_from4((const uint8_t[]){ 192, 0, 2, 100 });
		if (c->v6) {
			c->client = (struct addr){ { 0x20, 1, [7] = c->source, [15] = 1 } };
			c->agent = (struct addr){ { 0x20, 1, [15] = 100 } };
		}
		c->client_isn = 0xffffff00 + i * 0x10000;
		c->agent_isn = 0xfffffff0 - i * 0x20000;
	}
}

void world_end(struct world *w)
{
	gate_free(w->gate);
	judge_free(w->judge);
}

static struct conn *find(struct world *w, const struct addr *client, uint16_t port)
{
	for (struct conn *c = w->conn; c < w->conn + CONNS; c++)
		if (c->port == port && addr_equal(&c->client, client))
			return c;
	return NULL;
}

static struct conn *find_by(struct world *w, const struct packet *p)
{
	struct conn *c = find(w, &p->src, p->sport);

	return c && p->dport == AGENT_PORT && addr_equal(&p->dst, &c->agent) ? c : NULL;
}

static void check_digest(struct world *w, const struct conn *c, const struct digest *d)
{
	struct hex	right = oracle_response(d, WORLD_PASSWORD);
	uint64_t	issued = 0;
	size_t		i;

	PROMISE(bytes_equal(hex_bytes(&right), hex_bytes(&d->response)));
	PROMISE(bytes_equal(text_bytes(&d->username), BYTES(WORLD_USER)));
	PROMISE(bytes_equal(text_bytes(&d->realm), BYTES(WORLD_REALM)));
	for (i = 0; i < NONCES; i++) {
		if (!bytes_equal(text_bytes(&d->nonce), (struct bytes){
				 (const uint8_t *)world_nonce[i], strlen(world_nonce[i]) }))
			continue;
		for (unsigned s = 0; s < SOURCES; s++)
			if ((w->policy.nonce_bind == NONCE_BIND_ANY || s == c->source) &&
			    w->issued[i][s] > issued)
				issued = w->issued[i][s];
	}
	PROMISE(issued && w->now - issued < w->policy.nonce_life_ms);
	for (i = 0; i < DIGESTS - 1 && w->times[i]; i++)
		if (bytes_equal(hex_bytes(&w->delivered[i]), hex_bytes(&right)))
			break;
	w->delivered[i] = right;
	PROMISE(++w->times[i] <= 2);
}

/* The agent's process reads @b: that has to be one whole request. */
static void read_head(struct world *w, struct conn *c, struct bytes b)
{
	struct request	q;
	struct digest	d;
	size_t		offset;

	PROMISE(why_info[w->out->why].act == ACT_DELIVER);
	oracle_canonical(b);
	PROMISE(http_parse(&q, b, false, &offset) == WHY_NEXT);
	PROMISE(w->out->why != WHY_AUTHENTICATED || q.has_authorization);
	if (q.has_authorization && w->policy.digest != DIGEST_OFF) {
		PROMISE(w->out->why == WHY_AUTHENTICATED || w->out->why == WHY_REDELIVERED);
		PROMISE(digest_parse(&d, q.authorization));
		check_digest(w, c, &d);
	}
	PROMISE(c->n_read == 0 || c->answered);
	c->answered = false;
	c->n_read++;
	PROMISE(c->n_read <= REQUESTS_PER_FLOW);
}

/* RFC 9293 3.10.7.4, of which a kernel that accepts() deferred sees little. */
static void kernel_segment(struct world *w, struct conn *c, const struct packet *p)
{
	uint32_t at = p->seq + (uint32_t)p->payload.len;

	if (c->state != KERNEL_OPEN) {
		/* A cookie is good for one sequence number, and for some minutes. */
		bool cookie = w->cookies && c->agent_next && p->seq == c->client_isn + 1;

		if ((c->state != KERNEL_EMBRYO && !cookie) || p->ack != c->agent_isn + 1)
			return;
		PROMISE(p->payload.len && p->seq == c->client_isn + 1);
		c->state = KERNEL_OPEN;
		c->read_next = c->client_isn + 1;
		c->agent_next = c->agent_acked = c->agent_isn + 1;
		c->agent_last.len = 0;
		c->read_fin = c->sent_fin = false;
	}
	if (seq_after(p->ack, c->agent_acked) > 0 && seq_after(p->ack, c->agent_next) <= 0)
		c->agent_acked = p->ack;
	if (p->payload.len) {
		PROMISE(seq_after(p->seq, c->read_next) <= 0);
		if (seq_after(at, c->read_next) > 0) {
			PROMISE(p->seq == c->read_next && !c->read_fin);
			read_head(w, c, p->payload);
			c->read_next = at;
		}
	}
	if (p->flags & TCP_FIN && at == c->read_next && !c->read_fin) {
		c->read_next++;
		c->read_fin = true;
	}
}

/* Where the agent has lied, only the form of what it reads is certain. */
static void liar_takes(struct world *w, struct conn *c, const struct packet *p)
{
	if (p->payload.len) {
		PROMISE(why_info[w->out->why].act == ACT_DELIVER);
		oracle_canonical(p->payload);
		c->state = KERNEL_OPEN;
		c->read_next = p->seq + (uint32_t)p->payload.len;
	}
}

static void kernel_takes(struct world *w, struct conn *c, const struct packet *p)
{
	if (w->lied && !(p->flags & TCP_SYN)) {
		liar_takes(w, c, p);
	} else if (p->flags & TCP_RST) {
		if (p->seq == c->read_next)
			c->state = KERNEL_NONE;
	} else if (p->flags & TCP_SYN) {
		if (c->state == KERNEL_OPEN && !(c->sent_fin && c->read_fin))
			return;
		if (c->state == KERNEL_EMBRYO && p->seq != c->client_isn)
			return;
		if (c->state != KERNEL_EMBRYO)
			c->agent_isn += 0x1000000;
		c->state = KERNEL_EMBRYO;
		c->client_isn = p->seq;
		c->read_next = p->seq + 1;
		c->agent_next = c->agent_isn + 1;
		c->agent_last.len = 0;
		c->has_ts = p->has_ts;
		c->read_fin = c->sent_fin = false;
		c->n_read = 0;
		memset(c->view, 0, sizeof(c->view));
	} else {
		kernel_segment(w, c, p);
	}
}

/* Segments get lost behind the gate as well: a full backlog, no memory. */
static bool is_lost(struct world *w, const struct packet *p)
{
	bool lost = w->loses && !(p->flags & (TCP_RST | TCP_SYN));

	w->loses &= !lost;
	w->lost |= lost;
	return lost;
}

/* A segment the gate wrote by itself; says whose connection it has closed. */
static const struct conn *check_sent(struct world *w, const struct segment *s)
{
	struct conn		*c;
	struct packet		 p;
	enum kernel_state	 before;

	PROMISE(packet_decode(&p, (struct bytes){ s->at, s->len }) == WHY_NEXT);
	PROMISE(packet_checksum_ok(&p));
	note(w, p.seq ^ (uint64_t)p.ack << 32 ^ p.flags);
	c = find_by(w, &p);
	if (c) {
		PROMISE(p.flags == TCP_RST && p.payload.len == 0);
		before = c->state;
		kernel_takes(w, c, &p);
		return c->state != before ? c : NULL;
	}
	PROMISE(p.sport == AGENT_PORT && !(p.flags & TCP_SYN));
	PROMISE(p.payload.len == 0 || (p.flags & TCP_FIN && p.payload.len > 12 &&
				       memcmp(p.payload.at, "HTTP/1.1 503", 12) == 0));
	return NULL;
}

/* The agent's packet @raw goes on to the client, as it is or as @p. */
static void client_takes(struct world *w, struct bytes raw)
{
	const struct outcome	*o = w->out;
	struct packet		 p, said;
	struct conn		*c;
	uint32_t		 at;

	PROMISE(packet_decode(&said, raw) == WHY_NEXT);
	p = said;
	if (o->replaced) {
		PROMISE(w->policy.hide_server && o->packet.len == raw.len);
		PROMISE(packet_decode(&p, (struct bytes){ o->packet.at, o->packet.len }) ==
			WHY_NEXT && packet_checksum_ok(&p));
		PROMISE(p.seq == said.seq && p.ack == said.ack && p.flags == said.flags);
	}
	c = find(w, &said.dst, said.dport);
	for (size_t i = 0; i < p.payload.len && c; i++) {
		uint8_t b = p.payload.at[i];

		PROMISE(b == said.payload.at[i] || b == ' ');
		at = p.seq + (uint32_t)i - c->agent_isn - 1;
		if (at >= VIEW_MAX || w->lied)
			continue;
		PROMISE(!c->view[at] || c->view[at] == b);
		c->view[at] = b;
	}
}

static void check_passed(struct world *w, enum from from, struct bytes raw)
{
	const struct outcome	*o = w->out;
	struct conn		*c;
	struct packet		 p;

	if (from == FROM_AGENT) {
		client_takes(w, raw);
		return;
	}
	if (o->replaced)
		raw = (struct bytes){ o->packet.at, o->packet.len };
	PROMISE(packet_decode(&p, raw) == WHY_NEXT && packet_checksum_ok(&p));
	PROMISE(o->replaced || p.payload.len == 0);
	note(w, p.seq ^ (uint64_t)p.tcp.at[16] << 56 ^ (uint64_t)p.tcp.at[17] << 48);
	c = find_by(w, &p);
	PROMISE(c || p.flags & TCP_SYN);
	if (c && !is_lost(w, &p))
		kernel_takes(w, c, &p);
}

static void check_outcome(struct world *w, enum from from, struct bytes raw)
{
	const struct outcome	*o = w->out;
	const struct conn	*c = find(w, &o->client, o->cport), *closed;
	unsigned		 others = 0;
	enum act		 act;

	PROMISE(o->why < WHY_COUNT && o->n_send <= SENDS_MAX);
	PROMISE(memchr(o->excerpt, '\0', EXCERPT_MAX) && (!*o->excerpt || why_is_event(o->why)));
	act = why_info[o->why].act;
	note(w, o->why * 8u + o->accept * 4u + o->replaced * 2u);
	note(w, o->offset ^ (uint64_t)o->ban_ms << 16 ^ (uint64_t)o->n_send << 48);
	if (w->policy.observe) {
		PROMISE(o->accept && !o->replaced && !o->n_send && !o->ban_ms);
		return;
	}
	PROMISE(o->ban_ms <= w->policy.ban_max_ms);
	PROMISE(!o->accept || act != ACT_DROP || why_info[o->why].blame == BLAME_NONE);
	if (o->accept && raw.len)
		check_passed(w, from, raw);
	PROMISE(o->accept || !o->replaced);
	for (size_t i = 0; i < o->n_send; i++) {
		closed = check_sent(w, &o->send[i]);
		others += closed && closed != c;
	}
	PROMISE(w->lied || w->lost || w->evicted + others >= w->count[WHY_EVICTED]);
	w->evicted = w->count[WHY_EVICTED];
	/* With cookies a kernel has no embryo to close; it comes to the same. */
	if ((act == ACT_REFUSE || act == ACT_BUSY) && c && !w->lied)
		PROMISE(c->state == KERNEL_NONE);
}

void world_send(struct world *w, enum from from, const struct segment *s)
{
	struct bytes	raw = { s->at, s->len };
	unsigned long	mallocs = oracle_mallocs();

	gate_packet(w->gate, from, raw, w->now, w->out);
	PROMISE(oracle_mallocs() == mallocs);
	check_outcome(w, from, raw);
}

void world_build(const struct world *w, const struct conn *c, enum from from,
		 const struct say *say, struct segment *s)
{
	bool			agent = from == FROM_AGENT;
	uint32_t		ts = (uint32_t)w->now + (uint32_t)say->ts_delta;
	struct segment_spec	spec = {
		.src = agent ? c->agent : c->client, .dst = agent ? c->client : c->agent,
		.v6 = c->v6, .sport = agent ? AGENT_PORT : c->port,
		.dport = agent ? c->port : AGENT_PORT, .window = 60000,
		.seq = say->seq, .ack = say->ack, .flags = say->flags,
		.has_ts = c->has_ts ^ say->other_ts, .tsval = ts, .tsecr = ts,
		.payload = say->payload,
	};

	segment_build(s, &spec);
}

void world_connect(struct world *w, struct conn *c, const struct say *say)
{
	static struct segment	s;
	struct say		answer;
	bool			had_ts = c->has_ts;

	c->has_ts = false;
	world_build(w, c, FROM_CLIENT, say, &s);
	c->has_ts = had_ts;
	world_send(w, FROM_CLIENT, &s);
	if (!w->out->accept || c->state != KERNEL_EMBRYO || w->policy.observe)
		return;
	answer = (struct say){ .seq = c->agent_isn, .ack = c->client_isn + 1,
			       .flags = TCP_SYN | TCP_ACK };
	world_build(w, c, FROM_AGENT, &answer, &s);
	world_send(w, FROM_AGENT, &s);
}

void world_wait(struct world *w, uint64_t ms)
{
	w->now += ms;
	while (gate_tick(w->gate, w->now, w->out))
		check_outcome(w, FROM_CLOCK, (struct bytes){ 0 });
}
