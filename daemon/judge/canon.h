/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request as the agent reads it: written anew from what was understood,
 * in exactly as many bytes as the client sent, so that no sequence number has
 * to be translated.
 *
 *	GET target HTTP/1.1
 *	Host:host
 *	User-Agent: ...				filler, and more of it
 *	Authorization: Digest username="..",realm="..", ...
 *	Connection: close
 *
 * Every line that takes up room stands before Authorization, which is still
 * among the first nine: some agents stop reading after ten.
 */
#ifndef CWMPGATE_CANON_H
#define CWMPGATE_CANON_H

#include "digest.h"
#include "http.h"
#include "why.h"

/*
 * Writes @len bytes to @out, with the credentials @d unless it is NULL.
 * NEXT, or NO_ROOM: the client wrote more tersely than the canonical form is.
 */
must_check enum why canon_write(uint8_t *out, size_t len, const struct request *q,
				const struct digest *d);

#endif /* CWMPGATE_CANON_H */
