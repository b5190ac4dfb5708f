// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole exchanges: the agent challenges, the ACS answers, others try.  What a
 * single field of credentials is worth is in tests/cases/digest.md.
 */

#include "client.h"

/* From sanitizer/allocator_interface.h, which gcc does not install. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

static const char plain[] = "Digest " CHALLENGE;
static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* A new cnonce, as for a new request. */
static enum why acs_asks_anew(struct acs *a)
{
	static char	cnonce[32];
	static unsigned	n;

	snprintf(cnonce, sizeof(cnonce), "%08x", ++n);
	a->cnonce = cnonce;
	return acs_asks(a);
}

static void exchange(void **state)
{
	struct acs a = acs_default();

	(void)state;
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	assert_int_equal(answer.act, ACT_DELIVER);
	agent_says(ok, answer.ticket);
}

/* The nonce is good for several requests (CCSP, easycwmp), but not for many. */
static void several_requests_under_one_nonce(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	for (int i = 0; i < NONCE_USES_MAX; i++)
		assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks_anew(&a), WHY_NONCE_EXPIRED);
	now_ms++;
	agent_challenges(plain);		/* the same nonce, issued again */
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
}

static void replay(void **state)
{
	struct acs	a = acs_default();
	uint32_t	ticket;

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	ticket = answer.ticket;
	agent_says(ok, ticket);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
	assert_int_equal(answer.act, ACT_DELIVER);
	now_ms += 1;
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
	agent_challenges(plain);		/* no reason to forget it */
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

/* After a socket error GenieACS sends the same bytes again, once. */
static void identical_repeat(void **state)
{
	struct acs	a = acs_default();
	uint32_t	ticket;

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	ticket = answer.ticket;
	now_ms += REPEAT_MS;
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	assert_int_equal(answer.ticket, ticket);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

static void identical_repeat_too_late(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	now_ms += REPEAT_MS + 1;
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

/* Only 2xx says that the agent took it. */
static void identical_repeat_after_busy(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	agent_says("HTTP/1.1 503 Busy\r\n\r\n", answer.ticket);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	agent_says("HTTP/1.1 204 No Content\r\n\r\n", answer.ticket);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

/* Without qop, cnonce is not proven: another one makes no new request. */
static void replay_with_another_cnonce(void **state)
{
	struct acs	a = acs_default();
	char		text[1024];

	(void)state;
	a.no_qop = true;
	agent_challenges("Digest realm=\"cpe\", nonce=\"0123456789abcdef\"");
	snprintf(text, sizeof(text), "%s,cnonce=\"a\"", acs_authorization(&a));
	assert_int_equal(asks_with("/cr", text_of(text)), WHY_AUTHENTICATED);
	agent_says(ok, answer.ticket);
	text[strlen(text) - 2] = 'b';
	assert_int_equal(asks_with("/cr", text_of(text)), WHY_REPLAYED);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

/* From another source, and after the nonce has been pushed out and come back. */
static void replay_of_a_forgotten_nonce(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	agent_says(ok, answer.ticket);

	client = client_ip4(11);
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);

	client = client_ip4(10);
	for (unsigned i = 0; i < NONCES_MAX; i++) {
		char text[128];

		now_ms++;
		snprintf(text, sizeof(text), "Digest realm=\"cpe\", nonce=\"other-%08u\"", i);
		agent_challenges(text);
	}
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_REPLAYED);
}

static void nonce_lifetime(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	now_ms += NONCE_LIFE_MS - 1;
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	now_ms += 1;
	assert_int_equal(acs_asks_anew(&a), WHY_NONCE_EXPIRED);
	assert_int_equal(answer.act, ACT_DELIVER);	/* bare: it heals itself */
	agent_challenges(plain);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
}

static void other_source(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	client = client_ip4(11);
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	policy.nonce_bind = NONCE_BIND_ANY;
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
}

/* One host owns the lower half of an IPv6 address. */
static void other_address_of_one_source(void **state)
{
	struct acs a = acs_default();

	(void)state;
	memset(&client, 0x20, sizeof(client));
	agent_challenges(plain);
	client.b[15] = 1;
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	client.b[7] = 1;
	assert_int_equal(acs_asks_anew(&a), WHY_NONCE_UNKNOWN);
}

/* What is not a challenge teaches nothing. */
static void only_401_teaches(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_says("HTTP/1.1 200 OK\r\nWWW-Authenticate: Digest " CHALLENGE "\r\n\r\n", 0);
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	agent_says("WWW-Authenticate: Digest " CHALLENGE "\r\n\r\n", 0);
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
}

/* What the agent offered last is what counts. */
static void offers_are_replaced(void **state)
{
	struct acs a = acs_default();

	(void)state;
	a.no_qop = true;
	agent_challenges("Digest realm=\"cpe\", nonce=\"0123456789abcdef\"");
	now_ms++;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_DIGEST_DOWNGRADE);
	now_ms++;
	agent_challenges("Digest realm=\"cpe\", nonce=\"0123456789abcdef\"");
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
}

/* A source that has the agent issue nonces by the hundred loses its own. */
static void nonces_of_others_stay(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	client = client_ip4(66);
	for (unsigned i = 0; i < 4 * NONCES_MAX; i++) {
		char text[128];

		now_ms++;
		snprintf(text, sizeof(text), "Digest realm=\"cpe\", nonce=\"flood-%08u\", qop=auth", i);
		agent_challenges(text);
	}
	a.nonce = "flood-00001023";
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	a.nonce = "flood-00000700";
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	client = client_ip4(10);
	a = acs_default();
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
}

static void several_pairs(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_challenges(plain);
	a.password = "another";
	assert_int_equal(acs_asks(&a), WHY_DIGEST_WRONG);
	assert_int_equal(answer.act, ACT_DELIVER);
	a.password = "the secret";
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	credentials.n = 0;			/* the judge has its own */
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
}

static void no_credentials_known(void **state)
{
	struct acs a = acs_default();

	(void)state;
	credentials.n = 0;
	restart_judge();
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_DIGEST_WRONG);
}

static void htdigest(void **state)
{
	struct acs		 a = acs_default();
	struct credential	*c = &credentials.of[0];
	struct bytes		 part[] = { BYTES("acs"), BYTES("cpe"), BYTES("the secret") };
	struct hex		 ha1;

	(void)state;
	assert_true(hash_joined(HASH_MD5, part, 3, &ha1));
	c->hashed = true;
	c->password_len = 0;
	memset(c->password, 0, sizeof(c->password));
	c->realm_len = 3;
	memcpy(c->realm, "cpe", 3);
	c->ha1_len = (uint16_t)ha1.len;
	memcpy(c->ha1, ha1.at, ha1.len);
	restart_judge();
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	now_ms++;
	agent_challenges("Digest realm=\"other\", nonce=\"0123456789abcdef\", qop=auth");
	a.realm = "other";
	assert_int_equal(acs_asks(&a), WHY_DIGEST_WRONG);
}

/* The agent takes over a new password later than the gate does. */
static void credentials_replaced(void **state)
{
	struct acs old = acs_default(), new = acs_default();

	(void)state;
	policy.credentials_grace_ms = 1000;
	new.password = "new";
	credentials.n = 0;
	add_user("acs", "new");
	agent_challenges(plain);
	assert_int_equal(acs_asks_anew(&new), WHY_DIGEST_WRONG);
	judge_replace_credentials(judge, &credentials, now_ms);
	assert_int_equal(acs_asks_anew(&new), WHY_AUTHENTICATED);
	now_ms += 999;
	assert_int_equal(acs_asks_anew(&old), WHY_AUTHENTICATED);
	now_ms += 1;
	assert_int_equal(acs_asks_anew(&old), WHY_DIGEST_WRONG);
	assert_int_equal(acs_asks_anew(&new), WHY_AUTHENTICATED);
}

static void reset_on_bad_digest(void **state)
{
	struct acs a = acs_default();

	(void)state;
	policy.on_bad_digest = BAD_DIGEST_RESET;
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
	assert_int_equal(answer.act, ACT_DELIVER);
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	assert_int_equal(answer.act, ACT_REFUSE);
	agent_challenges(plain);
	a.password = "wrong";
	assert_int_equal(acs_asks(&a), WHY_DIGEST_WRONG);
	assert_int_equal(answer.act, ACT_REFUSE);
	assert_int_equal(asks_with("/cr", BYTES("Digest x")), WHY_DIGEST_MALFORMED);
	assert_int_equal(answer.act, ACT_REFUSE);
	a = acs_default();
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
}

/* digest = "off": the form is still looked at. */
static void digest_off(void **state)
{
	struct acs a = acs_default();

	(void)state;
	policy.digest = DIGEST_OFF;
	policy.attempts = (struct rate){ 1, 60000, 5 };
	restart_judge();
	a.password = "unknown to the gate";
	assert_int_equal(asks_bare("/cr"), WHY_UNCHECKED);
	assert_false(answer_has("Authorization"));
	assert_int_equal(acs_asks(&a), WHY_UNCHECKED);
	assert_true(answer_has("\r\nAuthorization: Digest username=\"acs\","));
	assert_int_equal(asks_with("/cr", BYTES("Basic YTpi")), WHY_UNCHECKED);
	assert_false(answer_has("Authorization"));
	a.realm = "a, uri=/q";
	assert_int_equal(acs_asks(&a), WHY_UNCHECKED);
	assert_false(answer_has("Authorization"));
	assert_int_equal(asks_bare("/other"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/cr"), WHY_UNCHECKED);
	assert_int_equal(asks_bare("/cr"), WHY_OVER_ATTEMPTS);
}

static void attempts(void **state)
{
	struct acs a = acs_default();

	(void)state;
	policy.attempts = (struct rate){ 1, 1000, 3 };
	restart_judge();
	agent_challenges(plain);
	for (int i = 0; i < NONCE_USES_MAX; i++)	/* a good one is not an attempt */
		assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	restart_judge();
	agent_challenges(plain);
	a.password = "guess";
	for (int i = 0; i < 3; i++)
		assert_int_equal(acs_asks_anew(&a), WHY_DIGEST_WRONG);
	assert_int_equal(acs_asks_anew(&a), WHY_OVER_ATTEMPTS);
	assert_int_equal(answer.act, ACT_REFUSE);
	/* The token comes before the hash: not even a right one is looked at. */
	a.password = "the secret";
	assert_int_equal(acs_asks_anew(&a), WHY_OVER_ATTEMPTS);
	client = client_ip4(11);
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);	/* nobody else's business */
	client = client_ip4(10);
	now_ms += 1000;
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
}

static void requests(void **state)
{
	struct acs a = acs_default();

	(void)state;
	policy.requests = (struct rate){ 1, 1000, 2 };
	restart_judge();
	agent_challenges(plain);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks_anew(&a), WHY_OVER_REQUESTS);
	assert_int_equal(answer.act, ACT_BUSY);
	now_ms += 1000;
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);	/* it was not delivered before */
}

/* Who has not proven himself cannot use up the half that is kept for who has. */
static void requests_of_all_sources(void **state)
{
	struct acs a = acs_default();

	(void)state;
	policy.all_requests = (struct rate){ 1, 1000, 4 };
	policy.requests = (struct rate){ 1, 3600000, 4 };
	restart_judge();
	agent_challenges(plain);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	client = client_ip4(11);
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
	for (int i = 0; i < 5; i++)
		assert_int_equal(asks_bare("/cr"), WHY_OVER_ATTEMPTS);
	client = client_ip4(10);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	for (int i = 0; i < 5; i++)		/* which costs its own budget nothing */
		assert_int_equal(acs_asks_anew(&a), WHY_OVER_REQUESTS);
	now_ms += 1000;
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
}

static void paths(void **state)
{
	(void)state;
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
	assert_int_equal(asks_bare("/cr?x=1"), WHY_NO_CREDENTIALS);
	assert_int_equal(asks_bare("/"), WHY_WRONG_PATH);
	assert_int_equal(answer.offset, 4);
	assert_int_equal(asks_bare("/cr/"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/crx"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/c"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/CR"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/cr;x"), WHY_WRONG_PATH);
	policy.paths.query = false;
	assert_int_equal(asks_bare("/cr?x=1"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/cr?"), WHY_WRONG_PATH);
	policy.paths.any = true;
	assert_int_equal(asks_bare("/whatever"), WHY_NO_CREDENTIALS);
	assert_int_equal(asks_bare("/whatever?x"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/a/../b"), WHY_BAD_TARGET);
	policy.paths.query = true;
	assert_int_equal(asks_bare("/whatever?x"), WHY_NO_CREDENTIALS);
	policy.paths.any = false;
	policy.paths.n = 2;
	policy.paths.of[1].len = 1;
	policy.paths.of[1].text[0] = '/';
	assert_int_equal(asks_bare("/"), WHY_NO_CREDENTIALS);
}

static void refused_heads(void **state)
{
	(void)state;
	put_question(ASK_REQUEST, BYTES("POST /cr HTTP/1.1\r\nHost: a\r\n\r\n"));
	check_answer();
	assert_int_equal(answer.why, WHY_NOT_GET);
	assert_int_equal(answer.act, ACT_REFUSE);
	put_question(ASK_REQUEST, BYTES("GET /cr HTTP/1.1\r\nHost:cpe\r\nConnection:close\r\n\r\n"));
	assert_int_equal(answer.why, WHY_NO_ROOM);
	assert_int_equal(answer.act, ACT_REFUSE);
	put_question(ASK_REQUEST, BYTES("GET /cr HTTP/1.1\r\nHost: cpe\r\nX-A: b\r\n\r\n"));
	assert_int_equal(answer.why, WHY_FIELD_REFUSED);
	assert_int_equal(answer.offset, 29);
	policy.strip_unknown_fields = true;
	put_question(ASK_REQUEST, BYTES("GET /cr HTTP/1.1\r\nHost: cpe\r\nX-A: b\r\n\r\n"));
	assert_int_equal(answer.why, WHY_NO_CREDENTIALS);
	assert_false(answer_has("X-A"));
}

/* A refused head costs no attempt; that is the guard's to count. */
static void refusals_cost_no_attempt(void **state)
{
	(void)state;
	policy.attempts = (struct rate){ 1, 60000, 1 };
	restart_judge();
	for (int i = 0; i < 5; i++)
		assert_int_equal(asks_bare("/wrong"), WHY_WRONG_PATH);
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
}

static void last_request(void **state)
{
	(void)state;
	put_question(ASK_REQUEST, BYTES("GET /cr HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	assert_true(answer.last);
	put_question(ASK_REQUEST, BYTES("GET /cr HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
	assert_false(answer.last);
}

static void server_field(void **state)
{
	const char *text = "HTTP/1.1 200 OK\r\nServer: x/1\r\n\r\n";

	(void)state;
	agent_shows(ok);
	assert_int_equal(answer.hide_len, 0);
	agent_shows(text);
	assert_int_equal(answer.hide_len, 3);
	assert_memory_equal(text + answer.hide_at, "x/1", 3);
}

/* To be asked what to blank is not to be told. */
static void pieces_of_a_reply(void **state)
{
	struct acs a = acs_default();

	(void)state;
	agent_shows("HTTP/1.1 401 U\r\nServer: x/1\r\nWWW-Authenticate: Digest " CHALLENGE);
	assert_int_equal(answer.hide_len, 3);
	assert_int_equal(acs_asks(&a), WHY_NONCE_UNKNOWN);
	agent_challenges(plain);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	question.ticket = answer.ticket;
	agent_shows("HTTP/1.1 200 OK\r\n");
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);	/* the one repeat */
}

/* An agent that says nothing understandable is not an error. */
static void odd_replies(void **state)
{
	(void)state;
	agent_says("", 0);
	agent_says("\n\n\n", 7);
	agent_says("HTTP/1.1 401", UINT32_MAX);
	agent_says(ok, 12345);			/* a ticket of nothing */
}

/* A nonce whose uses are no longer remembered may not be used again. */
static void deliveries_forgotten(void **state)
{
	struct acs	first = acs_default(), a = acs_default();
	char		nonce[32], text[128];

	(void)state;
	agent_challenges(plain);
	assert_int_equal(acs_asks(&first), WHY_AUTHENTICATED);
	agent_says(ok, answer.ticket);
	for (unsigned i = 0; i < 1200; i++) {
		snprintf(nonce, sizeof(nonce), "other-%08u", i % 200);
		snprintf(text, sizeof(text), "Digest realm=\"cpe\", nonce=\"%s\", qop=auth", nonce);
		now_ms++;
		agent_challenges(text);
		a.nonce = nonce;
		assert_int_equal(acs_asks_anew(&a), WHY_AUTHENTICATED);
	}
	/* Its delivery is overwritten, and so the nonce is as good as spent. */
	assert_int_equal(acs_asks(&first), WHY_NONCE_EXPIRED);
}

static size_t allocations;

static void count_allocation(const volatile void *at, size_t n)
{
	(void)at;
	(void)n;
	allocations++;
}

static void count_free(const volatile void *at)
{
	(void)at;
}

/* Good, wrong, malformed, over budget: memory was taken before. */
static void nothing_is_allocated(void **state)
{
	struct acs	 a = acs_default(), sha = acs_default(), wrong = acs_default();
	void *volatile	 probe;

	(void)state;
	sha.algorithm = "SHA-256";
	sha.hash = HASH_SHA256;
	wrong.password = "x";
	assert_true(__sanitizer_install_malloc_and_free_hooks(count_allocation, count_free));
	probe = malloc(1);			/* the hook works */
	free(probe);
	assert_int_equal(allocations, 1);
	agent_challenges("Digest algorithm=SHA-256, " CHALLENGE ", Digest " CHALLENGE);
	assert_int_equal(asks_bare("/cr"), WHY_NO_CREDENTIALS);
	assert_int_equal(acs_asks(&a), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks(&sha), WHY_AUTHENTICATED);
	assert_int_equal(acs_asks(&wrong), WHY_DIGEST_WRONG);
	assert_int_equal(asks_with("/cr", BYTES("Digest x")), WHY_DIGEST_MALFORMED);
	agent_says(ok, answer.ticket);
	judge_replace_credentials(judge, &credentials, now_ms);
	assert_int_equal(allocations, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start_judge, stop_judge)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exchange),
		TEST(several_requests_under_one_nonce),
		TEST(replay),
		TEST(identical_repeat),
		TEST(identical_repeat_too_late),
		TEST(identical_repeat_after_busy),
		TEST(replay_with_another_cnonce),
		TEST(replay_of_a_forgotten_nonce),
		TEST(nonce_lifetime),
		TEST(other_source),
		TEST(other_address_of_one_source),
		TEST(only_401_teaches),
		TEST(offers_are_replaced),
		TEST(nonces_of_others_stay),
		TEST(several_pairs),
		TEST(no_credentials_known),
		TEST(htdigest),
		TEST(credentials_replaced),
		TEST(reset_on_bad_digest),
		TEST(digest_off),
		TEST(attempts),
		TEST(requests),
		TEST(requests_of_all_sources),
		TEST(paths),
		TEST(refused_heads),
		TEST(refusals_cost_no_attempt),
		TEST(last_request),
		TEST(server_field),
		TEST(pieces_of_a_reply),
		TEST(odd_replies),
		TEST(deliveries_forgotten),
		TEST(nothing_is_allocated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
