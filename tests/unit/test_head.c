// SPDX-License-Identifier: GPL-2.0-or-later
/* A request head arriving: in pieces, again, out of order, wrong. */

#include "test.h"

#include "head.h"

#define HEAD "GET /p HTTP/1.1\r\nHost: cpe\r\n\r\n"

enum { LEN = sizeof(HEAD) - 1, BASE = -7 };	/* the sequence wraps inside the head */

static struct head	h;
static uint16_t		off;

static enum why add(int at, const char *bytes, size_t n)
{
	return head_add(&h, (uint32_t)(BASE + at),
			(struct bytes){ at_the_edge(bytes, n), n }, &off);
}

static void start(void)
{
	head_start(&h, (uint32_t)BASE);
}

static void whole_and_split(void **state)
{
	(void)state;
	start();
	assert_int_equal(add(0, HEAD, LEN), WHY_NEXT);
	for (size_t cut = 1; cut < LEN; cut++) {
		start();
		assert_int_equal(add(0, HEAD, cut), WHY_PARTIAL);
		assert_int_equal(add((int)cut, &HEAD[cut], LEN - cut), WHY_NEXT);
		assert_memory_equal(h.sent, HEAD, LEN);
	}
	start();
	for (size_t i = 0; i + 1 < LEN; i++)
		assert_int_equal(add((int)i, &HEAD[i], 1), WHY_PARTIAL);
	assert_int_equal(add(LEN - 1, &HEAD[LEN - 1], 1), WHY_NEXT);
}

static void repeats(void **state)
{
	(void)state;
	start();
	assert_int_equal(add(0, HEAD, 10), WHY_PARTIAL);
	assert_int_equal(add(0, HEAD, 10), WHY_REPEAT);
	assert_int_equal(add(3, &HEAD[3], 4), WHY_REPEAT);
	assert_int_equal(add(-20, HEAD, 20), WHY_REPEAT);	/* all before the head */
	assert_int_equal(add(5, &HEAD[5], 10), WHY_PARTIAL);	/* old and new in one */
	assert_int_equal(add(-3, "xxx" HEAD, LEN + 3), WHY_NEXT);
	assert_memory_equal(h.sent, HEAD, LEN);
	assert_int_equal(add(0, HEAD, LEN), WHY_REPEAT);
}

static void conflicts(void **state)
{
	(void)state;
	start();
	assert_int_equal(add(0, HEAD, 10), WHY_PARTIAL);
	assert_int_equal(add(2, "T /q HTTP/1.1", 13), WHY_CONFLICT);
	assert_int_equal(off, 5);
	assert_memory_equal(h.sent, HEAD, 10);
	assert_int_equal(h.len, 10);
}

static void out_of_order(void **state)
{
	(void)state;
	start();
	assert_int_equal(add(1, &HEAD[1], 5), WHY_OUT_OF_ORDER);
	assert_int_equal(h.len, 0);
	assert_int_equal(add(HEAD_MAX + 1, "x", 1), WHY_HEAD_TOO_LONG);
	assert_int_equal(add(0, HEAD, LEN), WHY_NEXT);
}

static void wrong_bytes(void **state)
{
	static const struct {
		const char	*text;
		size_t		 len;
		enum why	 why;
		uint16_t	 off;
	} wrong[] = {
#define T(text) text, sizeof(text) - 1
		{ T("POST / HTTP/1.1\r\n"),		WHY_NOT_GET, 0 },
		{ T("GE\r\n"),				WHY_NOT_GET, 2 },
		{ T("get / "),				WHY_NOT_GET, 0 },
		{ T("GET\t/"),				WHY_NOT_GET, 3 },
		{ T("\r\nGET / "),			WHY_NOT_GET, 0 },
		{ T("\x16\x03\x01"),			WHY_BAD_BYTE, 0 },
		{ T("GET /\0"),				WHY_BAD_BYTE, 5 },
		{ T("GET /\x7f"),			WHY_BAD_BYTE, 5 },
		{ T("GET /\xc3\xa4"),			WHY_BAD_BYTE, 5 },
		{ T("GET / HTTP/1.1\nHost"),		WHY_BAD_LINE_END, 14 },
		{ T("GET / HTTP/1.1\rHost"),		WHY_BAD_LINE_END, 15 },
		{ T("GET / HTTP/1.1\r\r\n"),		WHY_BAD_LINE_END, 15 },
		{ T(HEAD "x"),				WHY_TRAILING, LEN },
		{ T(HEAD HEAD),				WHY_TRAILING, LEN },
#undef T
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		start();
		assert_int_equal(add(0, wrong[i].text, wrong[i].len), wrong[i].why);
		assert_int_equal(off, wrong[i].off);
	}
}

/* The limit itself passes, one more does not. */
static void limits(void **state)
{
	static char	line[HEAD_LINE_MAX + 1];
	enum why	why = WHY_PARTIAL;

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line, "GET ", 4);
	start();
	assert_int_equal(add(0, line, HEAD_LINE_MAX), WHY_PARTIAL);
	assert_int_equal(add(HEAD_LINE_MAX, "a", 1), WHY_LINE_TOO_LONG);

	start();
	assert_int_equal(add(0, "GET / HTTP/1.1\r\n", 16), WHY_PARTIAL);
	for (int i = 1; i < HEAD_LINES_MAX; i++)
		assert_int_equal(add(h.len, "a: b\r\n", 6), WHY_PARTIAL);
	assert_int_equal(add(h.len, "a: b\r\n", 6), WHY_TOO_MANY_LINES);

	start();
	memset(line, 'a', sizeof(line));
	assert_int_equal(add(0, "GET ", 4), WHY_PARTIAL);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(add(h.len, line, 990), WHY_PARTIAL);
		assert_int_equal(add(h.len, "\r\n", 2), WHY_PARTIAL);
	}
	while (why == WHY_PARTIAL)
		why = add(h.len, "a", 1);
	assert_int_equal(why, WHY_HEAD_TOO_LONG);
	assert_int_equal(h.len, HEAD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_split),
		cmocka_unit_test(repeats),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
