/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digest credentials (RFC 7616 section 3.4; RFC 2617 and, without qop,
 * RFC 2069, because agents are old).
 *
 * What is read here may be written out again for the agent, so a form in which
 * two agents could see two things is not read at all: each parameter once, no
 * unknown one, nothing empty, no escapes but those of '"' and '\'.
 */
#ifndef CWMPGATE_DIGEST_H
#define CWMPGATE_DIGEST_H

#include "hash.h"
#include "http.h"
#include "policy.h"
#include "text.h"

enum algorithm {
	ALGORITHM_MD5, ALGORITHM_MD5_SESS,
	ALGORITHM_SHA256, ALGORITHM_SHA256_SESS,
	ALGORITHM_COUNT,
};

/* As they are written, indexed by enum algorithm. */
extern const char *const algorithm_name[ALGORITHM_COUNT];

enum { NC_LEN = 8 };

struct digest {
	struct text	username, realm, nonce, uri, cnonce, opaque;
	enum algorithm	algorithm;	/* MD5 where none was said */
	bool		has_algorithm;
	bool		has_qop;	/* "auth"; then there is nc, and a cnonce */
	bool		has_cnonce;
	bool		has_opaque;
	bool		has_comma;	/* in username, realm or uri */
	uint8_t		nc[NC_LEN];
	struct hex	response;
};

/*
 * Reads the value of an Authorization field.  On false @d says nothing.
 *
 * Some agents cut at every comma, quoted or not.  A comma is read in username,
 * realm and uri only, whose values are the operator's or the agent's own once
 * the digest is checked; who does not check it must mind has_comma.
 */
must_check bool digest_parse(struct digest *d, struct bytes value);

/*
 * RFC 7616 section 3.4.6: the uri names what is requested.  It may be the
 * target, its path, "/" (there is an ACS that always says so), or either of
 * the first two with "http://" and the Host before it.
 */
must_check bool digest_uri_fits(const struct digest *d, const struct request *q);

/* Whether the response proves @c; the comparison takes the same time always. */
must_check bool digest_verify(const struct digest *d, const struct credential *c);

#endif /* CWMPGATE_DIGEST_H */
