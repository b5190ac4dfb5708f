// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the judge process.  No answer in time, or one that is none, is a
 * refusal, and the supervisor starts another judge.  What it is only told
 * travels with the next question, so that it costs no exchange.
 */

#include "asker.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

static bool receive(const struct judge *j, struct answer *a)
{
	ssize_t n;

	do
		n = recv(j->fd, a, sizeof(*a), 0);
	while (n < 0 && errno == EINTR);
	return n >= (ssize_t)offsetof(struct answer, bytes) && a->len <= HEAD_MAX &&
	       (size_t)n == offsetof(struct answer, bytes) + a->len && a->serial == j->serial;
}

/* Puts @q behind what waits; there is room. */
static void put(struct judge *j, const struct question *q)
{
	size_t len = offsetof(struct question, bytes) + q->len;

	memcpy(j->out + j->told, q, len);
	j->told += len;
}

/* Sends all that waits; what the judge has no room for it is not told. */
static bool send_all(struct judge *j)
{
	size_t len = j->told;

	j->told = 0;
	return send(j->fd, j->out, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

void judge_tell(struct judge *j, const struct question *q)
{
	if (j->silent)
		return;
	put(j, q);
	if (j->told > TOLD_MAX)		/* the next must find room */
		(void)send_all(j);
}

void judge_ask(struct judge *j, struct question *q, struct answer *a)
{
	q->serial = ++j->serial;
	/* Once silent, never asked again: the supervisor starts another. */
	if (!j->silent) {
		put(j, q);
		if (send_all(j) && receive(j, a))
			return;
	}
	j->silent = true;
	atomic_fetch_add(&j->shm->judge_silent, 1);
	memset(a, 0, offsetof(struct answer, bytes));
	a->why = WHY_JUDGE_SILENT;
	a->act = ACT_REFUSE;
}
