/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard's loop: the kernel's queue on one side, the gate on the other. */
#ifndef CWMPGATE_GUARD_H
#define CWMPGATE_GUARD_H

#include <signal.h>

#include "gate.h"
#include "inject.h"
#include "nfqueue.h"

struct guard {
	struct nfqueue	*queue;
	struct inject	 inject;
	struct gate	*gate;
	struct queued	 packet[BATCH_MAX];
	struct outcome	 outcome;
};

/* Told of each outcome after it was carried out, and, with NULL, of each tick. */
typedef void guard_listener(void *arg, uint64_t now_ms, const struct outcome *o);

/*
 * Serves until *stop is set.  -1 with errno when the queue is broken.
 */
int guard_run(struct guard *g, const volatile sig_atomic_t *stop,
	      guard_listener *listener, void *arg);

#endif /* CWMPGATE_GUARD_H */
