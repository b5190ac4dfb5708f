/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a request head may be told to people and written to logs.
 *
 * Of the request line the method and the path, never a query; of the field in
 * which a byte decided its name, never a value.  So no credentials are in it,
 * however oddly they were sent.  Nothing but printable ASCII.
 */
#ifndef CWMPGATE_EXCERPT_H
#define CWMPGATE_EXCERPT_H

#include "bytes.h"

enum { EXCERPT_MAX = 64 };	/* with the NUL */

/*
 * @held are the bytes of the head so far, @more those that come after them and
 * were not taken; @offset is where a byte decided.  "POST /UD/act?.. HTTP/1.1",
 * "GET /cr HTTP/1.1 .. Content-Length:"; empty if nothing has come.
 */
void excerpt(char out[EXCERPT_MAX], struct bytes held, struct bytes more, uint16_t offset);

#endif /* CWMPGATE_EXCERPT_H */
