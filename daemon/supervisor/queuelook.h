/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of a netfilter queue (/proc/net/netfilter/nfnetlink_queue). */
#ifndef CWMPGATE_QUEUELOOK_H
#define CWMPGATE_QUEUELOOK_H

#include <stdbool.h>
#include <stdint.h>

struct queue_state {
	uint16_t	num;
	bool		bound;		/* if not, the rest is 0 */
	uint32_t	portid;		/* netlink's: mostly the process that bound it */
	uint32_t	waiting;	/* packets that wait for a verdict */
	uint32_t	dropped;	/* the queue was full */
	uint32_t	user_dropped;	/* the daemon's socket was full */
	char		owner[32];	/* what process @portid is called; "" if it is none */
};

/* Looks for queue @num; not bound, too, where the kernel has no queues. */
void queuelook(uint16_t num, struct queue_state *out);

#endif /* CWMPGATE_QUEUELOOK_H */
