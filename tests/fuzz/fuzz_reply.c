// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An agent's answer, any bytes.
 *
 *	What is learned is within its limits and stands in the answer.
 *	What may be blanked lies inside one line of it.
 *	The judge says the same, refuses nothing, and keeps to its table.
 *	Reading it again gives the same.
 */

#include "challenge.h"
#include "fuzz.h"
#include "judge.h"
#include "oracle.h"

static struct policy policy = {
	.nonce_life_ms = NONCE_LIFE_MS, .paths = { .any = true }, .hide_server = true,
	.attempts = { 1, 1, 1 }, .requests = { 1, 1, 1 }, .all_requests = { 1, 1, 1 },
};

static const struct credentials credentials;

/* Escapes are taken out of a value, so its bytes are looked for one by one. */
static bool stands_in(struct bytes head, const struct text *t)
{
	struct bytes	rest = head, before;
	bool		found = true;

	for (size_t i = 0; i < t->len && found; i++)
		found = memchr(head.at, t->at[i], head.len);
	/* Without escapes it is there in one piece. */
	return found && (t->len == 0 || bytes_until(&rest, '\\', &before) ||
			 memmem(head.at, head.len, t->at, t->len));
}

static void check_challenge(const struct challenge *c, struct bytes head)
{
	PROMISE(c->nonce.len >= DIGEST_NONCE_MIN && c->nonce.len <= DIGEST_NONCE_MAX);
	PROMISE(c->realm.len <= DIGEST_NAME_MAX && c->opaque.len <= DIGEST_NONCE_MAX);
	PROMISE(c->algorithm < ALGORITHM_COUNT);
	PROMISE(c->has_opaque || c->opaque.len == 0);
	PROMISE(stands_in(head, &c->nonce) && stands_in(head, &c->realm) &&
		stands_in(head, &c->opaque));
}

static bool is_same(const struct challenge *a, const struct challenge *b)
{
	return bytes_equal(text_bytes(&a->nonce), text_bytes(&b->nonce)) &&
	       bytes_equal(text_bytes(&a->realm), text_bytes(&b->realm)) &&
	       bytes_equal(text_bytes(&a->opaque), text_bytes(&b->opaque)) &&
	       a->algorithm == b->algorithm && a->has_opaque == b->has_opaque &&
	       a->has_qop == b->has_qop && a->has_auth == b->has_auth && a->stale == b->stale;
}

static void check_judge(const struct reply *r, struct bytes head)
{
	static const struct siphash_key	key = { { 3, 4 } };
	static struct judge		*judge;		/* one for all: it must not fill up */
	static struct question		q;
	static struct answer		a;
	unsigned long			mallocs;

	if (!judge)
		judge = judge_new(&policy, &credentials, &key);
	q.ask = ASK_BLANK;
	q.now_ms++;
	q.client = (struct addr){ { 0x20, 1, head.len & 0xff } };
	q.ticket = head.len & 7;
	q.len = (uint16_t)head.len;
	memcpy(q.bytes, head.at, head.len);
	mallocs = oracle_mallocs();
	judge_ask(judge, &q, &a);
	q.ask = TELL_REPLY;
	judge_tell(judge, &q);
	PROMISE(oracle_mallocs() == mallocs);
	PROMISE(a.act == ACT_PASS && a.why == WHY_REPLY && a.len == 0 && a.ticket == 0);
	PROMISE(!a.last && a.hide_at == r->server_at && a.hide_len == r->server_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct reply	r, again;
	struct bytes		head = { data, len };

	if (len == 0 || len > REPLY_MAX)
		return 0;
	challenge_read(&r, head);
	challenge_read(&again, head);
	PROMISE(r.n <= CHALLENGES_MAX && r.n == again.n);
	PROMISE(r.status == again.status && r.status < 1000);
	PROMISE(r.server_at == again.server_at && r.server_len == again.server_len);
	PROMISE(r.server_at <= len && r.server_len <= len - r.server_at);
	PROMISE(r.server_len == 0 || (!memchr(data + r.server_at, '\n', r.server_len) &&
				      memmem(data, r.server_at, ":", 1)));
	for (size_t i = 0; i < r.n; i++) {
		check_challenge(&r.of[i], head);
		PROMISE(is_same(&r.of[i], &again.of[i]));
	}
	check_judge(&r, head);
	return 0;
}
