/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a packet for a guarded port was dropped, or would have been.
 *
 * Each has a counter; its name is what the daemon shows.  The first ones have the
 * names of the counters in rules/enforce.nft, the others those of the daemon's
 * reasons (daemon/common/why.h): the module drops nothing that they would not.
 */
#ifndef CWMPGATE_REASON_H
#define CWMPGATE_REASON_H

#define REASON_LIST(X)						\
	X(FRAGMENT,		"fragment")			\
	X(EXTENSION_HEADER,	"extension_header")		\
	X(NOT_ACS,		"not_acs")			\
	X(SYN_OVER_RATE,	"syn_over_rate")		\
	X(SOURCES_FULL,		"sources_full")			\
	X(TRUNCATED,		"truncated")			\
	X(BAD_IP,		"bad_ip")			\
	X(BAD_TCP,		"bad_tcp")			\
	X(BAD_FLAGS,		"bad_flags")			\
	X(BAD_OPTION,		"bad_option")			\
	X(URGENT,		"urgent")			\
	X(SYN_DATA,		"syn_data")			\
	X(BAD_BYTE,		"bad_byte")

enum reason {
	REASON_NOT_OURS,	/* not for a guarded port: not even counted */
	REASON_PASSED,		/* nothing against it */
#define X(name, text) REASON_##name,
	REASON_LIST(X)
#undef X
	REASON_COUNT
};

#endif /* CWMPGATE_REASON_H */
