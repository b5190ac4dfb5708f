/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor hands to its children: descriptors at fixed numbers, so
 * that a child opens nothing and its system call filter can name them.
 */
#ifndef CWMPGATE_INHERIT_H
#define CWMPGATE_INHERIT_H

#include "policy.h"
#include "siphash.h"

enum guard_fd {
	GUARD_QUEUE = 3,	/* netlink, bound to the queue */
	GUARD_RAW4,
	GUARD_RAW6,		/* may be closed: no IPv6 */
	GUARD_JUDGE,		/* SOCK_SEQPACKET */
	GUARD_SHM,
	GUARD_TRACE,		/* may be closed: no -w */
	GUARD_FDS,
};

enum judge_fd {
	JUDGE_SOCKET = 3,	/* questions, several in a message, and the two orders below */
	JUDGE_FDS,
};

/* Beside enum ask, on the judge's socket; from the supervisor, never answered. */
enum order {
	ORDER_SETUP = 100,	/* the first message */
	ORDER_CREDENTIALS,	/* the second, and after each change */
};

struct order_setup {
	enum order		order;
	struct policy		policy;
	struct siphash_key	key;
	bool			sandbox_optional;
};

struct order_credentials {
	enum order		order;
	uint64_t		now_ms;
	struct credentials	credentials;
};

#endif /* CWMPGATE_INHERIT_H */
