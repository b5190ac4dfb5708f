// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations: the input is a script of packets of a client and an agent,
 * and of time passing.  The promises of docs/design.md, after every packet:
 *
 *	no byte of the client's passes; what passes with bytes is a canonical
 *	head; before the agent has a request it gets nothing but SYN and RST;
 *	what the gate writes decodes; a second run does the same.
 */

#include "fuzz.h"
#include "gate.h"
#include "judge.h"

#define AUTH "Authorization: Digest username=\"u\",realm=\"r\",nonce=\"12345678\",uri=\"/\"," \
	"nc=00000001,cnonce=\"c\",qop=auth,response=\"0123456789abcdef0123456789abcdef\"\r\n"

/* What a script may say in a few bytes. */
static const char *const phrase[] = {
	"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\n", "Host: h:7547\r\n", "\r\n", AUTH,
	"Connection: keep-alive\r\n", "G", "ET ", "User-Agent: x\r\n", "Cookie: a=b\r\n",
	"POST / HTTP/1.1\r\n", "x", "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm=\"r\", "
	"nonce=\"12345678\", qop=\"auth\"\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\n", "\x16\x03\x01",
};

enum { PHRASES = sizeof(phrase) / sizeof(*phrase), CLIENT_ISN = 0x7ffffff0, AGENT_ISN = -8 };

struct world {
	struct judge	*judge;
	struct gate	*gate;
	uint64_t	 now, seen;		/* seen: a hash of all outcomes */
	bool		 has_request[4];	/* by client port */
};

static const struct policy policy = {
	.nonce_life_ms = NONCE_LIFE_MS, .paths = { .any = true },
	.attempts = { 100, 1000, 100 }, .requests = { 100, 1000, 2 },
	.all_requests = { 100, 1000, 100 }, .malformed = { 10, 60000, 3 },
	.ban_ms = 1000, .ban_max_ms = 8000,
};

static const struct credentials credentials = { .n = 1, .of = { {
	.user_len = 1, .password_len = 1, .user = "u", .password = "p" } } };

static void check_written(const struct segment *s)
{
	struct packet p;

	PROMISE(packet_decode(&p, (struct bytes){ s->at, s->len }) == WHY_NEXT);
	PROMISE(packet_checksum_ok(&p));
}

static void check_passed(struct world *w, const struct packet *in, const struct outcome *o)
{
	struct packet p;

	if (!o->replaced) {
		PROMISE(in->payload.len == 0);
		PROMISE(w->has_request[in->sport % 4] || in->flags & (TCP_SYN | TCP_RST));
		return;
	}
	PROMISE(packet_decode(&p, (struct bytes){ o->packet.at, o->packet.len }) == WHY_NEXT);
	if (!p.payload.len) {
		PROMISE(w->has_request[in->sport % 4] || p.flags & TCP_RST);
		return;
	}
	PROMISE(p.payload.len >= HEAD_MIN && p.payload.len <= HEAD_MAX);
	PROMISE(memcmp(p.payload.at, "GET /", 5) == 0);
	PROMISE(memmem(p.payload.at, p.payload.len, "\r\n\r\n", 4) ==
		p.payload.at + p.payload.len - 4);
	PROMISE(!memmem(p.payload.at, p.payload.len, "Cookie", 6));
	w->has_request[in->sport % 4] = true;
}

static void check(struct world *w, const struct packet *in, const struct outcome *o)
{
	for (size_t i = 0; i < o->n_send; i++)
		check_written(&o->send[i]);
	if (o->accept && o->replaced)
		check_written(&o->packet);
	if (in && o->accept)
		check_passed(w, in, o);
	w->seen = w->seen * 31 + o->why * 4u + o->accept * 2u + o->replaced + o->n_send * 1000u;
}

/* Eight bytes of script: who, flags, numbers near the ISNs, a phrase. */
static void play(struct world *w, const uint8_t *op, struct outcome *o)
{
	static const uint8_t	flags[] = { TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_RST,
					    TCP_FIN | TCP_ACK, TCP_RST | TCP_ACK,
					    TCP_SYN | TCP_ACK, TCP_ACK };
	static struct segment	s;
	bool			agent = op[0] & 1;
	const char		*text = op[1] & 8 ? phrase[op[5] % PHRASES] : "";
	size_t			cut = op[1] & 16 ? op[6] : 0;
	struct segment_spec	spec = {
		.src = { { 0x20, 1, [15] = agent } }, .dst = { { 0x20, 1, [15] = !agent } },
		.v6 = true, .sport = 7547, .dport = 7547, .window = 60000,
		.flags = flags[op[1] & 7], .has_ts = op[1] & 32, .tsval = op[7], .tsecr = op[7],
	};
	struct packet		p;

	if (cut > strlen(text))
		cut = strlen(text);
	spec.payload = (struct bytes){ (const uint8_t *)text + cut, strlen(text) - cut };
	*(agent ? &spec.dport : &spec.sport) = (uint16_t)(4 + op[0] / 2 % 4);
	spec.seq = (agent ? (uint32_t)AGENT_ISN : CLIENT_ISN) + op[2] + (op[3] & 3u) * 256u;
	spec.ack = (agent ? CLIENT_ISN : (uint32_t)AGENT_ISN) + op[4] + (op[3] / 4 & 3u) * 256u;
	segment_build(&s, &spec);
	gate_packet(w->gate, agent ? FROM_AGENT : FROM_CLIENT, (struct bytes){ s.at, s.len },
		    w->now, o);
	if (agent && packet_decode(&p, (struct bytes){ s.at, s.len }) == WHY_NEXT &&
	    o->why == WHY_SYN_ACK)
		w->has_request[p.dport % 4] = false;
	check(w, agent || packet_decode(&p, (struct bytes){ s.at, s.len }) ? NULL : &p, o);
}

static uint64_t run(const uint8_t *data, size_t len)
{
	static const struct siphash_key	key = { { 1, 2 } };
	static struct outcome		o;
	struct world			w = { .now = 1000 };

	w.judge = judge_new(&policy, &credentials, &key);
	w.gate = gate_new(&policy, w.judge, &key);
	for (; len >= 8; data += 8, len -= 8) {
		if (data[0] >= 0xe0) {
			w.now += (uint64_t)data[1] * 50;
			while (gate_tick(w.gate, w.now, &o))
				check(&w, NULL, &o);
		} else {
			play(&w, data, &o);
		}
	}
	gate_free(w.gate);
	judge_free(w.judge);
	return w.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	PROMISE(run(data, len) == run(data, len));
	return 0;
}
