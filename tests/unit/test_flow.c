// SPDX-License-Identifier: GPL-2.0-or-later
/* Who gives way when a table is full. */

#include "test.h"

#include "flow.h"

static struct flows	*table;
static struct source	 source[3];

/* A live flow of source @n, in @state; with @head it holds a buffer. */
static struct flow *add(unsigned n, enum flow_state state, bool head)
{
	static uint16_t	 port;
	struct flow_key	 key = { .client = addr_from4((const uint8_t[]){ 192, 0, 2, (uint8_t)n }),
				 .cport = ++port, .aport = 7547 };
	struct flow	*f = flow_add(table, &key);

	assert_non_null(f);
	f->source = &source[n];
	flow_set(table, f, FLOW_READING, 1000);
	if (head)
		assert_true(flow_take_head(table, f));
	if (state != FLOW_READING)
		flow_set(table, f, state, 1000);
	return f;
}

static int set_up(void **state)
{
	static const struct siphash_key key = { { 5, 6 } };

	(void)state;
	memset(source, 0, sizeof(source));
	table = flows_new(&key);
	return table ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	flows_free(table);
	return 0;
}

static void nobody_is_there(void **state)
{
	(void)state;
	assert_null(flow_cheapest(table, false));
	assert_null(flow_cheapest(table, true));
}

static void most_then_oldest(void **state)
{
	struct flow *f;

	(void)state;
	f = add(0, FLOW_ANSWERING, false);
	assert_ptr_equal(flow_cheapest(table, false), f);
	add(1, FLOW_READING, false);
	assert_ptr_equal(flow_cheapest(table, false), f);
	f = add(2, FLOW_READING, false);
	add(2, FLOW_READING, false);
	assert_ptr_equal(flow_cheapest(table, false), f);
}

static void the_proven_stay(void **state)
{
	struct flow *f;

	(void)state;
	for (int i = 0; i < 3; i++)
		add(0, FLOW_READING, true);
	f = add(1, FLOW_READING, true);
	source[0].proven = true;
	assert_ptr_equal(flow_cheapest(table, false), f);
	assert_ptr_equal(flow_cheapest(table, true), f);
	source[1].proven = true;
	assert_ptr_not_equal(flow_cheapest(table, false), f);
}

/* A head that was delivered cannot be given to another. */
static void only_heads_that_are_read(void **state)
{
	struct flow *f;

	(void)state;
	for (int i = 0; i < 3; i++)
		add(0, FLOW_SENT, true);
	assert_null(flow_cheapest(table, true));
	add(1, FLOW_READING, false);
	assert_null(flow_cheapest(table, true));
	f = add(1, FLOW_READING, true);
	assert_ptr_equal(flow_cheapest(table, true), f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_there),
		TEST(most_then_oldest),
		TEST(the_proven_stay),
		TEST(only_heads_that_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
