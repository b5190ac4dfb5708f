// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text of the configuration to values and back.  Nothing here knows a setting,
 * a file or a message; a text is right or it is not.
 */
#include "conf_values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits without sign or leading zeros, at most @max. */
static bool take_number(const char **text, unsigned max, unsigned *out)
{
	const char	*at = *text;
	unsigned	 v = 0;

	if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1])))
		return false;
	for (; isdigit((unsigned char)*at); at++) {
		v = v * 10 + (unsigned)(*at - '0');
		if (v > max)
			return false;
	}
	*text = at;
	*out = v;
	return true;
}

static bool take_text(const char **text, const char *expected)
{
	size_t len = strlen(expected);

	if (strncmp(*text, expected, len) != 0)
		return false;
	*text += len;
	return true;
}

/* Clears what @len bits of the family do not cover; false if that changed it. */
static bool clear_host_bits(struct prefix *p)
{
	unsigned	keep = p->len + (addr_is4(&p->addr) ? 96u : 0u);
	bool		exact = true;

	for (unsigned i = 0; i < sizeof(p->addr.b); i++) {
		unsigned bits = keep > i * 8 ? keep - i * 8 : 0;
		uint8_t	 mask = (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);

		exact &= (p->addr.b[i] & ~mask) == 0;
		p->addr.b[i] &= mask;
	}
	return exact;
}

bool conf_prefix(const char *text, struct prefix *out, bool *exact)
{
	char		 host[INET6_ADDRSTRLEN];
	const char	*slash = strchr(text, '/');
	size_t		 len = slash ? (size_t)(slash - text) : strlen(text);
	uint8_t		 ip4[4];
	unsigned	 bits, max;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';

	if (inet_pton(AF_INET, host, ip4) == 1) {
		out->addr = addr_from4(ip4);
		max = 32;
	} else if (inet_pton(AF_INET6, host, out->addr.b) == 1) {
		if (addr_is4(&out->addr))
			return false;	/* no packet carries it; IPv4 has its own form */
		max = 128;
	} else {
		return false;
	}

	bits = max;
	if (slash && (slash++, !take_number(&slash, max, &bits) || *slash))
		return false;
	out->len = (uint8_t)bits;
	*exact = clear_host_bits(out);
	return true;
}

void conf_prefix_text(const struct prefix *p, char *text)
{
	char host[INET6_ADDRSTRLEN];

	if (addr_is4(&p->addr))
		inet_ntop(AF_INET, p->addr.b + 12, host, sizeof(host));
	else
		inet_ntop(AF_INET6, p->addr.b, host, sizeof(host));
	snprintf(text, PREFIX_TEXT, "%s/%u", host, p->len);
}

char *conf_queues_text(uint16_t first, uint16_t n, char separator, char *text)
{
	if (n > 1)
		snprintf(text, QUEUES_TEXT, "%u%c%u", first, separator, first + n - 1u);
	else
		snprintf(text, QUEUES_TEXT, "%u", first);
	return text;
}

bool conf_host(const char *text)
{
	size_t	labels = 0, len = strlen(text);
	bool	number = false;

	if (len >= HOST_NAME_SIZE)
		return false;
	for (const char *at = text; *at; labels++) {
		len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
		if (len == 0 || len > 63 || *at == '-' || at[len - 1] == '-' ||
		    (at[len] && at[len] != '.'))
			return false;
		number = strspn(at, "0123456789") == len;
		at += len + (at[len] == '.');
	}
	return labels >= 2 && !number;
}

/* A name that begins another (h, hour) stands after it. */
static const struct {
	const char	*name;
	uint32_t	 ms;
} units[] = {
	{ "s",    1000 },
	{ "min",  60 * 1000 },
	{ "hour", 60 * 60 * 1000 },
	{ "h",    60 * 60 * 1000 },
	{ "day",  24 * 60 * 60 * 1000 },
};

static bool take_unit(const char **text, uint32_t *ms)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (take_text(text, units[i].name)) {
			*ms = units[i].ms;
			return true;
		}
	}
	return false;
}

bool conf_rate(const char *text, struct rate *out)
{
	unsigned events, burst;

	if (!take_number(&text, RATE_MAX, &events) || events == 0 ||
	    !take_text(&text, "/") || !take_unit(&text, &out->per_ms))
		return false;
	burst = events;
	if (*text && (!take_text(&text, " burst ") ||
		      !take_number(&text, RATE_MAX, &burst) || burst == 0 || *text))
		return false;
	out->events = events;
	out->burst = burst;
	return true;
}

/* A segment is not "." or "..", and only the last may be empty. */
static bool is_segment(const char *text, size_t len, bool last)
{
	if (len == 0)
		return last;
	return !(text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.')));
}

bool conf_path(const char *text)
{
	size_t len = strlen(text);

	if (text[0] != '/' || len > TARGET_MAX || strcasestr(text, "authorization:"))
		return false;
	for (const char *at = text; *at == '/'; at += len) {
		at++;
		len = strcspn(at, "/");
		if (!is_segment(at, len, at[len] == '\0'))
			return false;
		for (size_t i = 0; i < len; i++)
			if (!isalnum((unsigned char)at[i]) && !strchr("-._~!$&'()*+,;=:@", at[i]))
				return false;
	}
	return true;
}

bool conf_ifname(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAME_MAX || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._-@:", text[i]))
			return false;
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: Levenshtein's, and two neighbours swapped are one. */
size_t conf_distance(const char *a, const char *b)
{
	enum { LONGEST = 31 };
	size_t d[LONGEST + 1][LONGEST + 1], m = strlen(a), n = strlen(b);

	if (m > LONGEST || n > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= m; i++) {
		for (size_t j = 0; j <= n; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}
