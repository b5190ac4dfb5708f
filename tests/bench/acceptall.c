// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What NFQUEUE alone costs: accepts every packet, as libnetfilter_queue's own
 * example does it, one receive and one verdict at a time.
 *
 *	acceptall QUEUE
 */

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>

static struct mnl_socket	*nl;
static uint16_t			 queue;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int accept_packet(const struct nlmsghdr *h, void *data)
{
	struct nlattr		*attr[NFQA_MAX + 1] = { 0 };
	char			 buf[256];
	struct nlmsghdr		*verdict;

	(void)data;
	if (nfq_nlmsg_parse(h, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return MNL_CB_OK;
	verdict = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT, queue);
	nfq_nlmsg_verdict_put(verdict, (int)ntohl(((const struct nfqnl_msg_packet_hdr *)
		mnl_attr_get_payload(attr[NFQA_PACKET_HDR]))->packet_id), NF_ACCEPT);
	if (mnl_socket_sendto(nl, verdict, verdict->nlmsg_len) < 0)
		die("verdict");
	return MNL_CB_OK;
}

int main(int argc, char **argv)
{
	static char	 buf[0xffff + 4096];
	struct nlmsghdr	*h;
	int		 one = 1;
	ssize_t		 n;

	if (argc != 2)
		return 2;
	queue = (uint16_t)atoi(argv[1]);
	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("socket");
	h = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, queue);
	nfq_nlmsg_cfg_put_cmd(h, AF_INET, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, 0xffff);
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("bind");
	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	puts("accepting");
	fflush(stdout);
	for (;;) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0 || mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(nl),
					accept_packet, NULL) < 0)
			die("receive");
	}
}
