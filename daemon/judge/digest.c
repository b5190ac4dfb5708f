// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads digest credentials (RFC 7616 section 3.4, RFC 9110 section 11.4) and
 * computes what they claim (RFC 7616 section 3.4.1).
 */

#include "digest.h"

#include <openssl/crypto.h>

#include "chars.h"

const char *const algorithm_name[ALGORITHM_COUNT] = {
	[ALGORITHM_MD5]		= "MD5",
	[ALGORITHM_MD5_SESS]	= "MD5-sess",
	[ALGORITHM_SHA256]	= "SHA-256",
	[ALGORITHM_SHA256_SESS]	= "SHA-256-sess",
};

enum parameter { USERNAME, REALM, NONCE, URI, RESPONSE, CNONCE, OPAQUE, ALGORITHM, QOP, NC };

enum form { QUOTED = 1, TOKEN = 2, EITHER = QUOTED | TOKEN };

/* Quotes as clients really write them; the limits are of the value inside. */
static const struct {
	const char	*name;
	enum form	 form;
	uint16_t	 min, max;
	bool		 comma;
} parameters[] = {
	[USERNAME]	= { "username",		QUOTED, 1, DIGEST_NAME_MAX, true },
	[REALM]		= { "realm",		QUOTED, 0, DIGEST_NAME_MAX, true },
	[NONCE]		= { "nonce",		QUOTED, DIGEST_NONCE_MIN, DIGEST_NONCE_MAX, false },
	[URI]		= { "uri",		QUOTED, 1, DIGEST_NAME_MAX, true },
	[RESPONSE]	= { "response",		QUOTED, 32, HASH_HEX_MAX, false },
	[CNONCE]	= { "cnonce",		QUOTED, 1, DIGEST_NONCE_MAX, false },
	[OPAQUE]	= { "opaque",		QUOTED, 0, DIGEST_NONCE_MAX, false },
	[ALGORITHM]	= { "algorithm",	EITHER, 3, 12, false },
	[QOP]		= { "qop",		EITHER, 4, 4, false },
	[NC]		= { "nc",		TOKEN, NC_LEN, NC_LEN, false },
};

enum { PARAMETERS = sizeof(parameters) / sizeof(*parameters) };

static bool take_scheme(struct bytes *b)
{
	struct bytes	scheme;
	uint8_t		c;

	if (!bytes_until(b, ' ', &scheme) || !bytes_equal_nocase(scheme, BYTES("Digest")))
		return false;
	while (bytes_peek(b, &c) && c == ' ' && bytes_skip(b, 1))
		;
	return true;
}

/* quoted-string of RFC 9110 section 5.6.4; the opening quote is next. */
static bool take_quoted(struct bytes *b, struct text *value)
{
	uint8_t c;

	if (!bytes_skip(b, 1))
		return false;
	while (text_append(value, take_while(b, is_plain)) && bytes_u8(b, &c)) {
		if (c == '"')
			return true;
		/* An escape that is not needed is read as two things by two agents. */
		if (c != '\\' || !bytes_u8(b, &c) || !is_one_of(c, "\"\\") ||
		    !text_add(value, c))
			return false;
	}
	return false;
}

static bool take_token(struct bytes *b, struct text *value)
{
	return text_append(value, take_while(b, is_tchar)) && value->len > 0;
}

static bool take_value(struct bytes *b, struct text *value, enum form *form)
{
	uint8_t c;

	value->len = 0;
	if (!bytes_peek(b, &c))
		return false;
	*form = c == '"' ? QUOTED : TOKEN;
	return *form == QUOTED ? take_quoted(b, value) : take_token(b, value);
}

static bool take_name(struct bytes *b, enum parameter *p)
{
	struct bytes name;

	if (!bytes_until(b, '=', &name))
		return false;
	for (unsigned i = 0; i < PARAMETERS; i++) {
		if (bytes_equal_nocase(name, bytes_of(parameters[i].name))) {
			*p = (enum parameter)i;
			return true;
		}
	}
	return false;
}

static bool has_byte(const struct text *t, uint8_t c)
{
	return t->len && memchr(t->at, c, t->len);
}

static bool is_hex(const struct text *t)
{
	struct bytes b = text_bytes(t);

	return take_while(&b, is_lower_hex).len == t->len;
}

/* What clients make it of: hex, base64, letters, numbers joined by colons. */
static bool is_cnonce(const struct text *t)
{
	struct bytes	b = text_bytes(t);
	uint8_t		c;

	while (bytes_u8(&b, &c) && c != '=')
		if (!is_alpha(c) && !is_digit(c) && !is_one_of(c, "+/-._~:"))
			return false;
	while (bytes_u8(&b, &c))
		if (c != '=')
			return false;
	return true;
}

static bool set_algorithm(struct digest *d, const struct text *value)
{
	d->has_algorithm = true;
	for (enum algorithm a = 0; a < ALGORITHM_COUNT; a++) {
		d->algorithm = a;
		if (bytes_equal(text_bytes(value), bytes_of(algorithm_name[a])))
			return true;
	}
	return false;
}

static bool set(struct digest *d, enum parameter p, const struct text *value)
{
	switch (p) {
	case USERNAME:
		d->username = *value;
		return true;
	case REALM:
		d->realm = *value;
		return true;
	case NONCE:
		d->nonce = *value;
		return true;
	case URI:
		d->uri = *value;
		return true;
	case RESPONSE:
		d->response.len = value->len;
		memcpy(d->response.at, value->at, value->len);
		return is_hex(value);
	case CNONCE:
		d->cnonce = *value;
		d->has_cnonce = true;
		return is_cnonce(value);
	case OPAQUE:
		d->opaque = *value;
		d->has_opaque = true;
		return true;
	case ALGORITHM:
		return set_algorithm(d, value);
	case QOP:
		d->has_qop = true;
		return bytes_equal(text_bytes(value), BYTES("auth"));
	case NC:
		memcpy(d->nc, value->at, NC_LEN);
		return is_hex(value);
	}
	return false;
}

static bool take_parameter(struct bytes *b, struct digest *d, unsigned *seen)
{
	enum parameter	p;
	enum form	form;
	struct text	value;

	if (!take_name(b, &p) || !take_value(b, &value, &form))
		return false;
	if (*seen & 1u << p || !(form & parameters[p].form))
		return false;
	if (value.len < parameters[p].min || value.len > parameters[p].max)
		return false;
	if (has_authorization_text(text_bytes(&value)))
		return false;
	if (has_byte(&value, ',')) {
		if (!parameters[p].comma)
			return false;
		d->has_comma = true;
	}
	*seen |= 1u << p;
	return set(d, p, &value);
}

/* Exactly one comma; RFC 9110 section 5.6.1's empty elements are not for us. */
static bool take_comma(struct bytes *b)
{
	uint8_t c;

	skip_blanks(b);
	if (!bytes_peek(b, &c) || c != ',' || !bytes_skip(b, 1))
		return false;
	skip_blanks(b);
	return true;
}

static enum hash hash_of(enum algorithm a)
{
	return a == ALGORITHM_MD5 || a == ALGORITHM_MD5_SESS ? HASH_MD5 : HASH_SHA256;
}

static bool is_session(enum algorithm a)
{
	return a == ALGORITHM_MD5_SESS || a == ALGORITHM_SHA256_SESS;
}

static bool is_complete(const struct digest *d, unsigned seen)
{
	const unsigned always = 1u << USERNAME | 1u << REALM | 1u << NONCE |
				1u << URI | 1u << RESPONSE;

	if ((seen & always) != always)
		return false;
	if (d->response.len != hash_hex_len(hash_of(d->algorithm)))
		return false;
	if (d->has_qop != !!(seen & 1u << NC))
		return false;
	/* Without qop a cnonce means nothing, but Java sends it. */
	return d->has_cnonce || (!d->has_qop && !is_session(d->algorithm));
}

bool digest_parse(struct digest *d, struct bytes value)
{
	unsigned seen = 0;

	memset(d, 0, sizeof(*d));
	if (!take_scheme(&value))
		return false;
	do {
		if (!take_parameter(&value, d, &seen))
			return false;
	} while (take_comma(&value));
	return value.len == 0 && is_complete(d, seen);
}

bool digest_uri_fits(const struct digest *d, const struct request *q)
{
	struct bytes uri = text_bytes(&d->uri), rest = uri, scheme, authority;

	if (bytes_equal(uri, BYTES("/")))
		return true;
	if (bytes_take(&rest, 7, &scheme) && bytes_equal(scheme, BYTES("http://")) &&
	    bytes_take(&rest, q->host.len, &authority) &&
	    bytes_equal_nocase(authority, q->host))
		uri = rest;
	return bytes_equal(uri, q->target) || bytes_equal(uri, q->path);
}

/* H(username:realm:password), RFC 7616 section 3.4.2, or as the file has it. */
static bool find_ha1(const struct digest *d, const struct credential *c, struct hex *ha1)
{
	enum hash hash = hash_of(d->algorithm);

	if (!c->hashed) {
		struct bytes part[] = {
			text_bytes(&d->username), text_bytes(&d->realm),
			{ (const uint8_t *)c->password, c->password_len },
		};

		return hash_joined(hash, part, 3, ha1);
	}
	if (c->ha1_len != hash_hex_len(hash) ||
	    !bytes_equal(text_bytes(&d->realm),
			 (struct bytes){ (const uint8_t *)c->realm, c->realm_len }))
		return false;
	ha1->len = c->ha1_len;
	memcpy(ha1->at, c->ha1, c->ha1_len);
	return true;
}

static bool expected_response(const struct digest *d, const struct credential *c,
			      struct hex *ha1, struct hex *out)
{
	enum hash	hash = hash_of(d->algorithm);
	struct bytes	nonce = text_bytes(&d->nonce), cnonce = text_bytes(&d->cnonce);
	struct bytes	request[] = { BYTES("GET"), text_bytes(&d->uri) };
	struct hex	ha2;

	if (!find_ha1(d, c, ha1) || !hash_joined(hash, request, 2, &ha2))
		return false;
	if (is_session(d->algorithm)) {
		struct bytes session[] = { hex_bytes(ha1), nonce, cnonce };

		if (!hash_joined(hash, session, 3, ha1))
			return false;
	}
	if (!d->has_qop) {
		struct bytes rfc2069[] = { hex_bytes(ha1), nonce, hex_bytes(&ha2) };

		return hash_joined(hash, rfc2069, 3, out);
	} else {
		struct bytes auth[] = {
			hex_bytes(ha1), nonce, { d->nc, NC_LEN }, cnonce,
			BYTES("auth"), hex_bytes(&ha2),
		};

		return hash_joined(hash, auth, 6, out);
	}
}

bool digest_verify(const struct digest *d, const struct credential *c)
{
	struct hex	ha1, expected;
	struct bytes	user = { (const uint8_t *)c->user, c->user_len };
	bool		ok;

	ok = bytes_equal(text_bytes(&d->username), user) &&
	     expected_response(d, c, &ha1, &expected) &&
	     expected.len == d->response.len &&
	     CRYPTO_memcmp(expected.at, d->response.at, expected.len) == 0;
	OPENSSL_cleanse(&ha1, sizeof(ha1));
	OPENSSL_cleanse(&expected, sizeof(expected));
	return ok;
}
