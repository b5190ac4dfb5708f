/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every bound of the gate, in one place.
 *
 * The sizes of the request follow the smallest buffers seen in CWMP agents;
 * the sizes of the tables fix the memory of the daemon (nothing is allocated
 * after the first packet).  Times are milliseconds of the monotonic clock.
 */
#ifndef CWMPGATE_LIMIT_H
#define CWMPGATE_LIMIT_H

enum limits {
	/* One request head (RFC 9112 section 2.1, without a body). */
	HEAD_MAX		= 4096,
	HEAD_LINE_MAX		= 1000,	/* without CRLF; musl's BUFSIZ is 1024 */
	HEAD_LINES_MAX		= 17,	/* the request line and 16 fields */
	HEAD_MIN		= 18,	/* "GET / HTTP/1.1" CRLF CRLF */
	TARGET_MAX		= 256,	/* TR-181 ConnectionRequestURL */
	HOST_MAX		= 256,

	/* One set of digest credentials (RFC 7616), in unescaped bytes. */
	DIGEST_NAME_MAX		= 256,	/* username, realm, uri */
	DIGEST_NONCE_MAX	= 128,	/* nonce, cnonce, opaque */
	DIGEST_NONCE_MIN	= 8,	/* shorter ones are read past their start by agents */
	PASSWORD_MAX		= 256,
	CREDENTIALS_MAX		= 16,
	PATHS_MAX		= 8,

	/* What is read of an agent's response. */
	REPLY_MAX		= 2048,
	TOLD_MAX		= 4096,	/* to the judge, until it is asked again */

	/* Tables. */
	FLOWS_MAX		= 1024,
	EMBRYOS_MAX		= 256,
	EMBRYOS_PER_SOURCE	= 32,
	LIVE_MAX		= FLOWS_MAX - EMBRYOS_MAX,	/* past the handshake */
	FLOWS_PER_SOURCE	= LIVE_MAX / 4,
	HEADS_PER_SOURCE	= 16,
	HEADS_MAX		= 64,	/* heads that are incomplete or not yet acknowledged */
	REPLIES_MAX		= 64,	/* responses being read */
	NONCES_MAX		= 256,
	NONCE_USES_MAX		= 8,
	SOURCES_MAX		= 1024,
	REQUESTS_PER_FLOW	= 8,

	/* Times, in milliseconds. */
	EMBRYO_MS		= 20000,
	FIRST_BYTE_MS		= 2000,
	HEAD_MS			= 5000,
	DELIVERY_MS		= 5000,	/* from delivery to the agent's acknowledgement */
	IDLE_MS			= 30000,
	CHALLENGED_MS		= 5000,	/* idle after an answer to an unproven request */
	LINGER_MS		= 5000,	/* a closed flow answers late packets */
	NONCE_LIFE_MS		= 300000,
	REPEAT_MS		= 5000,	/* one identical repeat is allowed within this */
	TICK_MS			= 100,
	JUDGE_ANSWER_MS		= 250,
	START_MS		= 2000,	/* for a new process to be ready */

	/* The kernel's queue; how many of them, each with a guard and a judge. */
	QUEUES_MAX		= 8,
	QUEUE_LEN		= 256,
	BATCH_MAX		= 8,

	/* One packet on the wire. */
	IP4_HLEN		= 20,
	IP6_HLEN		= 40,
	TCP_HLEN		= 20,
	TCP_HLEN_MAX		= 60,
	SEGMENT_MAX		= IP6_HLEN + TCP_HLEN_MAX + HEAD_MAX,
};

#endif /* CWMPGATE_LIMIT_H */
