// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judge inside the guard, for judge_cost.py: what the process between them
 * costs.  The linker leaves asker.c out, judge/ *.c in, and puts this in the
 * way of gate_new().  The judge process that the supervisor starts as well is
 * never asked.
 */

#include "gate.h"
#include "judge.h"

struct gate *__real_gate_new(const struct policy *policy, struct judge *judge,
			     const struct siphash_key *key, uint64_t count[WHY_COUNT]);
struct gate *__wrap_gate_new(const struct policy *policy, struct judge *judge,
			     const struct siphash_key *key, uint64_t count[WHY_COUNT]);

/* tests/net/gate.py, USER and PASSWORD. */
#define USER		"acs"
#define PASSWORD	"the secret of this device"

static const struct credentials credentials = { .n = 1, .of = { {
	.user_len = sizeof(USER) - 1, .user = USER,
	.password_len = sizeof(PASSWORD) - 1, .password = PASSWORD,
} } };

struct gate *__wrap_gate_new(const struct policy *policy, struct judge *judge,
			     const struct siphash_key *key, uint64_t count[WHY_COUNT])
{
	(void)judge;
	judge = judge_new(policy, &credentials, key);
	return judge ? __real_gate_new(policy, judge, key, count) : NULL;
}
