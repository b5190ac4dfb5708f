// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of a request head.
 *
 *	Views lie inside the head and mean what their names say.
 *	A refusal names an offset inside the head or right behind it.
 *	Who leaves unknown fields out reads the same request as who refuses them.
 *	What parses is complete in the eyes of the guard (head.c), and whatever
 *	the guard refuses does not parse.
 *	One byte less or one byte more does not parse.
 *	Reading it again gives the same.
 */

#include "fuzz.h"
#include "head.h"
#include "http.h"
#include "oracle.h"

static size_t count(struct bytes b, const char *text)
{
	struct bytes	t;
	size_t		n = 0;

	do {
		struct bytes rest = b;

		n += bytes_take(&rest, strlen(text), &t) &&
		     bytes_equal_nocase(t, (struct bytes){ (const uint8_t *)text, strlen(text) });
	} while (bytes_skip(&b, 1));
	return n;
}

static void check_request(const struct request *q, struct bytes head)
{
	PROMISE(q->target.at == head.at + 4 && q->target.len && q->target.at[0] == '/');
	PROMISE(q->target.len <= TARGET_MAX);
	PROMISE(memcmp(q->target.at + q->target.len, " HTTP/1.1\r\n", 11) == 0);
	PROMISE(q->path.at == q->target.at && q->path.len <= q->target.len);
	PROMISE(q->path.len == q->target.len || q->path.at[q->path.len] == '?');
	PROMISE(q->host.len && q->host.len <= HOST_MAX && oracle_inside(head, q->host));
	PROMISE(!memchr(q->host.at, ' ', q->host.len));
	PROMISE(!q->has_authorization || oracle_inside(head, q->authorization));
	PROMISE(!q->has_authorization || count(head, "\r\nauthorization:") == 1);
	PROMISE(count(head, "\r\nhost:") == 1 && count(head, "\r\ntransfer-encoding:") == 0);
	PROMISE(count(head, "\n") == count(head, "\r\n") && count(head, "\n ") == 0);
	PROMISE(count(head, "\r\n\r\n") == 1);
	PROMISE(count(head, "\n") <= HEAD_LINES_MAX + 1);
}

static void check_neighbours(struct bytes head)
{
	static uint8_t	more[HEAD_MAX + 1];
	struct request	q;
	size_t		offset;

	PROMISE(http_parse(&q, (struct bytes){ head.at, head.len - 1 }, true, &offset));
	memcpy(more, head.at, head.len);
	more[head.len] = '\n';
	PROMISE(http_parse(&q, (struct bytes){ more, head.len + 1 }, true, &offset));
	PROMISE(offset == head.len);
}

static void check_guard(struct bytes head, enum why why)
{
	static struct head	h;
	uint16_t		offset;
	enum why		shape;

	if (head.len == 0)
		return;
	head_start(&h, 0);
	shape = head_add(&h, 0, head, &offset);
	if (why == WHY_NEXT)
		PROMISE(shape == WHY_NEXT);
	if (shape != WHY_NEXT)
		PROMISE(why != WHY_NEXT);
	/* Shape is the guard's business; behind it the judge finds no fault there. */
	if (shape == WHY_NEXT)
		PROMISE(why != WHY_BAD_BYTE && why != WHY_BAD_LINE_END && why != WHY_TRAILING &&
			why != WHY_NOT_GET && why != WHY_LINE_TOO_LONG &&
			why != WHY_HEAD_TOO_LONG && why != WHY_TOO_MANY_LINES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes	head = { data, len };
	struct request	q, lax, again;
	size_t		offset, lax_offset, again_offset;
	enum why	why = http_parse(&q, head, false, &offset);
	enum why	lax_why = http_parse(&lax, head, true, &lax_offset);

	PROMISE(http_parse(&again, head, false, &again_offset) == why);
	PROMISE(again_offset == offset);
	PROMISE(offset <= len && lax_offset <= len);
	check_guard(head, why);
	check_guard(head, lax_why);
	if (why == WHY_NEXT) {
		PROMISE(lax_why == WHY_NEXT && oracle_same_request(&q, &lax));
		PROMISE(oracle_same_request(&q, &again));
		check_request(&q, head);
	}
	if (lax_why == WHY_NEXT) {
		PROMISE(why == WHY_NEXT || why == WHY_FIELD_REFUSED);
		check_request(&lax, head);
		check_neighbours(head);
	} else {
		PROMISE(why != WHY_NEXT && (why == lax_why || why == WHY_FIELD_REFUSED));
		PROMISE(offset <= lax_offset);
	}
	return 0;
}
