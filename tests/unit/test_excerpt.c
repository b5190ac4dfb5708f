// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a request head may be told: never a value, never a query. */

#include "test.h"

#include "excerpt.h"

static const char *told(const char *held, const char *more, size_t offset)
{
	static char	out[EXCERPT_MAX];
	static uint8_t	more_at[256];
	size_t		n = strlen(more);

	memset(out, '~', sizeof(out));
	memcpy(more_at, more, n);
	excerpt(out, (struct bytes){ at_the_edge(held, strlen(held)), strlen(held) },
		(struct bytes){ more_at, n }, (uint16_t)offset);
	return out;
}

static void request_lines(void **state)
{
	(void)state;
	assert_string_equal(told("", "", 0), "");
	assert_string_equal(told("GET /cr HTTP/1.1\r\nHost: a\r\n\r\n", "", 4), "GET /cr HTTP/1.1");
	assert_string_equal(told("", "POST /UD/act?1 HTTP/1.1\r\nSOAPAction: x\r\n", 0),
			    "POST /UD/act?.. HTTP/1.1");
	assert_string_equal(told("GET /c", "\x80r\r\n", 6), "GET /c.r");
	assert_string_equal(told("GET ", "http://user:secret@h/ HTTP/1.1\r\n", 4), "GET .. HTTP/1.1");
	assert_string_equal(told("GET ", "/p?secret", 4), "GET /p?..");
	assert_string_equal(told("", "\x16\x03\x01\x02", 0), "....");
	assert_string_equal(told("", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0),
			    "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void field_names(void **state)
{
	static const char head[] = "GET /cr HTTP/1.1\r\n"
				   "Content-Length: 5\r\n"
				   "Authorization: Digest response=\"0123\"\r\n"
				   " folded: secret\r\n"
				   "secret without a colon\r\n\r\n";

	size_t folded = strlen(head) - strlen(strstr(head, "folded"));

	(void)state;
	assert_string_equal(told(head, "", 19), "GET /cr HTTP/1.1 .. Content-Length:");
	assert_string_equal(told(head, "", 50), "GET /cr HTTP/1.1 .. Authorization:");
	assert_string_equal(told(head, "", folded + 8), "GET /cr HTTP/1.1");
	assert_string_equal(told(head, "", strlen(head) - 8), "GET /cr HTTP/1.1");
	assert_string_equal(told(head, "", UINT16_MAX), "GET /cr HTTP/1.1");
}

/* Wherever a head is cut and whichever byte decides, its secrets are not in it. */
static void no_secret_anywhere(void **state)
{
	static const char head[] = "GET /cr?k=s3cr3t HTTP/1.1\r\n"
				   "Authorization: Digest nonce=\"s3cr3t\",response=\"s3cr3t:\"\r\n"
				   "X: s3cr3t\r\n\r\n";
	char held[sizeof(head)];

	(void)state;
	for (size_t cut = 0; cut < sizeof(head); cut++) {
		memcpy(held, head, cut);
		held[cut] = '\0';
		for (size_t offset = 0; offset < sizeof(head); offset++) {
			const char *s = told(held, head + cut, offset);

			assert_null(strstr(s, "s3c"));
			assert_true(strlen(s) < EXCERPT_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_lines),
		cmocka_unit_test(field_names),
		cmocka_unit_test(no_secret_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
