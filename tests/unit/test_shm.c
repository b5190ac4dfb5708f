// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory that guard and supervisor share: who reads gets whole things or nothing. */

#include "test.h"

#include "shm.h"

static struct shm	shm;
static struct flow_row	row[FLOWS_MAX];

static int set_up(void **state)
{
	(void)state;
	memset(&shm, 0, sizeof(shm));
	return 0;
}

static void decisions(void **state)
{
	struct decision d = { .why = WHY_NOT_GET };

	(void)state;
	assert_false(shm_read(&shm, 0, &d));
	for (uint16_t i = 0; i < DECISIONS_MAX + 10; i++) {
		d.cport = i;
		shm_decide(&shm, &d);
	}
	assert_false(shm_read(&shm, 10, &d));		/* may be overwritten meanwhile */
	assert_true(shm_read(&shm, 11, &d));
	assert_int_equal(d.cport, 11);
	assert_false(shm_read(&shm, DECISIONS_MAX + 10, &d));
	memset(shm.decision[19].excerpt, 0x1b, EXCERPT_MAX);
	shm.decision[19].excerpt[1] = (char)0xff;
	assert_true(shm_read(&shm, 19, &d));
	assert_int_equal(strlen(d.excerpt), EXCERPT_MAX - 1);
	assert_int_equal(strspn(d.excerpt, "."), EXCERPT_MAX - 1);
	shm.decision[20].why = WHY_COUNT;		/* nothing the guard would write */
	assert_false(shm_read(&shm, 20, &d));
}

static void flows_that_are_not_there(void **state)
{
	size_t n;

	(void)state;
	shm.n_flows = 1;
	atomic_store(&shm.flows_given, 5);
	assert_true(shm_read_flows(&shm, 5, row, &n));
	assert_int_equal(n, 1);
	assert_true(shm_read_flows(&shm, 4, row, &n));	/* somebody has asked since */
	assert_false(shm_read_flows(&shm, 6, row, &n));
	atomic_store(&shm.flows_given, 2);		/* the numbers begin anew in the end */
	assert_true(shm_read_flows(&shm, UINT32_MAX, row, &n));
	assert_false(shm_read_flows(&shm, 3, row, &n));
	shm.n_flows = FLOWS_MAX + 1;
	assert_false(shm_read_flows(&shm, 2, row, &n));
	shm.n_flows = 1;
	atomic_store(&shm.flows_edits, 7);
	assert_false(shm_read_flows(&shm, 2, row, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(decisions, set_up),
		cmocka_unit_test_setup(flows_that_are_not_there, set_up),
	};

	return cmocka_run_group_tests_name("shm", tests, NULL, NULL);
}
