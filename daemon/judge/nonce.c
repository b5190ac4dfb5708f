// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two tables of fixed size: nonces by what the agent issued, and a ring of
 * deliveries by (nonce, response), RFC 7616 section 5.5.
 *
 * With qop the response depends on cnonce and nc, and without it neither is
 * proven; so nonce and response alone say what is a repeat of what.
 */

#include "nonce.h"

#include <stdlib.h>

enum { DELIVERIES_MAX = 1024 };

struct nonce {
	bool		taken;
	struct addr	source;
	struct text	nonce, realm, opaque;
	uint64_t	issued_ms;
	uint8_t		offered;	/* bit per enum algorithm */
	uint8_t		offered_bare;	/* the same, without qop */
	bool		named_md5;	/* the challenge said algorithm=MD5 */
	uint16_t	uses;		/* since it was issued */
	uint32_t	first_ticket;	/* of those uses */
	uint16_t	held;		/* nonces that this source has in the table */
};

struct delivery {
	uint64_t	id;
	uint64_t	at_ms;
	uint32_t	ticket;		/* 0: none yet */
	bool		repeated;
	bool		succeeded;
};

struct nonces {
	const struct policy	*policy;
	struct siphash_key	 key;
	uint32_t		 last_ticket;
	struct nonce		 of[NONCES_MAX];
	struct delivery		 delivery[DELIVERIES_MAX];
};

struct nonces *nonces_new(const struct policy *policy, const struct siphash_key *key)
{
	struct nonces *t = calloc(1, sizeof(*t));

	if (t) {
		t->policy = policy;
		t->key = *key;
	}
	return t;
}

void nonces_free(struct nonces *t)
{
	free(t);
}

static bool is_same(const struct text *a, const struct text *b)
{
	return bytes_equal(text_bytes(a), text_bytes(b));
}

static struct nonce *find_exactly(struct nonces *t, const struct text *nonce,
				  const struct addr *source)
{
	for (struct nonce *n = t->of; n < t->of + NONCES_MAX; n++)
		if (n->taken && addr_equal(&n->source, source) && is_same(&n->nonce, nonce))
			return n;
	return NULL;
}

/* As find_exactly(), or the youngest of other sources where the policy allows. */
static struct nonce *find(struct nonces *t, const struct text *nonce,
			  const struct addr *source)
{
	struct nonce *found = find_exactly(t, nonce, source);

	if (found || t->policy->nonce_bind == NONCE_BIND_SOURCE)
		return found;
	for (struct nonce *n = t->of; n < t->of + NONCES_MAX; n++)
		if (n->taken && is_same(&n->nonce, nonce) &&
		    (!found || n->issued_ms > found->issued_ms))
			found = n;
	return found;
}

static bool is_expired(const struct nonces *t, const struct nonce *n, uint64_t now_ms)
{
	return now_ms - n->issued_ms >= t->policy->nonce_life_ms;
}

/*
 * Whether @a gives way before @b.  The source that holds the most loses first:
 * whoever makes the agent issue nonces by the hundred loses his own.
 */
static bool is_cheaper(const struct nonces *t, const struct nonce *a, const struct nonce *b,
		       uint64_t now_ms)
{
	bool a_expired = is_expired(t, a, now_ms), b_expired = is_expired(t, b, now_ms);

	if (a->taken != b->taken)
		return !a->taken;
	if (a_expired != b_expired)
		return a_expired;
	if (a->held != b->held)
		return a->held > b->held;
	return a->issued_ms < b->issued_ms;
}

/* Keeps in every nonce of @source how many of them there are. */
static void count_held(struct nonces *t, const struct addr *source)
{
	uint16_t held = 0;

	for (struct nonce *n = t->of; n < t->of + NONCES_MAX; n++)
		held = (uint16_t)(held + (n->taken && addr_equal(&n->source, source)));
	for (struct nonce *n = t->of; n < t->of + NONCES_MAX; n++)
		if (n->taken && addr_equal(&n->source, source))
			n->held = held;
}

static struct nonce *make_room(struct nonces *t, const struct addr *source, uint64_t now_ms)
{
	struct nonce	*n = t->of;
	struct addr	 loser;

	for (struct nonce *o = t->of + 1; o < t->of + NONCES_MAX; o++)
		if (is_cheaper(t, o, n, now_ms))
			n = o;
	if (n->taken) {
		loser = n->source;
		n->taken = false;
		count_held(t, &loser);
	}
	memset(n, 0, sizeof(*n));
	n->taken = true;
	n->source = *source;
	count_held(t, source);
	return n;
}

void nonces_learn(struct nonces *t, const struct challenge *c,
		  const struct addr *client, uint64_t now_ms)
{
	struct addr	 source = addr_source(client);
	struct nonce	*n = find_exactly(t, &c->nonce, &source);
	uint8_t		 bit = (uint8_t)(1u << c->algorithm);

	if (!n) {
		n = make_room(t, &source, now_ms);
		n->nonce = c->nonce;
	} else if (n->issued_ms != now_ms) {
		n->offered = n->offered_bare = 0;
		n->named_md5 = false;
	}
	n->realm = c->realm;
	n->opaque = c->opaque;
	n->issued_ms = now_ms;
	n->uses = 0;
	n->offered |= bit;
	n->named_md5 |= c->has_algorithm && c->algorithm == ALGORITHM_MD5;
	if (!c->has_qop)
		n->offered_bare |= bit;
}

/*
 * Every use of a good nonce must still be in the ring; where others have
 * overwritten one, it could be replayed, and the nonce is spent.
 */
static bool is_spent(const struct nonces *t, const struct nonce *n)
{
	if (n->uses == 0)
		return false;
	return n->uses >= NONCE_USES_MAX || t->last_ticket - n->first_ticket >= DELIVERIES_MAX - 1;
}

/*
 * A client may use qop although none was offered, which is no weaker; the
 * other way round is an attack, and so is any algorithm but the agent's own.
 */
static bool is_offered(const struct nonce *n, const struct digest *d)
{
	uint8_t bit = (uint8_t)(1u << d->algorithm);

	return d->has_qop ? n->offered & bit : n->offered_bare & bit;
}

enum why nonces_check(struct nonces *t, const struct digest *d,
		      const struct addr *client, uint64_t now_ms)
{
	struct addr		source = addr_source(client);
	const struct nonce	*n = find(t, &d->nonce, &source);

	if (!n)
		return WHY_NONCE_UNKNOWN;
	if (is_expired(t, n, now_ms) || is_spent(t, n))
		return WHY_NONCE_EXPIRED;
	/* No hash covers the opaque; some clients leave it out or send it empty. */
	if (!is_same(&d->realm, &n->realm) || (d->opaque.len && !is_same(&d->opaque, &n->opaque)))
		return WHY_DIGEST_WRONG;
	return is_offered(n, d) ? WHY_NEXT : WHY_DIGEST_DOWNGRADE;
}

static uint64_t delivery_id(const struct nonces *t, const struct digest *d)
{
	uint8_t	 both[TEXT_MAX + 1 + HASH_HEX_MAX];
	size_t	 n = d->nonce.len;

	memcpy(both, d->nonce.at, n);
	both[n++] = 0;			/* in neither of the two */
	memcpy(both + n, d->response.at, d->response.len);
	return siphash(both, n + d->response.len, &t->key);
}

static struct delivery *slot(struct nonces *t, uint32_t ticket)
{
	return &t->delivery[ticket % DELIVERIES_MAX];
}

static struct delivery *find_delivery(struct nonces *t, uint64_t id)
{
	for (struct delivery *y = t->delivery; y < t->delivery + DELIVERIES_MAX; y++)
		if (y->ticket && y->id == id)
			return y;
	return NULL;
}

enum why nonces_check_replay(struct nonces *t, const struct digest *d, uint64_t now_ms)
{
	const struct delivery *y = find_delivery(t, delivery_id(t, d));

	if (!y || (!y->repeated && !y->succeeded && now_ms - y->at_ms <= REPEAT_MS))
		return WHY_NEXT;
	return WHY_REPLAYED;
}

uint32_t nonces_deliver(struct nonces *t, const struct digest *d,
			const struct addr *client, uint64_t now_ms)
{
	struct addr	 source = addr_source(client);
	struct nonce	*n = find(t, &d->nonce, &source);
	uint64_t	 id = delivery_id(t, d);
	struct delivery	*before = find_delivery(t, id);

	if (before) {
		before->repeated = true;
		return before->ticket;
	}
	if (++t->last_ticket == 0)
		t->last_ticket = 1;
	*slot(t, t->last_ticket) = (struct delivery){
		.id = id, .at_ms = now_ms, .ticket = t->last_ticket,
	};
	if (n && n->uses++ == 0)
		n->first_ticket = t->last_ticket;
	return t->last_ticket;
}

void nonces_succeed(struct nonces *t, uint32_t ticket)
{
	if (ticket && slot(t, ticket)->ticket == ticket)
		slot(t, ticket)->succeeded = true;
}

bool nonces_name_md5(struct nonces *t, const struct digest *d, const struct addr *client)
{
	struct addr		source = addr_source(client);
	const struct nonce	*n = find(t, &d->nonce, &source);

	return n && n->named_md5;
}
