// SPDX-License-Identifier: GPL-2.0-or-later
/* The view that cannot be read past its end, and the classes of bytes. */

#include "test.h"

#include "chars.h"

static struct bytes edge(const char *s)
{
	return (struct bytes){ at_the_edge(s, strlen(s)), strlen(s) };
}

/* A read that does not fit fails and takes nothing. */
static void short_reads(void **state)
{
	struct bytes	b = edge("abc"), was = b, out;
	uint8_t		buf[4];
	uint32_t	u32;
	uint16_t	u16;
	uint8_t		u8;

	(void)state;
	assert_false(bytes_take(&b, 4, &out));
	assert_false(bytes_skip(&b, 4));
	assert_false(bytes_be32(&b, &u32));
	assert_false(bytes_copy(&b, buf, 4));
	assert_false(bytes_until(&b, 'd', &out));
	assert_false(bytes_skip(&b, SIZE_MAX));
	assert_memory_equal(&b, &was, sizeof(b));

	assert_true(bytes_skip(&b, 2));
	assert_false(bytes_be16(&b, &u16));
	assert_true(bytes_u8(&b, &u8) && u8 == 'c');
	assert_false(bytes_u8(&b, &u8));
	assert_false(bytes_peek(&b, &u8));
	assert_false(bytes_until(&b, 'c', &out));
	assert_true(bytes_skip(&b, 0));
	assert_int_equal(b.len, 0);
}

static void numbers_are_big_endian(void **state)
{
	struct bytes	b = edge("\x81\x82\x83\x84\x85\x86\x87");
	uint32_t	u32;
	uint16_t	u16;
	uint8_t		u8;

	(void)state;
	assert_true(bytes_be32(&b, &u32) && u32 == 0x81828384);
	assert_true(bytes_be16(&b, &u16) && u16 == 0x8586);
	assert_true(bytes_u8(&b, &u8) && u8 == 0x87);
}

static void until(void **state)
{
	struct bytes b = edge("a,,b"), out;

	(void)state;
	assert_true(bytes_until(&b, ',', &out) && bytes_equal(out, BYTES("a")));
	assert_true(bytes_until(&b, ',', &out) && out.len == 0);
	assert_false(bytes_until(&b, ',', &out));
	assert_true(bytes_equal(b, BYTES("b")));
}

static void equality(void **state)
{
	(void)state;
	assert_true(bytes_equal(edge("Host"), BYTES("Host")));
	assert_false(bytes_equal(edge("Host"), BYTES("host")));
	assert_true(bytes_equal_nocase(edge("HoSt"), BYTES("hOsT")));
	assert_false(bytes_equal_nocase(edge("Hos"), BYTES("Host")));
	assert_true(bytes_equal((struct bytes){ NULL, 0 }, edge("")));
	/* '@' and '`' differ in the bit that cases differ in. */
	assert_false(bytes_equal_nocase(edge("@["), BYTES("`{")));
	assert_true(bytes_starts_nocase(edge("IF-match"), BYTES("if-")));
	assert_false(bytes_starts_nocase(edge("if"), BYTES("if-")));
}

static void trim_and_take(void **state)
{
	struct bytes b = edge("\t a b \t ");

	(void)state;
	assert_true(bytes_equal(bytes_trim(b), BYTES("a b")));
	assert_int_equal(bytes_trim(edge(" \t ")).len, 0);
	b = edge("abc: d");
	assert_true(bytes_equal(take_while(&b, is_tchar), BYTES("abc")));
	assert_true(bytes_equal(b, BYTES(": d")));
	assert_int_equal(take_while(&b, is_tchar).len, 0);
}

static void authorization_text(void **state)
{
	(void)state;
	assert_true(has_authorization_text(edge("authorization:")));
	assert_true(has_authorization_text(edge("x-AuthoriZation: Digest")));
	assert_false(has_authorization_text(edge("authorization")));
	assert_false(has_authorization_text(edge("")));
}

/* RFC 9110 5.6.2: what is a tchar, and that nothing above ASCII is anything. */
static void classes(void **state)
{
	const char *others = "\"(),/:;<=>?@[\\]{}";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool printable = c >= 0x20 && c < 0x7f;

		assert_int_equal(is_printable((uint8_t)c), printable);
		assert_int_equal(is_tchar((uint8_t)c),
				 printable && c != ' ' && !strchr(others, (int)c));
		assert_int_equal(is_lower_hex((uint8_t)c),
				 c && strchr("0123456789abcdef", (int)c) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_reads),
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(until),
		cmocka_unit_test(equality),
		cmocka_unit_test(trim_and_take),
		cmocka_unit_test(authorization_text),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
