/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor and the resolver say to each other: names and the bytes of
 * a file go there, networks and numbers come back.  No text comes back.
 */
#ifndef CWMPGATE_RESOLVE_H
#define CWMPGATE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

enum resolve_limits {
	NAMES_MAX		= 16,	/* in the setting acs */
	HOST_NAME_SIZE		= 254,	/* RFC 1035 2.3.4, and a NUL */
	NAME_ADDRS_MAX		= 32,	/* that one name may have */
	LIST_SIZE		= 16384,	/* bytes of acs_file */
	LIST_PREFIXES_MAX	= 64,	/* that it may give, names in it included */
	LIST_PREFIX4_MIN	= 8,	/* shorter ones are nobody's ACS */
	LIST_PREFIX6_MIN	= 16,
	SOURCES_OF_ACS		= NAMES_MAX + 1,
	SOURCE_LIST		= NAMES_MAX,	/* the file; names are 0 .. NAMES_MAX - 1 */
	FOUND_PREFIXES_MAX	= NAMES_MAX * NAME_ADDRS_MAX + LIST_PREFIXES_MAX,
	RESOLVER_SOCKET		= 3,	/* SOCK_SEQPACKET, as inherit.h has it for the others */
};

/* The only message to the resolver. */
struct resolve_order {
	bool		sandbox_optional;
	bool		has_list;
	uint16_t	n_names;
	uint16_t	list_len;
	char		name[NAMES_MAX][HOST_NAME_SIZE];
	char		list[LIST_SIZE];
};

enum resolve_result {
	RESOLVED,
	RESOLVE_FAILED,		/* getaddrinfo(3) says @number */
	RESOLVE_TOO_MANY,
	RESOLVE_NO_ACS,		/* loopback, multicast and the like: resolve_may() */
	RESOLVE_BAD_LINE,	/* number @number of the list */
	RESOLVE_RESULTS,
};

/* One for each source, in any order; then the resolver ends. */
struct resolve_answer {
	uint16_t	source;
	uint16_t	n;
	int32_t		number;
	uint32_t	result;		/* enum resolve_result */
	struct prefix	prefix[LIST_PREFIXES_MAX];
};

/*
 * Whether an ACS can have addresses in @p that nobody wrote into the
 * configuration: none of it is unspecified, loopback, link-local, multicast,
 * reserved, or IPv4 in IPv6's clothes; and it is no larger than the limits.
 */
bool resolve_may(const struct prefix *p);

#endif /* CWMPGATE_RESOLVE_H */
