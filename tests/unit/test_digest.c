// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digest credentials: captures of real clients, the examples of the RFCs, and
 * tests/cases/digest.md put to a whole judge.
 */

#include "client.h"

#include "digest.h"

static struct credential credential_of(const char *user, size_t user_len, const char *password)
{
	struct credential c = { .user_len = (uint16_t)user_len };

	memcpy(c.user, user, user_len);
	c.password_len = (uint16_t)snprintf(c.password, sizeof(c.password), "%s", password);
	return c;
}

static bool parse(struct digest *d, const char *value)
{
	return digest_parse(d, bytes_at_the_edge(text_of(value)));
}

static void replace(char *text, size_t room, const char *old, const char *new)
{
	char	*at = strstr(text, old);
	char	 rest[1024];

	assert_non_null(at);
	snprintf(rest, sizeof(rest), "%s", at + strlen(old));
	snprintf(at, room - (size_t)(at - text), "%s%s", new, rest);
}

/*
 * Nonces of three and four characters were used for some captures.  They are
 * too short to be read, by intent; so they are put in after the reading.
 */
static void check_capture(const char *password, const char *value)
{
	static const char *const short_nonces[] = { "abc", "abcd" };
	struct digest		 d;
	struct credential	 c;
	char			 text[1024];

	snprintf(text, sizeof(text), "%s", value);
	for (size_t i = 0; i < 2; i++) {
		char nonce[32];

		snprintf(nonce, sizeof(nonce), " nonce=\"%s\"", short_nonces[i]);
		if (!strstr(text, nonce))
			continue;
		assert_false(parse(&d, text));
		replace(text, sizeof(text), nonce, " nonce=\"too short\"");
		assert_true(parse(&d, text));
		d.nonce.len = (uint16_t)strlen(short_nonces[i]);
		memcpy(d.nonce.at, short_nonces[i], d.nonce.len);
		goto verify;
	}
	assert_true(parse(&d, text));
verify:
	c = credential_of((char *)d.username.at, d.username.len, password);
	assert_true(digest_verify(&d, &c));
	c.password[0] ^= 1;
	assert_false(digest_verify(&d, &c));
}

/* name, password=..., verified=True, method=GET, and the field's value */
static void captures(void **state)
{
	char	*text = must_read_file("vectors/digest.txt"), *rest = text, *line;
	size_t	 n = 0;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		char *password = strstr(line, "\tpassword="), *value = strstr(line, "\tDigest ");

		if (line[0] == '#' || !password || !value)
			continue;
		password += strlen("\tpassword=");
		password[strcspn(password, "\t")] = '\0';
		check_capture(password, value + 1);
		n++;
	}
	free(text);
	assert_int_equal(n, 18);
}

static const char rfc7616_md5[] =
	"Digest username=\"Mufasa\",\n realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
	"algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
	"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
	"response=\"8ca523f5e9506fed4657c9700eebdbec\", "
	"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

/* RFC 2617 section 3.5 and RFC 7616 section 3.9.1 */
static void examples_of_the_rfcs(void **state)
{
	struct credential	c = credential_of("Mufasa", 6, "Circle Of Life");
	struct digest		d;
	char			text[1024];

	(void)state;
	assert_true(parse(&d, "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
			  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
			  "qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
			  "response=\"6629fae49393a05397450978507c4ef1\", "
			  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
	assert_true(digest_verify(&d, &c));

	c = credential_of("Mufasa", 6, "Circle of Life");
	assert_false(parse(&d, rfc7616_md5));	/* printed there with a line end */
	snprintf(text, sizeof(text), "%s", rfc7616_md5);
	replace(text, sizeof(text), "\n ", " ");
	assert_true(parse(&d, text));
	assert_true(digest_verify(&d, &c));

	replace(text, sizeof(text), "=MD5", "=SHA-256");
	replace(text, sizeof(text), "8ca523f5e9506fed4657c9700eebdbec",
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	assert_true(parse(&d, text));
	assert_int_equal(d.algorithm, ALGORITHM_SHA256);
	assert_true(digest_verify(&d, &c));
}

static struct credential htdigest(const char *user, const char *realm, const char *ha1)
{
	struct credential c = credential_of(user, strlen(user), "");

	c.hashed = true;
	c.realm_len = (uint16_t)snprintf(c.realm, sizeof(c.realm), "%s", realm);
	c.ha1_len = (uint16_t)strlen(ha1);
	memcpy(c.ha1, ha1, c.ha1_len);
	return c;
}

/* A hash is for one realm and one algorithm; a password for all. */
static void htdigest_lines(void **state)
{
	const char		*ha1 = "939e7578ed9e3c518a452acee763bce9";
	const char		*value = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, "
		"nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\"";
	struct credential	 c = htdigest("Mufasa", "testrealm@host.com", ha1);
	struct digest		 d;

	(void)state;
	assert_true(parse(&d, value));
	assert_true(digest_verify(&d, &c));
	c = htdigest("Mufasa", "testrealm@host.co", ha1);
	assert_false(digest_verify(&d, &c));
	c = htdigest("Mufas", "testrealm@host.com", ha1);
	assert_false(digest_verify(&d, &c));
	c = htdigest("Mufasa", "testrealm@host.com",
		     "939e7578ed9e3c518a452acee763bce9939e7578ed9e3c518a452acee763bce9");
	assert_false(digest_verify(&d, &c));
}

/* What is read is what was meant: without quotes and escapes. */
static void values(void **state)
{
	struct digest d;

	(void)state;
	assert_true(parse(&d, "Digest qop=\"auth\" , username=\"a\\\"\\\\b\",realm=\"\","
			  "nonce=\"12345678\",uri=\"/\",nc=0000000f,cnonce=\"c=\",opaque=\"\","
			  "response=\"0123456789abcdef0123456789abcdef\",algorithm=\"MD5-sess\""));
	assert_true(bytes_equal(text_bytes(&d.username), BYTES("a\"\\b")));
	assert_int_equal(d.realm.len, 0);
	assert_true(bytes_equal(text_bytes(&d.cnonce), BYTES("c=")));
	assert_memory_equal(d.nc, "0000000f", NC_LEN);
	assert_true(d.has_qop && d.has_cnonce && d.has_opaque && d.has_algorithm);
	assert_int_equal(d.algorithm, ALGORITHM_MD5_SESS);
	assert_int_equal(d.response.len, 32);
	assert_false(d.has_comma);
	assert_true(parse(&d, "Digest username=\"a,b\",realm=\"\",nonce=\"12345678\",uri=\"/\","
			  "response=\"0123456789abcdef0123456789abcdef\""));
	assert_true(d.has_comma && !d.has_qop && !d.has_cnonce && !d.has_opaque);
	assert_int_equal(d.algorithm, ALGORITHM_MD5);
}

/* No byte is read past the end, wherever that is. */
static void cut_everywhere(void **state)
{
	struct digest	d;
	const char	*value = acs_authorization(&(struct acs){
		.user = "acs", .password = "x", .realm = "cpe", .nonce = "12345678",
		.cnonce = "c", .algorithm = "\"MD5\"" });

	(void)state;
	assert_true(parse(&d, value));
	/* The response is last and has to be there. */
	for (size_t n = 0; n < strlen(value); n++)
		assert_false(digest_parse(&d, (struct bytes){ at_the_edge(value, n), n }));
}

static bool case_is_right(const struct test_case *c)
{
	uint8_t		value[HEAD_MAX], challenge[REPLY_MAX], target[TARGET_MAX + 1] = "/cr";
	struct bytes	block, why = must_find_block(c, "why");
	const char	*said = "Digest " CHALLENGE;
	size_t		n = unescape(must_find_block(c, "authorization"), value, sizeof(value));
	const char	*found;

	if (find_block(c, "challenge", &block)) {
		challenge[unescape(block, challenge, sizeof(challenge) - 1)] = '\0';
		said = (const char *)challenge;
	}
	if (find_block(c, "target", &block))
		target[unescape(block, target, sizeof(target) - 1)] = '\0';
	start_judge(NULL);
	agent_challenges(said);
	found = why_info[asks_with((char *)target, (struct bytes){ value, n })].name;
	stop_judge(NULL);
	if (bytes_equal(text_of(found), why))
		return true;
	print_error("%s: wanted %.*s, found %s\n", c->name, (int)why.len,
		    (const char *)why.at, found);
	return false;
}

static void cases(void **state)
{
	char		*text = must_read_file("cases/digest.md");
	const char	*rest = text;
	struct test_case c;
	size_t		 n = 0, wrong = 0;

	(void)state;
	for (; next_case(&rest, &c); n++)
		wrong += !case_is_right(&c);
	free(text);
	assert_int_equal(wrong, 0);
	assert_true(n >= 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures),
		cmocka_unit_test(examples_of_the_rfcs),
		cmocka_unit_test(htdigest_lines),
		cmocka_unit_test(values),
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
