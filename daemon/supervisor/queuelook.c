// SPDX-License-Identifier: GPL-2.0-or-later

#include "queuelook.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void name_owner(struct queue_state *q)
{
	char	 path[64];
	FILE	*f;

	q->owner[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", q->portid);
	f = fopen(path, "re");
	if (f && fgets(q->owner, sizeof(q->owner), f))
		q->owner[strcspn(q->owner, "\n")] = '\0';
	if (f)
		fclose(f);
}

void queuelook(uint16_t num, struct queue_state *out)
{
	FILE			*f = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	struct queue_state	 q = { .num = num };
	char			 line[256];
	uint32_t		 queue;

	while (f && !q.bound && fgets(line, sizeof(line), f))
		q.bound = sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %*u %*u %" SCNu32
				 " %" SCNu32, &queue, &q.portid, &q.waiting, &q.dropped,
				 &q.user_dropped) == 5 && queue == num;
	if (f)
		fclose(f);
	*out = (struct queue_state){ .num = num };
	if (q.bound) {
		*out = q;
		name_owner(out);
	}
}
