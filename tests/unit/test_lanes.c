// SPDX-License-Identifier: GPL-2.0-or-later
/* The memories of several guards as one. */

#include "test.h"

#include "lanes.h"

enum { N = 3 };

static struct shm	shm[N];
static struct lanes	lanes = { .n = N, .of = { &shm[0], &shm[1], &shm[2] } };

static int set_up(void **state)
{
	(void)state;
	memset(shm, 0, sizeof(shm));
	return 0;
}

static void decide(size_t lane, uint64_t ms)
{
	struct decision d = { .ms = ms, .cport = (uint16_t)ms, .why = WHY_NOT_GET };

	shm_decide(&shm[lane], &d);
}

static void sums(void **state)
{
	static const struct lanes	none;
	struct use			u;

	(void)state;
	for (uint16_t i = 0; i < N; i++) {
		shm[i].count[WHY_NOT_GET] = i + 1;
		shm[i].use = (struct use){ i, 10, 1, 2 };
		decide(i, 1);
	}
	u = lanes_use(&lanes);
	assert_int_equal(lanes_count(&lanes, WHY_NOT_GET), 6);
	assert_int_equal(lanes_decisions(&lanes), 3);
	assert_int_equal(u.embryos, 3);
	assert_int_equal(u.live, 30);
	assert_int_equal(lanes_count(&none, WHY_NOT_GET), 0);
	assert_int_equal(lanes_use(&none).live, 0);
}

/* Forwards and back the same, in the order of their times, each found by its number. */
static void in_order(void **state)
{
	static const uint64_t	want[] = { 10, 11, 11, 12, 13, 14 };
	struct lanes_at		at = { { 0 }, { 0 } };
	struct decision		d, found;
	uint64_t		id, seen[6];
	size_t			n = 0;

	(void)state;
	decide(1, 10);
	decide(0, 11);
	decide(2, 11);
	decide(1, 12);
	decide(1, 13);
	assert_false(lanes_next(&lanes, &at, &id, &d));		/* until it is looked for */
	lanes_look(&lanes, &at);
	decide(0, 14);
	while (lanes_next(&lanes, &at, &id, &d)) {
		assert_int_equal(d.ms, want[n]);
		assert_true(lanes_read(&lanes, id, &found));
		assert_int_equal(found.cport, d.cport);
		for (size_t i = 0; i < n; i++)
			assert_int_not_equal(seen[i], id);
		seen[n++] = id;
	}
	assert_int_equal(n, 5);
	lanes_look(&lanes, &at);
	assert_true(lanes_next(&lanes, &at, &seen[n++], &d));
	assert_int_equal(d.ms, 14);
	lanes_newest(&lanes, &at);
	while (lanes_previous(&lanes, &at, &id, &d))
		assert_int_equal(id, seen[--n]);
	assert_int_equal(n, 0);
	assert_false(lanes_read(&lanes, 3 * N, &d));
}

/* A memory that was written over, and one whose guard counts as it likes. */
static void what_is_gone(void **state)
{
	struct lanes_at	at = { { 0 }, { 0 } };
	struct decision	d;
	uint64_t	id;
	unsigned	n = 0;

	(void)state;
	for (uint64_t i = 0; i < DECISIONS_MAX + 10; i++)
		decide(0, i);
	decide(1, 20);
	lanes_look(&lanes, &at);
	assert_true(lanes_next(&lanes, &at, &id, &d));
	assert_int_equal(d.ms, 11);
	while (lanes_next(&lanes, &at, &id, &d))
		n++;
	assert_int_equal(n, DECISIONS_MAX - 1);
	atomic_store(&shm[0].n_decisions, 2);
	atomic_store(&shm[1].n_decisions, UINT64_MAX);
	lanes_look(&lanes, &at);
	for (n = 0; n < 3 * DECISIONS_MAX && lanes_next(&lanes, &at, &id, &d);)
		n++;
	assert_in_range(n, 0, 2 * DECISIONS_MAX);
}

static void one_is_as_ever(void **state)
{
	static const struct lanes	one = { .n = 1, .of = { &shm[0] } };
	struct lanes_at			at = { { 0 }, { 0 } };
	struct decision			d;
	uint64_t			id;

	(void)state;
	decide(0, 5);
	decide(0, 4);					/* as they were made */
	lanes_look(&one, &at);
	for (uint64_t i = 0; i < 2; i++) {
		assert_true(lanes_next(&one, &at, &id, &d));
		assert_int_equal(id, i);
		assert_int_equal(d.ms, 5 - i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sums, set_up),
		cmocka_unit_test_setup(in_order, set_up),
		cmocka_unit_test_setup(what_is_gone, set_up),
		cmocka_unit_test_setup(one_is_as_ever, set_up),
	};

	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
