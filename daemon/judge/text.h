/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short value, copied out of its quotes and without its escapes. */
#ifndef CWMPGATE_TEXT_H
#define CWMPGATE_TEXT_H

#include "bytes.h"
#include "limit.h"

enum { TEXT_MAX = DIGEST_NAME_MAX };

struct text {
	uint16_t	len;
	uint8_t		at[TEXT_MAX];
};

static inline struct bytes text_bytes(const struct text *t)
{
	return (struct bytes){ t->at, t->len };
}

/* False, and nothing added, when @t is full. */
must_check static inline bool text_add(struct text *t, uint8_t c)
{
	if (t->len == TEXT_MAX)
		return false;
	t->at[t->len++] = c;
	return true;
}

must_check static inline bool text_append(struct text *t, struct bytes b)
{
	if (b.len > (size_t)(TEXT_MAX - t->len))
		return false;
	memcpy(t->at + t->len, b.at, b.len);
	t->len = (uint16_t)(t->len + b.len);
	return true;
}

#endif /* CWMPGATE_TEXT_H */
