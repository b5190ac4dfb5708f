/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge: reads text from the network, and nothing else does.
 *
 * A question in, an answer out; no I/O, no clock, no allocation after
 * judge_new().  What is not understood completely is refused or delivered
 * without its credentials: there is no lenient way.
 */
#ifndef CWMPGATE_JUDGE_H
#define CWMPGATE_JUDGE_H

#include "ask.h"
#include "policy.h"
#include "siphash.h"

/*
 * judge_ask() is in ask.h.  @policy is read for as long as the judge lives; the
 * rest is copied.  NULL with errno when there is no memory, or EOPNOTSUPP when
 * libcrypto does not compute MD5.
 */
struct judge	*judge_new(const struct policy *policy,
			   const struct credentials *credentials,
			   const struct siphash_key *key);
void		 judge_free(struct judge *judge);

/* The ones replaced are good for credentials_grace_ms more. */
void		 judge_replace_credentials(struct judge *judge,
					   const struct credentials *credentials,
					   uint64_t now_ms);

#endif /* CWMPGATE_JUDGE_H */
