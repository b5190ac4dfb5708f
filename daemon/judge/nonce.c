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
	uint16_t	next;		/* in its bucket: an index and one, or 0 */
};

struct delivery {
	uint64_t	id;
	uint64_t	at_ms;
	uint32_t	ticket;		/* 0: none yet */
	uint16_t	next;		/* in its bucket: an index and one, or 0 */
	bool		repeated;
	bool		succeeded;
};

struct nonces {
	const struct policy	*policy;
	struct siphash_key	 key;
	uint32_t		 last_ticket;
	struct nonce		 of[NONCES_MAX];
	struct delivery		 delivery[DELIVERIES_MAX];
	uint16_t		 nonce_bucket[NONCES_MAX];
	uint16_t		 delivery_bucket[DELIVERIES_MAX];
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

/* By the nonce alone: the same one may have been issued to several sources. */
static uint16_t *nonce_bucket(struct nonces *t, const struct text *nonce)
{
	return &t->nonce_bucket[siphash(nonce->at, nonce->len, &t->key) % NONCES_MAX];
}

static struct nonce *nonce_at(struct nonces *t, uint16_t link)
{
	return link ? &t->of[link - 1] : NULL;
}

static struct nonce *find_exactly(struct nonces *t, const struct text *nonce,
				  const struct addr *source)
{
	struct nonce *n = nonce_at(t, *nonce_bucket(t, nonce));

	while (n && !(addr_equal(&n->source, source) && is_same(&n->nonce, nonce)))
		n = nonce_at(t, n->next);
	return n;
}

/* As find_exactly(), or the youngest of other sources where the policy allows. */
static struct nonce *find(struct nonces *t, const struct text *nonce,
			  const struct addr *source)
{
	struct nonce *found = find_exactly(t, nonce, source), *n;

	if (found || t->policy->nonce_bind == NONCE_BIND_SOURCE)
		return found;
	for (n = nonce_at(t, *nonce_bucket(t, nonce)); n; n = nonce_at(t, n->next))
		if (is_same(&n->nonce, nonce) && (!found || n->issued_ms > found->issued_ms))
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

/* Every nonce of @source knows how many of them there are: now one more, or one less. */
static uint16_t change_held(struct nonces *t, const struct addr *source, int by)
{
	uint16_t held = 0;

	for (struct nonce *n = t->of; n < t->of + NONCES_MAX; n++)
		if (n->taken && addr_equal(&n->source, source))
			held = n->held = (uint16_t)(n->held + by);
	return held;
}

static void forget(struct nonces *t, struct nonce *n)
{
	struct addr	 source = n->source;
	uint16_t	*link = nonce_bucket(t, &n->nonce);

	while (nonce_at(t, *link) != n)
		link = &nonce_at(t, *link)->next;
	*link = n->next;
	n->taken = false;
	change_held(t, &source, -1);
}

/* The place of a new nonce; the cheapest one gives way to it. */
static struct nonce *add(struct nonces *t, const struct text *nonce,
			 const struct addr *source, uint64_t now_ms)
{
	uint16_t	*bucket = nonce_bucket(t, nonce), held;
	struct nonce	*n = t->of;

	for (struct nonce *o = t->of + 1; n->taken && o < t->of + NONCES_MAX; o++)
		if (is_cheaper(t, o, n, now_ms))
			n = o;
	if (n->taken)
		forget(t, n);
	held = change_held(t, source, 1);
	*n = (struct nonce){ .taken = true, .source = *source, .nonce = *nonce, .next = *bucket,
			     .held = held ? held : 1 };
	*bucket = (uint16_t)(n - t->of + 1);
	return n;
}

void nonces_learn(struct nonces *t, const struct challenge *c,
		  const struct addr *client, uint64_t now_ms)
{
	struct addr	 source = addr_source(client);
	struct nonce	*n = find_exactly(t, &c->nonce, &source);
	uint8_t		 bit = (uint8_t)(1u << c->algorithm);

	if (!n) {
		n = add(t, &c->nonce, &source, now_ms);
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
		      const struct addr *client, uint64_t now_ms, struct nonce **found)
{
	struct addr	 source = addr_source(client);
	struct nonce	*n = *found = find(t, &d->nonce, &source);

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

static uint16_t *delivery_bucket(struct nonces *t, uint64_t id)
{
	return &t->delivery_bucket[id % DELIVERIES_MAX];
}

static struct delivery *delivery_at(struct nonces *t, uint16_t link)
{
	return link ? &t->delivery[link - 1] : NULL;
}

static struct delivery *find_delivery(struct nonces *t, uint64_t id)
{
	struct delivery *y = delivery_at(t, *delivery_bucket(t, id));

	while (y && y->id != id)
		y = delivery_at(t, y->next);
	return y;
}

/* In the place of the oldest. */
static void add_delivery(struct nonces *t, uint64_t id, uint64_t now_ms)
{
	struct delivery	*y;
	uint16_t	*link;

	if (++t->last_ticket == 0)
		t->last_ticket = 1;
	y = slot(t, t->last_ticket);
	if (y->ticket) {
		for (link = delivery_bucket(t, y->id); delivery_at(t, *link) != y;)
			link = &delivery_at(t, *link)->next;
		*link = y->next;
	}
	link = delivery_bucket(t, id);
	*y = (struct delivery){ .id = id, .at_ms = now_ms, .ticket = t->last_ticket, .next = *link };
	*link = (uint16_t)(y - t->delivery + 1);
}

enum why nonces_check_replay(struct nonces *t, const struct digest *d, uint64_t now_ms)
{
	const struct delivery *y = find_delivery(t, delivery_id(t, d));

	if (!y || (!y->repeated && !y->succeeded && now_ms - y->at_ms <= REPEAT_MS))
		return WHY_NEXT;
	return WHY_REPLAYED;
}

uint32_t nonces_deliver(struct nonces *t, struct nonce *n, const struct digest *d,
			uint64_t now_ms)
{
	uint64_t	 id = delivery_id(t, d);
	struct delivery	*before = find_delivery(t, id);

	if (before) {
		before->repeated = true;
		return before->ticket;
	}
	add_delivery(t, id, now_ms);
	if (n->uses++ == 0)
		n->first_ticket = t->last_ticket;
	return t->last_ticket;
}

void nonces_succeed(struct nonces *t, uint32_t ticket)
{
	if (ticket && slot(t, ticket)->ticket == ticket)
		slot(t, ticket)->succeeded = true;
}

bool nonce_names_md5(const struct nonce *n)
{
	return n->named_md5;
}
