// SPDX-License-Identifier: GPL-2.0-or-later
/* The reasons: each has a name, a sentence and a remedy, and its setting exists. */

#include "test.h"

#include "conf_settings.h"
#include "remedy.c"

static void names(void **state)
{
	(void)state;
	for (size_t i = 0; i < WHY_COUNT; i++) {
		const char *name = why_info[i].name;

		assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(name));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(name, why_info[k].name);
	}
}

/* They stand in JSON, in a manual page and in a line: plain, and without an end. */
static void sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < WHY_COUNT; i++) {
		const char *text[] = { why_info[i].doc, remedy[i].text };

		for (size_t k = 0; k < 2; k++) {
			assert_true(strlen(text[k]) > 8);
			assert_null(strpbrk(text[k], "\\\n\t"));
			assert_int_not_equal(text[k][strlen(text[k]) - 1], '.');
		}
	}
}

static void settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < WHY_COUNT; i++) {
		bool known = !remedy[i].setting;

		for (size_t k = 0; !known && k < conf_settings_n; k++)
			known = strcmp(conf_settings[k].name, remedy[i].setting) == 0;
		if (!known)
			fail_msg("%s names the setting %s", why_info[i].name, remedy[i].setting);
	}
}

/* Whatever spoils a connection is worth a line; a healthy one gets one line a request. */
static void events(void **state)
{
	(void)state;
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		if (why_info[i].blame != BLAME_NONE || why_info[i].act == ACT_REFUSE)
			assert_true(why_is_event(i));
	assert_true(why_is_event(WHY_AUTHENTICATED));
	assert_true(why_is_event(WHY_NO_FLOW));
	assert_false(why_is_event(WHY_SYN));
	assert_false(why_is_event(WHY_DEFERRED));
	assert_false(why_is_event(WHY_REPLY));
	assert_false(why_is_event(WHY_FORGOTTEN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(sentences),
		cmocka_unit_test(settings),
		cmocka_unit_test(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
