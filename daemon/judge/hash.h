/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two functions of HTTP digest (RFC 7616 section 3.3): MD5, because that
 * is what TR-069 prescribes, and SHA-256.
 */
#ifndef CWMPGATE_HASH_H
#define CWMPGATE_HASH_H

#include "bytes.h"

enum hash { HASH_MD5, HASH_SHA256 };

enum { HASH_HEX_MAX = 64 };

/* A hash as it stands in a digest: lower-case hexadecimal. */
struct hex {
	size_t	len;
	uint8_t	at[HASH_HEX_MAX];
};

static inline struct bytes hex_bytes(const struct hex *h)
{
	return (struct bytes){ h->at, h->len };
}

size_t hash_hex_len(enum hash hash);

/* The hash of all @part joined by colons: what RFC 7616 section 3.4 is made of. */
must_check bool hash_joined(enum hash hash, const struct bytes *part, size_t n,
			    struct hex *out);

/* Whether libcrypto computes both as published. */
must_check bool hash_works(void);

#endif /* CWMPGATE_HASH_H */
