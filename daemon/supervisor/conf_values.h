/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of text that settings may have: each function reads one, strictly. */
#ifndef CWMPGATE_CONF_VALUES_H
#define CWMPGATE_CONF_VALUES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "rate.h"

enum {
	RATE_MAX	= 1000000,	/* events and burst */
	PREFIX_TEXT	= INET6_ADDRSTRLEN + 4,
	QUEUES_TEXT	= 16,
};

/*
 * "192.0.2.0/24", "2001:db8::/32", or an address alone.  Host bits that are
 * set are cleared and @exact becomes false.
 */
bool conf_prefix(const char *text, struct prefix *out, bool *exact);

/* The inverse; @text has room for PREFIX_TEXT bytes. */
void conf_prefix_text(const struct prefix *p, char *text);

/* "7547", or all of @n queues as "7547-7550" with that separator; room for QUEUES_TEXT. */
char *conf_queues_text(uint16_t first, uint16_t n, char separator, char *text);

/*
 * A host name of two labels or more (RFC 1123 2.1) that cannot be meant as an
 * address: its last label is no number.
 */
bool conf_host(const char *text);

/* "N/UNIT" or "N/UNIT burst M", UNIT one of s, min, h, hour, day. */
bool conf_rate(const char *text, struct rate *out);

/* An absolute path as the judge accepts it in a request, without query. */
bool conf_path(const char *text);

/* A name that a network interface can have and that needs no quoting in nft. */
bool conf_ifname(const char *text);

/* How many letters to change, add, drop or swap to make @b of @a; case is nothing. */
size_t conf_distance(const char *a, const char *b);

#endif /* CWMPGATE_CONF_VALUES_H */
