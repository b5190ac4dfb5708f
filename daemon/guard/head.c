// SPDX-License-Identifier: GPL-2.0-or-later

#include "head.h"

#include "chars.h"
#include "packet.h"

static const char method[] = "GET ";

void head_start(struct head *h, uint32_t seq)
{
	h->seq = seq;
	h->len = 0;
	h->line_len = 0;
	h->lines = 0;
	h->lex = LEX_METHOD;
}

static enum why line_byte(struct head *h, uint8_t c)
{
	if (c == '\r') {
		h->lex = LEX_CR;
		return WHY_NEXT;
	}
	if (c == '\n')
		return WHY_BAD_LINE_END;
	if (!is_text(c))
		return WHY_BAD_BYTE;
	if (h->line_len == HEAD_LINE_MAX)
		return WHY_LINE_TOO_LONG;
	h->line_len++;
	return WHY_NEXT;
}

static enum why line_end(struct head *h, uint8_t c)
{
	if (c != '\n')
		return WHY_BAD_LINE_END;
	if (h->line_len == 0) {
		h->lex = LEX_END;
		return WHY_NEXT;
	}
	if (h->lines == HEAD_LINES_MAX)
		return WHY_TOO_MANY_LINES;
	h->lines++;
	h->line_len = 0;
	h->lex = LEX_LINE;
	return WHY_NEXT;
}

/* Junk is known by its first bytes; no need to wait for a blank line. */
static enum why method_byte(struct head *h, uint8_t c)
{
	if (c != (uint8_t)method[h->line_len])
		return is_text(c) || c == '\r' || c == '\n' ? WHY_NOT_GET : WHY_BAD_BYTE;
	if (++h->line_len == sizeof(method) - 1)
		h->lex = LEX_LINE;
	return WHY_NEXT;
}

static enum why take_byte(struct head *h, uint8_t c)
{
	enum why why = WHY_NEXT;

	if (h->len == HEAD_MAX)
		return WHY_HEAD_TOO_LONG;
	switch (h->lex) {
	case LEX_METHOD:
		why = method_byte(h, c);
		break;
	case LEX_LINE:
		why = line_byte(h, c);
		break;
	case LEX_CR:
		why = line_end(h, c);
		break;
	case LEX_END:
		why = WHY_TRAILING;
		break;
	}
	if (!why)
		h->sent[h->len++] = c;
	return why;
}

/* As much as is in order inside a line: most of a head, at a few instructions a byte. */
static bool take_text(struct head *h, struct bytes *payload)
{
	size_t		room = HEAD_LINE_MAX - h->line_len, left = HEAD_MAX - h->len;
	struct bytes	text;

	if (h->lex != LEX_LINE)
		return false;
	text = take_while_at_most(payload, room < left ? room : left, is_text);
	memcpy(h->sent + h->len, text.at, text.len);
	h->len = (uint16_t)(h->len + text.len);
	h->line_len = (uint16_t)(h->line_len + text.len);
	return text.len > 0;
}

enum why head_add(struct head *h, uint32_t seq, struct bytes payload, uint16_t *offset)
{
	struct bytes	known;
	int32_t		ahead = seq_after(seq, head_end(h));
	int32_t		at = seq_after(seq, h->seq);
	bool		news = false;
	uint8_t		c;
	enum why	why;

	*offset = h->len;
	if (ahead > 0)
		return at > HEAD_MAX ? WHY_HEAD_TOO_LONG : WHY_OUT_OF_ORDER;
	if (at < 0 && !bytes_skip(&payload, (size_t)-(int64_t)at))
		return WHY_REPEAT;		/* all of it before this head */
	if (at < 0)
		at = 0;

	known = (struct bytes){ h->sent + at, (size_t)(h->len - at) };
	while (payload.len && bytes_u8(&known, &c)) {
		uint8_t again;

		if (!bytes_u8(&payload, &again) || again != c) {
			*offset = (uint16_t)(h->len - known.len - 1);
			return WHY_CONFLICT;
		}
	}
	while (payload.len) {
		news |= take_text(h, &payload);
		*offset = h->len;
		if (!bytes_u8(&payload, &c))
			break;
		if ((why = take_byte(h, c)))
			return why;
		news = true;
	}
	if (!news)
		return WHY_REPEAT;
	return h->lex == LEX_END ? WHY_NEXT : WHY_PARTIAL;
}
