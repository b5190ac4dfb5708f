// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The canonical head: as long as what was sent, meaning the same, and its own
 * canonical form.  Real captures, every length there is, and random requests.
 */

#include "test.h"

#include <dirent.h>

#include "canon.h"
#include "limit.h"

/* What was understood of a head. */
struct meaning {
	struct request	request;
	bool		has_digest;
	struct digest	digest;
};

static enum why read_head(struct meaning *m, struct bytes head)
{
	size_t		offset;
	enum why	why = http_parse(&m->request, head, false, &offset);

	m->has_digest = why == WHY_NEXT && m->request.has_authorization &&
			digest_parse(&m->digest, m->request.authorization);
	return why;
}

static enum why write_head(uint8_t *out, size_t len, const struct meaning *m)
{
	return canon_write(out, len, &m->request, m->has_digest ? &m->digest : NULL);
}

static bool is_same_text(const struct text *a, const struct text *b)
{
	return bytes_equal(text_bytes(a), text_bytes(b));
}

static void check_same_digest(const struct digest *a, const struct digest *b)
{
	assert_true(is_same_text(&a->username, &b->username));
	assert_true(is_same_text(&a->realm, &b->realm));
	assert_true(is_same_text(&a->nonce, &b->nonce));
	assert_true(is_same_text(&a->uri, &b->uri));
	assert_true(is_same_text(&a->cnonce, &b->cnonce));
	assert_true(is_same_text(&a->opaque, &b->opaque));
	assert_int_equal(a->algorithm, b->algorithm);
	assert_int_equal(a->has_algorithm, b->has_algorithm);
	assert_int_equal(a->has_qop, b->has_qop);
	assert_int_equal(a->has_cnonce, b->has_cnonce);
	assert_int_equal(a->has_opaque, b->has_opaque);
	assert_memory_equal(a->nc, b->nc, NC_LEN);
	assert_true(bytes_equal(hex_bytes(&a->response), hex_bytes(&b->response)));
}

static void check_same(const struct meaning *a, const struct meaning *b)
{
	assert_true(bytes_equal(a->request.target, b->request.target));
	assert_true(bytes_equal(a->request.host, b->request.host));
	assert_int_equal(a->request.connection, b->request.connection);
	assert_int_equal(a->has_digest, b->has_digest);
	assert_int_equal(b->has_digest, b->request.has_authorization);
	if (a->has_digest)
		check_same_digest(&a->digest, &b->digest);
}

/* What agents need of the lines, whatever stands in them. */
static void check_lines(struct bytes head)
{
	size_t		n = 0;
	struct bytes	line;

	while (bytes_until(&head, '\n', &line)) {
		n++;
		assert_true(line.len <= HEAD_LINE_MAX + 1);
		if (line.len > 14 && memcmp(line.at, "Authorization:", 14) == 0) {
			assert_true(n <= 9);
			assert_memory_equal(line.at, "Authorization: Digest username=\"", 32);
		}
	}
	assert_int_equal(head.len, 0);
	assert_int_equal(line.len, 1);
}

static void check_canon(const struct meaning *m, size_t len)
{
	uint8_t		out[HEAD_MAX], again[HEAD_MAX];
	struct meaning	read;

	assert_int_equal(write_head(out, len, m), WHY_NEXT);
	assert_int_equal(read_head(&read, (struct bytes){ out, len }), WHY_NEXT);
	check_same(m, &read);
	check_lines((struct bytes){ out, len });
	assert_int_equal(write_head(again, len, &read), WHY_NEXT);
	assert_memory_equal(out, again, len);
}

static void check_head(struct bytes head, bool with_digest)
{
	struct meaning m;

	assert_int_equal(read_head(&m, bytes_at_the_edge(head)), WHY_NEXT);
	assert_int_equal(m.has_digest, with_digest);
	check_canon(&m, head.len);
	m.has_digest = false;			/* bare, as after a wrong response */
	check_canon(&m, head.len);
}

/* Requests stand in the captures as Python prints them, cut at line ends. */
static size_t check_capture(const char *name)
{
	char	 path[512], *text, *at;
	size_t	 n = 0;

	snprintf(path, sizeof(path), "vectors/requests/%s", name);
	text = must_read_file(path);
	for (at = text; (at = strstr(at, "\nb'")); n++) {
		uint8_t	 head[HEAD_MAX];
		char	*end = strstr(at, "\n'\n");
		size_t	 len;
		bool	 digest, short_nonce;

		assert_non_null(end);
		len = unescape((struct bytes){ (uint8_t *)at + 3, (size_t)(end - at - 3) },
			       head, sizeof(head));
		digest = memmem(head, len, "Authorization", 13);
		short_nonce = memmem(head, len, "nonce=\"abc", 10);
		check_head((struct bytes){ head, len }, digest && !short_nonce);
		at = end;
	}
	free(text);
	return n;
}

static void captures(void **state)
{
	char		 path[512];
	DIR		*dir;
	struct dirent	*e;
	size_t		 n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/requests", cases_dir());
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		if (strstr(e->d_name, ".txt"))
			n += check_capture(e->d_name);
	closedir(dir);
	assert_int_equal(n, 18);
}

#define CREDENTIALS \
	"Digest username=\"u\",realm=\"r\",nonce=\"12345678\",uri=\"/p\",algorithm=MD5," \
	"qop=auth,nc=00000001,cnonce=\"c\",response=\"0123456789abcdef0123456789abcdef\",opaque=\"o\""

/* GenieACS leaves one byte that the canonical form does not need. */
static void the_tightest(void **state)
{
	struct bytes	head = BYTES("GET /p HTTP/1.1\r\nAuthorization: " CREDENTIALS "\r\n"
				     "Host: h:1\r\nConnection: keep-alive\r\n\r\n");
	const char	*canon = "GET /p HTTP/1.1\r\nHost: h:1\r\nAuthorization: " CREDENTIALS "\r\n"
				 "Connection: keep-alive\r\n\r\n";
	uint8_t		out[HEAD_MAX];
	struct meaning	m;

	(void)state;
	assert_int_equal(read_head(&m, head), WHY_NEXT);
	assert_int_equal(write_head(out, head.len, &m), WHY_NEXT);
	assert_memory_equal(out, canon, head.len);
}

static void too_terse(void **state)
{
	static const char *const head[] = {
		"GET / HTTP/1.1\r\nHost:h\r\nConnection:close\r\n\r\n",
		"GET /p HTTP/1.1\r\nHost:h\r\nAuthorization:" CREDENTIALS "\r\n\r\n",
	};
	uint8_t		out[HEAD_MAX];
	struct meaning	m;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes b = { (const uint8_t *)head[i], strlen(head[i]) };

		assert_int_equal(read_head(&m, b), WHY_NEXT);
		assert_int_equal(write_head(out, b.len, &m), WHY_NO_ROOM);
	}
	check_head(BYTES("GET / HTTP/1.1\r\nHost:h\r\n\r\n"), false);
}

/* From the shortest to the longest, with credentials and without. */
static void every_length(void **state)
{
	struct bytes	head = BYTES("GET /p HTTP/1.1\r\nHost: h\r\nAuthorization: " CREDENTIALS "\r\n"
				     "Connection: close\r\n\r\n");
	uint8_t		out[HEAD_MAX];
	struct meaning	m;

	(void)state;
	assert_int_equal(read_head(&m, head), WHY_NEXT);
	for (int digest = 0; digest < 2; digest++) {
		size_t len = head.len - 1;

		m.has_digest = digest;
		if (!digest)
			len -= strlen("Authorization: " CREDENTIALS "\r\n");
		assert_int_equal(write_head(out, len - 1, &m), WHY_NO_ROOM);
		for (; len <= HEAD_MAX; len++)
			check_canon(&m, len);
	}
}

/* Written so that it would not fit its line. */
static void line_too_long(void **state)
{
	uint8_t		out[HEAD_MAX];
	struct meaning	m;
	struct bytes	head = BYTES("GET /p HTTP/1.1\r\nHost: h\r\nAuthorization: " CREDENTIALS "\r\n\r\n");

	(void)state;
	assert_int_equal(read_head(&m, head), WHY_NEXT);
	m.digest.username.len = m.digest.realm.len = m.digest.uri.len = TEXT_MAX;
	memset(m.digest.username.at, '"', TEXT_MAX);
	memset(m.digest.realm.at, 'r', TEXT_MAX);
	memset(m.digest.uri.at, '/', TEXT_MAX);
	assert_int_equal(write_head(out, HEAD_MAX, &m), WHY_NO_ROOM);
}

/* Random requests as a client might write them.  The same ones in every run. */
static uint64_t random_state;

static unsigned roll(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

struct writing {
	char	at[2 * HEAD_MAX];
	size_t	len;
};

static void say(struct writing *w, const char *text)
{
	size_t n = strlen(text);

	if (w->len + n > sizeof(w->at))
		fail_msg("a random request of %zu bytes", w->len + n);
	memcpy(w->at + w->len, text, n);
	w->len += n;
}

static void say_some(struct writing *w, const char *set, unsigned min, unsigned max)
{
	for (unsigned n = min + roll(max - min + 1); n; n--)
		say(w, (char[]){ set[roll((unsigned)strlen(set))], '\0' });
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define HEX "0123456789abcdef"

static unsigned some_length(unsigned max)
{
	return roll(4) ? roll(max < 24 ? max : 24) : roll(max);
}

static void say_quoted(struct writing *w, const char *set, unsigned min, unsigned max)
{
	say(w, "\"");
	for (unsigned n = min + some_length(max - min + 1); n; n--) {
		char c = set[roll((unsigned)strlen(set))];

		if (c == '"' || c == '\\')
			say(w, "\\");
		say(w, (char[]){ c, '\0' });
	}
	say(w, "\"");
}

static void say_either(struct writing *w, const char *value)
{
	const char *quote = roll(2) ? "\"" : "";

	say(w, quote);
	say(w, value);
	say(w, quote);
}

/* One parameter of those that are always there, or of those that may be. */
static void say_parameter(struct writing *w, unsigned which, const char *algorithm, bool sha)
{
	static const char *const name[] = {
		"username", "REALM", "nonce", "uri", "response",
		"opaque", "cnonce", "qop", "nc", "algorithm",
	};

	say(w, name[which]);
	say(w, "=");
	switch (which) {
	case 0: say_quoted(w, ALNUM " \"\\,@", 1, 90); break;
	case 1: say_quoted(w, ALNUM " \"\\,@", 0, 90); break;
	case 2: say_quoted(w, ALNUM "+/=:", 8, 128); break;
	case 3: say_quoted(w, ALNUM "/-._~", 1, 90); break;
	case 4:
		say(w, "\"");
		say_some(w, HEX, sha ? 64 : 32, sha ? 64 : 32);
		say(w, "\"");
		break;
	case 5: say_quoted(w, ALNUM "=/+-", 0, 128); break;
	case 6: say_quoted(w, ALNUM "/+-", 1, 128); break;
	case 7: say_either(w, "auth"); break;
	case 8: say_some(w, HEX, 8, 8); break;
	default: say_either(w, algorithm); break;
	}
}

static void say_digest(struct writing *w)
{
	static const char *const algorithm[] = { "MD5", "MD5-sess", "SHA-256", "SHA-256-sess" };
	static const char *const comma[] = { ",", ", ", " ,\t" };
	unsigned	order[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, n = 10;
	unsigned	which = roll(4);

	if (!roll(3)) {				/* RFC 2069 */
		which &= 2;
		n = 6;
		if (roll(2))
			order[5] = 9;
	}
	if (n == 6 && order[5] == 5)
		which = 0;			/* no algorithm is MD5 */
	for (unsigned i = n - 1; i; i--) {
		unsigned j = roll(i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	say(w, roll(8) ? "Authorization: Digest " : "aUTHORIZATION: \tdIGEST  ");
	for (unsigned i = 0; i < n; i++) {
		if (i)
			say(w, comma[roll(3)]);
		say_parameter(w, order[i], algorithm[which], which >= 2);
	}
}

static void say_field(struct writing *w, unsigned which)
{
	static const char *const name[] = {
		"User-Agent: ", "accept:", "Accept-Encoding: ", "Cache-Control:", "Via: ",
		"X-Forwarded-For: ", "Upgrade: ", "Date:", "Sec-Fetch-Mode: ", "Pragma: ",
	};

	say(w, name[which]);
	say_some(w, ALNUM " \t,;:()\"/*", 0, roll(8) ? 40 : 600);
}

static void say_request(struct writing *w)
{
	static const char *const connection[] = {
		"Connection: close", "Connection: keep-alive", "connection: Keep-Alive",
		"Connection:  close , x", "Connection: Upgrade, HTTP2-Settings",
	};
	static const char *const host[] = {
		"Host: h", "Host: [2001:db8::1]:7547", "hOST: \tcpe.example.\t", "Host: 192.0.2.1:30005",
	};
	unsigned before = roll(4), fields = before + roll(4), at = roll(fields + 1);

	w->len = 0;
	say(w, "GET /");
	say_some(w, ALNUM "-._~!$&'()*+,;=:@", 0, roll(8) ? 20 : 200);
	say(w, "x");				/* dots alone are no segment */
	if (!roll(4)) {
		say(w, "?");
		say_some(w, ALNUM "/=&", 0, 20);
	}
	say(w, " HTTP/1.1\r\n");
	for (unsigned i = 0; i <= fields; i++) {
		if (i == at) {
			say(w, host[roll(4)]);
			say(w, "\r\n");
		} else if (i < 9) {
			say_field(w, i);
			say(w, "\r\n");
		}
	}
	if (roll(4)) {
		say_digest(w);
		say(w, "\r\n");
	}
	if (roll(2)) {
		say(w, connection[roll(5)]);
		say(w, "\r\n");
	}
	say(w, "\r\n");
}

static void random_requests(void **state)
{
	size_t with_digest = 0, bare = 0;

	(void)state;
	random_state = 7547;
	while (with_digest + bare < 20000) {
		struct writing	w;
		struct meaning	m;
		struct bytes	head;

		say_request(&w);
		head = (struct bytes){ (const uint8_t *)w.at, w.len };
		if (read_head(&m, head) != WHY_NEXT)	/* a line or the head is too long */
			continue;
		assert_int_equal(m.has_digest, m.request.has_authorization);
		check_head(head, m.has_digest);
		with_digest += m.has_digest;
		bare += !m.has_digest;
	}
	assert_true(with_digest > 10000 && bare > 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures),
		cmocka_unit_test(the_tightest),
		cmocka_unit_test(too_terse),
		cmocka_unit_test(every_length),
		cmocka_unit_test(line_too_long),
		cmocka_unit_test(random_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
