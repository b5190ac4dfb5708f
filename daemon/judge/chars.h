/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes of bytes, as RFC 9110 section 5.6 and RFC 3986 section 2 name them.
 * ASCII only and without a locale: no byte above 0x7e is in any of them.
 */
#ifndef CWMPGATE_CHARS_H
#define CWMPGATE_CHARS_H

#include "bytes.h"

static inline bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_alpha(uint8_t c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* LHEX of RFC 7616; what it does not hold is not compared alike by all agents. */
static inline bool is_lower_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
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
	return is_alpha(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~");
}

static inline bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Takes the bytes at the front that are of one class; there may be none. */
static inline struct bytes take_while(struct bytes *b, bool (*is_of_class)(uint8_t))
{
	struct bytes	taken = *b;
	uint8_t		c;

	while (bytes_peek(b, &c) && is_of_class(c) && bytes_skip(b, 1))
		;
	taken.len -= b->len;
	return taken;
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

/* Some agents take these letters for the field, wherever they stand. */
static inline bool has_authorization_text(struct bytes b)
{
	do {
		if (bytes_starts_nocase(b, BYTES("authorization:")))
			return true;
	} while (bytes_skip(&b, 1));
	return false;
}

#endif /* CWMPGATE_CHARS_H */
