// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations through the pure gate: packets and a clock in, outcomes out.
 * The agent's kernel is played by hand, the judge is the real one.
 */

#include "test.h"

#include "gate.h"
#include "judge.h"

#define GET "GET / HTTP/1.1\r\nHost: cpe\r\nAccept: */*\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

enum { GET_LEN = sizeof(GET) - 1, OK_LEN = sizeof(OK) - 1 };

static struct policy		policy;
static struct credentials	credentials;
static struct judge		*judge;
static struct gate		*gate;
static uint64_t			count[WHY_COUNT];
static struct outcome		out;
static uint64_t			now;
static bool			v6, ts;
static uint8_t			client_host;	/* 192.0.2.x */
static uint16_t			client_port;
static uint32_t			client_isn, agent_isn;

/* Numbers are relative to the initial sequence numbers, as tcpdump shows them. */
static struct segment_spec spec(bool from_client, int seq, int ack, uint8_t flags,
				const char *payload, size_t len)
{
	struct addr client = addr_from4((const uint8_t[]){ 192, 0, 2, client_host });
	struct addr agent = addr_from4((const uint8_t[]){ 192, 0, 2, 1 });

	if (v6)
		client.b[0] = agent.b[0] = 0x20;
	return (struct segment_spec){
		.src = from_client ? client : agent, .dst = from_client ? agent : client,
		.v6 = v6, .sport = from_client ? client_port : 7547,
		.dport = from_client ? 7547 : client_port,
		.seq = (from_client ? client_isn : agent_isn) + (uint32_t)seq,
		.ack = (from_client ? agent_isn : client_isn) + (uint32_t)ack,
		.window = 60000, .flags = flags, .has_ts = ts,
		.tsval = from_client ? 1000 : 5000, .tsecr = from_client ? 5000 : 1000,
		.payload = { (const uint8_t *)payload, len },
	};
}

static enum why play(enum from from, const struct segment_spec *sp)
{
	static struct segment s;

	segment_build(&s, sp);
	gate_packet(gate, from, (struct bytes){ at_the_edge(s.at, s.len), s.len }, now, &out);
	return out.why;
}

static enum why client(int seq, int ack, uint8_t flags, const char *payload, size_t len)
{
	struct segment_spec sp = spec(true, seq, ack, flags, payload, len);

	return play(FROM_CLIENT, &sp);
}

static enum why agent(int seq, int ack, uint8_t flags, const char *payload, size_t len)
{
	struct segment_spec sp = spec(false, seq, ack, flags, payload, len);

	return play(FROM_AGENT, &sp);
}

static struct packet decoded(const struct segment *s)
{
	struct packet p;

	assert_int_equal(packet_decode(&p, (struct bytes){ s->at, s->len }), WHY_NEXT);
	assert_true(packet_checksum_ok(&p));
	return p;
}

/* What the agent's kernel gets: nothing, or this. */
static struct packet to_agent(void)
{
	assert_true(out.accept && out.replaced);
	return decoded(&out.packet);
}

static void connect_client(void)
{
	client_isn += 1000;
	agent_isn += 1000;
	assert_int_equal(client(0, 0, TCP_SYN, "", 0), WHY_SYN);
	assert_true(out.accept && !out.replaced);
	assert_int_equal(agent(0, 1, TCP_SYN | TCP_ACK, "", 0), WHY_SYN_ACK);
	assert_int_equal(client(1, 1, TCP_ACK, "", 0), WHY_DEFERRED);
	assert_false(out.accept);
}

static void expect_delivery(enum why why, int seq)
{
	struct packet p;

	assert_int_equal(out.why, why);
	p = to_agent();
	assert_int_equal(p.seq, client_isn + (uint32_t)seq);
	assert_int_equal(p.payload.len, GET_LEN);
	assert_memory_equal(p.payload.at, "GET / HTTP/1.1\r\nHost: ", 20);
	assert_null(memmem(p.payload.at, p.payload.len, "Accept", 6));
}

static void expect_refusal(enum why why, int agent_seq, int client_seq)
{
	struct packet p;

	assert_int_equal(out.why, why);
	p = to_agent();
	assert_int_equal(p.flags & (TCP_RST | TCP_SYN | TCP_FIN), TCP_RST);
	assert_int_equal(p.payload.len, 0);
	assert_int_equal(p.seq, client_isn + (uint32_t)agent_seq);
	assert_true(out.n_send > 0);
	p = decoded(&out.send[out.n_send - 1]);
	assert_int_equal(p.dport, 40000);
	assert_true(p.flags & TCP_RST);
	assert_int_equal(p.seq, agent_isn + (uint32_t)client_seq);
}

static int set_up(void **state)
{
	static const struct siphash_key key = { { 1, 2 } };

	(void)state;
	policy = (struct policy){ .nonce_life_ms = NONCE_LIFE_MS,
		.paths = { .any = true },
		.attempts = { 1000, 1000, 1000 }, .requests = { 1000, 1000, 1000 },
		.all_requests = { 1000, 1000, 1000 } };
	now = 1000000;
	memset(count, 0, sizeof(count));
	v6 = ts = false;
	client_host = 10;
	client_port = 40000;
	client_isn = (uint32_t)-1020;	/* both wrap soon after connect_client() */
	agent_isn = (uint32_t)-1003;
	judge = judge_new(&policy, &credentials, &key);
	gate = gate_new(&policy, judge, &key, count);
	return judge && gate ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	gate_free(gate);
	judge_free(judge);
	return 0;
}

static void whole_exchange(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		v6 = kind & 1;
		ts = kind & 2;
		connect_client();
		client(1, 1, TCP_ACK | TCP_PSH, GET, GET_LEN);
		expect_delivery(WHY_NO_CREDENTIALS, 1);
		assert_int_equal(agent(1, 1 + GET_LEN, TCP_ACK, "", 0), WHY_REPLY);
		assert_int_equal(agent(1, 1 + GET_LEN, TCP_ACK | TCP_PSH | TCP_FIN, OK, OK_LEN),
				 WHY_REPLY);
		assert_int_equal(client(1 + GET_LEN, 2 + OK_LEN, TCP_ACK, "", 0), WHY_ACK);
		assert_int_equal(client(1 + GET_LEN, 2 + OK_LEN, TCP_ACK | TCP_FIN, "", 0), WHY_FIN);
		assert_int_equal(agent(2 + OK_LEN, 2 + GET_LEN, TCP_ACK, "", 0), WHY_REPLY);
		/* Its last acknowledgement was lost: the gate says it; nothing goes on. */
		assert_int_equal(client(1 + GET_LEN, 2 + OK_LEN, TCP_ACK | TCP_FIN, "", 0), WHY_LATE);
		assert_false(out.accept);
		assert_int_equal(out.n_send, 1);
		assert_int_equal(client(2 + GET_LEN, 2 + OK_LEN, TCP_ACK, GET, GET_LEN), WHY_LATE);
		assert_false(out.accept);
	}
}

static void byte_by_byte(void **state)
{
	struct packet p;

	(void)state;
	ts = true;
	connect_client();
	for (int i = 0; i + 1 < GET_LEN; i++) {
		assert_int_equal(client(1 + i, 1, TCP_ACK, &GET[i], 1), WHY_PARTIAL);
		assert_false(out.accept);
		assert_int_equal(out.n_send, 1);
		p = decoded(&out.send[0]);
		assert_int_equal(p.ack, client_isn + 2 + (uint32_t)i);
		assert_int_equal(p.seq, agent_isn + 1);
		assert_true(p.has_ts);
		assert_int_equal(p.tsecr, 1000);
	}
	assert_int_equal(agent(0, 1, TCP_SYN | TCP_ACK, "", 0), WHY_SYN_ACK_REPEAT);
	assert_false(out.accept);
	client(GET_LEN, 1, TCP_ACK, &GET[GET_LEN] - 1, 1);
	expect_delivery(WHY_NO_CREDENTIALS, 1);
	/* Lost on the way into the agent's kernel: sent again, delivered again. */
	client(GET_LEN, 1, TCP_ACK, &GET[GET_LEN] - 1, 1);
	expect_delivery(WHY_REDELIVERED, 1);
	/* A bare ACK would complete the handshake without the request. */
	assert_int_equal(client(1 + GET_LEN, 1, TCP_ACK, "", 0), WHY_TOO_EARLY);
	assert_false(out.accept);
}

static void two_requests(void **state)
{
	(void)state;
	connect_client();
	client(1, 1, TCP_ACK, GET, GET_LEN);
	agent(1, 1 + GET_LEN, TCP_ACK, OK, OK_LEN);
	assert_int_equal(client(1 + GET_LEN, 1, TCP_ACK, GET, 7), WHY_PIPELINED);
	expect_refusal(WHY_PIPELINED, 1 + GET_LEN, 1);
	tear_down(NULL);
	set_up(NULL);

	connect_client();
	for (int i = 0; i < REQUESTS_PER_FLOW; i++) {
		int seq = 1 + i * GET_LEN, ack = 1 + i * OK_LEN;

		client(seq, ack, TCP_ACK, GET, 10);
		assert_int_equal(out.why, WHY_PARTIAL);
		client(seq + 10, ack, TCP_ACK, &GET[10], GET_LEN - 10);
		expect_delivery(WHY_NO_CREDENTIALS, seq);
		assert_int_equal(agent(ack, seq + GET_LEN, TCP_ACK, OK, OK_LEN), WHY_REPLY);
	}
	client(1 + REQUESTS_PER_FLOW * GET_LEN, 1 + REQUESTS_PER_FLOW * OK_LEN, TCP_ACK, GET, 9);
	expect_refusal(WHY_TOO_MANY_REQUESTS, 1 + REQUESTS_PER_FLOW * GET_LEN,
		       1 + REQUESTS_PER_FLOW * OK_LEN);
}

static void refusals(void **state)
{
	(void)state;
	connect_client();
	client(1, 1, TCP_ACK, "POST /UD/act?1 HTTP/1.1\r\n", 25);
	expect_refusal(WHY_NOT_GET, 1, 1);
	/* The RST was lost: said again, at the number the client expects. */
	assert_int_equal(client(1, 1, TCP_ACK, "POST", 4), WHY_LATE);
	assert_int_equal(out.n_send, 1);

	connect_client();
	client(1, 1, TCP_ACK, GET, 20);
	client(11, 1, TCP_ACK, "xxxxxxxxxxxx", 12);
	expect_refusal(WHY_CONFLICT, 1, 1);

	connect_client();
	client(1, 1, TCP_ACK, GET, 20);
	client(21, 1, TCP_ACK | TCP_FIN, "", 0);
	expect_refusal(WHY_CLOSED_EARLY, 1, 1);

	connect_client();
	client(1, 1, TCP_ACK, GET GET, 2 * GET_LEN);
	expect_refusal(WHY_TRAILING, 1, 1);
}

static void packets_that_change_nothing(void **state)
{
	static const struct {
		int seq, ack; uint8_t flags; const char *payload; enum why why;
	} odd[] = {
		{ 21, 2,	TCP_ACK, "x",		WHY_BAD_ACK },
		{ 21, 0,	TCP_ACK, "x",		WHY_BAD_ACK },
		{ 21, 1,	TCP_SYN, "",		WHY_SYN_IN_FLOW },
		{ 20, 1,	TCP_RST, "",		WHY_RST_SEQ },
		{ 22, 1,	TCP_RST, "",		WHY_RST_SEQ },
		{ 70000, 1,	TCP_ACK, "x",		WHY_OUT_OF_WINDOW },
		{ -5, 1,	TCP_ACK, "x",		WHY_OUT_OF_WINDOW },
		{ 0, 1,		TCP_ACK, "xGET",	WHY_OUT_OF_WINDOW },
		{ 30, 1,	TCP_ACK, "x",		WHY_OUT_OF_ORDER },
		{ 22, 1,	TCP_ACK | TCP_FIN, "",	WHY_OUT_OF_ORDER },
		{ 1, 1,		TCP_ACK, "GET ",	WHY_REPEAT },
		{ 21, 1,	TCP_ACK, "",		WHY_DEFERRED },
	};

	(void)state;
	connect_client();
	assert_int_equal(client(1, 1, TCP_ACK, GET, 20), WHY_PARTIAL);
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		assert_int_equal(client(odd[i].seq, odd[i].ack, odd[i].flags, odd[i].payload,
					strlen(odd[i].payload)), odd[i].why);
		assert_false(out.accept);
	}
	client(21, 1, TCP_ACK, &GET[20], GET_LEN - 20);
	expect_delivery(WHY_NO_CREDENTIALS, 1);
}

static void timestamps(void **state)
{
	struct segment_spec sp;

	(void)state;
	ts = true;
	connect_client();
	sp = spec(true, 1, 1, TCP_ACK, GET, GET_LEN);
	sp.has_ts = false;
	assert_int_equal(play(FROM_CLIENT, &sp), WHY_BAD_TIMESTAMP);
	sp.has_ts = true;
	sp.tsval = 998;
	assert_int_equal(play(FROM_CLIENT, &sp), WHY_BAD_TIMESTAMP);
	sp.tsval = 999;			/* the kernel takes one tick back, too */
	assert_int_equal(play(FROM_CLIENT, &sp), WHY_NO_CREDENTIALS);
}

static void resets(void **state)
{
	struct packet p;

	(void)state;
	connect_client();
	client(1, 1, TCP_ACK, GET, 20);
	assert_int_equal(client(21, 1, TCP_RST, "", 0), WHY_RESET);
	p = to_agent();		/* where the agent's kernel stands, not the gate */
	assert_int_equal(p.seq, client_isn + 1);
	assert_true(p.flags & TCP_RST);
	assert_int_equal(client(21, 1, TCP_ACK, &GET[20], 3), WHY_LATE);
	assert_int_equal(out.n_send, 0);
}

static void deadlines(void **state)
{
	struct packet p;

	(void)state;
	connect_client();
	now += FIRST_BYTE_MS - 1;
	assert_false(gate_tick(gate, now, &out));
	now++;
	assert_true(gate_tick(gate, now, &out));
	assert_int_equal(out.why, WHY_FIRST_BYTE_LATE);
	assert_int_equal(out.n_send, 2);
	p = decoded(&out.send[0]);		/* to the agent, in the client's name */
	assert_int_equal(p.dport, 7547);
	assert_int_equal(p.seq, client_isn + 1);
	p = decoded(&out.send[1]);
	assert_int_equal(p.dport, 40000);

	connect_client();
	for (int i = 0; now += 1000, !gate_tick(gate, now, &out); i++)
		assert_int_equal(client(1 + i, 1, TCP_ACK, &GET[i], 1), WHY_PARTIAL);
	assert_int_equal(out.why, WHY_HEAD_LATE);
	now += LINGER_MS;
	assert_true(gate_tick(gate, now, &out));
	assert_int_equal(out.why, WHY_FORGOTTEN);
	assert_int_equal(client(9, 1, TCP_ACK, GET, 5), WHY_NO_FLOW);
	assert_int_equal(out.n_send, 0);
}

/* A digest that is right but over the rate is told 503, and the agent nothing. */
static void no_flow_no_answer(void **state)
{
	(void)state;
	assert_int_equal(client(1, 1, TCP_ACK, GET, GET_LEN), WHY_NO_FLOW);
	assert_false(out.accept);
	assert_int_equal(out.n_send, 0);
	assert_int_equal(agent(1, 1, TCP_ACK, OK, OK_LEN), WHY_REPLY);
	assert_true(out.accept);
}

static void monitor_touches_nothing(void **state)
{
	(void)state;
	policy.observe = true;
	client(0, 0, TCP_SYN, "", 0);
	agent(0, 1, TCP_SYN | TCP_ACK, "", 0);
	client(1, 1, TCP_ACK, "", 0);
	assert_true(out.accept && !out.replaced);
	assert_int_equal(client(1, 1, TCP_ACK, "POST /", 6), WHY_NOT_GET);
	assert_true(out.accept && !out.replaced);
	assert_int_equal(out.n_send, 0);
}

static void a_flood_of_handshakes(void **state)
{
	struct segment_spec	sp;

	(void)state;
	connect_client();
	for (uint16_t port = 1; port < 3000; port++) {
		sp = spec(false, 0, 1, TCP_SYN | TCP_ACK, "", 0);
		sp.dport = port;
		assert_int_equal(play(FROM_AGENT, &sp), WHY_SYN_ACK);
	}
	client(1, 1, TCP_ACK, GET, GET_LEN);
	expect_delivery(WHY_NO_CREDENTIALS, 1);
}

/* In two packets, with the name cut between them; and once more when it is lost. */
static void the_server_field_is_blanked(void **state)
{
	static const char	a[] = "HTTP/1.1 200 OK\r\nServer: Rom";
	static const char	b[] = "Pager/4.07\r\nContent-Length: 0\r\n\r\n";
	enum { A = sizeof(a) - 1, B = sizeof(b) - 1 };
	struct packet		p;

	(void)state;
	policy.hide_server = true;
	connect_client();
	client(1, 1, TCP_ACK, GET, GET_LEN);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(agent(1, 1 + GET_LEN, TCP_ACK, a, A), WHY_REPLY);
		p = to_agent();		/* or rather from it */
		assert_memory_equal(p.payload.at, "HTTP/1.1 200 OK\r\nServer:    ", A);
		assert_int_equal(agent(1 + A, 1 + GET_LEN, TCP_ACK, b, B), WHY_REPLY);
		p = to_agent();
		assert_memory_equal(p.payload.at, "          \r\nContent-Length: 0\r\n\r\n", B);
	}
}

/* Completes a handshake from host @host; the reason of its last packet. */
static enum why join(uint8_t host, uint16_t port)
{
	client_host = host;
	client_port = port;
	agent(0, 1, TCP_SYN | TCP_ACK, "", 0);
	return client(1, 1, TCP_ACK, "", 0);
}

static void one_source_has_its_share(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= FLOWS_PER_SOURCE; port++)
		assert_int_equal(join(10, port), WHY_DEFERRED);
	assert_int_equal(join(10, FLOWS_PER_SOURCE + 1), WHY_SOURCE_FULL);
	assert_int_equal(join(11, 1), WHY_DEFERRED);
	client(1, 1, TCP_ACK, GET, GET_LEN);
	expect_delivery(WHY_NO_CREDENTIALS, 1);
}

static void the_greediest_gives_way(void **state)
{
	struct packet p;

	(void)state;
	for (uint16_t n = 0; n < LIVE_MAX; n++)		/* host 20 holds most */
		assert_int_equal(join(n % 5 ? (uint8_t)(21 + n % 7) : 20, (uint16_t)(n + 1)),
				 WHY_DEFERRED);
	assert_int_equal(join(99, 1), WHY_DEFERRED);
	assert_int_equal(count[WHY_EVICTED], 1);
	assert_int_equal(out.n_send, 2);
	p = decoded(&out.send[0]);
	assert_int_equal(p.dst.b[15], 20);
	p = decoded(&out.send[1]);
	assert_int_equal(p.src.b[15], 20);
	assert_int_equal(p.seq, client_isn + 1);
}

static void heads_are_shared_out(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= HEADS_PER_SOURCE; port++) {
		join(10, port);
		assert_int_equal(client(1, 1, TCP_ACK, GET, 5), WHY_PARTIAL);
	}
	join(10, 1000);
	assert_int_equal(client(1, 1, TCP_ACK, GET, 5), WHY_HEADS_FULL);
	for (uint8_t host = 11; host <= 11 + HEADS_MAX - HEADS_PER_SOURCE; host++) {
		join(host, 1);
		assert_int_equal(client(1, 1, TCP_ACK, GET, 5), WHY_PARTIAL);
	}
	assert_int_equal(count[WHY_EVICTED], 1);
	client_host = 10;
	client_port = 1;
	assert_int_equal(client(6, 1, TCP_ACK, &GET[5], 5), WHY_LATE);
	client_port = 2;
	assert_int_equal(client(6, 1, TCP_ACK, &GET[5], 5), WHY_PARTIAL);
}

/* What the table holds, as it is shown to people; looking changes nothing. */
static void connections_are_listed(void **state)
{
	static struct flow_row	row[FLOWS_MAX];
	struct use		use;

	(void)state;
	assert_int_equal(gate_list(gate, row), 0);
	join(10, 1);
	assert_int_equal(client(1, 1, TCP_ACK, GET, 5), WHY_PARTIAL);
	client_host = 11;
	assert_int_equal(client(0, 0, TCP_SYN, "", 0), WHY_SYN);
	assert_int_equal(agent(0, 1, TCP_SYN | TCP_ACK, "", 0), WHY_SYN_ACK);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(gate_list(gate, row), 2);
		assert_int_equal(row[0].state, FLOW_READING);
		assert_int_equal(row[0].client.b[15], 10);
		assert_int_equal(row[0].cport, 1);
		assert_int_equal(row[0].aport, 7547);
		assert_int_equal(row[0].head_len, 5);
		assert_int_equal(row[0].deadline_ms, now + HEAD_MS);
		assert_int_equal(row[1].state, FLOW_EMBRYO);
		assert_int_equal(row[1].client.b[15], 11);
		use = gate_use(gate);
		assert_int_equal(use.live, 1);
		assert_int_equal(use.embryos, 1);
		assert_int_equal(use.heads, 1);
		assert_int_equal(use.over, 0);
	}
	client_host = 10;
	assert_int_equal(client(6, 1, TCP_ACK, "\001", 1), WHY_BAD_BYTE);
	assert_int_equal(gate_list(gate, row), 2);
	assert_int_equal(row[1].state, FLOW_REFUSED);
	use = gate_use(gate);
	assert_int_equal(use.live + use.heads, 0);
	assert_int_equal(use.over, 1);
}

static void a_full_table_is_listed(void **state)
{
	static struct flow_row	row[FLOWS_MAX];
	struct use		use;

	(void)state;
	for (unsigned n = 0; n < 2 * FLOWS_MAX; n++)
		join((uint8_t)(10 + n % 100), (uint16_t)(n + 1));
	use = gate_use(gate);
	assert_int_equal(gate_list(gate, row), use.live + use.embryos + use.over);
	assert_int_equal(use.live, LIVE_MAX);
}

int main(void)
{
#define GATE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		GATE_TEST(whole_exchange),
		GATE_TEST(byte_by_byte),
		GATE_TEST(two_requests),
		GATE_TEST(refusals),
		GATE_TEST(packets_that_change_nothing),
		GATE_TEST(timestamps),
		GATE_TEST(resets),
		GATE_TEST(deadlines),
		GATE_TEST(no_flow_no_answer),
		GATE_TEST(monitor_touches_nothing),
		GATE_TEST(a_flood_of_handshakes),
		GATE_TEST(the_server_field_is_blanked),
		GATE_TEST(one_source_has_its_share),
		GATE_TEST(the_greediest_gives_way),
		GATE_TEST(heads_are_shared_out),
		GATE_TEST(connections_are_listed),
		GATE_TEST(a_full_table_is_listed),
	};
#undef GATE_TEST

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
