/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request head while it arrives: strict assembly in sequence, and the
 * lexical shape that can be checked byte by byte (RFC 9112 section 2.1).
 * What the lines mean is the judge's business.
 *
 * The outcome depends on the bytes, not on how they were cut into segments.
 */
#ifndef CWMPGATE_HEAD_H
#define CWMPGATE_HEAD_H

#include "bytes.h"
#include "limit.h"
#include "why.h"

enum head_lex { LEX_METHOD, LEX_LINE, LEX_CR, LEX_END };

struct head {
	uint32_t	seq;		/* sequence number of the first byte */
	uint16_t	len;		/* bytes held */
	uint16_t	line_len;	/* of the line being read */
	uint16_t	lines;		/* complete ones */
	enum head_lex	lex;
	uint8_t		sent[HEAD_MAX];		/* what the client sent */
	uint8_t		canon[HEAD_MAX];	/* what the agent gets, once checked */
};

void head_start(struct head *h, uint32_t seq);

/*
 * Adds the bytes of a segment at @seq.
 *
 *	NEXT		the head is complete
 *	PARTIAL		it is not, but all of the segment was taken
 *	REPEAT		nothing new, and the same as before
 *	OUT_OF_ORDER	does not touch what is held
 *
 * or what is wrong, with @offset at the first wrong byte of the head.
 */
must_check enum why head_add(struct head *h, uint32_t seq, struct bytes payload,
			     uint16_t *offset);

/* Sequence number after the last byte held. */
static inline uint32_t head_end(const struct head *h)
{
	return h->seq + h->len;
}

#endif /* CWMPGATE_HEAD_H */
