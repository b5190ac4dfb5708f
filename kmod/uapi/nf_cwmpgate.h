/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and the kernel module say to each other: the generic netlink
 * family "cwmpgate", one configuration and one set of counters for each network
 * namespace.  Numbers in the byte order of the machine.
 */
#ifndef NF_CWMPGATE_H
#define NF_CWMPGATE_H

#include <linux/types.h>

#define CWMPGATE_GENL_NAME	"cwmpgate"
#define CWMPGATE_GENL_GROUP	"config"	/* multicast: CWMPGATE_CMD_LOST */

enum {
	/* Goes up with each change of what is said here; both sides refuse another. */
	CWMPGATE_ABI		= 1,

	CWMPGATE_PORTS_MAX	= 16,
	CWMPGATE_INTERFACES_MAX	= 16,
	CWMPGATE_PREFIXES_MAX	= 5120,
	CWMPGATE_SOURCES_MAX	= 8192,		/* that a budget is kept for */
	CWMPGATE_RATE_MAX	= 1000000,	/* events, burst */
	CWMPGATE_DAY_MS		= 86400000,
};

enum cwmpgate_cmd {
	CWMPGATE_CMD_UNSPEC,
	CWMPGATE_CMD_GET,	/* answer: ABI; if there is a configuration its ACTION, SIZE, SOURCES */
	CWMPGATE_CMD_SET,	/* replaces the configuration as a whole: ABI, ACTION, RATE, PORT... */
	CWMPGATE_CMD_DEL,	/* ends it: the namespace is as without the module */
	CWMPGATE_CMD_COUNTERS,	/* dump: a REASON with its PACKETS in each message */
	CWMPGATE_CMD_LOST,	/* told to the group: there is no configuration any more */
	__CWMPGATE_CMD_MAX,
};

enum cwmpgate_attr {
	CWMPGATE_A_UNSPEC,
	CWMPGATE_A_ABI,		/* u32 */
	CWMPGATE_A_ACTION,	/* u8, enum cwmpgate_action */
	CWMPGATE_A_RATE,	/* nested, enum cwmpgate_rate_attr; of attempts to connect */
	CWMPGATE_A_MARK,	/* u32; what has it on the loopback is the daemon's own */
	CWMPGATE_A_PORT,	/* u16; repeated */
	CWMPGATE_A_INTERFACE,	/* string; repeated; without one every interface is guarded */
	CWMPGATE_A_PREFIX,	/* struct cwmpgate_prefix; repeated; without one nobody may come */
	CWMPGATE_A_SIZE,	/* u32; how many prefixes are left when covered ones are left out */
	CWMPGATE_A_SOURCES,	/* u32; how many a budget is kept for */
	CWMPGATE_A_REASON,	/* string */
	CWMPGATE_A_PACKETS,	/* u64; since the namespace or the module began */
	CWMPGATE_A_PAD,
	__CWMPGATE_A_MAX,
};

/* All three; the burst may take at most 30 days to grow again. */
enum cwmpgate_rate_attr {
	CWMPGATE_RATE_A_UNSPEC,
	CWMPGATE_RATE_A_EVENTS,	/* u32, 1 to CWMPGATE_RATE_MAX */
	CWMPGATE_RATE_A_PER_MS,	/* u32, 1 to CWMPGATE_DAY_MS */
	CWMPGATE_RATE_A_BURST,	/* u32, 1 to CWMPGATE_RATE_MAX */
	__CWMPGATE_RATE_A_MAX,
};

enum cwmpgate_action {
	CWMPGATE_COUNT,		/* monitor: nothing is dropped */
	CWMPGATE_DROP,
};

struct cwmpgate_prefix {
	__u8	version;	/* of IP: 4 or 6 */
	__u8	len;		/* 0 to 32 or to 128 */
	__u8	addr[16];	/* in network order, from the first byte on; host bits are zero */
};

#endif /* NF_CWMPGATE_H */
