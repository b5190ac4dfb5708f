/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An outcome as the flight recorder keeps it. */
#ifndef CWMPGATE_RECORD_H
#define CWMPGATE_RECORD_H

#include "gate.h"
#include "shm.h"

static inline struct decision decision_of(const struct outcome *o, uint64_t ms, uint64_t wall_ms)
{
	struct decision d = {
		.ms = ms, .wall_ms = wall_ms, .client = o->client, .cport = o->cport,
		.aport = o->aport, .offset = o->offset, .why = o->why, .ban_ms = o->ban_ms,
		.from = o->from,
	};

	memcpy(d.excerpt, o->excerpt, sizeof(d.excerpt));
	return d;
}

#endif /* CWMPGATE_RECORD_H */
