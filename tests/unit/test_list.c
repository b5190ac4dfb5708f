// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of acs_file, and which networks may be found at run time at all. */

#include "test.h"

#include "conf_values.h"
#include "list.h"

static enum list_entry read_line(const char *text, struct list_value *v)
{
	struct bytes line = { (const uint8_t *)text, strlen(text) };

	return list_line(bytes_at_the_edge(line), v);
}

static void nothing(void **state)
{
	static const char *const lines[] = {
		"", " ", "\t \r", "# 192.0.2.1", "  # acs.example.net", "icwmp.acs=acs", "icwmp.acs.ip=''",
		"icwmp.acs.url=\"\"", "icwmp.cpe.ip='192.0.2.1'", "icwmp.macs.ip='192.0.2.1'",
		"acs.ip.old='192.0.2.1'", "a.b.c='1 & 2'", "=192.0.2.1",
	};
	struct list_value v;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (read_line(lines[i], &v) != LIST_NOTHING)
			fail_msg("\"%s\" is something", lines[i]);
}

static void networks(void **state)
{
	static const struct { const char *line, *text; } good[] = {
		{ "192.0.2.10", "192.0.2.10/32" }, { " 192.0.2.0/24\t\r", "192.0.2.0/24" },
		{ "2001:DB8::10", "2001:db8::10/128" }, { "2001:db8::/32", "2001:db8::/32" },
		{ "http://192.0.2.10", "192.0.2.10/32" }, { "HTTPS://192.0.2.10:7547/a", "192.0.2.10/32" },
		{ "http://[2001:db8::10]:80/?x=y", "2001:db8::10/128" },
		{ "icwmp.acs.ip='192.0.2.10'", "192.0.2.10/32" }, { "acs.ip=192.0.2.10", "192.0.2.10/32" },
		{ "x.acs.ip6=\"2001:db8::10\"", "2001:db8::10/128" },
		{ "cwmp.acs.url='http://192.0.2.10:80/'", "192.0.2.10/32" },
	};
	struct list_value	v;
	char			text[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (read_line(good[i].line, &v) != LIST_PREFIX)
			fail_msg("\"%s\" is no network", good[i].line);
		conf_prefix_text(&v.prefix, text);
		assert_string_equal(text, good[i].text);
	}
}

static void names(void **state)
{
	static const struct { const char *line, *name; } good[] = {
		{ "acs.example.net", "acs.example.net" }, { "acs.example.net.", "acs.example.net." },
		{ "http://acs.example.net/", "acs.example.net" },
		{ "https://acs.example.net:7547?a", "acs.example.net" },
		{ "icwmp.acs.url='https://a-1.example.net:1/x=y'", "a-1.example.net" },
		{ "1.2.3.4a", "1.2.3.4a" },
	};
	struct list_value v;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (read_line(good[i].line, &v) != LIST_NAME)
			fail_msg("\"%s\" is no name", good[i].line);
		assert_string_equal(v.name, good[i].name);
	}
}

static void bad(void **state)
{
	static const char *const lines[] = {
		"acs", "192.0.2.300", "192.0.2", "192.0.2.1/24", "192.0.2.1/33", "192.0.2.1 192.0.2.2",
		"192.0.2.1,", "'192.0.2.1'", "::ffff:192.0.2.1", "fe80::1%wan", "acs..example.net",
		".example.net", "-a.example.net", "a-.example.net", "a_b.example.net", "a.b.1",
		"ftp://acs.example.net/", "http://", "http:///x", "http://user@acs.example.net/",
		"http://[2001:db8::1", "http://[2001:db8::1]x", "icwmp.acs.ip='192.0.2.1",
		"icwmp.acs.ip='192.0.2.1' x", "\x01", "192.0.2.1\x7f", "a\xc3\xa4.example.net",
		"a2345678901234567890123456789012345678901234567890123456789012345.example.net",
	};
	struct list_value	v;
	char			text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (read_line(lines[i], &v) != LIST_BAD)
			fail_msg("\"%s\" is good", lines[i]);
	assert_int_equal(list_line(BYTES("192.0.2.1\0"), &v), LIST_BAD);
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 50)
		text[i] = '.';
	text[253] = '\0';
	assert_int_equal(read_line(text, &v), LIST_NAME);
	text[253] = 'a';
	text[254] = '\0';
	assert_int_equal(read_line(text, &v), LIST_BAD);
	text[254] = 'a';
	text[1023] = '\0';
	assert_int_equal(read_line(text, &v), LIST_BAD);
}

static bool may(const char *text)
{
	struct prefix	p;
	bool		exact;

	if (!conf_prefix(text, &p, &exact) || !exact)
		fail_msg("%s is no network", text);
	return resolve_may(&p);
}

static void networks_that_may_be_found(void **state)
{
	static const char *const good[] = {
		"192.0.2.1", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.1", "192.168.1.1", "1.0.0.0/8",
		"126.255.255.255", "128.0.0.0/9", "169.253.255.255", "169.255.0.0/16", "223.255.255.255",
		"2001::/16", "2001:db8::1", "fd00::/16", "fe7f::1", "fc00::1", "100::1",
	};
	static const char *const never[] = {
		"0.0.0.0", "0.0.0.0/0", "0.1.2.3", "127.0.0.1", "127.0.0.0/8", "126.0.0.0/7", "64.0.0.0/2",
		"169.254.0.0/16", "169.254.1.1", "169.0.0.0/8", "224.0.0.1", "239.255.255.255",
		"240.0.0.0/8", "255.255.255.255", "192.0.0.0/7", "::", "::1", "::/0", "::1.2.3.4",
		"fe80::1", "febf::1", "ff02::1", "ff00::/16", "fec0::1", "2000::/15", "2000::/3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!may(good[i]))
			fail_msg("%s may not be found", good[i]);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (may(never[i]))
			fail_msg("%s may be found", never[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(networks),
		cmocka_unit_test(names),
		cmocka_unit_test(bad),
		cmocka_unit_test(networks_that_may_be_found),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
