/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge_ask() and judge_tell() where the judge is another process (ask.h has them). */
#ifndef CWMPGATE_ASKER_H
#define CWMPGATE_ASKER_H

#include "ask.h"
#include "shm.h"

struct judge {
	int		fd;	/* SOCK_SEQPACKET, with JUDGE_ANSWER_MS to receive */
	uint32_t	serial;
	bool		silent;	/* it has been, once */
	struct shm	*shm;	/* told of every silence */
	size_t		told;	/* bytes of @out that wait for the next question */
	uint8_t		out[TOLD_MAX + sizeof(struct question)];
};

#endif /* CWMPGATE_ASKER_H */
