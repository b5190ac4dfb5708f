/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet capture (pcap, pcapng), read as the IP packets that are in it. */
#ifndef CWMPGATE_CAPTURE_H
#define CWMPGATE_CAPTURE_H

#include <stdio.h>

#include "bytes.h"

enum captured {
	CAPTURED_IP,
	CAPTURED_OTHER,		/* no IP packet */
	CAPTURED_CUT,		/* longer than what was captured of it */
	CAPTURED_END,
	CAPTURED_BROKEN,	/* said on the way */
};

struct capture;

/* "-" is standard input; @filter is pcap-filter(7)'s, or NULL.  NULL, said on @err. */
struct capture	*capture_open(const char *file, const char *filter, FILE *err);
void		 capture_close(struct capture *c);

/* The next packet, without what the link has put around it, and its time. */
enum captured	 capture_next(struct capture *c, struct bytes *ip, uint64_t *wall_ms);

#endif /* CWMPGATE_CAPTURE_H */
