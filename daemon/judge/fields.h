/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The field names a request may and may not carry (RFC 9110 section 16.3),
 * and what is done with each.
 */
#ifndef CWMPGATE_FIELDS_H
#define CWMPGATE_FIELDS_H

#include "bytes.h"

enum treatment {
	FIELD_UNKNOWN,		/* refused, or left out where the policy says so */
	FIELD_HOST,
	FIELD_CONNECTION,
	FIELD_AUTHORIZATION,
	FIELD_LENGTH,		/* 0, or there is a body */
	FIELD_CODING,		/* there is a body */
	FIELD_COOKIE,		/* left out, but for the ones that break agents */
	FIELD_LEFT_OUT,		/* real clients send it; the agent has no use for it */
	FIELD_NEVER,		/* it would change what the request means */
};

enum treatment fields_treatment(struct bytes name);

#endif /* CWMPGATE_FIELDS_H */
