/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071), as a running sum. */
#ifndef CWMPGATE_CHECKSUM_H
#define CWMPGATE_CHECKSUM_H

#include "bytes.h"

/* Adds @b, padded to an even length with a zero byte, to @sum. */
uint64_t checksum_add(uint64_t sum, struct bytes b);

/* The sum folded and complemented: what stands in the header, host order. */
uint16_t checksum_fold(uint64_t sum);

#endif /* CWMPGATE_CHECKSUM_H */
