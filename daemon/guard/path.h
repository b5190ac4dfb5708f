/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of the path (gate.c) hand to one another. */
#ifndef CWMPGATE_PATH_H
#define CWMPGATE_PATH_H

#include "flow.h"
#include "gate.h"

struct gate {
	const struct policy	*policy;
	struct judge		*judge;
	struct flows		*flows;
	struct sources		 sources;
	struct question		 question;
	struct answer		 answer;
	uint64_t		*count;		/* by enum why */
};

/* One packet, or one expired deadline, on its way. */
struct scene {
	struct gate		*gate;
	uint64_t		 now_ms;
	enum from		 from;
	const struct packet	*packet;	/* NULL: FROM_CLOCK */
	struct flow		*flow;		/* NULL: none is known */
	enum act		 act;		/* ACT_NONE: the reason's own */
	uint32_t		 trim_seq;	/* ACT_TRIM: where the bare packet stands */
	uint16_t		 offset;
	struct flow		*evicted;	/* gave way to this packet's flow */
	uint32_t		 evicted_seq;	/* what its agent's kernel expects */
	struct flow		 given_up;	/* an embryo, if its state says so */
	bool			 say_busy;	/* send the 503 (again) */
};

/* client.c: a packet from the network to a guarded port. */
must_check enum why client_packet(struct scene *s);

/* agent.c: a packet from a guarded port to the network. */
must_check enum why agent_packet(struct scene *s);

/* deadline.c: the flow's time is over. */
must_check enum why deadline_passed(struct scene *s);

/* settle.c: does what the reason asks for. */
void settle(struct scene *s, enum why why, struct outcome *out);

/* The next of the client's sequence numbers, as the agent's kernel counts. */
static inline uint32_t agent_expects(const struct flow *f)
{
	return f->state == FLOW_EMBRYO || f->state == FLOW_READING ?
	       f->client_delivered : f->client_next;
}

/* Both sides have closed, and both know it of each other. */
static inline bool is_over(const struct flow *f)
{
	return f->client_fin && f->agent_fin && f->agent_acked == f->agent_next &&
	       f->client_delivered == f->client_next;
}

#endif /* CWMPGATE_PATH_H */
