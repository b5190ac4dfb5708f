/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of connections between clients and the agent.
 *
 * A flow is born when the kernel's SYN-ACK is seen leaving.  The table has
 * room for FLOWS_MAX of them, EMBRYOS_MAX of which may be handshakes that no
 * client has completed; a SYN flood turns over embryos and nothing else.
 */
#ifndef CWMPGATE_FLOW_H
#define CWMPGATE_FLOW_H

#include "flow_row.h"
#include "head.h"
#include "packet.h"
#include "siphash.h"
#include "source.h"

struct flow_key {
	struct addr	client, agent;
	uint16_t	cport, aport;
};

/* What is read of the agent's response. */
struct reply {
	uint16_t	len;
	uint8_t		at[REPLY_MAX];
};

/*
 * Sequence numbers named client_ count the client's bytes, agent_ the
 * agent's.  The gate may have acknowledged bytes that the agent's kernel has
 * not seen: [client_delivered, client_next).
 */
struct flow {
	struct flow_key	key;
	enum flow_state	state;
	bool		v6;
	bool		deferred;	/* the agent's kernel has no connection yet */
	bool		has_ts;		/* RFC 7323 timestamps were negotiated */
	bool		client_fin, agent_fin;	/* seen and passed on */
	bool		last;		/* no request may follow the current one */
	bool		unproven;	/* the current request went without credentials */
	bool		by_gate;	/* the gate has answered, and ends it alone */
	bool		learned;	/* the current answer's head has been read */
	uint8_t		agent_wscale;
	uint8_t		requests;
	uint32_t	client_first;	/* the connection's first byte */
	uint32_t	client_delivered; /* acknowledged by the agent's kernel */
	uint32_t	client_next;	/* taken by the gate */
	uint32_t	client_edge;	/* right edge of the agent's receive window */
	uint32_t	client_tsval;	/* latest timestamp in sequence */
	uint32_t	agent_first;
	uint32_t	agent_next;
	uint32_t	agent_acked;	/* by the client */
	uint32_t	agent_tsval;
	uint32_t	answer_at;	/* where the answer to the current request begins */
	uint32_t	hide_at;	/* bytes of the answer to blank */
	uint16_t	hide_len;
	uint32_t	ticket;		/* the judge's name for the current request */
	uint64_t	deadline_ms;
	struct source	*source;	/* from the handshake's completion to the end */
	struct head	*head;		/* READING (after the first byte), SENT */
	struct reply	*reply;
	uint16_t	next_in_bucket, newer, older;	/* indices, flow.c only */
	uint16_t	crowd;		/* likewise: the count that its embryo is in */
	uint8_t		list;
};

struct flows;

/* NULL when there is no memory. */
struct flows	*flows_new(const struct siphash_key *key);
void		 flows_free(struct flows *t);

struct flow	*flow_find(struct flows *t, const struct flow_key *key);

/*
 * The embryo that has to go before flow_add(): of its source, if that has its
 * share, or of the source that holds most.  NULL if there is room.
 */
struct flow	*flow_crowding(struct flows *t, const struct flow_key *key);

/*
 * A new flow in state EMBRYO, all else zero.  The oldest embryo makes room
 * for it, or else the flow that has been over for longest; NULL if there is
 * neither.
 */
struct flow	*flow_add(struct flows *t, const struct flow_key *key);

/*
 * To be called for every change of state: it moves the flow between lists and
 * keeps the account of its source.
 */
void		 flow_set(struct flows *t, struct flow *f, enum flow_state state,
			  uint64_t deadline_ms);
void		 flow_remove(struct flows *t, struct flow *f);

/* Buffers from fixed pools; false if the pool is empty. */
must_check bool	 flow_take_head(struct flows *t, struct flow *f);
must_check bool	 flow_take_reply(struct flows *t, struct flow *f);
void		 flow_drop_head(struct flows *t, struct flow *f);
void		 flow_drop_reply(struct flows *t, struct flow *f);

/* Is there no room for one more flow past its handshake? */
bool		 flow_live_full(const struct flows *t);

/*
 * The live flow that gives way to another, with @head one of those that hold a
 * buffer for a head they are still reading: of a source that has not proven
 * itself, if there is one; of the source that holds most of what is wanted; the
 * oldest.  NULL if there is none.
 */
struct flow	*flow_cheapest(struct flows *t, bool head);

/* Some flow whose deadline has passed, or NULL. */
struct flow	*flow_overdue(struct flows *t, uint64_t now_ms);

/* Every connection as a row, at most FLOWS_MAX of them; how many there are. */
size_t		 flows_list(const struct flows *t, struct flow_row out[FLOWS_MAX]);

/* How full the tables are. */
struct use	 flows_use(const struct flows *t);

#endif /* CWMPGATE_FLOW_H */
