/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A judge to be asked, an agent that challenges and an ACS that answers. */
#ifndef CLIENT_H
#define CLIENT_H

#include "test.h"

#include "hash.h"
#include "judge.h"

static struct policy		policy;
static struct credentials	credentials;
static struct judge		*judge;
static struct question		question;
static struct answer		answer;
static uint64_t			now_ms;
static struct addr		client;

#define CHALLENGE "realm=\"cpe\", nonce=\"0123456789abcdef\", opaque=\"op\", qop=\"auth\""

static inline struct addr client_ip4(uint8_t last)
{
	return addr_from4((const uint8_t[]){ 192, 0, 2, last });
}

static inline void add_user(const char *user, const char *password)
{
	struct credential *c = &credentials.of[credentials.n++];

	c->user_len = (uint16_t)snprintf(c->user, sizeof(c->user), "%s", user);
	c->password_len = (uint16_t)snprintf(c->password, sizeof(c->password), "%s", password);
}

/* A judge that limits nothing; whatever a test sets in policy counts from then on. */
static inline int start_judge(void **state)
{
	static const struct siphash_key	key = { { 1, 2 } };
	const struct rate		plenty = { 1000000, 1000, 1000000 };

	(void)state;
	memset(&policy, 0, sizeof(policy));
	memset(&credentials, 0, sizeof(credentials));
	policy.nonce_life_ms = NONCE_LIFE_MS;
	policy.attempts = policy.requests = policy.all_requests = plenty;
	policy.paths.n = 1;
	policy.paths.query = true;
	policy.paths.of[0].len = 3;
	memcpy(policy.paths.of[0].text, "/cr", 3);
	add_user("acs", "the secret");
	add_user("q\"user", "q");
	now_ms = 1000000;
	client = client_ip4(10);
	judge = judge_new(&policy, &credentials, &key);
	return judge ? 0 : -1;
}

static inline int stop_judge(void **state)
{
	(void)state;
	judge_free(judge);
	judge = NULL;
	return 0;
}

/* For a test that wants the policy in force from the beginning. */
static inline void restart_judge(void)
{
	static const struct siphash_key key = { { 1, 2 } };

	judge_free(judge);
	judge = judge_new(&policy, &credentials, &key);
	assert_non_null(judge);
}

static inline void put_question(enum ask ask, struct bytes text)
{
	assert_true(text.len <= sizeof(question.bytes));
	question.ask = ask;
	question.now_ms = now_ms;
	question.client = client;
	question.len = (uint16_t)text.len;
	memcpy(question.bytes, text.at, text.len);
	if (ask == TELL_REPLY) {
		judge_tell(judge, &question);
		return;
	}
	memset(&answer, 0xa5, sizeof(answer));
	judge_ask(judge, &question, &answer);
}

static inline void agent_says(const char *text, uint32_t ticket)
{
	question.ticket = ticket;
	put_question(TELL_REPLY, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

/* What to blank of it. */
static inline void agent_shows(const char *text)
{
	put_question(ASK_BLANK, (struct bytes){ (const uint8_t *)text, strlen(text) });
	assert_int_equal(answer.why, WHY_REPLY);
	assert_int_equal(answer.act, ACT_PASS);
	assert_int_equal(answer.ticket, 0);
	assert_false(answer.last);
}

static inline void agent_challenges(const char *challenge)
{
	char text[2 * REPLY_MAX];

	snprintf(text, sizeof(text), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
		 "WWW-Authenticate: %s\r\n\r\n", challenge);
	agent_says(text, 0);
}

static inline bool answer_has(const char *text)
{
	return memmem(answer.bytes, answer.len, text, strlen(text)) != NULL;
}

/* What holds for every answer to a request, whatever it is. */
static inline void check_answer(void)
{
	bool authorized;

	assert_true(answer.why < WHY_COUNT);
	assert_true(answer.act == ACT_DELIVER || answer.act == ACT_REFUSE ||
		    answer.act == ACT_BUSY);
	if (answer.act != ACT_DELIVER) {
		assert_int_equal(answer.ticket, 0);
		return;
	}
	authorized = answer_has("\r\nAuthorization: Digest username=\"");
	assert_int_equal(answer.len, question.len);
	assert_true(memmem(answer.bytes, answer.len, "\r\n\r\n", 4) ==
		    answer.bytes + answer.len - 4);
	assert_int_equal(authorized, answer_has("uthorization"));
	if (answer.why != WHY_UNCHECKED)
		assert_int_equal(authorized, answer.why == WHY_AUTHENTICATED);
	assert_int_equal(answer.ticket != 0, answer.why == WHY_AUTHENTICATED);
}

static inline enum why asks(const char *target, const char *name, struct bytes value,
			    const char *line_end)
{
	static char	head[2 * HEAD_MAX];
	int		n = snprintf(head, sizeof(head),
				     "GET %s HTTP/1.1\r\nHost: cpe:7547\r\n%s%.*s%s\r\n", target,
				     name, (int)value.len, (const char *)value.at, line_end);

	put_question(ASK_REQUEST, (struct bytes){ (const uint8_t *)head, (size_t)n });
	check_answer();
	return answer.why;
}

static inline enum why asks_with(const char *target, struct bytes authorization)
{
	return asks(target, "Authorization: ", authorization, "\r\n");
}

static inline enum why asks_bare(const char *target)
{
	return asks(target, "", BYTES(""), "");
}

/* What an ACS computes; the fields are what a test wants otherwise. */
struct acs {
	const char	*user, *password, *realm, *nonce, *cnonce;
	const char	*algorithm;	/* written if not NULL */
	enum hash	 hash;
	bool		 no_qop;
};

static inline struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline struct acs acs_default(void)
{
	return (struct acs){ .user = "acs", .password = "the secret", .realm = "cpe",
			     .nonce = "0123456789abcdef", .cnonce = "c0ffee" };
}

static inline const char *acs_authorization(const struct acs *a)
{
	static char	text[1024];
	struct bytes	a1[] = { text_of(a->user), text_of(a->realm), text_of(a->password) };
	struct bytes	a2[] = { BYTES("GET"), BYTES("/cr") };
	struct hex	ha1, ha2, response;
	int		n;

	assert_true(hash_joined(a->hash, a1, 3, &ha1) && hash_joined(a->hash, a2, 2, &ha2));
	n = snprintf(text, sizeof(text),
		     "Digest username=\"%s\",realm=\"%s\",nonce=\"%s\",uri=\"/cr\"",
		     a->user, a->realm, a->nonce);
	if (a->algorithm)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ",algorithm=%s", a->algorithm);
	if (a->no_qop) {
		struct bytes part[] = { hex_bytes(&ha1), text_of(a->nonce), hex_bytes(&ha2) };

		assert_true(hash_joined(a->hash, part, 3, &response));
	} else {
		struct bytes part[] = { hex_bytes(&ha1), text_of(a->nonce), BYTES("00000001"),
					text_of(a->cnonce), BYTES("auth"), hex_bytes(&ha2) };

		assert_true(hash_joined(a->hash, part, 6, &response));
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      ",qop=auth,nc=00000001,cnonce=\"%s\"", a->cnonce);
	}
	snprintf(text + n, sizeof(text) - (size_t)n, ",response=\"%.*s\"",
		 (int)response.len, (const char *)response.at);
	return text;
}

static inline enum why acs_asks(const struct acs *a)
{
	return asks_with("/cr", text_of(acs_authorization(a)));
}

#endif /* CLIENT_H */
