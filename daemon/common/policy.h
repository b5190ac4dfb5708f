/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operator decided, as the guard and the judge see it.  Written once
 * by the supervisor from the configuration file, constant afterwards.
 */
#ifndef CWMPGATE_POLICY_H
#define CWMPGATE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "rate.h"

enum digest_mode {
	DIGEST_REQUIRE,		/* only a digest that checks out passes as one */
	DIGEST_OFF,		/* grammar, path and rates only; the agent checks */
};

enum nonce_bind { NONCE_BIND_SOURCE, NONCE_BIND_ANY };

enum on_bad_digest { BAD_DIGEST_CHALLENGE, BAD_DIGEST_RESET };

struct path_set {
	bool		any;		/* any strict path */
	bool		query;		/* a query may follow */
	size_t		n;
	struct {
		uint16_t	len;
		char		text[TARGET_MAX];
	} of[PATHS_MAX];
};

struct policy {
	enum digest_mode	digest;
	enum nonce_bind		nonce_bind;
	enum on_bad_digest	on_bad_digest;
	uint32_t		nonce_life_ms;
	uint32_t		credentials_grace_ms;	/* replaced ones are still good for */
	struct path_set		paths;
	struct rate		attempts;	/* unauthenticated requests, per source */
	struct rate		requests;	/* authenticated requests, per source */
	struct rate		all_requests;	/* delivered requests, all sources together */
	struct rate		malformed;	/* refused connections, per source */
	uint32_t		ban_ms;		/* of a source beyond that; doubles; 0: never */
	uint32_t		ban_max_ms;
	bool			strip_unknown_fields;	/* else an unknown field refuses */
	bool			hide_server;	/* blank the agent's Server field */
	bool			observe;	/* monitor mode: decide, count, touch nothing */
};

/*
 * One pair of credentials.  Either the password is known, and any realm will
 * do, or the hash H(username:realm:password) for one realm (htdigest).
 */
struct credential {
	uint16_t	user_len, password_len, realm_len;
	bool		hashed;
	char		user[DIGEST_NAME_MAX];
	char		password[PASSWORD_MAX];	/* !hashed */
	char		realm[DIGEST_NAME_MAX];	/* hashed */
	char		ha1[64];		/* hashed: lower-case hex, MD5 (32) or SHA-256 (64) */
	uint16_t	ha1_len;
};

struct credentials {
	size_t			n;
	struct credential	of[CREDENTIALS_MAX];
};

#endif /* CWMPGATE_POLICY_H */
