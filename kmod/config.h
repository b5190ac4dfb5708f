/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one network namespace has of the gate: a configuration, replaced as a
 * whole, and counters.  Without a configuration no hook is there at all.
 */
#ifndef CWMPGATE_CONFIG_H
#define CWMPGATE_CONFIG_H

#include <linux/if.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <net/net_namespace.h>

#include "allowlist.h"
#include "limiter.h"
#include "reason.h"
#include "uapi/nf_cwmpgate.h"

/* Written once, before anybody sees it; what changes is behind the pointers. */
struct config {
	u8			action;		/* enum cwmpgate_action */
	u32			mark;		/* 0: none */
	unsigned int		n_ports, n_interfaces;
	__be16			port[CWMPGATE_PORTS_MAX];
	char			interface[CWMPGATE_INTERFACES_MAX][IFNAMSIZ];
	struct allowlist	*allowlist;
	struct limiter		*limiter;
};

/* Process context. */
void config_free(struct config *c);

struct counters {
	u64			packets[REASON_COUNT];
	struct u64_stats_sync	sync;
};

struct gate_net {
	struct list_head	list;
	struct net		*net;
	struct config __rcu	*config;
	struct counters __percpu *counters;
};

struct gate_net *gate_net(const struct net *net);

/* Pernet operations, and what undoes them; no namespace has a configuration then. */
int config_init(void);
void config_uninit(void);

/*
 * Process context.  Puts @c, which may be NULL, in the place of what @net has, and
 * frees that.  0 or an error, and nothing changed: ENOENT if there was none
 * to end, ESHUTDOWN when the module is about to go.
 */
int config_replace(struct net *net, struct config *c);

/* Ends every configuration and lets no new one be; tells @lost of each that was. */
void config_end_all(void (*lost)(struct net *net));

/* Any context: the sum over all CPUs. */
u64 counters_read(const struct counters __percpu *c, enum reason why);

#endif /* CWMPGATE_CONFIG_H */
