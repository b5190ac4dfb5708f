// SPDX-License-Identifier: GPL-2.0-or-later
/* Options in OpenWrt's configuration files. */

#include "test.h"

#include "uci.h"

static void words(void **state)
{
	static const struct { const char *line, *word[UCI_WORDS]; } good[] = {
		{ "", { "", "", "" } }, { " \t\r\n", { "", "", "" } }, { "# a b", { "", "", "" } },
		{ "config cpe 'cpe'\n", { "config", "cpe", "cpe" } },
		{ "\toption\tpasswd  it\\'s", { "option", "passwd", "it's" } },
		{ "option a 'it'\\''s \"x\\' # more", { "option", "a", "it's \"x\\" } },
		{ "option a \"b \\\" c\" d e", { "option", "a", "b \" c" } },
		{ "option a b#c", { "option", "a", "b#c" } }, { "option a ''", { "option", "a", "" } },
		{ "option a b\\", { "option", "a", "b\\" } },
	};
	struct uci_line l;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(uci_split(good[i].line, &l));
		for (size_t k = 0; k < UCI_WORDS; k++)
			assert_string_equal(l.word[k], good[i].word[k]);
	}
	assert_false(uci_split("option a 'b", &l));
	assert_false(uci_split("option a \"b\\\"", &l));
}

static void long_words(void **state)
{
	char		line[UCI_WORD_SIZE + 16] = "option a ";
	struct uci_line	l;

	(void)state;
	memset(line + 9, 'x', UCI_WORD_SIZE - 1);
	assert_true(uci_split(line, &l));
	assert_int_equal(strlen(l.word[2]), UCI_WORD_SIZE - 1);
	line[8 + UCI_WORD_SIZE] = 'x';
	assert_false(uci_split(line, &l));
	assert_false(uci_split(line + 7, &l));
}

/* The first section of the type, the last option of the name in it. */
static void options(void **state)
{
	static char text[] =
		"package cwmp\n\nconfig acs 'acs'\n\toption passwd 'acs'\n\n"
		"config cpe 'cpe'\n\toption passwd 'old'\n\toption passwd 'new'\n\tlist x 'y'\n"
		"\toption broken 'x\n\toption userid 'who'\nconfig cpe 'second'\n\toption other '1'\n";
	char	value[UCI_WORD_SIZE] = "untouched";
	FILE	*f = fmemopen(text, sizeof(text) - 1, "r");

	(void)state;
	assert_true(uci_option(f, "cpe", "passwd", value));
	assert_string_equal(value, "new");
	assert_true(uci_option(f, "cpe", "userid", value));
	assert_string_equal(value, "who");
	assert_false(uci_option(f, "cpe", "other", value));
	assert_false(uci_option(f, "cpe", "x", value));
	assert_false(uci_option(f, "local", "passwd", value));
	assert_string_equal(value, "who");
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(long_words),
		cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
