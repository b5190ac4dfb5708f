/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world around the gate: clients that send what they are told to, and
 * an agent's kernel that is honest.  After every packet the world looks at what
 * that kernel was given, and holds the gate to its promises:
 *
 *	the kernel reads whole canonical heads that the gate has delivered, and
 *	nothing else; no connection opens but with one of them in it;
 *	a request follows an answer to the one before;
 *	a refusal closes the kernel's side at once, and so does making room;
 *	what the gate writes decodes, and nothing of it that is for the agent
 *	is anything but a RST;
 *	credentials that are delivered are right, were asked for by the agent,
 *	and come twice at most;
 *	the client reads the agent's bytes or a blank in their place, and a byte
 *	that is sent again is the same again;
 *	no packet makes the gate or the judge ask for memory.
 */
#ifndef WORLD_H
#define WORLD_H

#include "gate.h"
#include "hash.h"
#include "judge.h"

enum {
	SOURCES = 4, CONNS = 16, NONCES = 2, DIGESTS = 8, AGENT_PORT = 7547,
	VIEW_MAX = 256,
};

#define WORLD_USER	"u"
#define WORLD_PASSWORD	"p"
#define WORLD_REALM	"r"

/* The nonces that this world's agent issues. */
extern const char *const world_nonce[NONCES];

enum kernel_state { KERNEL_NONE, KERNEL_EMBRYO, KERNEL_OPEN };

/* One connection, as its two ends see it. */
struct conn {
	struct addr		client, agent;
	bool			v6;
	bool			has_ts;
	uint16_t		port;
	uint8_t			source;
	uint32_t		client_isn, client_next;	/* what the client sends */
	enum kernel_state	state;				/* the agent's kernel's */
	uint32_t		agent_isn, agent_next, agent_acked;
	struct bytes		agent_last;	/* what it said last */
	uint32_t		read_next;	/* the next byte the agent reads */
	bool			read_fin, sent_fin;
	unsigned		n_read;		/* heads */
	bool			answered;	/* the last of them, in part at least */
	uint8_t			view[VIEW_MAX];	/* what the client was given to read; 0: nothing */
};

struct world {
	struct policy	policy;
	struct judge	*judge;
	struct gate	*gate;
	uint64_t	now;
	bool		cookies;	/* the kernel keeps no embryos (SYN cookies) */
	bool		loses, lost;	/* the kernel has no room for the next segment */
	bool		lied;		/* it has said what no kernel says: all bets are off */
	uint64_t	count[WHY_COUNT], evicted;
	uint64_t	seen;		/* a hash of all outcomes */
	struct conn	conn[CONNS];
	uint64_t	issued[NONCES][SOURCES];	/* when; 0: never */
	struct hex	delivered[DIGESTS];
	unsigned	times[DIGESTS];
	struct outcome	*out;		/* of the last packet */
};

/* What a packet has besides its connection. */
struct say {
	uint32_t	seq, ack;
	uint8_t		flags;
	bool		other_ts;	/* a timestamp where none belongs, or none */
	int8_t		ts_delta;
	struct bytes	payload;
};

void world_begin(struct world *w, const struct policy *policy);
void world_end(struct world *w);

/* Puts a packet of the client's, or the agent's, together. */
void world_build(const struct world *w, const struct conn *c, enum from from,
		 const struct say *say, struct segment *s);

/* Sends any packet at all through the gate. */
void world_send(struct world *w, enum from from, const struct segment *s);

/* Client's SYN; the kernel answers it. */
void world_connect(struct world *w, struct conn *c, const struct say *say);

void world_wait(struct world *w, uint64_t ms);

#endif
