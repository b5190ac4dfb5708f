// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations: the input is a byte of policy and a script, six bytes a step,
 * of packets of clients and an agent, and of time that passes.  The promises
 * are world.h's; besides, a second run says the same.
 */

#include "checksum.h"
#include "fuzz.h"
#include "oracle.h"
#include "world.h"

enum { STEP = 6, STEPS_MAX = 50, PHRASES = 32, PHRASE_MAX = 1200 };

/* The first byte of the input. */
enum { COOKIES = 1, STRIP = 2, BIND_ANY = 4, RESET = 8, UNCHECKED = 16, OBSERVE = 32, LIES = 64,
       HIDE = 128 };

#define HEAD "GET / HTTP/1.1\r\nHost: h\r\n"
#define ASKS "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm=\"r\", nonce="

/* What a script may say in one byte; the authenticated requests come after. */
static const char *const phrases[] = {
	"", HEAD "\r\n", "GET / HTTP/1.1\r\n", "Host: h:7547\r\n", "\r\n", HEAD, "G", "ET ",
	"Connection: keep-alive\r\n", "User-Agent: x\r\n", "Cookie: a=b\r\n", "X-Any: x\r\n",
	HEAD "Cookie: a=b\r\nX-Any: 1\r\n\r\n", HEAD "Connection: close\r\n\r\n",
	"POST / HTTP/1.1\r\n", "x", "\n", "\x16\x03\x01", "GET /other HTTP/1.1\r\nHost: h\r\n\r\n",
	ASKS "\"12345678\", qop=\"auth\"\r\n\r\n", ASKS "\"abcdefghij\"\n\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
	"HTTP/1.1 503 Busy\n\n",
};

enum { PLAIN = sizeof(phrases) / sizeof(*phrases) };

static struct bytes phrase[PHRASES];

static const struct policy usual = {
	.nonce_life_ms = 20000, .attempts = { 20, 10000, 6 }, .requests = { 10, 10000, 3 },
	.all_requests = { 50, 10000, 10 }, .malformed = { 10, 60000, 2 },
	.ban_ms = 1000, .ban_max_ms = 8000,
	.paths = { .n = 1, .of = { { .len = 1, .text = "/" } } },
};

/* Requests with a right digest for either nonce, one without qop, one wrong. */
static void write_authenticated(unsigned i, char *at)
{
	bool		old = i == 5;
	unsigned	nonce = old ? 1 : i / 2 % NONCES;
	struct digest	d = { .has_qop = !old, .has_cnonce = !old,
			      .username = { 1, WORLD_USER }, .realm = { 1, WORLD_REALM },
			      .uri = { 1, "/" }, .cnonce = { 1, "c" } };
	struct hex	r;
	int		n;

	d.nonce.len = (uint16_t)strlen(world_nonce[nonce]);
	memcpy(d.nonce.at, world_nonce[nonce], d.nonce.len);
	memcpy(d.nc, "00000001", NC_LEN);
	d.nc[NC_LEN - 1] = (uint8_t)('0' + i);
	r = oracle_response(&d, i == 6 ? "wrong" : WORLD_PASSWORD);
	n = snprintf(at, PHRASE_MAX, HEAD "User-Agent: test\r\nConnection: keep-alive\r\n"
		     "Authorization: Digest username=\"u\",realm=\"r\",nonce=\"%s\",uri=\"/\","
		     "%s%.8s%sresponse=\"%.32s\"\r\n\r\n", world_nonce[nonce],
		     old ? "" : "qop=auth,nc=", old ? "" : (const char *)d.nc,
		     old ? "" : ",cnonce=\"c\",", (const char *)r.at);
	PROMISE(n > 0 && n < PHRASE_MAX);
}

static void prepare(void)
{
	static char	made[PHRASES - PLAIN][PHRASE_MAX];
	unsigned	n = PHRASES - PLAIN;

	if (phrase[0].at)
		return;
	for (unsigned i = 0; i < n - 1; i++)
		write_authenticated(i, made[i]);
	memset(made[n - 1], 'x', 900);
	for (unsigned i = 0; i < PHRASES; i++) {
		const char *text = i < PLAIN ? phrases[i] : made[i - PLAIN];

		phrase[i] = (struct bytes){ (const uint8_t *)text, strlen(text) };
	}
}

/* A byte of the script as a signed distance. */
static uint32_t distance(uint8_t b)
{
	return b < 128 ? b : b - 256u;
}

/* All of a phrase, or what is after or before a cut. */
static struct bytes words(const uint8_t *op)
{
	struct bytes	all = phrase[op[4] % PHRASES], part = all;
	size_t		cut = op[5] < all.len ? op[5] : all.len;

	switch (op[4] / PHRASES % 4) {
	case 1:
		part.at += cut;
		part.len -= cut;
		break;
	case 2:
		part.len = cut;
		break;
	case 3:
		return (struct bytes){ 0 };
	}
	return part;
}

static void client_speaks(struct world *w, struct conn *c, const uint8_t *op)
{
	static const uint8_t	flags[] = { TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_RST,
					    TCP_FIN | TCP_ACK, TCP_RST | TCP_ACK,
					    TCP_SYN | TCP_ACK, TCP_ACK | TCP_PSH };
	static struct segment	s;
	uint32_t		off = distance(op[2]) * (op[1] & 32 ? 16 : 1);
	struct say		say = {
		.flags = flags[op[1] & 7], .other_ts = op[1] & 8,
		.ts_delta = op[1] & 16 ? (int8_t)op[5] : 0, .payload = words(op),
	};

	if (say.flags & TCP_SYN)
		say.payload.len = 0;
	say.seq = c->client_next + off;
	say.ack = c->agent_next + distance(op[3]);
	if (op[1] & 64)				/* the same length once more */
		say.seq -= (uint32_t)say.payload.len;
	if (say.flags == TCP_SYN) {
		if (c->state == KERNEL_NONE || op[1] & 128)
			c->client_next = c->client_isn + 0x10000 + 1;
		say.seq = c->client_next - 1 + off;
		world_connect(w, c, &say);
		return;
	}
	world_build(w, c, FROM_CLIENT, &say, &s);
	if (say.seq == c->client_next)
		c->client_next += (uint32_t)say.payload.len + !!(say.flags & TCP_FIN);
	world_send(w, FROM_CLIENT, &s);
}

/* What an honest kernel says; the words are its process's. */
static bool agent_says(const struct conn *c, const uint8_t *op, struct say *say)
{
	*say = (struct say){ .seq = c->agent_next, .ack = c->read_next, .flags = TCP_ACK };
	if (c->state == KERNEL_EMBRYO) {
		say->seq = c->agent_isn;
		say->flags = TCP_SYN | TCP_ACK;
	} else if (op[1] & 64 && c->agent_acked != c->agent_next) {	/* once more */
		say->payload = c->agent_last;
		say->seq -= (uint32_t)c->agent_last.len + c->sent_fin;
		if (c->sent_fin)
			say->flags |= TCP_FIN;
	} else if ((op[1] & 7) == 3) {
		say->flags = TCP_RST;
	} else if (!c->sent_fin) {
		say->payload = words(op);
		if ((op[1] & 7) == 4)
			say->flags |= TCP_FIN;
	}
	return c->state != KERNEL_NONE;
}

static void note_issued(struct world *w, const struct conn *c, struct bytes said)
{
	for (unsigned i = 0; i < NONCES && said.len; i++)
		w->issued[i][c->source] = w->now;
}

static void agent_speaks(struct world *w, struct conn *c, const uint8_t *op)
{
	static struct segment	s;
	struct say		say;

	if (!agent_says(c, op, &say))
		return;
	if (c->state == KERNEL_OPEN && say.seq == c->agent_next &&
	    (say.payload.len || say.flags & TCP_FIN)) {
		c->agent_next += (uint32_t)say.payload.len + !!(say.flags & TCP_FIN);
		c->agent_last = say.payload;
		c->sent_fin = say.flags & TCP_FIN;
		c->answered |= say.payload.len > 0;
	}
	if (say.flags & TCP_RST)
		c->state = KERNEL_NONE;
	if (op[1] & 128 && w->lied) {
		say.seq += distance(op[2]);
		say.ack += distance(op[3]);
	}
	world_build(w, c, FROM_AGENT, &say, &s);
	note_issued(w, c, say.payload);
	world_send(w, FROM_AGENT, &s);
}

/* A client's packet with one byte changed, and its checksum made right again. */
static void wild(struct world *w, struct conn *c, const uint8_t *op)
{
	static struct segment	s;
	struct say		say = { .seq = c->client_next, .ack = c->agent_next,
					.flags = TCP_ACK, .payload = words(op) };
	size_t			tcp = c->v6 ? IP6_HLEN : IP4_HLEN;
	uint64_t		sum;
	uint16_t		folded;

	world_build(w, c, FROM_CLIENT, &say, &s);
	s.at[op[2] % s.len] ^= op[3];
	if (op[1] & 32)
		s.len -= op[1] & 7;
	if (!(op[1] & 64)) {
		s.at[tcp + 16] = s.at[tcp + 17] = 0;
		sum = checksum_add(6 + s.len - tcp, (struct bytes){
				   s.at + tcp - (c->v6 ? 32 : 8), c->v6 ? 32 : 8 });
		folded = checksum_fold(checksum_add(sum, (struct bytes){
						    s.at + tcp, s.len - tcp }));
		s.at[tcp + 16] = (uint8_t)(folded >> 8);
		s.at[tcp + 17] = (uint8_t)folded;
	}
	world_send(w, FROM_CLIENT, &s);
}

static void step(struct world *w, const uint8_t *op)
{
	struct conn *c = &w->conn[op[0] % CONNS];

	switch (op[0] / CONNS) {
	case 13:
		w->loses = true;
		break;
	case 14:
		wild(w, c, op);
		break;
	case 15:
		world_wait(w, op[1] * (op[2] & 1 ? 1u : 100u));
		break;
	default:
		if (op[0] / CONNS % 3 == 2)
			agent_speaks(w, c, op);
		else
			client_speaks(w, c, op);
	}
}

/* Closed, or in the last of its states; and then with nothing left to say again. */
static void check_ended(const struct world *w)
{
	for (const struct conn *c = w->conn; c < w->conn + CONNS; c++) {
		if (c->state != KERNEL_OPEN)
			continue;
		PROMISE(c->read_fin && c->sent_fin);
		PROMISE(w->lost || c->agent_acked == c->agent_next);
	}
}

static uint64_t run(uint8_t how, const uint8_t *data, size_t len)
{
	static struct world	w;
	struct policy		policy = usual;

	policy.strip_unknown_fields = how & STRIP;
	policy.nonce_bind = how & BIND_ANY ? NONCE_BIND_ANY : NONCE_BIND_SOURCE;
	policy.on_bad_digest = how & RESET ? BAD_DIGEST_RESET : BAD_DIGEST_CHALLENGE;
	policy.digest = how & UNCHECKED ? DIGEST_OFF : DIGEST_REQUIRE;
	policy.observe = how & OBSERVE;
	policy.hide_server = how & HIDE;
	world_begin(&w, &policy);
	w.cookies = how & COOKIES;
	w.lied = how & LIES;
	for (size_t n = 0; len >= STEP && n < STEPS_MAX; data += STEP, len -= STEP, n++)
		step(&w, data);
	world_wait(&w, EMBRYO_MS + IDLE_MS);		/* everything comes to its end */
	if (!w.lied && !w.policy.observe)
		check_ended(&w);
	world_end(&w);
	return w.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t seen;

	if (len < 1)
		return 0;
	prepare();
	seen = run(data[0], data + 1, len - 1);
	if (len % 4 == 0)		/* it takes as long as the first time */
		PROMISE(run(data[0], data + 1, len - 1) == seen);
	return 0;
}
