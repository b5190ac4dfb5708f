// SPDX-License-Identifier: GPL-2.0-or-later
/* Included by main.c, run at insmod.  The daemon's unit tests have the same and more. */

#include <linux/string.h>

#include "uapi/tcp_check.h"

struct header {
	enum tcp_fault	fault;
	u8		offset, flags, n_options, payload;
	u8		option[24];
};

static const struct header headers[] __initconst = {
	{ TCP_SOUND, 5, TCP_ACK, 0, 0, { 0 } },
	{ TCP_SOUND, 5, TCP_ACK | TCP_PSH, 0, 5, { 0 } },
	{ TCP_SOUND, 6, TCP_SYN, 4, 0, { 2, 4, 5, 180 } },
	{ TCP_SOUND, 10, TCP_SYN, 20, 0,
	  { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 } },
	{ TCP_SOUND, 8, TCP_ACK, 12, 1, { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ TCP_SOUND, 8, TCP_ACK, 12, 0, { 1, 1, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ TCP_CONTRADICTS, 4, TCP_ACK, 0, 0, { 0 } },
	{ TCP_TRUNCATED, 15, TCP_ACK, 0, 0, { 0 } },
	{ TCP_BAD_FLAGS, 5, 0, 0, 0, { 0 } },
	{ TCP_BAD_FLAGS, 5, TCP_SYN | TCP_FIN, 0, 0, { 0 } },
	{ TCP_BAD_FLAGS, 5, TCP_SYN | TCP_PSH, 0, 0, { 0 } },
	{ TCP_BAD_FLAGS, 5, TCP_FIN, 0, 0, { 0 } },
	{ TCP_URGENT, 5, TCP_ACK | TCP_URG, 0, 0, { 0 } },
	{ TCP_SYN_DATA, 5, TCP_SYN, 0, 1, { 0 } },
	{ TCP_BAD_OPTION, 6, TCP_ACK, 4, 0, { 2, 4, 5, 180 } },
	{ TCP_BAD_OPTION, 6, TCP_SYN, 4, 0, { 2, 5, 5, 180 } },
	{ TCP_BAD_OPTION, 6, TCP_SYN, 4, 0, { 3, 3, 15, 0 } },
	{ TCP_BAD_OPTION, 6, TCP_ACK, 4, 0, { 1, 1, 1, 8 } },
	{ TCP_BAD_OPTION, 6, TCP_ACK, 4, 0, { 0, 0, 0, 1 } },
	{ TCP_BAD_OPTION, 6, TCP_ACK, 4, 0, { 30, 4, 0, 0 } },
	{ TCP_BAD_OPTION, 6, TCP_ACK, 4, 0, { 8, 0, 0, 0 } },
	{ TCP_BAD_OPTION, 7, TCP_SYN, 8, 0, { 2, 4, 5, 180, 2, 4, 5, 180 } },
};

static bool __init tcp_check_selftest(void)
{
	struct tcp_options options;
	unsigned int i;
	bool good = true;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		u8 at[TCP_HEADER_MAX] = { 0x30, 0x39, 0x1d, 0x7b };

		at[12] = headers[i].offset << 4;
		at[13] = headers[i].flags;
		memcpy(at + TCP_HEADER_MIN, headers[i].option, headers[i].n_options);
		if (tcp_check(at, TCP_HEADER_MIN + headers[i].n_options + headers[i].payload,
			      &options) == headers[i].fault)
			continue;
		pr_err("nf_cwmpgate: selftest: tcp_check, header %u\n", i);
		good = false;
	}
	return good;
}
