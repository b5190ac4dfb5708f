/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request head, read by one strict grammar: that of RFC 9112 with every
 * liberty taken out that a connection request does not need.
 *
 * A GET in origin-form, HTTP/1.1, CRLF, no folding, no field twice, no body,
 * and only fields that are known; nothing after the blank line.
 */
#ifndef CWMPGATE_HTTP_H
#define CWMPGATE_HTTP_H

#include "bytes.h"
#include "why.h"

enum connection { CONNECTION_UNSAID, CONNECTION_KEEP_ALIVE, CONNECTION_CLOSE };

/* All that is kept of a request.  The views lie within the head. */
struct request {
	struct bytes	target;		/* path and query, as sent */
	struct bytes	path;		/* the target up to its '?' */
	struct bytes	host;
	bool		has_authorization;
	struct bytes	authorization;	/* the field's value, not read yet */
	enum connection	connection;
};

/*
 * Reads @head.  On WHY_NEXT every field of @q is set; on anything else
 * @offset is the place of the byte that decided.  A head without its blank
 * line is BAD_LINE_END.  With @strip_unknown a field of unknown name is left
 * out instead of refused.
 */
must_check enum why http_parse(struct request *q, struct bytes head,
			       bool strip_unknown, size_t *offset);

#endif /* CWMPGATE_HTTP_H */
