/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A generic netlink socket for one family (linux/genetlink.h), with libmnl. */
#ifndef CWMPGATE_GENL_H
#define CWMPGATE_GENL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

enum { GENL_ANSWER_SIZE = 1 << 14 };

struct genl {
	struct mnl_socket	*nl;		/* NULL: not open */
	uint16_t		 family;	/* 0: not known */
	uint32_t		 group;		/* 0: it has none, or not known */
	uint32_t		 seq;
};

bool genl_open(struct genl *g);
void genl_close(struct genl *g);

/*
 * Asks for @name's number, and for that of its multicast group @group (NULL:
 * none).  The kernel may load a module for it.  0, or -1 with errno: ENOENT.
 */
int genl_resolve(struct genl *g, const char *name, const char *group);

/* Begins a message to the family, at @at. */
struct nlmsghdr *genl_begin(struct genl *g, void *at, uint8_t cmd, uint8_t version, uint16_t flags);

/* Sends it and reads what comes back, each message given to @on_message.  0, or -1 with errno. */
int genl_ask(struct genl *g, struct nlmsghdr *h, mnl_cb_t on_message, void *context);

#endif /* CWMPGATE_GENL_H */
