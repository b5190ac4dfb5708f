// SPDX-License-Identifier: GPL-2.0-or-later

#include "conf_text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 4 };

enum token { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_MARK, TOKEN_OTHER };

/* The text before @at has been read; the last token of it is @token, @found. */
struct scan {
	const char	*at;
	enum token	 token;
	struct span	 found;
	enum fault	 fault;		/* the first; what follows it is not one */
};

/* What the parser waits for inside of a value. */
enum want {
	WANT_ENTRY,
	WANT_FIRST,		/* an entry, or the end of an empty list */
	WANT_COMMA,		/* or the end of the list */
};

static void note(struct scan *s, enum fault fault)
{
	if (!s->fault)
		s->fault = fault;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-*", c));
}

static void skip_comment(struct scan *s)
{
	const char *end = strstr(s->at + 2, "*/");

	if (end) {
		s->at = end + 2;
		return;
	}
	s->found = (struct span){ s->at, 2 };
	note(s, FAULT_COMMENT);
	s->at += strlen(s->at);
}

/* To where a token begins. */
static void skip_blank(struct scan *s)
{
	for (;;) {
		s->at += strspn(s->at, " \t\r\n\f\v");
		if (*s->at == '#' || strncmp(s->at, "//", 2) == 0)
			s->at += strcspn(s->at, "\n");
		else if (strncmp(s->at, "/*", 2) == 0)
			skip_comment(s);
		else
			return;
	}
}

static enum token take_string(struct scan *s)
{
	for (s->at++; *s->at && *s->at != '"' && *s->at != '\n'; s->at++) {
		if (*s->at != '\\' || !s->at[1] || s->at[1] == '\n')
			continue;
		if (strncmp(s->at, "\\x00", 4) == 0)
			note(s, FAULT_NUL);
		s->at++;
	}
	if (*s->at == '"')
		s->at++;
	else
		note(s, FAULT_QUOTE);
	return TOKEN_STRING;
}

/* The forms that every version of libconfig knows; L says 64 bits. */
static bool is_integer(struct span t, bool *hex)
{
	size_t i = t.at[0] == '-' || t.at[0] == '+', digits;

	*hex = t.len > 2 && t.at[0] == '0' && (t.at[1] | 0x20) == 'x';
	i = *hex ? 2 : i;
	digits = strspn(t.at + i, *hex ? "0123456789abcdefABCDEF" : "0123456789");
	i += digits;
	for (int longs = 0; longs < 2 && i < t.len && t.at[i] == 'L'; longs++)
		i++;
	return digits && i == t.len;
}

static bool is_float(struct span t)
{
	char *end;

	if (strspn(t.at, "+-.0123456789eE") < t.len)
		return false;
	strtod(t.at, &end);
	return end == t.at + t.len;
}

/* Whether 32 bits hold it, or 31 where libconfig takes one for the sign. */
static bool fits(struct span t, bool hex)
{
	/* strtoull() stays at its maximum when there are more digits still. */
	size_t	 sign = t.at[0] == '-' || t.at[0] == '+';
	unsigned long long v = strtoull(t.at + sign, NULL, hex ? 16 : 10);

	return v <= (hex || t.at[t.len - 1] == 'L' ? UINT32_MAX : INT32_MAX);
}

/*
 * A word that begins as a number does.  Beyond 32 bits libconfig 1.5 keeps the
 * low ones, and newer ones make another type of it.
 */
static enum token take_number(struct scan *s, const char *from)
{
	struct span	t;
	bool		hex;

	for (s->at++; is_name(*s->at) || (*s->at && strchr("+.", *s->at));)
		s->at++;
	t = (struct span){ from, (size_t)(s->at - from) };
	if (is_integer(t, &hex)) {
		if (!fits(t, hex))
			note(s, FAULT_INTEGER);
		return TOKEN_NUMBER;
	}
	return is_float(t) ? TOKEN_NUMBER : TOKEN_OTHER;
}

static enum token take_word(struct scan *s)
{
	while (is_name(*s->at))
		s->at++;
	return TOKEN_NAME;
}

/* What has no place in the grammar, as far as it seems to be one thing. */
static enum token take_other(struct scan *s)
{
	do
		s->at++;
	while (*s->at && !strchr(" \t\r\n\f\v;,=:()[]{}\"", *s->at));
	return TOKEN_OTHER;
}

static enum token take_any(struct scan *s)
{
	const char *from = s->at;

	if (!*from)
		return TOKEN_END;
	if (*from == '"')
		return take_string(s);
	if (isdigit((unsigned char)*from) ||
	    (strchr("+-.", *from) && isdigit((unsigned char)from[1])))
		return take_number(s, from);
	if (isalpha((unsigned char)*from) || *from == '*')
		return take_word(s);
	if (strncmp(from, "@include", 8) == 0)
		note(s, FAULT_INCLUDE);
	if (!strchr("=:;,()[]{}", *from))
		return take_other(s);
	s->at++;
	return TOKEN_MARK;
}

/* The next token; of one with a fault in it @found is told, and no other's. */
static void take(struct scan *s)
{
	const char *from;

	if (s->fault)
		return;
	skip_blank(s);
	if (s->fault)
		return;
	from = s->at;
	s->token = take_any(s);
	s->found = (struct span){ from, (size_t)(s->at - from) };
}

static bool is_mark(const struct scan *s, char c)
{
	return s->token == TOKEN_MARK && *s->found.at == c;
}

static bool is_scalar(const struct scan *s)
{
	return s->token == TOKEN_STRING || s->token == TOKEN_NUMBER ||
	       (s->token == TOKEN_NAME &&
		((s->found.len == 4 && strncasecmp(s->found.at, "true", 4) == 0) ||
		 (s->found.len == 5 && strncasecmp(s->found.at, "false", 5) == 0)));
}

static bool is_open(const struct scan *s)
{
	return is_mark(s, '[') || is_mark(s, '(');
}

static bool is_close(const struct scan *s, char opened)
{
	return is_mark(s, opened == '[' ? ']' : ')');
}

/* Past the brace that closes the one at hand. */
static void skip_group(struct scan *s)
{
	struct span	group = s->found;
	int		depth = 1;

	while (depth && s->token != TOKEN_END && !s->fault) {
		take(s);
		depth += is_mark(s, '{') - is_mark(s, '}');
	}
	if (!s->fault)
		s->found = group;
	note(s, depth ? FAULT_BRACE : FAULT_GROUP);
}

/* An entry, or the beginning of a list, which is then @open at @depth. */
static enum want take_entry(struct scan *s, enum want want, char *open, size_t *depth)
{
	if (is_scalar(s))
		return WANT_COMMA;
	if (is_open(s)) {
		if (*depth == DEPTH_MAX)
			note(s, FAULT_DEEP);
		else
			open[(*depth)++] = *s->found.at;
		return WANT_FIRST;
	}
	if (is_mark(s, '{'))
		skip_group(s);
	else if (want == WANT_ENTRY && *depth && is_close(s, open[*depth - 1]))
		note(s, FAULT_ENTRY);
	else
		note(s, s->token == TOKEN_END && *depth ? FAULT_CLOSE : FAULT_VALUE);
	return want;
}

static void take_value(struct scan *s)
{
	char		open[DEPTH_MAX];
	size_t		depth = 0;
	enum want	want = WANT_ENTRY;

	do {
		take(s);
		if (s->fault)
			return;
		if (want != WANT_ENTRY && depth && is_close(s, open[depth - 1])) {
			depth--;
			want = WANT_COMMA;
		} else if (want != WANT_COMMA) {
			want = take_entry(s, want, open, &depth);
		} else if (is_mark(s, ',')) {
			want = WANT_ENTRY;
		} else {
			note(s, is_scalar(s) || is_open(s) ? FAULT_COMMA : FAULT_CLOSE);
		}
	} while (!s->fault && (depth || want != WANT_COMMA));
}

/* The token after this one, or nothing of it: @s is given back as it was. */
static struct scan peek(const struct scan *s)
{
	struct scan next = *s;

	take(&next);
	return next;
}

static bool begins_setting(const struct scan *s, const char *text)
{
	const char	*at = s->found.at;
	struct scan	 next = peek(s);

	while (at > text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return s->token == TOKEN_NAME && (at == text || at[-1] == '\n') &&
	       (is_mark(&next, '=') || is_mark(&next, ':'));
}

/* After a fault: to where a setting may begin that is not part of it. */
static const char *next_setting(const struct scan *s, const char *text)
{
	struct scan after = { .at = s->fault == FAULT_GROUP ? s->at : s->found.at };

	for (;;) {
		take(&after);
		if (after.fault == FAULT_COMMENT)
			return after.at;
		after.fault = FAULT_NONE;
		if (after.token == TOKEN_END || is_mark(&after, ';'))
			return after.at;
		if (begins_setting(&after, text))
			return after.found.at;
	}
}

static void take_setting(struct scan *s, struct text_part *p)
{
	take(s);
	if (s->token != TOKEN_NAME)
		note(s, FAULT_NAME);
	if (s->fault)
		return;
	p->name = s->found;
	take(s);
	if (!is_mark(s, '=') && !is_mark(s, ':'))
		note(s, FAULT_EQUALS);
	take_value(s);
}

/* The value that begins after the = at or behind @at, and ends at @end. */
static struct span value_from(const char *at, const char *end)
{
	struct scan s = { .at = at };

	take(&s);			/* the name */
	take(&s);			/* = */
	skip_blank(&s);
	return (struct span){ s.at, (size_t)(end - s.at) };
}

bool conf_text_next(const char **at, struct text_part *p)
{
	const char	*text = *at;
	struct scan	 s = { .at = text }, next = peek(&s);

	*p = (struct text_part){ .whole = { text, 0 } };
	if (!next.fault && next.token == TOKEN_END)
		return false;
	take_setting(&s, p);
	if (!s.fault) {
		p->value = value_from(text, s.at);
		next = peek(&s);
		if (!next.fault && (next.token == TOKEN_STRING || is_mark(&next, ';')))
			s = next;
		if (!next.fault && next.token == TOKEN_STRING)
			note(&s, FAULT_COMMA);
	}
	p->fault = s.fault;
	p->found = s.found;
	*at = s.fault ? next_setting(&s, text) : s.at;
	p->whole.len = (size_t)(*at - text);
	return true;
}

const char *conf_text_entry(struct span value, unsigned i)
{
	struct scan	s = { .at = value.at };
	int		depth = 1;

	take(&s);
	if (!is_open(&s))
		return value.at;
	while (i && depth && s.token != TOKEN_END && !s.fault) {
		take(&s);
		depth += is_open(&s) - (is_mark(&s, ']') || is_mark(&s, ')'));
		i -= depth == 1 && is_mark(&s, ',');
	}
	take(&s);
	return i ? value.at : s.found.at;
}

void conf_text_copy(const struct text_part *p, char *to)
{
	const char	*from = p->whole.at, *end = from + p->whole.len;
	struct scan	 s = { .at = from };

	for (take(&s); s.token != TOKEN_END && s.found.at < end; take(&s)) {
		memcpy(to + (s.found.at - from), s.found.at, s.found.len);
		if (is_mark(&s, '['))
			to[s.found.at - from] = '(';
		else if (is_mark(&s, ']'))
			to[s.found.at - from] = ')';
	}
}
