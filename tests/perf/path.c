// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One kind of packet through the pure gate, over and over, for callgrind; see
 * check.py beside this.
 *
 *	path KIND TIMES [full]
 *
 * Each time is a connection of its own, from SYN to the last acknowledgement,
 * and instructions are counted in one call of gate_packet() of it: the one that
 * KIND names.  The judge is asked in the same process, so its work is in it.
 * With "full" the tables are filled before.
 *
 *	ack	an acknowledgement on a checked connection
 *	bare	a request without credentials, delivered to be challenged
 *	digest	a request with a digest that is right
 *	refused	a POST
 *	syn	a SYN
 *	all	every packet of the two connections of one request
 */

#include <openssl/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "gate.h"
#include "hash.h"
#include "judge.h"

enum kind { ACK, BARE, DIGEST, REFUSED, SYN, ALL, KINDS, NOTHING };

static const char *const kind_name[KINDS] = {
	[ACK] = "ack", [BARE] = "bare", [DIGEST] = "digest", [REFUSED] = "refused",
	[SYN] = "syn", [ALL] = "all",
};

static const char bare[] = "GET /cr HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n"
			   "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
static const char post[] = "POST /UD/act?1 HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n\r\n";
static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

static const struct rate	plenty = { 1000000, 1000, 1000000 };
static struct policy		policy = { .nonce_life_ms = NONCE_LIFE_MS };
static struct credentials	credentials;
static struct gate		*gate;
static uint64_t			count[WHY_COUNT];
static struct outcome		out;
static uint64_t			now = 1000000;
static enum kind		wanted;

/* One connection, seen from outside. */
static uint16_t			port = 1024;
static uint32_t			client_next, agent_next;
static uint8_t			host = 10, third = 2;

static void die(const char *what)
{
	fprintf(stderr, "path: %s\n", what);
	exit(1);
}

static void play(enum kind kind, enum from from, uint8_t flags, const char *text, enum why why)
{
	static struct segment	s;
	struct addr		client = addr_from4((const uint8_t[]){ 192, 0, third, host });
	struct addr		agent = addr_from4((const uint8_t[]){ 192, 0, 2, 1 });
	bool			in = from == FROM_CLIENT;
	struct segment_spec	spec = {
		.src = in ? client : agent, .dst = in ? agent : client,
		.sport = in ? port : 7547, .dport = in ? 7547 : port,
		.seq = in ? client_next : agent_next, .ack = in ? agent_next : client_next,
		.window = 60000, .flags = flags, .payload = { (const uint8_t *)text, strlen(text) },
	};
	bool	counted = kind == wanted || wanted == ALL;

	segment_build(&s, &spec);
	if (counted)
		CALLGRIND_TOGGLE_COLLECT;
	gate_packet(gate, from, (struct bytes){ s.at, s.len }, now, &out);
	if (counted)
		CALLGRIND_TOGGLE_COLLECT;
	if (out.why != why) {
		fprintf(stderr, "path: %s, not %s\n", why_info[out.why].name, why_info[why].name);
		exit(1);
	}
	*(in ? &client_next : &agent_next) += (uint32_t)strlen(text) +
					      !!(flags & (TCP_SYN | TCP_FIN));
}

static void open_connection(void)
{
	if (++port < 1024)
		port = 1024;
	now += 7000;		/* what was before is forgotten */
	while (gate_tick(gate, now, &out))
		;
	client_next = port * 1000u;
	agent_next = port * 2000u;
	play(SYN, FROM_CLIENT, TCP_SYN, "", WHY_SYN);
	play(KINDS, FROM_AGENT, TCP_SYN | TCP_ACK, "", WHY_SYN_ACK);
	play(KINDS, FROM_CLIENT, TCP_ACK, "", WHY_DEFERRED);
}

/* A request, its answer, and both sides close. */
static void exchange(enum kind kind, const char *request, const char *answer, enum why why)
{
	open_connection();
	play(kind, FROM_CLIENT, TCP_PSH | TCP_ACK, request, why);
	play(KINDS, FROM_AGENT, TCP_ACK, "", WHY_REPLY);
	play(KINDS, FROM_AGENT, TCP_PSH | TCP_ACK, answer, WHY_REPLY);
	play(ACK, FROM_CLIENT, TCP_ACK, "", WHY_ACK);
	play(KINDS, FROM_AGENT, TCP_FIN | TCP_ACK, "", WHY_REPLY);
	play(KINDS, FROM_CLIENT, TCP_FIN | TCP_ACK, "", WHY_FIN);
	play(KINDS, FROM_AGENT, TCP_ACK, "", WHY_REPLY);
}

static void hash_text(struct hex *out_hex, const char *text)
{
	struct bytes part = { (const uint8_t *)text, strlen(text) };

	if (!hash_joined(HASH_MD5, &part, 1, out_hex))
		die("no MD5");
}

static void challenge(unsigned number, char *text, size_t room)
{
	snprintf(text, room, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
		 "WWW-Authenticate: Digest realm=\"cpe\",qop=\"auth\",nonce=\"%032x\"\r\n"
		 "Connection: close\r\n\r\n", number);
}

static void authorized(unsigned number, char *text, size_t room)
{
	struct hex	a1, a2, proof;
	char		joined[256];

	hash_text(&a1, "acs:cpe:the secret of this device");
	hash_text(&a2, "GET:/cr");
	snprintf(joined, sizeof(joined), "%.32s:%032x:00000001:%016x:auth:%.32s",
		 (const char *)a1.at, number, number, (const char *)a2.at);
	hash_text(&proof, joined);
	snprintf(text, room, "GET /cr HTTP/1.1\r\nHost: 192.0.2.1:7547\r\n"
		 "Authorization: Digest username=\"acs\",realm=\"cpe\",nonce=\"%032x\",uri=\"/cr\","
		 "cnonce=\"%016x\",nc=00000001,qop=auth,response=\"%.32s\"\r\n"
		 "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n", number, number,
		 (const char *)proof.at);
}

static void once(unsigned number)
{
	char answer[512], request[1024];

	if (wanted == REFUSED) {
		open_connection();
		play(REFUSED, FROM_CLIENT, TCP_PSH | TCP_ACK, post, WHY_NOT_GET);
		return;
	}
	challenge(number, answer, sizeof(answer));
	authorized(number, request, sizeof(request));
	exchange(BARE, bare, answer, WHY_NO_CREDENTIALS);
	exchange(DIGEST, request, ok, WHY_AUTHENTICATED);
}

/* Other sources, each with nonces, a budget and deliveries of its own. */
static void fill(void)
{
	enum kind	was = wanted;
	unsigned	number = 1000000;

	wanted = NOTHING;
	for (third = 3; third < 6; third++)
		for (host = 1; host < 255; host++)
			once(number++);
	third = 2;
	host = 10;
	wanted = was;
}

int main(int argc, char **argv)
{
	static const struct siphash_key	key = { { 1, 2 } };
	struct credential		*c = &credentials.of[credentials.n++];
	int				 times;

	for (wanted = 0; wanted < KINDS; wanted++)
		if (argc >= 3 && strcmp(argv[1], kind_name[wanted]) == 0)
			break;
	if (wanted == KINDS)
		die("usage: path KIND TIMES [full]");
	times = atoi(argv[2]);
	c->user_len = (uint16_t)snprintf(c->user, sizeof(c->user), "acs");
	c->password_len = (uint16_t)snprintf(c->password, sizeof(c->password),
					     "the secret of this device");
	policy.paths.any = true;
	policy.attempts = policy.requests = policy.all_requests = policy.malformed = plenty;
	gate = gate_new(&policy, judge_new(&policy, &credentials, &key), &key, count);
	if (!gate)
		die("no memory");
	if (argc > 3)
		fill();
	for (int i = 1; i <= times; i++)
		once((unsigned)i);
	return 0;
}
