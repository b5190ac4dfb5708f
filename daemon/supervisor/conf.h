/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration (libconfig syntax), read into one constant struct: a file,
 * and after it the files conf.d/NAME.conf beside it in the order of their names.
 * Of a setting that stands in several the last one counts.
 *
 * libconfig accepts unknown settings, wraps large integers (1.5) and joins
 * strings where a comma is missing; so every setting is checked here against
 * a table, and all errors are reported at once, each with its place.
 */
#ifndef CWMPGATE_CONF_H
#define CWMPGATE_CONF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "policy.h"
#include "resolve.h"

enum conf_limits {
	PORTS_MAX	= 16,
	INTERFACES_MAX	= 16,
	PREFIXES_MAX	= 4096,
	PATH_LEN_MAX	= 256,		/* of a file name */
	IFNAME_MAX	= 16,
	CWMP_PORT	= 7547,		/* IANA has given it to CWMP */
	CWMP_PORT_OTHER	= 30005,	/* what some agents listen on besides */
};

/* What the rules are made with; auto: nftables, unless only iptables is there. */
enum firewall { FIREWALL_AUTO, FIREWALL_NFTABLES, FIREWALL_IPTABLES };

enum mode { MODE_MONITOR, MODE_ENFORCE, MODE_BLOCK };

enum kmod_use { KMOD_AUTO, KMOD_OFF, KMOD_REQUIRE };

struct conf {
	char		file[PATH_LEN_MAX];
	enum mode	mode;
	size_t		n_ports;
	uint16_t	port[PORTS_MAX];
	size_t		n_interfaces;	/* 0: every interface is guarded */
	char		interface[INTERFACES_MAX][IFNAME_MAX];
	size_t		n_prefixes;
	struct prefix	prefix[PREFIXES_MAX];
	size_t		n_names;	/* of hosts in acs */
	char		name[NAMES_MAX][HOST_NAME_SIZE];
	char		acs_file[PATH_LEN_MAX];	/* "" : none */
	uint32_t	acs_refresh_ms;
	char		acs_state[PATH_LEN_MAX];	/* "" : none */
	unsigned	acs_keep_days;
	char		credentials_file[PATH_LEN_MAX];	/* "" : none */
	uint16_t	queue, queues;	/* the first, and how many */
	uint32_t	mark;		/* one bit */
	struct rate	syn;		/* connection attempts, per source */
	bool		closes;		/* what has not been checked is not to reach the ports */
	bool		down_open;	/* without a daemon everything passes */
	bool		overload_open;	/* what finds the queue full passes */
	bool		sandbox_optional;
	enum kmod_use	kmod;		/* the kernel module, where it is there */
	enum firewall	firewall;
	char		control[PATH_LEN_MAX];
	char		metrics_file[PATH_LEN_MAX];	/* "" : none */
	char		log_file[PATH_LEN_MAX];	/* "" : none */
	struct rate	log_rate;	/* lines for one reason */
	struct policy	policy;
};

/*
 * Reads @file, and conf.d/ beside it, into @c.  On any error writes one message
 * per error to @err, "FILE:LINE:COLUMN: setting: found X, expected Y", with the
 * line and a caret below, and returns false; @c is then good for nothing but
 * rules_close(): its "closes" and ports are what was meant, as far as can be told
 * (conf_wrong.c).  What is allowed but odd is a "FILE: warning: ..." in @err.
 */
bool conf_load(struct conf *c, const char *file, FILE *err);

/* Where a setting stands that counts, as a person looks for it. */
struct conf_place {
	char	file[PATH_LEN_MAX];	/* the configuration, or a file of its conf.d */
	int	line;			/* from 1 on; 0: it is nowhere, and has its default */
	char	text[256];		/* "name = value;", the first line of it */
};

/* Looks for the setting @name in @file and in conf.d/ beside it, be they right or wrong. */
void conf_where(const char *file, const char *name, struct conf_place *p);

/* Writes every setting with its default and what it may hold, a line each. */
void conf_describe(FILE *out);

/*
 * Reads the credentials file named in @c: lines "user:password" or, as
 * htdigest(1) writes them, "user:realm:hash"; empty lines and lines that begin
 * with # are skipped.  The file must belong to root or the caller and be
 * closed to others.  Errors as conf_load(); no message holds a secret.
 */
bool conf_credentials(struct credentials *out, const char *file, FILE *err);

#endif /* CWMPGATE_CONF_H */
