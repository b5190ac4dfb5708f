/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent's response says: its status and its digest challenges
 * (RFC 7616 section 3.3, RFC 9110 section 11.6.1).
 *
 * Agents end lines with LF alone, fold them, forget the blank line, put spaces
 * for commas.  All of that is read as clients read it.  Nothing is an error:
 * what is not understood is left out, and then the gate knows no nonce.
 */
#ifndef CWMPGATE_CHALLENGE_H
#define CWMPGATE_CHALLENGE_H

#include "digest.h"
#include "text.h"

enum { CHALLENGES_MAX = 4 };

struct challenge {
	struct text	realm, nonce, opaque;
	enum algorithm	algorithm;	/* MD5 where none was said */
	bool		has_opaque;
	bool		has_algorithm;
	bool		has_qop;
	bool		has_auth;	/* among the qop values */
	bool		stale;
};

struct reply {
	uint16_t		status;		/* 0: not a response */
	size_t			server_at;	/* the Server field's value */
	size_t			server_len;	/* 0: there is none */
	size_t			n;
	struct challenge	of[CHALLENGES_MAX];
};

/* @head may go on past the blank line or end before it. */
void challenge_read(struct reply *reply, struct bytes head);

#endif /* CWMPGATE_CHALLENGE_H */
