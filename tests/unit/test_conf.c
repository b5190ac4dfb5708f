// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration and the credentials file.
 *
 * conf/ holds broken configurations, each with the messages it is to give in
 * comments at its top ("#= LINE:COLUMN: message"); tests/cases/conf.md has some
 * with all that is said, and of several files; the rest is here.  Run from the
 * root of the source tree.
 */

#include "test.h"

#include <dirent.h>
#include <sys/stat.h>

#include "conf.h"

#define BROKEN_DIR	"tests/unit/conf"
#define SHIPPED		"conf/cwmpgate.conf"

enum { TEXT_MAX = 65536, NAME_LEN = 512 };

/* libconfig 1.5 loses a buffer when it meets a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

static struct conf		conf, other;
static struct credentials	creds;
static char			said[TEXT_MAX];		/* by the last load(), without the name */

/*
 * Copies the messages in @from to @to without the @name that begins each, and
 * without the lines that are shown below them.
 */
static void strip_name(const char *from, const char *name, char *to)
{
	size_t n = strlen(name);

	while (*from) {
		size_t len = strcspn(from, "\n") + 1;

		if (strncmp(from + 5, " | ", 3) == 0) {
			from += len;
			continue;
		}
		assert_int_equal(strncmp(from, name, n), 0);
		assert_int_equal(from[n], ':');
		memcpy(to, from + n + 1, len - n - 1);
		to += len - n - 1;
		from += len;
	}
	*to = '\0';
}

static bool load_file(struct conf *c, const char *file)
{
	char	 buf[TEXT_MAX] = "";
	FILE	*err = fmemopen(buf, sizeof(buf), "w");
	bool	 ok = conf_load(c, file, err);

	fclose(err);
	strip_name(buf, file, said);
	return ok;
}

/* A file that has a name as long as it is open, and no place. */
static int make_file(const void *text, size_t len, char *name)
{
	int fd = memfd_create("test_conf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, 0600), 0);
	snprintf(name, NAME_LEN, "/proc/self/fd/%d", fd);
	return fd;
}

static bool load(const char *text)
{
	char	name[NAME_LEN];
	int	fd = make_file(text, strlen(text), name);
	bool	ok = load_file(&conf, name);

	close(fd);
	return ok;
}

/* The "#= " lines of the file, as the loader should say them. */
static void expectation(const char *file, char *out)
{
	char	 line[TEXT_MAX];
	FILE	*f = fopen(file, "r");

	assert_non_null(f);
	*out = '\0';
	while (fgets(line, sizeof(line), f)) {
		const char *mark = strstr(line, "#= ");

		if (!mark)
			break;
		/* A message about the whole file has no line, only ": ". */
		if (mark[3] >= '0' && mark[3] <= '9')
			mark += 3;
		else
			mark += 2;
		strcat(out, mark);
	}
	fclose(f);
}

static void broken_files(void **state)
{
	struct dirent	*e;
	char		 file[NAME_LEN], expected[TEXT_MAX];
	size_t		 n = 0;
	DIR		*d = opendir(BROKEN_DIR);

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		if (!strstr(e->d_name, ".conf"))
			continue;
		snprintf(file, sizeof(file), BROKEN_DIR "/%s", e->d_name);
		expectation(file, expected);
		if (load_file(&conf, file))
			fail_msg("%s was accepted", file);
		if (strcmp(said, expected) != 0)
			fail_msg("%s said\n%sbut should have said\n%s", file, said, expected);
		n++;
	}
	closedir(d);
	assert_true(n >= 79);
}

/* The block is written to a file of its name below @dir. */
static void write_block(const char *dir, const char *name, struct bytes text)
{
	char	 path[NAME_LEN];
	FILE	*f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text.at, 1, text.len, f);
	putc('\n', f);
	fclose(f);
}

/* Makes @dir of its template, and conf.d/ in it. */
static void make_directories(char *dir)
{
	char conf_d[NAME_LEN];

	assert_non_null(mkdtemp(dir));
	snprintf(conf_d, sizeof(conf_d), "%s/conf.d", dir);
	assert_int_equal(mkdir(conf_d, 0700), 0);
}

static void make_tree(char *dir, const struct test_case *c)
{
	char		 name[48];
	const char	*at = (const char *)c->text.at, *end = at + c->text.len;

	make_directories(dir);
	write_block(dir, "cwmpgate.conf", must_find_block(c, "cwmpgate.conf"));
	while ((at = memmem(at, (size_t)(end - at), "\n```conf.d/", 11))) {
		at += 4;
		snprintf(name, sizeof(name), "%.40s", at);
		name[strcspn(name, "\n")] = '\0';
		write_block(dir, name, must_find_block(c, name));
	}
}

static void remove_tree(const char *dir)
{
	char command[NAME_LEN];

	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	assert_int_equal(system(command), 0);
}

/* Everything that is said of the tree, without its directory's name. */
static bool load_tree(const char *dir, char *all)
{
	char	 file[NAME_LEN], buf[TEXT_MAX] = "", *at = buf, *name;
	FILE	*err = fmemopen(buf, sizeof(buf), "w");
	size_t	 n = (size_t)snprintf(file, sizeof(file), "%s/", dir);
	bool	 ok;

	strcat(file, "cwmpgate.conf");
	ok = conf_load(&conf, file, err);
	fclose(err);
	for (*all = '\0'; (name = strstr(at, dir)); at = name + n) {
		*name = '\0';
		strcat(all, at);
	}
	strcat(all, at);
	return ok;
}

static void whole_output(void **state)
{
	char			*text = must_read_file("cases/conf.md"), all[TEXT_MAX];
	const char		*rest = text;
	struct test_case	 c;
	size_t			 n = 0;

	(void)state;
	for (; next_case(&rest, &c); n++) {
		char		dir[] = "/tmp/test_conf-XXXXXX";
		struct bytes	says = must_find_block(&c, "says");

		make_tree(dir, &c);
		if (load_tree(dir, all))
			fail_msg("%s: was accepted", c.name);
		remove_tree(dir);
		if (strlen(all) != says.len + 1 || memcmp(all, says.at, says.len) != 0)
			fail_msg("%s: said\n%sbut should have said\n%.*s", c.name, all,
				 (int)says.len, says.at);
	}
	free(text);
	assert_true(n >= 11);
}

struct text_file {
	const char *name, *text;
};

static void write_files(char *dir, const struct text_file *file, size_t n)
{
	make_directories(dir);
	for (size_t i = 0; i < n; i++)
		write_block(dir, file[i].name, (struct bytes){ (const uint8_t *)file[i].text,
							       strlen(file[i].text) });
}

/* The last one wins, setting by setting; what is no file of ours is not read. */
static void several_files(void **state)
{
	char	dir[] = "/tmp/test_conf-XXXXXX", path[NAME_LEN];
	const struct text_file file[] = {
		{ "cwmpgate.conf", "acs = [ \"192.0.2.1\", \"192.0.2.2\" ]; queue = 1;\nban = 7;" },
		{ "conf.d/20.conf", "queue = 3;" },
		{ "conf.d/10.conf", "# the other\nacs = [ \"198.51.100.0/24\" ];\nqueue = 2;" },
		{ "conf.d/30.conf.orig", "queue = 4;" },
		{ "conf.d/.40.conf", "queue = 5;" },
	};

	(void)state;
	write_files(dir, file, sizeof(file) / sizeof(file[0]));
	snprintf(path, sizeof(path), "%s/cwmpgate.conf", dir);
	assert_true(load_file(&conf, path));
	assert_string_equal(said, "");
	assert_int_equal(conf.queue, 3);
	assert_int_equal(conf.policy.ban_ms, 7000);
	assert_int_equal(conf.n_prefixes, 1);
	assert_int_equal(conf.prefix[0].len, 24);
	remove_tree(dir);
}

static void check_place(const char *file, const char *setting, const char *in, int line,
			const char *text)
{
	struct conf_place	p;
	size_t			len;

	conf_where(file, setting, &p);
	len = strlen(p.file);
	assert_int_equal(p.line, line);
	assert_string_equal(p.text, text);
	assert_true(len >= strlen(in));
	assert_string_equal(p.file + len - strlen(in), in);
}

/* Where the parser sees it, not where a line looks like it; in wrong files, too. */
static void places(void **state)
{
	char	dir[] = "/tmp/test_conf-XXXXXX", path[NAME_LEN];
	const struct text_file file[] = {
		{ "cwmpgate.conf", "/*\nban = 1;\n*/ ban = 7; queue = 8;\n# mode = \"enforce\";\n"
				   "acs = [\n \"192.0.2.1\" ];\npath = \"/x\nban_max = 9;\n" },
		{ "conf.d/10.conf", "queue\n =\n 3;\r\ncontrol=\"/x\";" },
	};

	(void)state;
	write_files(dir, file, sizeof(file) / sizeof(file[0]));
	snprintf(path, sizeof(path), "%s/cwmpgate.conf", dir);
	check_place(path, "ban", "/cwmpgate.conf", 3, "ban = 7; queue = 8;");
	check_place(path, "ban_max", "/cwmpgate.conf", 8, "ban_max = 9;");
	check_place(path, "acs", "/cwmpgate.conf", 5, "acs = [");
	check_place(path, "queue", "/conf.d/10.conf", 1, "queue");
	check_place(path, "control", "/conf.d/10.conf", 4, "control=\"/x\";");
	check_place(path, "mode", "", 0, "mode = \"monitor\";");
	check_place(path, "credentials", "", 0, "credentials = none;");
	remove_tree(dir);
	check_place("/nonexistent/cwmpgate.conf", "queue", "", 0, "queue = 7547;");
}

static void too_many_files(void **state)
{
	char	dir[] = "/tmp/test_conf-XXXXXX", path[NAME_LEN];

	(void)state;
	make_directories(dir);
	write_block(dir, "cwmpgate.conf", (struct bytes){ (const uint8_t *)"#", 1 });
	for (int i = 0; i < 65; i++) {
		snprintf(path, sizeof(path), "conf.d/%d.conf", i);
		write_block(dir, path, (struct bytes){ (const uint8_t *)"#", 1 });
	}
	snprintf(path, sizeof(path), "%s/cwmpgate.conf", dir);
	assert_false(load_file(&conf, path));
	assert_non_null(strstr(said, "found 65 files in"));
	snprintf(path, sizeof(path), "%s/conf.d/64.conf", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/cwmpgate.conf", dir);
	assert_true(load_file(&conf, path));
	remove_tree(dir);
}

static void unreadable_files(void **state)
{
	char name[NAME_LEN];

	(void)state;
	assert_false(load_file(&conf, "/nonexistent/cwmpgate.conf"));
	assert_string_equal(said, " No such file or directory\n");
	assert_false(load_file(&conf, "tests"));
	assert_string_equal(said, " Is a directory\n");

	memset(name, 'x', PATH_LEN_MAX);
	name[PATH_LEN_MAX] = '\0';
	assert_false(load_file(&conf, name));
	assert_string_equal(said, " file name is longer than 255 bytes\n");
}

/* A file of something else: the first hundred faults, and how many there are. */
static void rubbish(void **state)
{
	static const char	 fault[] = "found what begins no setting";
	enum { LEN = 1 << 18 };
	char			*text = malloc(LEN + 1), *at = said;
	int			 n = 0;

	(void)state;
	for (int i = 0; i < LEN; i++)
		text[i] = i % 2 ? '\n' : ';';
	text[LEN] = '\0';
	assert_false(load(text));
	for (; (at = strstr(at, fault)); at += strlen(fault))
		n++;
	assert_int_equal(n, 100);
	assert_non_null(strstr(said, "and 130972 errors more\n"));
	free(text);
}

static void larger_than_the_limit(void **state)
{
	enum { LEN = (1 << 20) + 1 };
	char	*text = malloc(LEN + 1);

	(void)state;
	memset(text, '\n', LEN);
	text[LEN] = '\0';
	assert_false(load(text));
	assert_string_equal(said, " found more than 1048576 bytes\n");
	text[LEN - 1] = '\0';
	assert_true(load(text));
	free(text);
}

static void assert_rate(const struct rate *r, uint32_t events, uint32_t per_ms, uint32_t burst)
{
	assert_int_equal(r->events, events);
	assert_int_equal(r->per_ms, per_ms);
	assert_int_equal(r->burst, burst);
}

static void defaults(void **state)
{
	(void)state;
	assert_true(load(""));
	assert_string_equal(said, "");
	assert_int_equal(conf.mode, MODE_MONITOR);
	assert_true(conf.policy.observe);
	assert_int_equal(conf.n_prefixes, 0);
	assert_int_equal(conf.n_ports, 2);
	assert_int_equal(conf.port[0], 7547);
	assert_int_equal(conf.port[1], 30005);
	assert_int_equal(conf.n_interfaces, 0);
	assert_true(conf.policy.paths.any);
	assert_false(conf.policy.paths.query);
	assert_string_equal(conf.credentials_file, "");
	assert_int_equal(conf.policy.digest, DIGEST_REQUIRE);
	assert_int_equal(conf.policy.on_bad_digest, BAD_DIGEST_CHALLENGE);
	assert_int_equal(conf.policy.nonce_bind, NONCE_BIND_SOURCE);
	assert_int_equal(conf.policy.nonce_life_ms, NONCE_LIFE_MS);
	assert_rate(&conf.policy.attempts, 30, 60000, 20);
	assert_rate(&conf.policy.requests, 30, 60000, 10);
	assert_rate(&conf.policy.all_requests, 20, 1000, 60);
	assert_rate(&conf.syn, 20, 1000, 40);
	assert_false(conf.policy.strip_unknown_fields);
	assert_false(conf.policy.hide_server);
	assert_int_equal(conf.queue, 7547);
	assert_int_equal(conf.mark, 0x40000000);
}

static void every_setting(void **state)
{
	(void)state;
	assert_true(load(
		"mode = \"enforce\";\n"
		"acs = ( \"192.0.2.7\", \"198.51.100.0/25\", \"2001:DB8::/33\", \"2001:db8::1\" );\n"
		"ports = [ 7547, 58000 ];\n"
		"interfaces = [ \"wan\", \"eth0.7\" ];\n"
		"path = [ \"/a\", \"/b/c;d=.x/\" ];\n"
		"path_query = true;\n"
		"credentials = \"/etc/cwmpgate/credentials\";\n"
		"digest = \"require\"; on_bad_digest = \"reset\"; nonce_bind = \"any\";\n"
		"nonce_lifetime = 3600;\n"
		"attempts = \"1/day burst 7\"; requests = \"5/hour\"; all_requests = \"5/h burst 1\";\n"
		"syn = \"1000000/s burst 1000000\";\n"
		"unknown_fields = \"strip\"; hide_server = true; queue = 0; mark = 0x80000000;\n"));
	assert_string_equal(said, "");
	assert_int_equal(conf.mode, MODE_ENFORCE);
	assert_false(conf.policy.observe);
	assert_int_equal(conf.n_prefixes, 4);
	assert_memory_equal(conf.prefix[0].addr.b, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\7", 16);
	assert_int_equal(conf.prefix[0].len, 32);
	assert_int_equal(conf.prefix[1].len, 25);
	assert_memory_equal(conf.prefix[2].addr.b, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(conf.prefix[2].len, 33);
	assert_int_equal(conf.prefix[3].len, 128);
	assert_int_equal(conf.n_ports, 2);
	assert_int_equal(conf.port[1], 58000);
	assert_int_equal(conf.n_interfaces, 2);
	assert_string_equal(conf.interface[1], "eth0.7");
	assert_false(conf.policy.paths.any);
	assert_int_equal(conf.policy.paths.n, 2);
	assert_int_equal(conf.policy.paths.of[1].len, 10);
	assert_memory_equal(conf.policy.paths.of[1].text, "/b/c;d=.x/", 10);
	assert_true(conf.policy.paths.query);
	assert_string_equal(conf.credentials_file, "/etc/cwmpgate/credentials");
	assert_int_equal(conf.policy.on_bad_digest, BAD_DIGEST_RESET);
	assert_int_equal(conf.policy.nonce_bind, NONCE_BIND_ANY);
	assert_int_equal(conf.policy.nonce_life_ms, 3600000);
	assert_rate(&conf.policy.attempts, 1, 86400000, 7);
	assert_rate(&conf.policy.requests, 5, 3600000, 5);
	assert_rate(&conf.policy.all_requests, 5, 3600000, 1);
	assert_rate(&conf.syn, 1000000, 1000, 1000000);
	assert_true(conf.policy.strip_unknown_fields);
	assert_true(conf.policy.hide_server);
	assert_int_equal(conf.queue, 0);
	assert_int_equal(conf.mark, 0x80000000);
}

/* Values alone where a list may stand, limits, and what surrounds the values. */
static void good_forms(void **state)
{
	(void)state;
	assert_true(load("ports = 7547; acs = \"2001:db8::/32\"; interfaces = \"wan\"; path = \"/\";"));
	assert_int_equal(conf.n_ports, 1);
	assert_int_equal(conf.n_prefixes, 1);
	assert_int_equal(conf.n_interfaces, 1);
	assert_int_equal(conf.policy.paths.n, 1);

	assert_true(load("acs = [ \"0.0.0.0/0\", \"::/0\" ];\nallow_any = true;"));
	assert_int_equal(conf.n_prefixes, 2);
	assert_true(load("acs = [ \"192.0.2.1\", \"acs.example.net\", \"a-b.1c\", \"2.example.net.\" ];"
			 "acs_file = \"/var/state/icwmp\"; acs_refresh = 86400;"));
	assert_int_equal(conf.n_prefixes, 1);
	assert_int_equal(conf.n_names, 3);
	assert_string_equal(conf.name[2], "2.example.net.");
	assert_string_equal(conf.acs_file, "/var/state/icwmp");
	assert_int_equal(conf.acs_refresh_ms, 86400000);
	assert_true(load("ports = [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 65535 ];"));
	assert_int_equal(conf.n_ports, 16);
	assert_true(load("queue = 65535; nonce_lifetime = 10; mark = 1;"));
	assert_true(load("queue = 0x1d7b; nonce_lifetime = 60L; mark = 2147483648L;\r\n"));
	assert_int_equal(conf.queue, 7547);
	assert_int_equal(conf.mark, 0x80000000);
	assert_true(load("mode : \"block\"\nsyn = \"1/day burst 30\""));
	assert_int_equal(conf.mode, MODE_BLOCK);
	assert_true(load("# 4294974843 \"a\" \"b\" @include\n// 4294974843\n"
			 "/* 4294974843\n\"a\" \"b\" */ path = \"/a@include\"; queue = 1;\n"));
	assert_string_equal(said, "");
}

static void warnings(void **state)
{
	static const char *const somebody[] = {
		"mode = \"enforce\"; digest = \"off\"; acs = \"192.0.2.1\";",
		"mode = \"enforce\"; digest = \"off\"; acs = \"acs.example.net\";",
		"mode = \"enforce\"; digest = \"off\"; acs_file = \"/a\";",
	};

	(void)state;
	assert_true(load("mode = \"enforce\"; digest = \"off\";"));
	assert_string_equal(said,
		" warning: acs is empty, so nobody may send a connection request\n");
	for (size_t i = 0; i < sizeof(somebody) / sizeof(somebody[0]); i++) {
		assert_true(load(somebody[i]));
		assert_string_equal(said, "");
	}
}

static void most_prefixes(void **state)
{
	char	*text;
	size_t	 len;

	(void)state;
	for (int n = PREFIXES_MAX; n <= PREFIXES_MAX + 1; n++) {
		FILE *f = open_memstream(&text, &len);

		for (int i = 0; i < n; i++)
			fprintf(f, "%s\"10.%d.%d.%d\"", i ? ",\n" : "acs = [ ", i >> 16, i >> 8 & 0xff,
				i & 0xff);
		fputs(" ];", f);
		fclose(f);
		assert_int_equal(load(text), n == PREFIXES_MAX);
		free(text);
	}
	assert_string_equal(said, "1:7: acs: found 4097 entries, expected at most 4096\n");
}

/*
 * The shipped file shows every setting of the table, and the table's default:
 * with the settings' lines uncommented it is the same configuration.
 */
static void shipped_file(void **state)
{
	char	 line[1024], *table, *text, *at;
	size_t	 table_len, text_len;
	FILE	*f = open_memstream(&table, &table_len), *in = fopen(SHIPPED, "r");

	(void)state;
	conf_describe(f);
	fclose(f);
	assert_non_null(in);
	f = open_memstream(&text, &text_len);
	while (fgets(line, sizeof(line), in))
		fputs(line[0] == '#' && line[1] != ' ' && !strstr(line, "credentials =") ?
		      line + 1 : line, f);
	fclose(f);
	fclose(in);

	assert_true(load_file(&other, SHIPPED));
	assert_string_equal(said, "");
	assert_true(load(text));
	strcpy(other.file, conf.file);
	memset(other.file + strlen(conf.file), 0, sizeof(other.file) - strlen(conf.file));
	assert_memory_equal(&conf, &other, sizeof(conf));

	for (at = strtok(table, "\n"); at; at = strtok(NULL, "\n")) {
		snprintf(line, sizeof(line), "\n%s%.*s;",
			 strncmp(at, "credentials", 11) == 0 ? "#" : "", (int)strcspn(at, ";"), at);
		if (strncmp(at, "credentials", 11) == 0)
			strcpy(line, "\n#credentials = ");
		if (!strstr(text, line))
			fail_msg("%s lacks%s", SHIPPED, line);
	}
	free(table);
	free(text);
}

static bool credentials_of(int fd, const char *name)
{
	char	 buf[TEXT_MAX] = "";
	FILE	*err = fmemopen(buf, sizeof(buf), "w");
	bool	 ok = conf_credentials(&creds, name, err);

	fclose(err);
	strip_name(buf, name, said);
	if (fd >= 0)
		close(fd);
	assert_null(strstr(buf, "s3cret"));
	if (!ok)
		for (size_t i = 0; i < sizeof(creds); i++)
			assert_int_equal(((const char *)&creds)[i], 0);
	return ok;
}

static bool credentials_bytes(const void *text, size_t len)
{
	char	name[NAME_LEN];
	int	fd = make_file(text, len, name);

	return credentials_of(fd, name);
}

static bool credentials(const char *text)
{
	return credentials_bytes(text, strlen(text));
}

#define MD5	"939e7578ed9e3c518a452acee763bce9"

static void assert_password(const struct credential *c, const char *user, const char *password)
{
	assert_false(c->hashed);
	assert_int_equal(c->user_len, strlen(user));
	assert_memory_equal(c->user, user, strlen(user));
	assert_int_equal(c->password_len, strlen(password));
	assert_memory_equal(c->password, password, strlen(password));
}

static void assert_hash(const struct credential *c, const char *user, const char *realm,
			const char *hash)
{
	assert_true(c->hashed);
	assert_int_equal(c->user_len, strlen(user));
	assert_memory_equal(c->user, user, strlen(user));
	assert_int_equal(c->realm_len, strlen(realm));
	assert_memory_equal(c->realm, realm, strlen(realm));
	assert_int_equal(c->ha1_len, strlen(hash));
	assert_memory_equal(c->ha1, hash, strlen(hash));
	assert_int_equal(c->password_len, 0);
}

static void good_credentials(void **state)
{
	(void)state;
	assert_true(credentials("# the ACS\n"
				"\n"
				"acs:s3cret\n"
				"acs:with:colons and blanks \r\n"
				"acs:IGD:" MD5 "\n"
				"acs:a:b:939E7578ED9E3C518A452ACEE763BCE9\n"
				"acs:r:" MD5 MD5 "\n"
				"acs:" MD5 "\n"		/* one colon: a password */
				"acs:r:" MD5 "0\n"	/* 33 digits: a password */
				"\xc3\xa4:\xc3\xb6"));	/* no newline at the end */
	assert_string_equal(said, "");
	assert_int_equal(creds.n, 8);
	assert_password(&creds.of[0], "acs", "s3cret");
	assert_password(&creds.of[1], "acs", "with:colons and blanks ");
	assert_hash(&creds.of[2], "acs", "IGD", MD5);
	assert_hash(&creds.of[3], "acs", "a:b", MD5);
	assert_hash(&creds.of[4], "acs", "r", MD5 MD5);
	assert_password(&creds.of[5], "acs", MD5);
	assert_password(&creds.of[6], "acs", "r:" MD5 "0");
	assert_password(&creds.of[7], "\xc3\xa4", "\xc3\xb6");
}

static const struct {
	const char	*text, *said;
} broken_credentials[] = {
	{ "", " holds no credentials\n" },
	{ "# acs:s3cret\n\n", " holds no credentials\n" },
	{ "s3cret\n", "1: no colon, expected user:password or user:realm:hash\n" },
	{ "\n:s3cret", "2: user name is empty\n" },
	{ "acs:\n", "1: password is empty\n" },
	{ "acs::" MD5 "\n", "1: realm is empty\n" },
	{ " \n", "1: no colon, expected user:password or user:realm:hash\n" },
	{ "acs:s3cret\nacs:s3cret\n", "2: repeats an earlier line\n" },
	{ "a:r:" MD5 "\na:r:939E7578ed9e3c518a452acee763bce9\n", "2: repeats an earlier line\n" },
	{ "acs:s3\tcret\n", "1: control character at byte 7\n" },
	{ "acs:s3cret\r\r\n", "1: control character at byte 11\n" },
	{ "one\ntwo:2\nacs:\n", "1: no colon, expected user:password or user:realm:hash\n"
				"3: password is empty\n" },
	{ "a:1\na:2\na:3\na:4\na:5\na:6\na:7\na:8\na:9\na:10\na:11\na:12\na:13\na:14\na:15\n"
	  "a:16\n#\na:17\n", "18: more than 16 credentials\n" },
};

static void bad_credentials(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken_credentials) / sizeof(broken_credentials[0]); i++) {
		assert_false(credentials(broken_credentials[i].text));
		assert_string_equal(said, broken_credentials[i].said);
	}
	assert_false(credentials_bytes("acs:s3\0cret\n", 12));
	assert_string_equal(said, "1: control character at byte 7\n");
}

static void credentials_at_the_limits(void **state)
{
	char text[32768], user[DIGEST_NAME_MAX + 2], password[PASSWORD_MAX + 2];

	(void)state;
	memset(user, 'u', sizeof(user));
	memset(password, 'p', sizeof(password));
	user[DIGEST_NAME_MAX] = '\0';
	password[PASSWORD_MAX] = '\0';
	snprintf(text, sizeof(text), "%s:%s", user, password);
	assert_true(credentials(text));
	assert_password(&creds.of[0], user, password);

	snprintf(text, sizeof(text), "%su:%s", user, password);
	assert_false(credentials(text));
	assert_string_equal(said, "1: user name is longer than 256 bytes\n");
	snprintf(text, sizeof(text), "%s:%sp", user, password);
	assert_false(credentials(text));
	assert_string_equal(said, "1: password is longer than 256 bytes\n");
	snprintf(text, sizeof(text), "%s:%sr:" MD5, user, password);
	assert_false(credentials(text));
	assert_string_equal(said, "1: realm is longer than 256 bytes\n");

	memset(text, '\n', 16385);
	assert_false(credentials_bytes(text, 16385));
	assert_string_equal(said, " is larger than 16384 bytes\n");
}

static void credentials_others_can_read(void **state)
{
	static const char	line[] = "acs:s3cret\n";
	static const mode_t	open_to[] = { 0640, 0604, 0620, 0601, 0610, 0777 };
	char			name[NAME_LEN], expected[128];
	int			fd;

	(void)state;
	for (size_t i = 0; i < sizeof(open_to) / sizeof(open_to[0]); i++) {
		fd = make_file(line, strlen(line), name);
		fchmod(fd, open_to[i]);
		snprintf(expected, sizeof(expected),
			 " has mode %04o, expected 0600: group and others may have no access\n",
			 (unsigned)open_to[i]);
		assert_false(credentials_of(fd, name));
		assert_string_equal(said, expected);
	}
	fd = make_file(line, strlen(line), name);
	fchmod(fd, 0400);
	assert_true(credentials_of(fd, name));
}

static void credentials_of_somebody_else(void **state)
{
	static const char	line[] = "acs:s3cret\n";
	char			name[NAME_LEN];
	int			fd = make_file(line, strlen(line), name);

	(void)state;
	if (fchown(fd, 4321, 0) != 0) {
		close(fd);
		skip();			/* only root can give a file away */
	}
	assert_false(credentials_of(fd, name));
	assert_string_equal(said,
		" belongs to uid 4321, expected root or the daemon's user (uid 0)\n");
}

static void credentials_in_no_file(void **state)
{
	char	name[NAME_LEN];
	int	fds[2];

	(void)state;
	assert_false(credentials_of(-1, "/nonexistent/credentials"));
	assert_string_equal(said, " No such file or directory\n");
	assert_false(credentials_of(-1, "/"));
	assert_string_equal(said, " is not a regular file\n");
	/* Would block for ever, if it were opened like a file. */
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	assert_false(credentials_of(-1, name));
	assert_string_equal(said, " is not a regular file\n");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_files),
		cmocka_unit_test(whole_output),
		cmocka_unit_test(several_files),
		cmocka_unit_test(places),
		cmocka_unit_test(too_many_files),
		cmocka_unit_test(unreadable_files),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(larger_than_the_limit),
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_setting),
		cmocka_unit_test(good_forms),
		cmocka_unit_test(warnings),
		cmocka_unit_test(most_prefixes),
		cmocka_unit_test(shipped_file),
		cmocka_unit_test(good_credentials),
		cmocka_unit_test(bad_credentials),
		cmocka_unit_test(credentials_at_the_limits),
		cmocka_unit_test(credentials_others_can_read),
		cmocka_unit_test(credentials_of_somebody_else),
		cmocka_unit_test(credentials_in_no_file),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
