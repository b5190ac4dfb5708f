// SPDX-License-Identifier: GPL-2.0-or-later

#include "checksum.h"

uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	uint32_t	word;
	uint8_t		last;

	while (bytes_be32(&b, &word))
		sum += word;
	/* At most three bytes are left; they stand at the front of a word. */
	for (unsigned shift = 24; bytes_u8(&b, &last); shift -= 8)
		sum += (uint32_t)last << shift;
	return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}
