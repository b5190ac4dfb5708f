// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same bytes, cut differently, give the same decision at the same offset.
 * The first byte of the input says how they are cut.
 */

#include "fuzz.h"
#include "head.h"

static enum why feed(struct head *h, struct bytes b, size_t step, uint16_t *offset)
{
	enum why why = WHY_PARTIAL;

	head_start(h, (uint32_t)-100);
	for (size_t at = 0; at < b.len && why == WHY_PARTIAL; at += step) {
		size_t n = b.len - at < step ? b.len - at : step;

		why = head_add(h, h->seq + (uint32_t)at, (struct bytes){ b.at + at, n }, offset);
	}
	return why;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct head	a, b;
	struct bytes		text = { data + 1, len - 1 };
	uint16_t		off_a = 0, off_b = 0;
	enum why		why_a, why_b;

	if (len < 2 || len > HEAD_MAX + 16)
		return 0;
	why_a = feed(&a, text, text.len, &off_a);
	why_b = feed(&b, text, data[0] % 64 + 1u, &off_b);
	/* Cut after the blank line, the rest is another segment's offence. */
	if (why_a == WHY_TRAILING && why_b == WHY_NEXT)
		return 0;
	PROMISE(why_a == why_b);
	PROMISE(a.len == b.len && memcmp(a.sent, b.sent, a.len) == 0);
	PROMISE(why_a == WHY_PARTIAL || why_a == WHY_NEXT || off_a == off_b);
	PROMISE(head_add(&a, a.seq, (struct bytes){ a.sent, a.len }, &off_a) == WHY_REPEAT);
	return 0;
}
