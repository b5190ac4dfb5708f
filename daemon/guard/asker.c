// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the judge process.  No answer in time, or one that is none, is a
 * refusal, and the supervisor starts another judge.
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

void judge_ask(struct judge *j, struct question *q, struct answer *a)
{
	size_t len = offsetof(struct question, bytes) + q->len;

	q->serial = ++j->serial;
	/* Once silent, never asked again: the supervisor starts another. */
	if (!j->silent && send(j->fd, q, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len &&
	    receive(j, a))
		return;
	j->silent = true;
	atomic_fetch_add(&j->shm->judge_silent, 1);
	memset(a, 0, offsetof(struct answer, bytes));
	a->why = WHY_JUDGE_SILENT;
	a->act = ACT_REFUSE;
}
