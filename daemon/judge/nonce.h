/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nonces that the agent was seen to issue, and what was delivered under
 * them (RFC 7616 section 5.5: the protection against replay is the server's,
 * and the servers here have none).
 *
 * A nonce that is forgotten is unknown: the request goes on bare and the agent
 * issues another one.  Deliveries are remembered apart from nonces, so that an
 * agent that issues an old nonce again opens nothing.
 */
#ifndef CWMPGATE_NONCE_H
#define CWMPGATE_NONCE_H

#include "addr.h"
#include "challenge.h"
#include "digest.h"
#include "policy.h"
#include "siphash.h"
#include "why.h"

struct nonces;
struct nonce;

struct nonces	*nonces_new(const struct policy *policy, const struct siphash_key *key);
void		 nonces_free(struct nonces *t);

/* The agent challenged @client.  Its source alone may use the nonce, or all. */
void nonces_learn(struct nonces *t, const struct challenge *c,
		  const struct addr *client, uint64_t now_ms);

/*
 * Whether @d answers a challenge that is still good: NEXT, or NONCE_UNKNOWN,
 * NONCE_EXPIRED, DIGEST_WRONG (realm or opaque are not the challenge's),
 * DIGEST_DOWNGRADE.  Computes nothing.  On NEXT @found is the nonce, good
 * until something else is learned.
 */
must_check enum why nonces_check(struct nonces *t, const struct digest *d,
				 const struct addr *client, uint64_t now_ms,
				 struct nonce **found);

/*
 * Whether @d, which is proven, was delivered before: NEXT or REPLAYED.  One
 * repeat soon after is NEXT as long as the agent did not say 2xx to it: after a
 * socket error an ACS sends the same request again.
 */
must_check enum why nonces_check_replay(struct nonces *t, const struct digest *d,
					uint64_t now_ms);

/* @d, for which both of the above said NEXT, is delivered.  Returns a ticket. */
uint32_t nonces_deliver(struct nonces *t, struct nonce *n, const struct digest *d,
			uint64_t now_ms);

/* The agent said 2xx to the delivery of that ticket. */
void nonces_succeed(struct nonces *t, uint32_t ticket);

/* Whether its challenge said algorithm=MD5; if not, MD5 goes without saying. */
bool		 nonce_names_md5(const struct nonce *n);

#endif /* CWMPGATE_NONCE_H */
