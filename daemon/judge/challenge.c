// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads an agent's response head for what it teaches (RFC 9112 section 4,
 * RFC 9110 section 11.6.1).  The one tolerant reader in the gate; what it
 * finds opens nothing, it only names nonces that may be used.
 */

#include "challenge.h"

#include "chars.h"

static bool is_gap(uint8_t c)
{
	return is_one_of(c, " \t\r\n,");
}

static bool is_no_gap(uint8_t c)
{
	return !is_gap(c);
}

static void skip_gap(struct bytes *b)
{
	(void)take_while(b, is_gap);
}

/* Up to LF or the end; a CR before it goes too. */
static bool take_line(struct bytes *b, struct bytes *line)
{
	if (b->len == 0)
		return false;
	if (!bytes_until(b, '\n', line) && !bytes_take(b, b->len, line))
		return false;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* A line and the folded ones after it (RFC 9112 section 5.2), as one view. */
static bool take_field(struct bytes *b, struct bytes *field)
{
	struct bytes	more;
	uint8_t		c;

	if (!take_line(b, field) || field->len == 0)
		return false;
	while (bytes_peek(b, &c) && is_blank(c)) {
		if (!take_line(b, &more))
			break;
		field->len = (size_t)(more.at + more.len - field->at);
	}
	return true;
}

/* A quoted string, or anything up to a gap; false if there is nothing whole. */
static bool take_value(struct bytes *b, struct text *value)
{
	uint8_t c;

	value->len = 0;
	if (bytes_peek(b, &c) && c == '"' && bytes_skip(b, 1)) {
		while (bytes_u8(b, &c)) {
			if (c == '"')
				return true;
			if (c == '\\' && !bytes_u8(b, &c))
				return false;
			if (!text_add(value, c))
				return false;
		}
		return false;
	}
	while (bytes_peek(b, &c) && !is_gap(c))
		if (!bytes_skip(b, 1) || !text_add(value, c))
			return false;
	return true;
}

static bool is(struct bytes b, const char *word)
{
	return bytes_equal_nocase(b, bytes_of(word));
}

static bool lists_auth(struct bytes list)
{
	for (skip_gap(&list); list.len; skip_gap(&list))
		if (is(take_while(&list, is_no_gap), "auth"))
			return true;
	return false;
}

/* An unknown algorithm has no challenge a client here could answer. */
static bool find_algorithm(struct bytes value, enum algorithm *a)
{
	for (*a = 0; *a < ALGORITHM_COUNT; ++*a)
		if (is(value, algorithm_name[*a]))
			return true;
	return false;
}

/* False: a value of which too little is known to use the challenge. */
static bool set(struct challenge *c, struct bytes name, const struct text *value)
{
	struct bytes v = text_bytes(value);

	if (is(name, "realm")) {
		c->realm = *value;
	} else if (is(name, "nonce")) {
		c->nonce = *value;
	} else if (is(name, "opaque")) {
		c->opaque = *value;
		c->has_opaque = true;
		return v.len <= DIGEST_NONCE_MAX;
	} else if (is(name, "qop")) {
		c->has_qop = v.len > 0;
		c->has_auth = lists_auth(v);
	} else if (is(name, "stale")) {
		c->stale = is(v, "true");
	} else if (is(name, "algorithm")) {
		c->has_algorithm = true;
		return find_algorithm(v, &c->algorithm);
	}
	return true;
}

/*
 * Parameters up to the next word that is not one, which would be a scheme.
 * False when @c is of no use; the rest of it has been read all the same.
 */
static bool take_parameters(struct bytes *b, struct challenge *c)
{
	bool usable = true;

	for (;;) {
		struct bytes	rest, name;
		struct text	value;
		uint8_t		ch;

		skip_gap(b);
		rest = *b;
		name = take_while(&rest, is_tchar);
		/* A list without quotes, qop=auth-int,auth, leaves such words. */
		if (is(name, "auth") || is(name, "auth-int")) {
			c->has_auth |= is(name, "auth");
			*b = rest;
			continue;
		}
		skip_blanks(&rest);
		if (name.len == 0 || !bytes_u8(&rest, &ch) || ch != '=')
			return usable;
		skip_blanks(&rest);
		if (!take_value(&rest, &value) || !set(c, name, &value))
			usable = false;
		*b = rest;
	}
}

static bool is_usable(const struct challenge *c)
{
	return c->nonce.len >= DIGEST_NONCE_MIN && c->nonce.len <= DIGEST_NONCE_MAX;
}

static void read_challenges(struct reply *reply, struct bytes value)
{
	while (value.len) {
		struct challenge	c = { .algorithm = ALGORITHM_MD5 };
		struct bytes		scheme;
		size_t			before = value.len;

		skip_gap(&value);
		scheme = take_while(&value, is_tchar);
		if (take_parameters(&value, &c) && is(scheme, "Digest") && is_usable(&c) &&
		    reply->n < CHALLENGES_MAX)
			reply->of[reply->n++] = c;
		if (value.len == before && !bytes_skip(&value, 1))
			break;
	}
}

/* HTTP-version SP status-code, RFC 9112 section 4 */
static void read_status(struct reply *reply, struct bytes line)
{
	struct bytes	version;
	uint16_t	status = 0;
	uint8_t		c;

	if (!bytes_until(&line, ' ', &version) || !bytes_starts_nocase(version, BYTES("HTTP/")))
		return;
	skip_blanks(&line);
	for (int i = 0; i < 3; i++) {
		if (!bytes_u8(&line, &c) || !is_digit(c))
			return;
		status = (uint16_t)(status * 10 + c - '0');
	}
	reply->status = status;
}

/* Only its first line: what is blanked must not be the end of a line. */
static void note_server(struct reply *reply, struct bytes head, struct bytes value)
{
	struct bytes line;

	if (reply->server_len || !take_line(&value, &line))
		return;
	line = bytes_trim(line);
	reply->server_at = (size_t)(line.at - head.at);
	reply->server_len = line.len;
}

void challenge_read(struct reply *reply, struct bytes head)
{
	struct bytes rest = head, field, name;

	memset(reply, 0, sizeof(*reply));
	if (!take_line(&rest, &field))
		return;
	read_status(reply, field);
	while (take_field(&rest, &field)) {
		if (!bytes_until(&field, ':', &name))
			continue;
		name = bytes_trim(name);
		if (is(name, "WWW-Authenticate"))
			read_challenges(reply, field);
		else if (is(name, "Server"))
			note_server(reply, head, field);
	}
}
