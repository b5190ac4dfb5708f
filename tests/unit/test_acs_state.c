// SPDX-License-Identifier: GPL-2.0-or-later
/* The file in which addresses of the ACS outlive the daemon. */

#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include "acs_state.h"

static struct acs_state state, again;

static int parse(const char *text, struct acs_state *s)
{
	return acs_state_parse(bytes_at_the_edge((struct bytes){ (const uint8_t *)text,
								 strlen(text) }), s);
}

static const char good[] =
	"# ours\n"
	"name 1764386000 acs.example.net\n"
	"192.0.2.10/32\n"
	"2001:db8::10\n"
	"\n"
	"name 0 two.example.net\n"
	"file 1764386001 /var/state/a file=.acs.ip\n"
	"198.51.100.0/24";

static void sources(void **state_)
{
	const struct acs_known *k;

	(void)state_;
	assert_int_equal(parse(good, &state), 0);
	assert_int_equal(state.n, 3);
	k = acs_state_find(&state, false, "acs.example.net");
	assert_non_null(k);
	assert_int_equal(k->when_s, 1764386000);
	assert_int_equal(k->n, 2);
	assert_int_equal(k->prefix[0].len, 32);
	assert_int_equal(k->prefix[1].len, 128);
	assert_int_equal(acs_state_find(&state, false, "two.example.net")->n, 0);
	k = acs_state_find(&state, true, "/var/state/a file=.acs.ip");
	assert_non_null(k);
	assert_int_equal(k->n, 1);
	assert_null(acs_state_find(&state, true, "acs.example.net"));
	assert_null(acs_state_find(&state, false, "/var/state/a file=.acs.ip"));
	assert_int_equal(parse("", &state), 0);
	assert_int_equal(state.n, 0);
}

static void put_and_read_again(void **state_)
{
	char	*text;
	size_t	 len;
	FILE	*f = open_memstream(&text, &len);

	(void)state_;
	assert_int_equal(parse(good, &state), 0);
	acs_state_put(&state, f);
	fclose(f);
	assert_int_equal(parse(text, &again), 0);
	assert_int_equal(again.n, state.n);
	for (size_t i = 0; i < state.n; i++)
		assert_memory_equal(&again.of[i], &state.of[i], sizeof(state.of[i]));
	free(text);
}

static void wrong_lines(void **state_)
{
	static const struct { int line; const char *text; } wrong[] = {
		{ 1, "192.0.2.10\n" },				/* nobody's */
		{ 2, "name 1 a.example.net\n127.0.0.1\n" },	/* no ACS's */
		{ 2, "name 1 a.example.net\n0.0.0.0/0\n" },
		{ 2, "name 1 a.example.net\n192.0.2.1/24\n" },
		{ 3, "name 1 a.example.net\n192.0.2.1\nb.example.net\n" },
		{ 2, "name 1 a.example.net\nname 2 a.example.net\n" },
		{ 1, "name -1 a.example.net\n" },
		{ 1, "name 1764386000000000000000 a.example.net\n" },
		{ 1, "name a.example.net\n" },
		{ 1, "name 1\n" },
		{ 1, "name 1 \n" },
		{ 3, "name 1 a.example.net\n192.0.2.1\nname 1 b=c\n192.0.2.2\n" },
		{ 3, "name 1 a.example.net\n192.0.2.1\nfile 1 a=c\n192.0.2.2\n" },
		{ 1, "name 1 a.example.net b\n" },
		{ 1, "names 1 a.example.net\n" },
		{ 1, "file 1 relative\n" },
		{ 1, "list 1 /a\n" },
		{ 1, "Name 1 a.example.net\n" },
		{ 1, "\x01\n" },
	};

	(void)state_;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(wrong[i].text, &state) != wrong[i].line)
			fail_msg("\"%s\" is not wrong in line %d", wrong[i].text, wrong[i].line);
		assert_int_equal(state.n, 0);
	}
	assert_int_equal(acs_state_parse((struct bytes){ (const uint8_t *)"name 1 a.b\0\n", 12 },
					 &state), 1);
}

/* All sources with all addresses, and @more at the end; the number of the wrong line. */
static int parse_full(const char *more)
{
	char	*text;
	size_t	 len;
	FILE	*f = open_memstream(&text, &len);
	int	 line;

	for (int i = 0; i < SOURCES_OF_ACS; i++) {
		fprintf(f, i ? "name 1 a%d.example.net\n" : "file 1 /%d\n", i);
		for (int k = 0; k < (i ? NAME_ADDRS_MAX : LIST_PREFIXES_MAX); k++)
			fprintf(f, "192.0.2.%d\n", k);
	}
	fputs(more, f);
	fclose(f);
	line = parse(text, &state);
	free(text);
	return line;
}

/* As much as there may be, and one more of each. */
static void limits(void **state_)
{
	enum { LINES = SOURCES_OF_ACS + LIST_PREFIXES_MAX + NAMES_MAX * NAME_ADDRS_MAX };

	(void)state_;
	assert_int_equal(parse_full(""), 0);
	assert_int_equal(state.n, SOURCES_OF_ACS);
	assert_int_equal(parse_full("192.0.2.99\n"), LINES + 1);
	assert_int_equal(parse_full("name 1 more.example.net\n"), LINES + 1);
}

static void said_of(const char *file, bool ok, const char *word)
{
	char	said[512] = "";
	FILE	*err = fmemopen(said, sizeof(said), "w");

	assert_int_equal(acs_state_load(&again, file, err), ok);
	fclose(err);
	if (!strstr(said, word) || (!*word && *said))
		fail_msg("said \"%s\", not \"%s\"", said, word);
	assert_true(ok || again.n == 0);
}

static void files(void **state_)
{
	char		dir[] = "/tmp/test_state-XXXXXX", file[64], tmp[80];
	struct stat	st;
	FILE		*f;

	(void)state_;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/under/acs", dir);
	said_of(file, true, "");
	assert_int_equal(parse(good, &state), 0);
	assert_true(acs_state_save(&state, file));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	said_of(file, true, "");
	assert_int_equal(again.n, 3);
	/* What somebody has put in the way of the new file is not written through. */
	snprintf(tmp, sizeof(tmp), "%s.new", file);
	assert_int_equal(symlink("/nonexistent/x", tmp), 0);
	assert_true(acs_state_save(&state, file));
	assert_int_equal(lstat(tmp, &st), -1);

	assert_int_equal(chmod(file, 0620), 0);
	said_of(file, false, "can be written by others");
	assert_int_equal(chmod(file, 0602), 0);
	said_of(file, false, "can be written by others");
	assert_int_equal(chmod(file, 0600), 0);
	f = fopen(file, "a");
	fputs("\nwhat?\n", f);
	fclose(f);
	said_of(file, false, "/acs:9: nothing that was written by cwmpgated");
	assert_int_equal(truncate(file, ACS_STATE_SIZE + 1), 0);
	said_of(file, false, "larger");
	unlink(file);
	assert_int_equal(symlink("/etc/passwd", file), 0);
	said_of(file, false, "symbolic");
	unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	said_of(file, false, "not a regular file");
	unlink(file);
	/* What cannot get its name is not left behind. */
	assert_int_equal(mkdir(file, 0700), 0);
	assert_false(acs_state_save(&state, file));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(lstat(tmp, &st), -1);
	rmdir(file);
	said_of("/dev/null/x", false, "Not a directory");
	assert_false(acs_state_save(&state, "/dev/null/x"));
	snprintf(file, sizeof(file), "%s/under", dir);
	rmdir(file);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources),
		cmocka_unit_test(put_and_read_again),
		cmocka_unit_test(wrong_lines),
		cmocka_unit_test(limits),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
