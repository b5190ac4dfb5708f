/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states of a connection, and what the guard shows of one to whoever asks
 * (shm.h).  How a connection is kept is the guard's own (flow.h).
 */
#ifndef CWMPGATE_FLOW_ROW_H
#define CWMPGATE_FLOW_ROW_H

#include "addr.h"

/*	name		word		what it means */
#define FLOW_STATE_LIST(X)									\
	X(FREE,		"free",		"no connection")					\
	X(EMBRYO,	"embryo",	"SYN-ACK sent; the client has not answered yet")	\
	X(READING,	"reading",	"a request head is arriving")				\
	X(SENT,		"sent",		"it was delivered; the agent has not acknowledged it yet")	\
	X(ANSWERING,	"answering",	"the agent has it; its answer, then perhaps another request")	\
	X(FAREWELL,	"farewell",	"the gate has answered with 503 and closes")		\
	X(REFUSED,	"refused",	"closed by the gate; lingers to answer late packets")	\
	X(CLOSED,	"closed",	"closed by the peers; lingers likewise")

enum flow_state {
#define X(name, word, doc) FLOW_##name,
	FLOW_STATE_LIST(X)
#undef X
};

enum { FLOW_STATES = FLOW_CLOSED + 1 };

struct flow_row {
	uint64_t	deadline_ms;	/* monotonic */
	struct addr	client, agent;
	uint16_t	cport, aport;
	uint16_t	head_len;	/* bytes of a request head that are held */
	uint8_t		requests;	/* delivered so far */
	uint8_t		state;		/* enum flow_state */
};

/* Of EMBRYOS_MAX, LIVE_MAX, what is left of FLOWS_MAX, HEADS_MAX. */
struct use {
	uint16_t	embryos, live, over, heads;
};

#endif /* CWMPGATE_FLOW_ROW_H */
