// SPDX-License-Identifier: GPL-2.0-or-later
/* The histogram of the benchmarks against the sorted times themselves. */

#include "test.h"

#include "../bench/hist.h"

enum { TIMES = 5000 };

static struct hist	h;
static uint64_t		time_ns[TIMES];

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void within_a_step(double found, uint64_t is)
{
	double off = found > (double)is ? found - (double)is : (double)is - found;

	assert_true(off <= (double)is / HIST_STEPS);
}

/* Of every size, from single nanoseconds to a minute. */
static void is_near_what_was_added(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	for (unsigned i = 0; i < TIMES; i++) {
		time_ns[i] = (uint64_t)(i * 2654435761u) >> (i % 32);
		hist_add(&h, time_ns[i]);
	}
	qsort(time_ns, TIMES, sizeof(*time_ns), by_size);
	for (unsigned percent = 1; percent <= 100; percent++)
		within_a_step(hist_at(&h, percent / 100.0), time_ns[TIMES * percent / 100 - 1]);
	assert_int_equal(h.n, TIMES);
	assert_true(h.most == time_ns[TIMES - 1]);
}

static void each_power_of_two(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 36; bit++) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, 1ULL << bit);
		within_a_step(hist_at(&h, 0.5), 1ULL << bit);
		memset(&h, 0, sizeof(h));
		hist_add(&h, (1ULL << bit) - 1);
		within_a_step(hist_at(&h, 0.5), (1ULL << bit) - 1);
	}
}

static void the_longest_slot_takes_the_rest(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	hist_add(&h, UINT64_MAX);
	assert_int_equal(h.count[HIST_SLOTS - 1], 1);
	assert_true(h.most == UINT64_MAX);
}

static void nothing_is_zero(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	assert_true(hist_at(&h, 0.5) == 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_near_what_was_added),
		cmocka_unit_test(each_power_of_two),
		cmocka_unit_test(the_longest_slot_takes_the_rest),
		cmocka_unit_test(nothing_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
