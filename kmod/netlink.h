/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic netlink family: configurations in, counters out (uapi/nf_cwmpgate.h). */
#ifndef CWMPGATE_NETLINK_H
#define CWMPGATE_NETLINK_H

struct net;

int netlink_init(void);
void netlink_uninit(void);

/* Process context: tells those who listen that @net has no configuration any more. */
void netlink_tell_lost(struct net *net);

#endif /* CWMPGATE_NETLINK_H */
