// SPDX-License-Identifier: GPL-2.0-or-later
/* Budgets of many sources in a table that does not hold them all. */

#include "test.h"

#include "budget.h"

static struct budgets		*t;
static const struct siphash_key	 key = { { 5, 6 } };
static struct policy		 policy;

static struct addr host(unsigned n)
{
	return addr_from4((const uint8_t[]){ 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
}

static bool attempt(unsigned n, uint64_t now_ms)
{
	struct addr a = host(n);

	return bucket_take(&budgets_find(t, &a, now_ms)->attempts, &policy.attempts, now_ms);
}

static int set_up(void **state)
{
	(void)state;
	policy.attempts = (struct rate){ 1, 1000, 3 };
	policy.requests = (struct rate){ 1, 1000, 2 };
	t = budgets_new(&policy, &key);
	return t ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	budgets_free(t);
	return 0;
}

static void each_has_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(attempt(1, 0));
	assert_false(attempt(1, 0));
	assert_true(attempt(2, 0));
	assert_false(attempt(1, 999));
	assert_true(attempt(1, 1000));
}

/* An IPv6 /64 is one source. */
static void one_network_one_budget(void **state)
{
	struct addr a = { { 0x20, 1 } }, b = a, c = a;

	(void)state;
	b.b[8] = 1;
	c.b[7] = 1;
	assert_ptr_equal(budgets_find(t, &a, 0), budgets_find(t, &b, 0));
	assert_ptr_not_equal(budgets_find(t, &a, 0), budgets_find(t, &c, 0));
}

/* Who keeps asking is remembered, however many others come. */
static void the_busy_stay(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(attempt(0, 0));
	for (unsigned n = 1; n < 8 * SOURCES_MAX; n++) {
		/* 100 new sources per millisecond: nobody is idle yet. */
		attempt(n, n / 100);
		assert_false(attempt(0, n / 100));
	}
}

/* To forget who is idle does no harm; so the idle go before the oldest. */
static void the_idle_go_first(void **state)
{
	struct addr	spender = host(0);
	uint64_t	now_ms = 0;

	(void)state;
	policy.attempts.burst = 100000;
	for (unsigned i = 0; i < policy.attempts.burst; i++)
		assert_true(attempt(0, now_ms));
	for (unsigned n = 1; n < 8 * SOURCES_MAX; n++) {
		assert_true(attempt(n, now_ms));
		now_ms += 1000;			/* and that one is idle again */
	}
	assert_false(bucket_is_full(&budgets_find(t, &spender, now_ms)->attempts,
				    &policy.attempts, now_ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_has_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_network_one_budget, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_busy_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_idle_go_first, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
