// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MD5 (RFC 1321) and SHA-256 (RFC 6234) by libcrypto.
 *
 * The EVP interface asks for memory each time a hash is begun (OpenSSL 3), and
 * nothing on the path may; the older functions work on a struct of ours.
 */

#define OPENSSL_SUPPRESS_DEPRECATED
#include "hash.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

union state {
	MD5_CTX		md5;
	SHA256_CTX	sha256;
};

static bool begin(enum hash hash, union state *s)
{
	switch (hash) {
	case HASH_MD5:
		return MD5_Init(&s->md5);
	case HASH_SHA256:
		return SHA256_Init(&s->sha256);
	}
	return false;
}

static bool add(enum hash hash, union state *s, struct bytes b)
{
	switch (hash) {
	case HASH_MD5:
		return MD5_Update(&s->md5, b.at, b.len);
	case HASH_SHA256:
		return SHA256_Update(&s->sha256, b.at, b.len);
	}
	return false;
}

static bool end(enum hash hash, union state *s, uint8_t *out)
{
	switch (hash) {
	case HASH_MD5:
		return MD5_Final(out, &s->md5);
	case HASH_SHA256:
		return SHA256_Final(out, &s->sha256);
	}
	return false;
}

size_t hash_hex_len(enum hash hash)
{
	switch (hash) {
	case HASH_MD5:
		return MD5_DIGEST_LENGTH * 2;
	case HASH_SHA256:
		return SHA256_DIGEST_LENGTH * 2;
	}
	return 0;
}

static void write_hex(struct hex *out, const uint8_t *raw, size_t hex_len)
{
	static const char digit[] = "0123456789abcdef";

	out->len = hex_len;
	for (size_t i = 0; i < hex_len; i += 2) {
		out->at[i] = (uint8_t)digit[raw[i / 2] >> 4];
		out->at[i + 1] = (uint8_t)digit[raw[i / 2] & 15];
	}
}

bool hash_joined(enum hash hash, const struct bytes *part, size_t n, struct hex *out)
{
	uint8_t		raw[SHA256_DIGEST_LENGTH];
	union state	s;
	bool		ok = begin(hash, &s);

	for (size_t i = 0; i < n && ok; i++)
		ok = (i == 0 || add(hash, &s, BYTES(":"))) && add(hash, &s, part[i]);
	ok = ok && end(hash, &s, raw);
	if (ok)
		write_hex(out, raw, hash_hex_len(hash));
	OPENSSL_cleanse(&s, sizeof(s));
	OPENSSL_cleanse(raw, sizeof(raw));
	return ok;
}

bool hash_works(void)
{
	const struct bytes	abc = BYTES("abc");
	struct hex		md5, sha256;

	return hash_joined(HASH_MD5, &abc, 1, &md5) &&
	       hash_joined(HASH_SHA256, &abc, 1, &sha256) &&
	       bytes_equal(hex_bytes(&md5), BYTES("900150983cd24fb0d6963f7d28e17f72")) &&
	       bytes_equal(hex_bytes(&sha256),
			   BYTES("ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad"));
}
