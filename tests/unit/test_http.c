// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of request heads: tests/cases/http.md, and what it yields. */

#include "test.h"

#include "http.h"
#include "limit.h"

enum { ROOM = HEAD_MAX + 64 };

struct verdict {
	enum why	why;
	size_t		offset;
};

static struct verdict parse(struct bytes head, bool strip, struct request *q)
{
	struct verdict v;

	v.why = http_parse(q, bytes_at_the_edge(head), strip, &v.offset);
	return v;
}

/* "PASS", or "off=16 BAD_LINE_END" */
static bool is_as_expected(const struct test_case *c, struct bytes block, struct bytes head,
			   bool strip)
{
	struct request	q;
	struct verdict	v = parse(head, strip, &q);
	char		wanted[128], found[128];

	snprintf(wanted, sizeof(wanted), "%.*s", (int)block.len, (const char *)block.at);
	if (v.why == WHY_NEXT)
		snprintf(found, sizeof(found), "PASS");
	else
		snprintf(found, sizeof(found), "off=%zu %s", v.offset, why_info[v.why].name);
	if (strcmp(wanted, found) == 0)
		return true;
	print_error("%s: wanted %s, found %s\n", c->name, wanted, found);
	return false;
}

static void cases(void **state)
{
	char		*text = must_read_file("cases/http.md");
	const char	*rest = text;
	struct test_case c;
	size_t		 n = 0, wrong = 0;

	(void)state;
	for (; next_case(&rest, &c); n++) {
		uint8_t		head[ROOM];
		struct bytes	block;
		struct bytes	b = { head, unescape(must_find_block(&c, "http"), head, ROOM) };

		wrong += !is_as_expected(&c, must_find_block(&c, "why"), b, false);
		if (!find_block(&c, "why, unknown fields left out", &block))
			block = must_find_block(&c, "why");
		wrong += !is_as_expected(&c, block, b, true);
	}
	free(text);
	assert_int_equal(wrong, 0);
	assert_true(n >= 200);
}

static void cut(struct bytes head)
{
	struct request	q;
	struct verdict	v;

	for (size_t n = 0; n < head.len; n++) {
		v = parse((struct bytes){ head.at, n }, false, &q);
		assert_int_equal(v.why, WHY_BAD_LINE_END);
		assert_int_equal(v.offset, n);
	}
}

static void is_inside(struct bytes b, const uint8_t *head, size_t len)
{
	assert_true(b.at >= head && b.at + b.len <= head + len);
}

/* What a good head yields are views into it. */
static void check_views(struct bytes head)
{
	const uint8_t	*at = at_the_edge(head.at, head.len);
	struct request	 q;
	size_t		 offset;

	assert_int_equal(http_parse(&q, (struct bytes){ at, head.len }, false, &offset), WHY_NEXT);
	is_inside(q.target, at, head.len);
	is_inside(q.path, at, head.len);
	is_inside(q.host, at, head.len);
	if (q.has_authorization)
		is_inside(q.authorization, at, head.len);
	assert_true(q.host.len > 0 && q.path.len > 0 && q.path.len <= q.target.len);
}

/* No beginning of a good head is good, and one byte more is too much. */
static void good_heads_cut_everywhere(void **state)
{
	char		*text = must_read_file("cases/http.md");
	const char	*rest = text;
	struct test_case c;
	size_t		 n = 0;

	(void)state;
	while (next_case(&rest, &c)) {
		uint8_t		head[ROOM];
		struct bytes	b = { head, unescape(must_find_block(&c, "http"), head, ROOM) };
		struct request	q;
		struct verdict	v;

		if (!bytes_equal(must_find_block(&c, "why"), BYTES("PASS")))
			continue;
		cut(b);
		check_views(b);
		head[b.len++] = '\r';
		v = parse(b, false, &q);
		assert_int_equal(v.why, b.len > HEAD_MAX ? WHY_HEAD_TOO_LONG : WHY_TRAILING);
		assert_int_equal(v.offset, b.len - 1);
		n++;
	}
	free(text);
	assert_true(n >= 30);
}

static void meaning(void **state)
{
	struct bytes head = BYTES("GET /a/b?q=1 HTTP/1.1\r\n"
				  "Authorization: \t Digest x \r\n"
				  "hOST:\t192.0.2.1:7547 \r\n"
				  "Connection: Close , x\r\n\r\n");
	struct request q;
	struct verdict v = parse(head, false, &q);

	(void)state;
	assert_int_equal(v.why, WHY_NEXT);
	assert_true(bytes_equal(q.target, BYTES("/a/b?q=1")));
	assert_true(bytes_equal(q.path, BYTES("/a/b")));
	assert_true(bytes_equal(q.host, BYTES("192.0.2.1:7547")));
	assert_true(q.has_authorization);
	assert_true(bytes_equal(q.authorization, BYTES("Digest x")));
	assert_int_equal(q.connection, CONNECTION_CLOSE);
}

static void connection(void **state)
{
	static const struct {
		const char	*value;
		enum connection	 connection;
	} said[] = {
		{ "close", CONNECTION_CLOSE },
		{ "CLOSE", CONNECTION_CLOSE },
		{ "close, keep-alive", CONNECTION_CLOSE },
		{ "keep-alive, close", CONNECTION_CLOSE },
		{ "Keep-Alive", CONNECTION_KEEP_ALIVE },
		{ "Upgrade, HTTP2-Settings", CONNECTION_UNSAID },
		{ "closed", CONNECTION_UNSAID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		char		head[128];
		int		n = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: h\r\n"
					     "Connection: %s\r\n\r\n", said[i].value);
		struct request	q;
		struct verdict	v = parse((struct bytes){ (uint8_t *)head, (size_t)n }, false, &q);

		assert_int_equal(v.why, WHY_NEXT);
		assert_int_equal(q.connection, said[i].connection);
	}
}

/* Every byte in every place of a field name, as smuggling tools try them. */
static void odd_bytes_around_a_name(void **state)
{
	static const char *const form[] = {
		"%cTransfer-Encoding: chunked", "Transfer%cEncoding: chunked",
		"Transfer-Encoding%c: chunked", "Transfer-Encoding:%cchunked",
		"Transfer-Encoding: %cchunked", "Transfer-Encoding: chunked%c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++) {
		for (int c = 1; c < 256; c++) {
			char		head[128];
			int		n = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: h\r\n");
			struct request	q;

			n += snprintf(head + n, sizeof(head) - (size_t)n, form[i], c);
			n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n\r\n");
			assert_int_not_equal(parse((struct bytes){ (uint8_t *)head, (size_t)n },
						   false, &q).why, WHY_NEXT);
		}
	}
}

/* One byte of a good head changed: whatever comes of it, views stay inside. */
static void every_byte_changed(void **state)
{
	static const char good[] = "GET /p?q HTTP/1.1\r\nHost: [::1]:80\r\nCookie: a=\"b\"\r\n"
				   "Connection: close, x\r\nAuthorization: Digest x\r\n\r\n";
	uint8_t		head[sizeof(good)];
	struct request	q;

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			struct bytes	b = { head, sizeof(good) - 1 };
			struct verdict	v;

			memcpy(head, good, sizeof(good));
			head[i] = (uint8_t)c;
			v = parse(b, c & 1, &q);
			if (v.why == WHY_NEXT && !(c & 1))
				check_views(b);
			assert_true(v.offset <= b.len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(good_heads_cut_everywhere),
		cmocka_unit_test(meaning),
		cmocka_unit_test(connection),
		cmocka_unit_test(odd_bytes_around_a_name),
		cmocka_unit_test(every_byte_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
