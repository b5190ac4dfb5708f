/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view of somebody else's bytes that cannot be read past its end.
 *
 * All wire data is read through these functions: the bounds check is written
 * here, once.  Every function returns false, and leaves the view as it was,
 * when there are not enough bytes.
 */
#ifndef CWMPGATE_BYTES_H
#define CWMPGATE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define must_check __attribute__((warn_unused_result))

struct bytes {
	const uint8_t	*at;
	size_t		 len;
};

/* A string literal as bytes, without its NUL. */
#define BYTES(literal) ((struct bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

must_check static inline bool bytes_take(struct bytes *b, size_t n, struct bytes *out)
{
	if (n > b->len)
		return false;
	*out = (struct bytes){ b->at, n };
	b->at += n;
	b->len -= n;
	return true;
}

must_check static inline bool bytes_skip(struct bytes *b, size_t n)
{
	struct bytes t;

	return bytes_take(b, n, &t);
}

must_check static inline bool bytes_u8(struct bytes *b, uint8_t *v)
{
	struct bytes t;

	if (!bytes_take(b, 1, &t))
		return false;
	*v = t.at[0];
	return true;
}

must_check static inline bool bytes_be16(struct bytes *b, uint16_t *v)
{
	struct bytes t;

	if (!bytes_take(b, 2, &t))
		return false;
	*v = (uint16_t)(t.at[0] << 8 | t.at[1]);
	return true;
}

must_check static inline bool bytes_be32(struct bytes *b, uint32_t *v)
{
	struct bytes t;

	if (!bytes_take(b, 4, &t))
		return false;
	*v = (uint32_t)t.at[0] << 24 | (uint32_t)t.at[1] << 16 |
	     (uint32_t)t.at[2] << 8 | t.at[3];
	return true;
}

/* The next byte, without taking it. */
must_check static inline bool bytes_peek(const struct bytes *b, uint8_t *v)
{
	if (b->len == 0)
		return false;
	*v = b->at[0];
	return true;
}

/* Takes @n bytes into @out, which has room for them. */
must_check static inline bool bytes_copy(struct bytes *b, void *out, size_t n)
{
	struct bytes t;

	if (!bytes_take(b, n, &t))
		return false;
	memcpy(out, t.at, n);
	return true;
}

/* Takes everything before the first @c, and @c itself; @out is without @c. */
must_check static inline bool bytes_until(struct bytes *b, uint8_t c, struct bytes *out)
{
	const uint8_t	*end = b->len ? memchr(b->at, c, b->len) : NULL;

	if (!end)
		return false;
	return bytes_take(b, (size_t)(end - b->at), out) && bytes_skip(b, 1);
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Equal but for the case of ASCII letters; no locale. */
static inline bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

#endif /* CWMPGATE_BYTES_H */
