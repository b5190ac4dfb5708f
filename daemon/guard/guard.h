/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard's loop: the kernel's queue on one side, the gate on the other. */
#ifndef CWMPGATE_GUARD_H
#define CWMPGATE_GUARD_H

#include "gate.h"
#include "inject.h"
#include "nfqueue.h"
#include "shm.h"

enum { TRACE_NONE = -1 };

struct guard {
	struct nfqueue	*queue;
	struct inject	 inject;
	struct gate	*gate;
	struct shm	*shm;
	int		 trace;		/* descriptor that gets each delivered head, in hex */
	struct queued	 packet[BATCH_MAX];
	struct outcome	 outcome;
};

/* Serves for ever; returns, with errno, when the queue is broken. */
void guard_run(struct guard *g);

#endif /* CWMPGATE_GUARD_H */
