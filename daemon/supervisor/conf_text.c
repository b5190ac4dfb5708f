// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scanner for libconfig's tokens, no more: it knows comments, strings, names
 * and numbers, and in whose value it stands.  It exists because libconfig 1.5
 * reads 4294974843 as 7547 (newer ones as a 64-bit integer, which then is "not
 * found"), and because every version joins "192.0.2.0/24" "198.51.100.0/24"
 * into one string.  After parsing both are invisible.
 */
#include "conf_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_STRING, TOKEN_OTHER };

struct scan {
	const char	*at;
	int		line;
	enum token	last;
	char		word[32];	/* the last name, and, once = or : came, */
	char		setting[32];	/* the setting it names */
	struct oddity	*out;
	size_t		n, max;
};

static void note(struct scan *s, enum odd odd, const char *found, size_t len)
{
	struct oddity *o;

	if (s->n == s->max)
		return;
	o = &s->out[s->n++];
	*o = (struct oddity){ .odd = odd, .line = s->line };
	memcpy(o->setting, s->setting, sizeof(o->setting));
	snprintf(o->found, sizeof(o->found), "%.*s", (int)len, found);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* To the end of a comment or of white space, if there is some here. */
static bool skip_blank(struct scan *s)
{
	const char *from = s->at;

	if (*s->at == '#' || strncmp(s->at, "//", 2) == 0) {
		s->at += strcspn(s->at, "\n");
	} else if (strncmp(s->at, "/*", 2) == 0) {
		const char *end = strstr(s->at + 2, "*/");

		end = end ? end + 2 : s->at + strlen(s->at);
		for (; s->at < end; s->at++)
			s->line += *s->at == '\n';
	} else {
		for (; isspace((unsigned char)*s->at); s->at++)
			s->line += *s->at == '\n';
	}
	return s->at != from;
}

static void take_string(struct scan *s)
{
	if (s->last == TOKEN_STRING)
		note(s, ODD_STRINGS, "", 0);
	for (s->at++; *s->at && *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		s->line += *s->at == '\n';
	}
	s->at += *s->at == '"';
	s->last = TOKEN_STRING;
}

static void take_name(struct scan *s)
{
	const char *from = s->at;

	while (is_name(*s->at))
		s->at++;
	snprintf(s->word, sizeof(s->word), "%.*s", (int)(s->at - from), from);
	s->last = TOKEN_OTHER;
}

/*
 * Whether 32 bits hold the literal.  What is no integer is not our concern, nor
 * one that ends in L: libconfig keeps 64 bits of it.
 */
static bool fits(const char *text, size_t len)
{
	char	*end;
	bool	 hex = len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
	/* strtoull() stays at its maximum when there are more digits still. */
	unsigned long long v = strtoull(text, &end, hex ? 16 : 10);

	return end < text + len || v <= (hex ? UINT32_MAX : INT32_MAX);
}

static void take_number(struct scan *s)
{
	const char *from = s->at, *digits;

	s->at += *s->at == '-' || *s->at == '+';
	digits = s->at;
	while (isalnum((unsigned char)*s->at) || *s->at == '.')
		s->at++;
	if (!fits(digits, (size_t)(s->at - digits)))
		note(s, ODD_INTEGER, from, (size_t)(s->at - from));
	s->last = TOKEN_OTHER;
}

static void take_mark(struct scan *s)
{
	if (*s->at == '=' || *s->at == ':')
		memcpy(s->setting, s->word, sizeof(s->setting));
	if (*s->at == '@')
		note(s, ODD_INCLUDE, "", 0);
	s->at++;
	s->last = TOKEN_OTHER;
}

size_t conf_oddities(const char *text, struct oddity *out, size_t max)
{
	struct scan s = { .at = text, .line = 1, .last = TOKEN_OTHER, .out = out, .max = max };

	while (*s.at) {
		if (skip_blank(&s))
			continue;
		if (*s.at == '"')
			take_string(&s);
		else if (isdigit((unsigned char)*s.at) ||
			 (strchr("+-", *s.at) && isdigit((unsigned char)s.at[1])))
			take_number(&s);
		else if (is_name(*s.at))
			take_name(&s);
		else
			take_mark(&s);
	}
	return s.n;
}
