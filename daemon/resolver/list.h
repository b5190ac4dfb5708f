/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of further ACS addresses (acs_file), one in a line:
 *
 *	192.0.2.10			an address
 *	2001:db8:1::/48			a network
 *	acs.example.net			a name
 *	https://acs.example.net:7547/	a URL, of which the host counts
 *	icwmp.acs.ip='192.0.2.10'	one of these as uci(1) keeps it: of keys that
 *					end in acs.ip, acs.ip6 or acs.url; lines with
 *					other keys are passed over
 *
 * Empty lines and those that begin with # are passed over.  Pure.
 */
#ifndef CWMPGATE_LIST_H
#define CWMPGATE_LIST_H

#include "bytes.h"
#include "resolve.h"

enum list_entry {
	LIST_NOTHING,		/* to be passed over */
	LIST_PREFIX,
	LIST_NAME,
	LIST_BAD,
};

struct list_value {
	struct prefix	prefix;
	char		name[HOST_NAME_SIZE];
};

/* What the line @line, without its end, holds. */
enum list_entry list_line(struct bytes line, struct list_value *v);

#endif /* CWMPGATE_LIST_H */
