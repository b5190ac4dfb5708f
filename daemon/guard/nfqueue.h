/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's packet queue (nfnetlink_queue).  The only file that knows its
 * messages.
 */
#ifndef CWMPGATE_NFQUEUE_H
#define CWMPGATE_NFQUEUE_H

#include <stdio.h>

#include "gate.h"

/* One packet as the kernel handed it over; valid until the next receive. */
struct queued {
	uint32_t	id;		/* the kernel's name for it */
	uint32_t	mark;
	enum from	from;
	struct bytes	raw;		/* empty if it was cut off or missing */
};

struct nfqueue;

/*
 * Binds @queue on a new socket and returns it, -1 on failure; then @err says in
 * words why, with the name of the kernel's package or of the process that
 * holds the queue.  With @fail_open the kernel accepts what the queue has no
 * room for.
 */
int		 nfqueue_bind(uint16_t queue, bool fail_open, FILE *err);

/*
 * Serves @fd, which nfqueue_bind() made, perhaps in another process.  Accepted
 * packets carry @mark besides their own.  NULL with errno.
 */
struct nfqueue	*nfqueue_new(int fd, uint16_t queue, uint32_t mark);
void		 nfqueue_free(struct nfqueue *q);
int		 nfqueue_fd(const struct nfqueue *q);

/*
 * Receives up to BATCH_MAX packets into @pkt without waiting; their number.
 * 0 also when nothing usable came.  -1 with errno if the socket is broken.
 */
int		 nfqueue_receive(struct nfqueue *q, struct queued pkt[BATCH_MAX]);

/* Adds the verdict on @pkt to the batch; nfqueue_flush() sends it. */
void		 nfqueue_verdict(struct nfqueue *q, const struct queued *pkt,
				 const struct outcome *o);
void		 nfqueue_flush(struct nfqueue *q);

/* Verdicts that came too late, and messages that were not understood. */
uint64_t	 nfqueue_late(const struct nfqueue *q);
uint64_t	 nfqueue_odd(const struct nfqueue *q);

#endif /* CWMPGATE_NFQUEUE_H */
