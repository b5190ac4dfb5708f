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

bool queuelook(uint16_t num, struct queue_state *out)
{
	FILE		*f = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	char		 line[256];
	uint32_t	 queue;
	bool		 found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %*u %*u %" SCNu32
			       " %" SCNu32, &queue, &out->portid, &out->waiting, &out->dropped,
			       &out->user_dropped) == 5 && queue == num;
	if (f)
		fclose(f);
	if (found)
		name_owner(out);
	return found;
}
