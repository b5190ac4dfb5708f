/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question the guard asks and the answer the judge gives: all that the
 * two know of each other.  Plain bytes and numbers without pointers, so that
 * it makes no difference whether they share a process.
 */
#ifndef CWMPGATE_ASK_H
#define CWMPGATE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "limit.h"
#include "why.h"

enum ask {
	ASK_REQUEST,	/* may this complete request head pass, and as what? */
	ASK_BLANK,	/* which bytes of the agent's response, as far as it is here, to blank? */
	TELL_REPLY,	/* the head of the agent's response, to be learned from; no answer */
};

struct question {
	enum ask	ask;
	uint32_t	serial;		/* comes back in the answer */
	uint16_t	len;
	uint64_t	now_ms;
	struct addr	client;
	uint32_t	ticket;		/* TELL_REPLY: from the answer to its request */
	uint8_t		bytes[HEAD_MAX];
};

struct answer {
	uint32_t	serial;
	enum why	why;
	enum act	act;		/* why's own, or what the configuration makes of it */
	uint16_t	offset;		/* of the byte that decided, where there is one */
	uint16_t	len;		/* ACT_DELIVER: the question's length, always */
	uint16_t	hide_at;	/* ASK_BLANK: the bytes to blank (Server's value), */
	uint16_t	hide_len;	/* 0: none */
	bool		last;		/* no further request may follow on this connection */
	uint32_t	ticket;		/* names the delivered request; 0 is none */
	uint8_t		bytes[HEAD_MAX];	/* ACT_DELIVER: the canonical head */
};

struct judge;

/*
 * Answers @q, whose serial it sets if the judge is another process: every field
 * of @a that belongs to its act is set.  The guard knows no more of the judge than
 * these two functions.
 */
void judge_ask(struct judge *judge, struct question *q, struct answer *a);

/* Tells it of @q, a TELL_REPLY, at the latest right before it is asked again. */
void judge_tell(struct judge *judge, const struct question *q);

#endif /* CWMPGATE_ASK_H */
