// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The canonical form of a head.  The first byte of the input says whether
 * unknown fields are left out and how many bytes more there are to fill.
 *
 *	It is written to the last byte, and not beyond.
 *	It has only lines of known form, and is its own canonical form.
 *	It means the same request and the same credentials.
 *	It depends on nothing but these and the length.
 *	If there is room at a length there is room at the next.
 */

#include "canon.h"
#include "fuzz.h"
#include "oracle.h"

static enum why write_twice(uint8_t *out, size_t len, const struct request *q,
			    const struct digest *d)
{
	static uint8_t	other[HEAD_MAX];
	enum why	why, again;

	memset(out, 0, len);
	memset(other, 0xff, len);
	why = canon_write(out, len, q, d);
	again = canon_write(other, len, q, d);
	PROMISE(why == again && (why == WHY_NEXT || why == WHY_NO_ROOM));
	PROMISE(why || memcmp(out, other, len) == 0);
	return why;
}

static void check(const struct request *q, const struct digest *d, size_t len)
{
	static uint8_t	next[HEAD_MAX];
	uint8_t		*out = malloc(len);	/* as long as it may be, to be watched */
	struct request	 r;
	struct digest	 e;
	size_t		 offset;

	if (write_twice(out, len, q, d) == WHY_NEXT) {
		oracle_canonical((struct bytes){ out, len });
		PROMISE(http_parse(&r, (struct bytes){ out, len }, false, &offset) == WHY_NEXT);
		PROMISE(oracle_same_request(q, &r) && r.has_authorization == !!d);
		PROMISE(!d || (digest_parse(&e, r.authorization) && oracle_same_digest(d, &e)));
		PROMISE(len == HEAD_MAX || canon_write(next, len + 1, q, d) == WHY_NEXT);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes	head = { data + 1, len - 1 };
	struct request	q;
	struct digest	d;
	size_t		offset, room;

	if (len < 1 || http_parse(&q, head, data[0] & 1, &offset))
		return 0;
	room = head.len + (data[0] & 2 ? data[0] * 16u : 0);
	if (room > HEAD_MAX)
		room = HEAD_MAX;
	check(&q, NULL, room);
	if (q.has_authorization && digest_parse(&d, q.authorization))
		check(&q, &d, room);
	return 0;
}
