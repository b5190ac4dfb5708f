// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a request head from its first byte to its last, RFC 9112 sections 2
 * to 6.  Reading order is wire order; the first thing that is wrong decides.
 */

#include "http.h"

#include "chars.h"
#include "fields.h"
#include "host.h"
#include "limit.h"

struct reader {
	struct bytes	head;
	struct bytes	rest;			/* what was not read yet */
	bool		strip_unknown;
	size_t		n_names;
	struct bytes	name[HEAD_LINES_MAX];	/* the fields so far */
	size_t		*offset;
};

static enum why wrong(const struct reader *r, const uint8_t *at, enum why why)
{
	*r->offset = (size_t)(at - r->head.at);
	return why;
}

/* Takes one line, without its CRLF (RFC 9112 section 2.2). */
static enum why take_line(struct reader *r, struct bytes *line)
{
	const uint8_t	*at;
	uint8_t		 c;

	*line = take_while_at_most(&r->rest, HEAD_LINE_MAX, is_text);
	at = r->rest.at;
	if (bytes_u8(&r->rest, &c) && c != '\r') {
		if (is_text(c))
			return wrong(r, at, WHY_LINE_TOO_LONG);
		return wrong(r, at, c == '\n' ? WHY_BAD_LINE_END : WHY_BAD_BYTE);
	}
	at = r->rest.at;
	if (!bytes_u8(&r->rest, &c) || c != '\n')
		return wrong(r, at, WHY_BAD_LINE_END);
	return WHY_NEXT;
}

/* Junk is told from a request by its first bytes, before its lines are read. */
static enum why check_method(const struct reader *r)
{
	struct bytes	rest = r->rest, method = BYTES("GET ");
	uint8_t		c, expected;

	while (bytes_u8(&method, &expected)) {
		const uint8_t *at = rest.at;

		if (!bytes_u8(&rest, &c))
			return wrong(r, at, WHY_BAD_LINE_END);
		if (c == expected)
			continue;
		if (is_printable(c) || is_one_of(c, "\t\r\n"))
			return wrong(r, at, WHY_NOT_GET);
		return wrong(r, at, WHY_BAD_BYTE);
	}
	return WHY_NEXT;
}

static bool is_dots(struct bytes segment)
{
	return bytes_equal(segment, BYTES(".")) || bytes_equal(segment, BYTES(".."));
}

/* Segments mean themselves: no dots to resolve, and only the last is empty. */
static enum why check_segments(const struct reader *r, struct bytes path)
{
	struct bytes segment, rest = path;

	if (!bytes_skip(&rest, 1))
		return wrong(r, path.at, WHY_BAD_TARGET);
	while (bytes_until(&rest, '/', &segment))
		if (segment.len == 0 || is_dots(segment))
			return wrong(r, segment.at, WHY_BAD_TARGET);
	return is_dots(rest) ? wrong(r, rest.at, WHY_BAD_TARGET) : WHY_NEXT;
}

/* RFC 9112 section 3.2.1, origin-form; an absolute-form has no use here. */
static enum why check_target(const struct reader *r, struct request *q)
{
	struct bytes	rest = q->target;
	bool		in_query = false;
	uint8_t		c;

	q->path = q->target;
	if (!bytes_peek(&rest, &c) || c != '/')
		return wrong(r, rest.at, WHY_BAD_TARGET);
	if (rest.len > TARGET_MAX)
		return wrong(r, rest.at + TARGET_MAX, WHY_BAD_TARGET);
	while (bytes_peek(&rest, &c)) {
		if (c == '?' && !in_query) {
			q->path.len -= rest.len;
			in_query = true;
		} else if (!is_pchar(c) && c != '/') {
			return wrong(r, rest.at, WHY_BAD_TARGET);
		}
		if (!bytes_skip(&rest, 1))
			break;
	}
	if (has_authorization_text(q->target))
		return wrong(r, q->target.at, WHY_BAD_TARGET);
	return check_segments(r, q->path);
}

static enum why read_request_line(struct reader *r, struct request *q)
{
	struct bytes	line, version = BYTES("HTTP/1.1");
	uint8_t		c, expected;
	enum why	why;

	if ((why = check_method(r)) || (why = take_line(r, &line)))
		return why;
	if (!bytes_skip(&line, 4))
		return wrong(r, line.at, WHY_NOT_GET);
	if (!bytes_until(&line, ' ', &q->target)) {
		q->target = line;
		line.at += line.len;
		line.len = 0;
	}
	if ((why = check_target(r, q)))
		return why;

	while (bytes_u8(&version, &expected)) {
		const uint8_t *at = line.at;

		if (!bytes_u8(&line, &c) || c != expected)
			return wrong(r, at, WHY_BAD_VERSION);
	}
	return line.len ? wrong(r, line.at, WHY_BAD_VERSION) : WHY_NEXT;
}

/* RFC 9110 section 7.6.1; of the options, only the two old ones mean something. */
static enum why read_connection(const struct reader *r, struct bytes value, struct request *q)
{
	bool more = true;

	while (more) {
		struct bytes option, rest;

		more = bytes_until(&value, ',', &option);
		if (!more)
			option = value;
		rest = bytes_trim(option);
		option = take_while(&rest, is_tchar);
		if (option.len == 0 || rest.len)
			return wrong(r, rest.at, WHY_BAD_FIELD_VALUE);
		if (bytes_equal_nocase(option, BYTES("close")))
			q->connection = CONNECTION_CLOSE;
		else if (q->connection == CONNECTION_UNSAID &&
			 bytes_equal_nocase(option, BYTES("keep-alive")))
			q->connection = CONNECTION_KEEP_ALIVE;
	}
	return WHY_NEXT;
}

/* A letter and then only digits: an index, to RomPager (CVE-2014-9222). */
static bool is_index(struct bytes name)
{
	uint8_t c;

	if (!bytes_u8(&name, &c) || !is_alpha(c) || name.len == 0)
		return false;
	while (bytes_u8(&name, &c))
		if (!is_digit(c))
			return false;
	return true;
}

/* cookie-pair of RFC 6265 section 4.1.1 */
static bool is_cookie_pair(struct bytes name, struct bytes value)
{
	struct bytes	rest = value;
	uint8_t		c;

	if (name.len == 0)
		return false;
	while (bytes_u8(&name, &c))
		if (!is_tchar(c))
			return false;
	if (bytes_peek(&rest, &c) && c == '"') {
		if (rest.len < 2 || rest.at[rest.len - 1] != '"')
			return false;
		rest = (struct bytes){ rest.at + 1, rest.len - 2 };
	}
	while (bytes_u8(&rest, &c))
		if (!is_printable(c) || is_one_of(c, " \",;\\"))
			return false;
	return true;
}

/* Agents never see it; what is not a cookie is not a client that ought to be here. */
static enum why read_cookie(const struct reader *r, struct bytes value)
{
	bool more = true;

	while (more) {
		struct bytes	pair, name;
		const uint8_t	*at = value.at;

		more = bytes_until(&value, ';', &pair);
		if (!more)
			pair = value;
		if (!bytes_until(&pair, '=', &name))
			return wrong(r, at, WHY_BAD_FIELD_VALUE);
		if (is_index(name))
			return wrong(r, at, WHY_BAD_COOKIE);
		if (!is_cookie_pair(name, pair))
			return wrong(r, at, WHY_BAD_FIELD_VALUE);
		if (more) {
			uint8_t c;

			at = value.at;
			if (!bytes_u8(&value, &c) || c != ' ')
				return wrong(r, at, WHY_BAD_FIELD_VALUE);
		}
	}
	return WHY_NEXT;
}

static enum why read_value(const struct reader *r, struct bytes name, struct bytes value,
			   struct request *q)
{
	switch (fields_treatment(name)) {
	case FIELD_HOST:
		q->host = value;
		return host_is_valid(value) ? WHY_NEXT : wrong(r, value.at, WHY_BAD_HOST);
	case FIELD_CONNECTION:
		return read_connection(r, value, q);
	case FIELD_AUTHORIZATION:
		q->has_authorization = true;
		q->authorization = value;
		return WHY_NEXT;
	case FIELD_LENGTH:
		/* RFC 9112 section 6.2; "00" and "+0" are lengths to some and not to others. */
		return bytes_equal(value, BYTES("0")) ? WHY_NEXT : wrong(r, value.at, WHY_BODY);
	case FIELD_CODING:
		return wrong(r, name.at, WHY_BODY);
	case FIELD_COOKIE:
		return read_cookie(r, value);
	case FIELD_LEFT_OUT:
		return WHY_NEXT;
	case FIELD_NEVER:
		return wrong(r, name.at, WHY_FIELD_REFUSED);
	case FIELD_UNKNOWN:
		break;
	}
	return r->strip_unknown ? WHY_NEXT : wrong(r, name.at, WHY_FIELD_REFUSED);
}

/* RFC 9112 section 5, field-line, with section 5.1's rule on names. */
static enum why read_field(struct reader *r, struct bytes line, struct request *q)
{
	struct bytes	name, rest = line;
	uint8_t		c;

	if (bytes_peek(&line, &c) && is_blank(c))
		return wrong(r, line.at, WHY_FOLDED);
	name = take_while(&rest, is_tchar);
	if (name.len == 0 || !bytes_peek(&rest, &c) || c != ':' || !bytes_skip(&rest, 1))
		return wrong(r, rest.at, WHY_BAD_FIELD_NAME);

	for (size_t i = 0; i < r->n_names; i++)
		if (bytes_equal_nocase(r->name[i], name))
			return wrong(r, name.at, WHY_FIELD_REPEATED);
	r->name[r->n_names++] = name;
	return read_value(r, name, bytes_trim(rest), q);
}

enum why http_parse(struct request *q, struct bytes head, bool strip_unknown, size_t *offset)
{
	struct reader	r = { .head = head, .rest = head, .strip_unknown = strip_unknown,
			      .offset = offset };
	struct bytes	line;
	enum why	why;

	*q = (struct request){ .connection = CONNECTION_UNSAID };
	*offset = 0;
	if (head.len > HEAD_MAX)
		return wrong(&r, head.at + HEAD_MAX, WHY_HEAD_TOO_LONG);
	if ((why = read_request_line(&r, q)) || (why = take_line(&r, &line)))
		return why;
	while (line.len) {
		if (r.n_names == HEAD_LINES_MAX - 1)
			return wrong(&r, line.at, WHY_TOO_MANY_LINES);
		if ((why = read_field(&r, line, q)) || (why = take_line(&r, &line)))
			return why;
	}
	if (r.rest.len)
		return wrong(&r, r.rest.at, WHY_TRAILING);
	/* Every HTTP/1.1 request has one, RFC 9112 section 3.2. */
	return q->host.len ? WHY_NEXT : wrong(&r, line.at, WHY_BAD_HOST);
}
