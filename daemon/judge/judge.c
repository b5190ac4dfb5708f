// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a question.  This file states the order of the steps, and that
 * whatever costs work is paid for first (TR-069 3.2.2.2, RFC 7616 section 5).
 */

#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "canon.h"
#include "challenge.h"
#include "digest.h"
#include "hash.h"
#include "http.h"
#include "nonce.h"

struct judge {
	const struct policy		*policy;
	struct credentials		 current, previous;
	uint64_t			 previous_until_ms;
	struct nonces			*nonces;
	struct budgets			*budgets;
	struct bucket			 all_requests;
};

/* One request on its way. */
struct hearing {
	struct judge		*judge;
	const struct question	*question;
	struct request		 request;
	struct digest		 digest;
	struct budget		*budget;
	struct nonce		*nonce;		/* once the credentials are AUTHENTICATED */
};

static bool is_allowed(const struct path_set *paths, const struct request *q)
{
	if (q->path.len != q->target.len && !paths->query)
		return false;
	for (size_t i = 0; i < paths->n; i++) {
		struct bytes path = {
			(const uint8_t *)paths->of[i].text, paths->of[i].len,
		};

		if (bytes_equal(path, q->path))
			return true;
	}
	return paths->any;
}

static bool is_proven_by(const struct digest *d, const struct credentials *c)
{
	bool proven = false;

	for (size_t i = 0; i < c->n && i < CREDENTIALS_MAX; i++)
		proven |= digest_verify(d, &c->of[i]);
	return proven;
}

/* After a change the agent and the ACS disagree for a while; the agent decides. */
static bool is_proven(const struct hearing *h)
{
	const struct judge *j = h->judge;

	return is_proven_by(&h->digest, &j->current) ||
	       (h->question->now_ms < j->previous_until_ms &&
		is_proven_by(&h->digest, &j->previous));
}

/* What the credentials are worth; on AUTHENTICATED they may be delivered. */
static enum why check_credentials(struct hearing *h)
{
	struct nonces	*nonces = h->judge->nonces;
	uint64_t	 now_ms = h->question->now_ms;
	enum why	 why;

	if (!h->request.has_authorization)
		return WHY_NO_CREDENTIALS;
	if (!digest_parse(&h->digest, h->request.authorization))
		return WHY_DIGEST_MALFORMED;
	if (!digest_uri_fits(&h->digest, &h->request))
		return WHY_DIGEST_URI;
	if ((why = nonces_check(nonces, &h->digest, &h->question->client, now_ms, &h->nonce)))
		return why;
	if (!is_proven(h))
		return WHY_DIGEST_WRONG;
	if ((why = nonces_check_replay(nonces, &h->digest, now_ms)))
		return why;
	return WHY_AUTHENTICATED;
}

/* digest = "off": only the form is checked, strictly. */
static bool is_well_formed(struct hearing *h)
{
	return h->request.has_authorization &&
	       digest_parse(&h->digest, h->request.authorization) &&
	       !h->digest.has_comma && digest_uri_fits(&h->digest, &h->request);
}

/*
 * Half of what all sources have together is kept for those that have proven
 * themselves: many that have not must not shut out one that has.
 */
static bool take_any(const struct hearing *h)
{
	struct judge		*j = h->judge;
	const struct rate	*all = &j->policy->all_requests;

	if (!bucket_take(&j->all_requests, all, h->question->now_ms))
		return false;
	if (h->budget->proven || !bucket_is_low(&j->all_requests, all))
		return true;
	bucket_give(&j->all_requests, all);
	return false;
}

/* An authenticated request is not an attempt, and has a budget of its own. */
static enum why take_request(const struct hearing *h)
{
	const struct policy	*p = h->judge->policy;
	uint64_t		 now_ms = h->question->now_ms;

	h->budget->proven = true;
	bucket_give(&h->budget->attempts, &p->attempts);
	if (!bucket_take(&h->budget->requests, &p->requests, now_ms))
		return WHY_OVER_REQUESTS;
	if (take_any(h))
		return WHY_NEXT;
	bucket_give(&h->budget->requests, &p->requests);
	return WHY_OVER_REQUESTS;
}

static enum why deliver(const struct hearing *h, const struct digest *d, struct answer *a)
{
	enum why why = canon_write(a->bytes, h->question->len, &h->request, d);

	if (why)
		return why;
	a->len = h->question->len;
	a->last = h->request.connection == CONNECTION_CLOSE;
	return WHY_NEXT;
}

static enum why deliver_authenticated(struct hearing *h, struct answer *a)
{
	enum why why;

	/* Some agents take an algorithm only quoted, or none at all. */
	if (h->digest.algorithm == ALGORITHM_MD5 && !nonce_names_md5(h->nonce))
		h->digest.has_algorithm = false;

	if ((why = take_request(h)) || (why = deliver(h, &h->digest, a)))
		return why;
	a->ticket = nonces_deliver(h->judge->nonces, h->nonce, &h->digest, h->question->now_ms);
	return WHY_AUTHENTICATED;
}

static bool is_refusing(const struct policy *p, enum why why)
{
	return p->on_bad_digest == BAD_DIGEST_RESET && why != WHY_NO_CREDENTIALS;
}

/* Not proven: bare, if at all, so that the agent challenges it. */
static enum why deliver_bare(struct hearing *h, enum why reason, struct answer *a)
{
	enum why why;

	if (!take_any(h))
		return WHY_OVER_ATTEMPTS;
	if ((why = deliver(h, NULL, a)))
		return why;
	return reason;
}

static enum why deliver_unchecked(struct hearing *h, struct answer *a)
{
	enum why why;

	if (!take_any(h))
		return WHY_OVER_ATTEMPTS;
	if ((why = deliver(h, is_well_formed(h) ? &h->digest : NULL, a)))
		return why;
	return WHY_UNCHECKED;
}

static enum why hear(struct hearing *h, struct answer *a)
{
	const struct question	*q = h->question;
	const struct policy	*p = h->judge->policy;
	size_t			 offset = 0;
	enum why		 why;

	why = http_parse(&h->request, (struct bytes){ q->bytes, q->len },
			 p->strip_unknown_fields, &offset);
	a->offset = (uint16_t)offset;
	if (why)
		return why;
	a->offset = (uint16_t)(h->request.target.at - q->bytes);
	if (!is_allowed(&p->paths, &h->request))
		return WHY_WRONG_PATH;

	/* A guess costs its maker a token before it costs us a hash. */
	h->budget = budgets_find(h->judge->budgets, &q->client, q->now_ms);
	if (!bucket_take(&h->budget->attempts, &p->attempts, q->now_ms))
		return WHY_OVER_ATTEMPTS;
	if (p->digest == DIGEST_OFF)
		return deliver_unchecked(h, a);

	if (h->request.has_authorization)
		a->offset = (uint16_t)(h->request.authorization.at - q->bytes);
	why = check_credentials(h);
	if (why == WHY_AUTHENTICATED)
		return deliver_authenticated(h, a);
	if (is_refusing(p, why)) {
		a->act = ACT_REFUSE;
		return why;
	}
	return deliver_bare(h, why, a);
}

static void answer_request(struct judge *j, const struct question *q, struct answer *a)
{
	struct hearing h = { .judge = j, .question = q };

	a->why = hear(&h, a);
	if (a->act == ACT_NONE)
		a->act = why_info[a->why].act;
}

static void read_reply(struct reply *reply, const struct question *q)
{
	challenge_read(reply, (struct bytes){ q->bytes, q->len < REPLY_MAX ? q->len : REPLY_MAX });
}

/* What the agent said is never refused. */
static void answer_blank(const struct question *q, struct answer *a)
{
	struct reply reply;

	read_reply(&reply, q);
	a->why = WHY_REPLY;
	a->act = why_info[WHY_REPLY].act;
	a->hide_at = (uint16_t)reply.server_at;
	a->hide_len = (uint16_t)reply.server_len;
}

void judge_tell(struct judge *j, const struct question *q)
{
	struct reply reply;

	read_reply(&reply, q);
	if (reply.status == 401)
		for (size_t i = 0; i < reply.n; i++)
			nonces_learn(j->nonces, &reply.of[i], &q->client, q->now_ms);
	if (reply.status / 100 == 2)
		nonces_succeed(j->nonces, q->ticket);
}

void judge_ask(struct judge *j, struct question *q, struct answer *a)
{
	/* All but the bytes, of which only len are ever looked at. */
	memset(a, 0, offsetof(struct answer, bytes));
	switch (q->ask) {
	case ASK_REQUEST:
		answer_request(j, q, a);
		break;
	case ASK_BLANK:
		answer_blank(q, a);
		break;
	case TELL_REPLY:
		break;		/* is for judge_tell() */
	}
}

struct judge *judge_new(const struct policy *policy, const struct credentials *credentials,
			const struct siphash_key *key)
{
	struct judge *j;

	if (!hash_works()) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	j = calloc(1, sizeof(*j));
	if (!j)
		return NULL;
	j->policy = policy;
	j->current = *credentials;
	bucket_fill(&j->all_requests, &policy->all_requests, 0);
	j->nonces = nonces_new(policy, key);
	j->budgets = budgets_new(policy, key);
	if (!j->nonces || !j->budgets) {
		judge_free(j);
		errno = ENOMEM;
		return NULL;
	}
	return j;
}

void judge_replace_credentials(struct judge *j, const struct credentials *credentials,
			       uint64_t now_ms)
{
	j->previous = j->current;
	j->previous_until_ms = now_ms + j->policy->credentials_grace_ms;
	j->current = *credentials;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	nonces_free(j->nonces);
	budgets_free(j->budgets);
	explicit_bzero(j, sizeof(*j));
	free(j);
}
