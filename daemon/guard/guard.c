// SPDX-License-Identifier: GPL-2.0-or-later

#include "guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void record(const struct guard *g, uint64_t now_ms)
{
	struct decision d;

	if (!why_is_event(g->outcome.why))
		return;
	d = decision_of(&g->outcome, now_ms, clock_ms(CLOCK_REALTIME));
	shm_decide(g->shm, &d);
}

/* "CLIENT PORT HEX": the canonical head stands at the end of its packet. */
static void trace(const struct guard *g)
{
	static char		 line[2 * HEAD_MAX + INET6_ADDRSTRLEN + 16];
	static const char	 hex[] = "0123456789abcdef";
	const struct outcome	*o = &g->outcome;
	struct packet		 p;
	size_t			 n;
	bool			 is4 = addr_is4(&o->client);

	if (!o->replaced || why_info[o->why].act != ACT_DELIVER || o->why == WHY_REDELIVERED ||
	    packet_decode(&p, (struct bytes){ o->packet.at, o->packet.len }) || !p.payload.len)
		return;
	inet_ntop(is4 ? AF_INET : AF_INET6, o->client.b + (is4 ? 12 : 0), line, INET6_ADDRSTRLEN);
	n = strlen(line);
	n += (size_t)snprintf(line + n, sizeof(line) - n, " %u ", o->cport);
	for (size_t i = 0; i < p.payload.len; i++) {
		line[n++] = hex[p.payload.at[i] >> 4];
		line[n++] = hex[p.payload.at[i] & 15];
	}
	line[n++] = '\n';
	if (write(g->trace, line, n) != (ssize_t)n)
		g->shm->odd_messages++;
}

static void finish(struct guard *g, uint64_t now_ms)
{
	/* Before the segment can arrive, so that who reads the trace is never ahead. */
	if (g->trace != TRACE_NONE)
		trace(g);
	/* A RST that overtook a repeat of the head would let a SYN cookie make it a second request. */
	if (g->outcome.n_send)
		nfqueue_flush(g->queue);
	for (size_t i = 0; i < g->outcome.n_send; i++)
		inject_send(&g->inject, &g->outcome.send[i]);
	record(g, now_ms);
}

static int serve_batch(struct guard *g, uint64_t now_ms)
{
	int n = nfqueue_receive(g->queue, g->packet);

	for (int i = 0; i < n; i++) {
		gate_packet(g->gate, g->packet[i].from, g->packet[i].raw, now_ms, &g->outcome);
		nfqueue_verdict(g->queue, &g->packet[i], &g->outcome);
		finish(g, now_ms);
	}
	nfqueue_flush(g->queue);
	return n;
}

/* The list of connections, for whoever asked since the last time. */
static void show_flows(struct guard *g, uint64_t now_ms)
{
	struct shm	*m = g->shm;
	uint32_t	 wanted = atomic_load_explicit(&m->flows_wanted, memory_order_relaxed);
	uint32_t	 edits = atomic_load_explicit(&m->flows_edits, memory_order_relaxed) | 1;

	if (wanted == atomic_load_explicit(&m->flows_given, memory_order_relaxed))
		return;
	atomic_store_explicit(&m->flows_edits, edits, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	m->n_flows = (uint32_t)gate_list(g->gate, m->flow);
	m->flows_ms = now_ms;
	atomic_store_explicit(&m->flows_given, wanted, memory_order_relaxed);
	atomic_store_explicit(&m->flows_edits, edits + 1, memory_order_release);
}

static void tick(struct guard *g, uint64_t now_ms)
{
	while (gate_tick(g->gate, now_ms, &g->outcome))
		finish(g, now_ms);
	g->shm->late_verdicts = nfqueue_late(g->queue);
	g->shm->odd_messages = nfqueue_odd(g->queue);
	g->shm->lost_segments = g->inject.failed;
	g->shm->use = gate_use(g->gate);
	show_flows(g, now_ms);
	atomic_store(&g->shm->heartbeat_ms, now_ms);
}

void guard_run(struct guard *g)
{
	struct pollfd	fd = { .fd = nfqueue_fd(g->queue), .events = POLLIN };
	uint64_t	next_tick = 0;

	for (;;) {
		uint64_t now = clock_ms(CLOCK_MONOTONIC);

		if (now >= next_tick) {
			tick(g, now);
			next_tick = now + TICK_MS;
		}
		if (poll(&fd, 1, (int)(next_tick - now)) < 0 && errno != EINTR)
			return;
		if (fd.revents && serve_batch(g, clock_ms(CLOCK_MONOTONIC)) < 0)
			return;
	}
}
