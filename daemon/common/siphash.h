/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012), the keyed hash of the tables that
 * the network can fill: without the key nobody can choose colliding entries.
 * libcrypto's is behind an allocating interface, which the path may not use.
 */
#ifndef CWMPGATE_SIPHASH_H
#define CWMPGATE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t	k[2];
};

uint64_t siphash(const void *data, size_t len, const struct siphash_key *key);

#endif /* CWMPGATE_SIPHASH_H */
