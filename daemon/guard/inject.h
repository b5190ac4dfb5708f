/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends the segments that the gate wrote, through raw sockets.  They carry our
 * mark, so that the rules let them pass.
 */
#ifndef CWMPGATE_INJECT_H
#define CWMPGATE_INJECT_H

#include <stdio.h>

#include "segment.h"

struct inject {
	int		fd4, fd6;	/* fd6 is -1 where the kernel has no IPv6 */
	uint64_t	failed;		/* segments the kernel did not take */
};

/* False, with the reason on @err. */
bool inject_open(struct inject *in, uint32_t mark, FILE *err);
void inject_close(struct inject *in);

void inject_send(struct inject *in, const struct segment *s);

#endif /* CWMPGATE_INJECT_H */
