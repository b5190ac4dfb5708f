// SPDX-License-Identifier: GPL-2.0-or-later

#include "guard.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void send_all(struct guard *g)
{
	for (size_t i = 0; i < g->outcome.n_send; i++)
		inject_send(&g->inject, &g->outcome.send[i]);
}

static int serve_batch(struct guard *g, uint64_t now_ms, guard_listener *listener, void *arg)
{
	int n = nfqueue_receive(g->queue, g->packet);

	for (int i = 0; i < n; i++) {
		gate_packet(g->gate, g->packet[i].from, g->packet[i].raw, now_ms, &g->outcome);
		nfqueue_verdict(g->queue, &g->packet[i], &g->outcome);
		send_all(g);
		listener(arg, now_ms, &g->outcome);
	}
	nfqueue_flush(g->queue);
	return n;
}

int guard_run(struct guard *g, const volatile sig_atomic_t *stop,
	      guard_listener *listener, void *arg)
{
	struct pollfd	fd = { .fd = nfqueue_fd(g->queue), .events = POLLIN };
	uint64_t	next_tick = 0;

	while (!*stop) {
		uint64_t now = clock_ms();

		if (now >= next_tick) {
			while (gate_tick(g->gate, now, &g->outcome)) {
				send_all(g);
				listener(arg, now, &g->outcome);
			}
			listener(arg, now, NULL);
			next_tick = now + TICK_MS;
		}
		if (poll(&fd, 1, (int)(next_tick - now)) < 0 && errno != EINTR)
			return -1;
		if (fd.revents && serve_batch(g, clock_ms(), listener, arg) < 0)
			return -1;
	}
	return 0;
}
