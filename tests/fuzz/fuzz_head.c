// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Assembly of a head.  The first byte of the input says how the rest is cut.
 *
 *	The same bytes, cut differently, give the same decision at the same offset.
 *	A repeat changes nothing; a repeat with another byte is a conflict there.
 *	A segment that leaves a gap changes nothing.
 *	What was complete to the last byte is not complete without it.
 */

#include "fuzz.h"
#include "head.h"

enum { ISN = -100 };		/* so that heads cross the wrap of the numbers */

static enum why feed(struct head *h, struct bytes b, size_t step, uint16_t *offset)
{
	enum why why = WHY_PARTIAL;

	head_start(h, (uint32_t)ISN);
	for (size_t at = 0; at < b.len && why == WHY_PARTIAL; at += step) {
		size_t n = b.len - at < step ? b.len - at : step;

		why = head_add(h, h->seq + (uint32_t)at, (struct bytes){ b.at + at, n }, offset);
	}
	return why;
}

/* As feed(), each segment with some bytes of the last one, and sent twice. */
static enum why feed_overlapping(struct head *h, struct bytes b, size_t step, uint16_t *offset)
{
	enum why why = WHY_PARTIAL;

	head_start(h, (uint32_t)ISN);
	for (size_t at = 0; at < b.len && why == WHY_PARTIAL; at += step) {
		size_t n = b.len - at < step ? b.len - at : step, back = at < 3 ? at : 3;
		struct bytes	part = { b.at + at - back, n + back };
		uint16_t	ignored;

		why = head_add(h, h->seq + (uint32_t)(at - back), part, offset);
		if (why == WHY_PARTIAL || why == WHY_NEXT)
			PROMISE(head_add(h, h->seq + (uint32_t)(at - back), part, &ignored) ==
				WHY_REPEAT);
	}
	return why;
}

static void check_after(struct head *h, uint8_t where)
{
	uint16_t	offset, at = (uint16_t)(where * h->len / 256);
	struct head	before = *h;
	uint8_t		other = h->sent[at] ^ 1;

	PROMISE(h->len <= HEAD_MAX && h->lines <= HEAD_LINES_MAX);
	PROMISE(head_add(h, h->seq, (struct bytes){ h->sent, h->len }, &offset) == WHY_REPEAT);
	PROMISE(head_add(h, h->seq + at, (struct bytes){ &other, 1 }, &offset) == WHY_CONFLICT);
	PROMISE(offset == at);
	PROMISE(head_add(h, head_end(h) + 1, BYTES("x"), &offset) != WHY_PARTIAL);
	PROMISE(h->len == before.len && h->lex == before.lex && h->lines == before.lines &&
		h->line_len == before.line_len && memcmp(h->sent, before.sent, h->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct head	a, b, c;
	uint16_t		off_a = 0, off_b = 0, off_c = 0;
	enum why		why_a, why_b, why_c;
	struct bytes		text;

	if (len < 2 || len > HEAD_MAX + 16)
		return 0;
	text = (struct bytes){ data + 1, len - 1 };
	why_a = feed(&a, text, text.len, &off_a);
	why_b = feed(&b, text, data[0] % 64 + 1u, &off_b);
	why_c = feed_overlapping(&c, text, data[0] % 64 + 1u, &off_c);
	PROMISE(why_b == why_c && off_b == off_c && b.len == c.len);
	/* Cut after the blank line, the rest is another segment's offence. */
	if (a.lex == LEX_END && why_b == WHY_NEXT && why_a != WHY_NEXT)
		return 0;
	PROMISE(why_a == why_b);
	PROMISE(a.len == b.len && memcmp(a.sent, b.sent, a.len) == 0);
	PROMISE(why_a == WHY_PARTIAL || why_a == WHY_NEXT || off_a == off_b);
	if (a.len)
		check_after(&a, data[0]);
	if (why_a == WHY_NEXT) {
		PROMISE(a.len == text.len && a.len >= HEAD_MIN - 10);
		PROMISE(feed(&b, (struct bytes){ text.at, text.len - 1 }, text.len, &off_b) ==
			WHY_PARTIAL);
	}
	return 0;
}
