// SPDX-License-Identifier: GPL-2.0-or-later
/* SipHash-2-4 against the values its authors published. */

#include "test.h"

#include "siphash.h"

/* Of the messages 00, 00 01, ... under the key 00 01 .. 0f, by length. */
static const struct {
	size_t		len;
	uint64_t	hash;
} published[] = {
	{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd }, { 2, 0x0d6c8009d9a94f5a },
	{ 3, 0x85676696d7fb7e2d }, { 4, 0xcf2794e0277187b7 }, { 5, 0x18765564cd99a68d },
	{ 6, 0xcbc9466e58fee3ce }, { 7, 0xab0200f58b01d137 }, { 8, 0x93f5f5799a932462 },
	{ 9, 0x9e0082df0ba9e4b0 }, { 10, 0x7a5dbbc594ddb9f3 }, { 11, 0xf4b32f46226bada7 },
	{ 12, 0x751e8fbc860ee5fb }, { 13, 0x14ea5627c0843d90 }, { 14, 0xf723ca908e7af2ee },
	{ 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
};

static const struct siphash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };

static void vectors(void **state)
{
	uint8_t message[64];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		size_t len = published[i].len;

		assert_true(siphash(at_the_edge(message, len), len, &key) == published[i].hash);
	}
}

static void depends_on_the_key(void **state)
{
	struct siphash_key other = key;

	(void)state;
	other.k[1] ^= 1;
	assert_true(siphash("abc", 3, &key) != siphash("abc", 3, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(depends_on_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
