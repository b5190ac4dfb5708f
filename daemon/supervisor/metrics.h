/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the gate in Prometheus' text format, for metrics_file and for
 * cwmpgate(8).  No label holds an address: the number of series is bounded.
 */
#ifndef CWMPGATE_METRICS_H
#define CWMPGATE_METRICS_H

#include <stdio.h>

#include "kmodlook.h"
#include "nftlook.h"
#include "queuelook.h"
#include "lanes.h"

struct metrics {
	struct lanes		 lanes;		/* none: no daemon */
	const char		*mode;
	bool			 serving, reload_failed;
	uint64_t		 uptime_ms;
	uint64_t		 restarts, acs, acs_wrong, credentials;
	size_t			 n_queues;
	struct queue_state	 queue[QUEUES_MAX];
	int			 n_counters;	/* 0: no rules of ours */
	bool			 iptables;	/* they are in iptables */
	struct nft_counter	 counter[NFT_COUNTERS_MAX];
	int			 bans;
	struct kmod_state	 kmod;
};

/* Asks the kernel for what it knows, about @queues queues from @first on and our rules. */
void metrics_look(struct metrics *m, uint16_t first, size_t queues);

/* Of all queues that somebody has bound, the sums; false if nobody has bound one. */
bool metrics_queue_sum(const struct metrics *m, struct queue_state *sum);

void metrics_write(const struct metrics *m, FILE *out);

/* Through a rename, so that a reader sees a whole file.  False with errno. */
bool metrics_write_file(const struct metrics *m, const char *file);

#endif /* CWMPGATE_METRICS_H */
