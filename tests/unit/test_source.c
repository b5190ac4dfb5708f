// SPDX-License-Identifier: GPL-2.0-or-later
/* Shares, budgets and bans of a source. */

#include "test.h"

#include "source.h"

static struct sources		t;
static const struct policy	policy = {
	.malformed = { 6, 60000, 3 }, .ban_ms = 1000, .ban_max_ms = 3000,
};

static struct addr host(unsigned n)
{
	return addr_from4((const uint8_t[]){ 192, 0, (uint8_t)(n >> 8), (uint8_t)n });
}

static struct source *get(unsigned n, uint64_t now_ms)
{
	struct addr a = host(n);

	return source_get(&t, &a, &policy, now_ms);
}

static int set_up(void **state)
{
	static const struct siphash_key key = { { 3, 4 } };

	(void)state;
	sources_init(&t, &key);
	return 0;
}

static void the_same_source(void **state)
{
	struct addr a = { { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, [15] = 1 } }, b = a;

	(void)state;
	assert_ptr_equal(get(1, 0), get(1, 5));
	assert_ptr_not_equal(get(1, 0), get(2, 0));
	b.b[8] = 9;		/* another host of the same /64 */
	assert_ptr_equal(source_get(&t, &a, &policy, 0), source_get(&t, &b, &policy, 0));
	b.b[7] = 2;
	assert_ptr_not_equal(source_get(&t, &a, &policy, 0), source_get(&t, &b, &policy, 0));
}

static void the_quietest_without_flows_gives_way(void **state)
{
	struct source *s;

	(void)state;
	for (unsigned i = 0; i < SOURCES_MAX; i++)
		get(i, i)->flows = i != 7;
	assert_ptr_equal(get(5000, 9000), &t.of[7]);
	assert_int_equal(get(5000, 9000)->flows, 0);
	get(5000, 9000)->flows = 1;
	assert_null(get(5001, 9001));
	s = get(9, 9002);
	s->flows = 0;
	assert_ptr_equal(get(5001, 9003), s);
}

static void bans_double_and_are_forgiven(void **state)
{
	struct source	*s = get(1, 0);
	uint64_t	 now = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(source_charge(s, &policy, now), 0);
	assert_int_equal(source_charge(s, &policy, now), 1000);
	now += 1001;
	for (int i = 0; i < 3; i++)
		assert_int_equal(source_charge(s, &policy, now), 0);
	assert_int_equal(source_charge(s, &policy, now), 2000);
	now += 2001;
	while (!source_charge(s, &policy, now))
		;
	assert_int_equal(s->banned_ms - now, 3000);
	/* Within the budget again: a token each ten seconds. */
	now = s->banned_ms + 3000 + 1;
	for (int i = 0; i < 10; i++, now += 10000)
		assert_int_equal(source_charge(s, &policy, now), 0);
	while (!source_charge(s, &policy, now))
		;
	assert_int_equal(s->banned_ms - now, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_source, set_up),
		cmocka_unit_test_setup(the_quietest_without_flows_gives_way, set_up),
		cmocka_unit_test_setup(bans_double_and_are_forgiven, set_up),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
