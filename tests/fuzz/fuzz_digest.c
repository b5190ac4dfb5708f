// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The value of an Authorization field, and what it is worth.  The first byte
 * of the input says whether its response is put right.
 *
 *	What parses keeps every limit, and names no parameter twice.
 *	A right response is proven, by password and by hash; one digit off, for
 *	another password or another user it is not.
 *	The judge knows no nonce before the agent issued it; then it delivers the
 *	right one as it was read, once and once more, and never again.
 *	Whatever is not right is delivered without credentials.
 */

#include "canon.h"
#include "fuzz.h"
#include "judge.h"
#include "oracle.h"

enum { HEAD_LEN = 2500, NOW_MS = 1000000 };

#define PASSWORD "the secret"

static const struct policy policy = {
	.nonce_life_ms = NONCE_LIFE_MS, .paths = { .any = true, .query = true },
	.attempts = { 100, 1, 100 }, .requests = { 100, 1, 100 }, .all_requests = { 100, 1, 100 },
};

static struct question	question;
static struct answer	answer;

static void check_limits(const struct digest *d)
{
	PROMISE(d->username.len >= 1 && d->username.len <= DIGEST_NAME_MAX);
	PROMISE(d->realm.len <= DIGEST_NAME_MAX);
	PROMISE(d->uri.len >= 1 && d->uri.len <= DIGEST_NAME_MAX);
	PROMISE(d->nonce.len >= DIGEST_NONCE_MIN && d->nonce.len <= DIGEST_NONCE_MAX);
	PROMISE(d->cnonce.len <= DIGEST_NONCE_MAX && (d->cnonce.len > 0) == d->has_cnonce);
	PROMISE(d->opaque.len <= DIGEST_NONCE_MAX && (d->has_opaque || !d->opaque.len));
	PROMISE(d->algorithm < ALGORITHM_COUNT && (d->has_algorithm || !d->algorithm));
	PROMISE(d->response.len == hash_hex_len(d->algorithm < ALGORITHM_SHA256 ?
						HASH_MD5 : HASH_SHA256));
	PROMISE(d->has_cnonce || !d->has_qop);
	for (size_t i = 0; i < d->response.len; i++)
		PROMISE(strchr("0123456789abcdef", d->response.at[i]) && d->response.at[i]);
	for (size_t i = 0; i < NC_LEN && d->has_qop; i++)
		PROMISE(strchr("0123456789abcdef", d->nc[i]) && d->nc[i]);
}

/* Counts by another road: names are what stands before a '=' outside of quotes. */
static void check_names(const struct digest *d, struct bytes value)
{
	struct bytes	name[16] = { { 0 } };
	size_t		n = 0, from = 7, expected = 5;
	bool		quoted = false;

	for (size_t i = 7; i < value.len; i++) {
		uint8_t c = value.at[i];

		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == ',' || c == ' ' || c == '\t') {
			from = i + 1;
		} else if (c == '=' && from < i) {
			PROMISE(n < 16);
			name[n++] = (struct bytes){ value.at + from, i - from };
			from = value.len;
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			PROMISE(!bytes_equal_nocase(name[i], name[k]));
	expected += d->has_algorithm + 2u * d->has_qop + d->has_cnonce + d->has_opaque;
	PROMISE(n == expected);
}

static void check_verify(const struct digest *d, const struct credential *c, uint8_t where)
{
	struct digest		right = *d, wrong;
	struct credential	other = *c, hash = *c;
	struct hex		a1 = oracle_a1(d, PASSWORD);

	right.response = oracle_response(d, PASSWORD);
	PROMISE(right.response.len == d->response.len);
	PROMISE(digest_verify(&right, c));
	wrong = right;
	wrong.response.at[where % wrong.response.len] ^= 1;
	PROMISE(!digest_verify(&wrong, c));
	other.password[0] ^= 1;
	PROMISE(!digest_verify(&right, &other));
	other = *c;
	other.user_len--;
	PROMISE(!digest_verify(&right, &other));

	hash.hashed = true;
	hash.password_len = 0;
	hash.realm_len = d->realm.len;
	memcpy(hash.realm, d->realm.at, d->realm.len);
	hash.ha1_len = (uint16_t)a1.len;
	memcpy(hash.ha1, a1.at, a1.len);
	PROMISE(digest_verify(&right, &hash) && !digest_verify(&wrong, &hash));
	hash.ha1[where % a1.len] ^= 1;
	PROMISE(!digest_verify(&right, &hash));
}

static void put(const char *text, const struct text *value)
{
	uint8_t *at = question.bytes;

	memcpy(at + question.len, text, strlen(text));
	question.len = (uint16_t)(question.len + strlen(text));
	for (size_t i = 0; value && i < value->len; i++) {
		if (value->at[i] == '"' || value->at[i] == '\\')
			at[question.len++] = '\\';
		at[question.len++] = value->at[i];
	}
}

/* The agent's 401 that @d is an answer to. */
static void teach(struct judge *judge, const struct digest *d)
{
	question.ask = TELL_REPLY;
	question.len = 0;
	put("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"", &d->realm);
	put("\", nonce=\"", &d->nonce);
	put("\", opaque=\"", &d->opaque);
	put("\", algorithm=", NULL);
	put(algorithm_name[d->algorithm], NULL);
	put(d->has_qop ? ", qop=\"auth\"\r\n\r\n" : "\r\n\r\n", NULL);
	judge_tell(judge, &question);
}

static enum why ask(struct judge *judge, const struct digest *d, struct bytes head)
{
	struct request	q;
	struct digest	e;
	size_t		offset;
	unsigned long	mallocs;

	question.ask = ASK_REQUEST;
	question.len = (uint16_t)head.len;
	memcpy(question.bytes, head.at, head.len);
	mallocs = oracle_mallocs();
	judge_ask(judge, &question, &answer);
	PROMISE(oracle_mallocs() == mallocs);
	PROMISE(answer.act == ACT_DELIVER && answer.len == head.len);
	oracle_canonical((struct bytes){ answer.bytes, answer.len });
	PROMISE(http_parse(&q, (struct bytes){ answer.bytes, answer.len }, false, &offset) ==
		WHY_NEXT);
	PROMISE(q.has_authorization == (answer.why == WHY_AUTHENTICATED));
	PROMISE(!q.has_authorization || (digest_parse(&e, q.authorization) &&
					 oracle_same_digest(d, &e)));
	return answer.why;
}

static void check_judge(const struct digest *d, const struct credentials *all, bool right)
{
	static const struct siphash_key	key = { { 5, 6 } };
	static uint8_t			text[HEAD_LEN];
	struct bytes			head = { text, HEAD_LEN };
	struct request			q = { .host = BYTES("cpe"), .target = BYTES("/") };
	struct judge			*judge;
	enum why			expected = right ? WHY_AUTHENTICATED : WHY_DIGEST_WRONG;
	size_t				offset;

	if (d->uri.at[0] == '/')
		q.target = text_bytes(&d->uri);
	if (canon_write(text, HEAD_LEN, &q, d) || http_parse(&q, head, false, &offset))
		return;
	question.now_ms = NOW_MS;
	judge = judge_new(&policy, all, &key);
	if (!digest_uri_fits(d, &q)) {
		teach(judge, d);
		PROMISE(ask(judge, d, head) == WHY_DIGEST_URI);
		judge_free(judge);
		return;
	}
	PROMISE(ask(judge, d, head) == WHY_NONCE_UNKNOWN);
	teach(judge, d);
	PROMISE(ask(judge, d, head) == expected);
	question.now_ms += REPEAT_MS - 1;
	PROMISE(ask(judge, d, head) == expected);
	PROMISE(ask(judge, d, head) == (right ? WHY_REPLAYED : expected));
	question.now_ms += NONCE_LIFE_MS;
	PROMISE(ask(judge, d, head) == WHY_NONCE_EXPIRED);
	teach(judge, d);				/* issued again: still a replay */
	PROMISE(ask(judge, d, head) == (right ? WHY_REPLAYED : expected));
	judge_free(judge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct credentials	all;
	struct credential		*c = &all.of[0];
	struct bytes			value = { data + 1, len - 1 };
	struct digest			d, again;
	bool				right;

	if (len < 1 || len > HEAD_MAX)
		return 0;
	right = digest_parse(&d, value);
	PROMISE(digest_parse(&again, value) == right);
	if (!right)
		return 0;
	PROMISE(oracle_same_digest(&d, &again));
	check_limits(&d);
	check_names(&d, value);

	*c = (struct credential){ .user_len = d.username.len, .password = PASSWORD,
				  .password_len = sizeof(PASSWORD) - 1 };
	memcpy(c->user, d.username.at, d.username.len);
	all.n = 1;
	check_verify(&d, c, data[0]);
	if (data[0] & 1)
		d.response = oracle_response(&d, PASSWORD);
	check_judge(&d, &all, digest_verify(&d, c));
	return 0;
}
