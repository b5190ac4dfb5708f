// SPDX-License-Identifier: GPL-2.0-or-later
/* Token buckets: the burst, the rate over a long time, odd clocks and rates. */

#include "test.h"

#include "rate.h"

static const struct rate slow = { .events = 30, .per_ms = 60000, .burst = 10 };

static unsigned take_all(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	unsigned n = 0;

	while (bucket_take(b, r, now_ms))
		n++;
	return n;
}

static void burst_then_rate(void **state)
{
	struct bucket b;

	(void)state;
	bucket_fill(&b, &slow, 1000);
	assert_int_equal(take_all(&b, &slow, 1000), 10);
	assert_int_equal(take_all(&b, &slow, 2999), 0);		/* one token takes 2 s */
	assert_int_equal(take_all(&b, &slow, 3000), 1);
	assert_int_equal(take_all(&b, &slow, 3000 + 6001), 3);
	assert_int_equal(take_all(&b, &slow, 1000000), 10);	/* never more than the burst */
}

/* Asking often must neither add to the rate nor take from it. */
static void rate_is_exact(void **state)
{
	static const struct rate odd[] = {
		{ 7, 60000, 2 }, { 30, 60000, 10 }, { 1, 3600000, 2 }, { 999, 1000, 5 },
		{ 1000, 1000, 2 }, { 3, 1000, 4 }, { 1, 86400000, 2 },
	};
	static const uint64_t step[] = { 1, 2, 3, 7, 999, 1001 };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		for (size_t j = 0; j < sizeof(step) / sizeof(*step); j++) {
			const struct rate	*r = &odd[i];
			struct bucket		 b;
			uint64_t		 now = 12345, end, taken = 0, due;

			if (step[j] * r->events > (uint64_t)(r->burst - 1) * r->per_ms)
				continue;	/* the burst is the bound then */
			bucket_fill(&b, r, now);
			take_all(&b, r, now);
			for (end = now + 200000; now < end; now += step[j])
				taken += take_all(&b, r, now);
			due = (now - step[j] - 12345) * r->events / r->per_ms;
			assert_int_equal(taken, due);
		}
	}
}

static void give(void **state)
{
	struct bucket b;

	(void)state;
	bucket_fill(&b, &slow, 0);
	assert_int_equal(take_all(&b, &slow, 0), 10);
	bucket_give(&b, &slow);
	assert_int_equal(take_all(&b, &slow, 0), 1);
	bucket_fill(&b, &slow, 0);
	bucket_give(&b, &slow);			/* not beyond the burst */
	assert_int_equal(take_all(&b, &slow, 0), 10);
}

static void full(void **state)
{
	struct bucket b;

	(void)state;
	bucket_fill(&b, &slow, 500);
	assert_true(bucket_is_full(&b, &slow, 500));
	assert_true(bucket_take(&b, &slow, 500));
	assert_false(bucket_is_full(&b, &slow, 2499));
	assert_true(bucket_is_full(&b, &slow, 2500));
	assert_true(bucket_is_full(&b, &slow, UINT64_MAX));
}

/* A clock that stands or steps back gives nothing and breaks nothing. */
static void clock_steps_back(void **state)
{
	struct bucket b;

	(void)state;
	bucket_fill(&b, &slow, 100000);
	take_all(&b, &slow, 100000);
	assert_int_equal(take_all(&b, &slow, 0), 0);
	assert_int_equal(take_all(&b, &slow, 101999), 0);
	assert_int_equal(take_all(&b, &slow, 102000), 1);
}

static void extremes(void **state)
{
	static const struct rate huge = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	static const struct rate never = { 0, 60000, 2 }, none = { 10, 1000, 0 };
	struct bucket b;

	(void)state;
	bucket_fill(&b, &huge, 0);
	assert_true(bucket_take(&b, &huge, 0));
	assert_true(bucket_take(&b, &huge, UINT64_MAX));

	bucket_fill(&b, &never, 0);
	assert_int_equal(take_all(&b, &never, 0), 2);
	assert_int_equal(take_all(&b, &never, UINT64_MAX), 0);

	bucket_fill(&b, &none, 0);
	assert_int_equal(take_all(&b, &none, 1000000), 0);
}

/* Of one budget in equal parts no more and, apart from the burst, no less comes out. */
static void shares(void **state)
{
	static const struct rate all = { .events = 20, .per_ms = 1000, .burst = 60 };
	static const struct rate small = { 1, 86400000, 3 }, none = { 1, 1000, 0 };

	(void)state;
	for (uint32_t n = 1; n <= 8; n++) {
		struct rate	each = rate_share(&all, n);
		struct bucket	b;
		unsigned	taken = 0;

		bucket_fill(&b, &each, 0);
		taken += take_all(&b, &each, 0);
		assert_int_equal(taken, 60 / n);
		for (uint64_t now = 1; now <= 100000 * n; now += 50)
			taken += take_all(&b, &each, now);
		assert_in_range(taken - 60 / n, 1999, 2000);
	}
	assert_int_equal(rate_share(&small, 8).burst, 1);
	assert_true(rate_share(&small, 8).per_ms / 8 == small.per_ms);
	assert_int_equal(rate_share(&none, 8).burst, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(rate_is_exact),
		cmocka_unit_test(give),
		cmocka_unit_test(full),
		cmocka_unit_test(clock_steps_back),
		cmocka_unit_test(extremes),
		cmocka_unit_test(shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
