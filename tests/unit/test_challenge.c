// SPDX-License-Identifier: GPL-2.0-or-later
/* Responses as agents write them, each dialect by name, and broken ones. */

#include "test.h"

#include "challenge.h"

static struct reply r;

static void read_at_the_edge(const char *text, size_t n)
{
	memset(&r, 0xa5, sizeof(r));
	challenge_read(&r, (struct bytes){ at_the_edge(text, n), n });
}

static void read_text(const char *text)
{
	read_at_the_edge(text, strlen(text));
}

static bool is(const struct text *t, const char *wanted)
{
	return bytes_equal(text_bytes(t), (struct bytes){ (const uint8_t *)wanted,
							  strlen(wanted) });
}

static void check(size_t i, const char *realm, const char *nonce, const char *opaque)
{
	assert_true(i < r.n);
	assert_true(is(&r.of[i].realm, realm));
	assert_true(is(&r.of[i].nonce, nonce));
	assert_true(is(&r.of[i].opaque, opaque));
}

#define NONCE "0123456789abcdef0123456789abcdef00001234"

static const char easycwmp[] =
	"HTTP/1.1 401 Unauthorized\r\n"
	"Content-Length: 0\r\n"
	"Connection: close\r\n"
	"WWW-Authenticate: Digest realm=\"realm@easycwmp\",qop=\"auth\",nonce=\"" NONCE "\","
	"opaque=\"328458fab28345ae87ab3210a8513b14eff452a2\"\r\n"
	"\r\n";

static void easycwmp_dialect(void **state)
{
	(void)state;
	read_text(easycwmp);
	assert_int_equal(r.status, 401);
	assert_int_equal(r.n, 1);
	check(0, "realm@easycwmp", NONCE, "328458fab28345ae87ab3210a8513b14eff452a2");
	assert_true(r.of[0].has_qop && r.of[0].has_auth && r.of[0].has_opaque);
	assert_int_equal(r.of[0].algorithm, ALGORITHM_MD5);
	assert_int_equal(r.server_len, 0);
}

static void icwmp_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "Connection: close\r\n"
		  "WWW-Authenticate: Digest realm=\"authenticate@cwmp\",qop=\"auth\","
		  "nonce=\"" NONCE "\",opaque=\"11733b200778ce33060f31c9af70a870ba96ddd4\"\r\n\r\n");
	assert_int_equal(r.status, 401);
	check(0, "authenticate@cwmp", NONCE, "11733b200778ce33060f31c9af70a870ba96ddd4");
}

static void ucwmp_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "WWW-Authenticate: Digest qop=\"auth\", realm=\"ucwmp\", nonce=\"5f3a9c01\"\r\n\r\n");
	check(0, "ucwmp", "5f3a9c01", "");
	assert_false(r.of[0].has_opaque);
}

/* Spaces for commas, a nonce from a counter, an empty opaque. */
static void netcwmp_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "WWW-Authenticate: Digest qop=\"auth\" "
		  "nonce=\"c4ca4238a0b923820dcc509a6f75849b\" opaque=\"\" realm=\"cwmpd\"\r\n\r\n");
	assert_int_equal(r.n, 1);
	check(0, "cwmpd", "c4ca4238a0b923820dcc509a6f75849b", "");
	assert_true(r.of[0].has_auth && r.of[0].has_opaque);
}

static void ccsp_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "Server: CCSP-CWMP-TCPCR/1.0\r\n"
		  "Connection: Keep-Alive\r\n"
		  "WWW-Authenticate: Digest realm=\"Cisco_CCSP_CWMP_TCPCR\", "
		  "nonce=\"abcdefgh01\", algorithm=\"MD5\", domain=\"/\", qop=\"auth\", stale=\"true\"\r\n"
		  "Set-Cookie: CWMPID=1234; path=/\r\n"
		  "Content-Type: text/html\r\n"
		  "Content-Length: 26\r\n"
		  "\r\n"
		  "WWW-Authenticate: Digest realm=\"body\", nonce=\"not a field\"\r\n");
	assert_int_equal(r.n, 1);
	check(0, "Cisco_CCSP_CWMP_TCPCR", "abcdefgh01", "");
	assert_true(r.of[0].stale && r.of[0].has_auth);
	assert_int_equal(r.server_at, 35);
	assert_int_equal(r.server_len, strlen("CCSP-CWMP-TCPCR/1.0"));
}

/* Bare LF, folded, and neither a blank line nor a last line end. */
static void orange_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\n"
		  "Connection: close\n"
		  "WWW-Authenticate: Digest realm=\"liveboxrealm\",\n"
		  " qop=\"auth\",\n"
		  "\tnonce=\"0123456789012345678901234567890123\",\n"
		  " opaque=\"01234567890123456789012345678901\"");
	assert_int_equal(r.status, 401);
	assert_int_equal(r.n, 1);
	check(0, "liveboxrealm", "0123456789012345678901234567890123",
	      "01234567890123456789012345678901");
	assert_true(r.of[0].has_auth);
}

/* libwebsockets writes names in lower case, before a field without a body. */
static void softathome_dialect(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "www-authenticate: Digest realm=\"cwmpd\", qop=\"auth\", nonce=\"" NONCE "\", "
		  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n"
		  "content-type: text/html\r\ncontent-length: 0\r\n\r\n");
	check(0, "cwmpd", NONCE, "5ccc069c403ebaf9f0171e9517f40e41");
}

static void vendor_without_qop(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "Server: TR069 client TCP connection request Server\r\n"
		  "WWW-Authenticate: Digest realm=\"IgdAuthentication\", domain=\"/aa:bb:cc\", "
		  "nonce=\"YWFiYmNj\", algorithm=\"MD5\"\r\n"
		  "Content-Length: 0\r\n\r\n");
	check(0, "IgdAuthentication", "YWFiYmNj", "");
	assert_false(r.of[0].has_qop);
	assert_false(r.of[0].has_auth);
	assert_int_equal(r.server_len, strlen("TR069 client TCP connection request Server"));
}

/* freecwmp: nothing the gate could use. */
static void basic_only(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"default\"\r\n\r\n");
	assert_int_equal(r.status, 401);
	assert_int_equal(r.n, 0);
}

static void several_challenges(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 Unauthorized\r\n"
		  "WWW-Authenticate: Basic realm=\"default\", Digest realm=\"a\", "
		  "nonce=\"nonce-one\", algorithm=SHA-256, qop=\"auth-int,auth\", "
		  "Digest realm=\"b\", nonce=\"nonce-two\", algorithm=MD5-sess, qop=auth-int\r\n"
		  "WWW-Authenticate: Negotiate\r\n"
		  "WWW-Authenticate: NTLM TlRMTVNTUAAB=, digest nonce=nonce-three, realm=c, qop=\"\"\r\n"
		  "WWW-Authenticate: Digest algorithm=MD4, realm=\"d\", nonce=\"nonce-four\"\r\n"
		  "\r\n");
	assert_int_equal(r.n, 3);
	check(0, "a", "nonce-one", "");
	assert_int_equal(r.of[0].algorithm, ALGORITHM_SHA256);
	assert_true(r.of[0].has_auth);
	check(1, "b", "nonce-two", "");
	assert_int_equal(r.of[1].algorithm, ALGORITHM_MD5_SESS);
	assert_true(r.of[1].has_qop && !r.of[1].has_auth);
	check(2, "c", "nonce-three", "");
	assert_false(r.of[2].has_qop);
}

static void lists_without_quotes(void **state)
{
	static const char *const qop[] = { "auth,auth-int", "auth-int,auth", "auth-int , auth" };

	(void)state;
	for (size_t i = 0; i < sizeof(qop) / sizeof(*qop); i++) {
		char text[256];

		snprintf(text, sizeof(text), "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm=\"a\", "
			 "qop=%s, nonce=\"12345678\"\r\n\r\n", qop[i]);
		read_text(text);
		assert_int_equal(r.n, 1);
		check(0, "a", "12345678", "");
		assert_true(r.of[0].has_auth);
	}
}

static void at_most_four(void **state)
{
	char text[1024] = "HTTP/1.1 401 U\r\n";

	(void)state;
	for (int i = 0; i < 6; i++)
		strcat(text, "WWW-Authenticate: Digest realm=\"a\", nonce=\"12345678\"\r\n");
	read_text(text);
	assert_int_equal(r.n, CHALLENGES_MAX);
}

static void escapes(void **state)
{
	(void)state;
	read_text("HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm=\"a\\\"b\\\\c, d=e\", "
		  "nonce = \"12345678\" , opaque=un/quoted=\r\n\r\n");
	check(0, "a\"b\\c, d=e", "12345678", "un/quoted=");
}

/* What is of no use is left out, and what follows it is read. */
static void unusable(void **state)
{
	static const char *const useless[] = {
		"realm=\"a\"",					/* no nonce */
		"realm=\"a\", nonce=\"\"",
		"realm=\"a\", nonce=\"1234567\"",		/* read out of bounds by agents */
		"realm=\"a\", nonce=\"12345678",		/* does not end */
		"realm=\"a, nonce=\"12345678\"",
		"realm=\"a\", nonce=\"12345678\\",
		"realm=\"a\", nonce=\"12345678\", algorithm=\"\"",
		"realm=\"a\", nonce=\"12345678\", algorithm=token",
		"",
		"=", "==\"", "= = =", "\"", ",,,,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
		char text[256];

		snprintf(text, sizeof(text), "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest %s\r\n"
			 "Connection: close\r\n\r\n", useless[i]);
		read_text(text);
		assert_int_equal(r.n, 0);
		}
}

static void too_long(void **state)
{
	char text[1024], a[512];

	(void)state;
	memset(a, 'a', sizeof(a));
	for (int n = 127; n <= 129; n++) {
		snprintf(text, sizeof(text), "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest "
			 "realm=\"r\", nonce=\"%.*s\"\r\n\r\n", n, a);
		read_text(text);
		assert_int_equal(r.n, n <= DIGEST_NONCE_MAX);
	}
	for (int n = 255; n <= 257; n++) {
		snprintf(text, sizeof(text), "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest "
			 "realm=\"%.*s\", nonce=\"12345678\"\r\n\r\n", n, a);
		read_text(text);
		assert_int_equal(r.n, n <= DIGEST_NAME_MAX);
	}
}

static void status_line(void **state)
{
	static const struct {
		const char	*text;
		uint16_t	 status;
	} lines[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", 200 },
		{ "HTTP/1.1 204\r\n\r\n", 204 },
		{ "HTTP/1.1  503 Busy\n\n", 503 },
		{ "HTTP/1.0 200 OK\r\n\r\n", 200 },
		{ "HTTP/1.1 20", 0 },
		{ "HTTP/1.1", 0 },
		{ "<html>\r\n", 0 },
		{ "\r\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		read_text(lines[i].text);
		assert_int_equal(r.status, lines[i].status);
	}
}

static void server(void **state)
{
	const char *text = "HTTP/1.1 200 OK\nserver:  x/1 (y) \t\n z\nServer: other\n\n";

	(void)state;
	read_text(text);
	assert_memory_equal(text + r.server_at, "x/1 (y)", r.server_len);
	assert_int_equal(r.server_len, 7);
	read_text("HTTP/1.1 200 OK\r\nServer:\r\n\r\n");
	assert_int_equal(r.server_len, 0);
}

/* Cut anywhere, or with any byte anywhere: it is read, and in bounds. */
static void cut_and_spoiled(void **state)
{
	char	text[sizeof(easycwmp)];
	size_t	len = sizeof(easycwmp) - 1;

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		read_at_the_edge(easycwmp, n);
		assert_true(r.n <= 1);
		assert_int_equal(r.status, n < strlen("HTTP/1.1 401") ? 0 : 401);
	}
	for (size_t i = 0; i < len; i++) {
		for (unsigned c = 0; c < 256; c++) {
			memcpy(text, easycwmp, len);
			text[i] = (char)c;
			read_at_the_edge(text, len);
			assert_true(r.n <= CHALLENGES_MAX);
			assert_true(r.server_at + r.server_len <= len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(easycwmp_dialect),
		cmocka_unit_test(icwmp_dialect),
		cmocka_unit_test(ucwmp_dialect),
		cmocka_unit_test(netcwmp_dialect),
		cmocka_unit_test(ccsp_dialect),
		cmocka_unit_test(orange_dialect),
		cmocka_unit_test(softathome_dialect),
		cmocka_unit_test(vendor_without_qop),
		cmocka_unit_test(basic_only),
		cmocka_unit_test(several_challenges),
		cmocka_unit_test(lists_without_quotes),
		cmocka_unit_test(at_most_four),
		cmocka_unit_test(escapes),
		cmocka_unit_test(unusable),
		cmocka_unit_test(too_long),
		cmocka_unit_test(status_line),
		cmocka_unit_test(server),
		cmocka_unit_test(cut_and_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
