/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the targets hold the judge's work against.  Written apart from it and
 * plainly: what a canonical head looks like, and what a right digest is.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "bytes.h"
#include "digest.h"
#include "http.h"

/*
 * Breaks a promise unless @head is a request made of nothing but the lines that
 * canonical heads have, within all limits, and its own canonical form.
 */
void oracle_canonical(struct bytes head);

/* RFC 7616 section 3.4.1 for @password, in lower-case hex; by EVP. */
struct hex oracle_response(const struct digest *d, const char *password);

/* H(username:realm:password), as htdigest(1) writes it. */
struct hex oracle_a1(const struct digest *d, const char *password);

bool oracle_same_digest(const struct digest *a, const struct digest *b);
bool oracle_same_request(const struct request *a, const struct request *b);

/* How often memory was asked for; the path of a packet never does. */
unsigned long oracle_mallocs(void);

/* Does @view lie within @whole? */
bool oracle_inside(struct bytes whole, struct bytes view);

#endif
