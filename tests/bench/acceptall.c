// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What NFQUEUE alone costs: accepts every packet.
 *
 *	acceptall [-b] QUEUE
 *
 * As libnetfilter_queue's own example does it, one receive and one verdict at a
 * time; with -b as fast as it is known to go, up to BATCH packets in a recvmmsg()
 * and their verdicts in one send.
 */

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 8, PACKET_MAX = 0xffff + 4096, VERDICT_MAX = 64 };

static struct mnl_socket	*nl;
static uint16_t			 queue;
static unsigned			 batch = 1;
static char			 packet[BATCH][PACKET_MAX];
static char			 verdicts[BATCH * VERDICT_MAX];
static size_t			 verdicts_len;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int accept_packet(const struct nlmsghdr *h, void *data)
{
	struct nlattr		*attr[NFQA_MAX + 1] = { 0 };
	struct nlmsghdr		*verdict;

	(void)data;
	if (nfq_nlmsg_parse(h, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return MNL_CB_OK;
	verdict = nfq_nlmsg_put(verdicts + verdicts_len, NFQNL_MSG_VERDICT, queue);
	nfq_nlmsg_verdict_put(verdict, (int)ntohl(((const struct nfqnl_msg_packet_hdr *)
		mnl_attr_get_payload(attr[NFQA_PACKET_HDR]))->packet_id), NF_ACCEPT);
	verdicts_len += NLMSG_ALIGN(verdict->nlmsg_len);
	return MNL_CB_OK;
}

/* Returns how many packets have come. */
static int receive(size_t len[BATCH])
{
	struct mmsghdr	message[BATCH] = { 0 };
	struct iovec	iov[BATCH];
	ssize_t		one;
	int		n;

	if (batch == 1) {
		one = mnl_socket_recvfrom(nl, packet[0], PACKET_MAX);
		len[0] = (size_t)one;
		return one < 0 ? -1 : 1;
	}
	for (unsigned i = 0; i < batch; i++) {
		iov[i] = (struct iovec){ .iov_base = packet[i], .iov_len = PACKET_MAX };
		message[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(mnl_socket_get_fd(nl), message, batch, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++)
		len[i] = message[i].msg_len;
	return n;
}

static void bind_queue(void)
{
	struct nlmsghdr	*h = nfq_nlmsg_put(packet[0], NFQNL_MSG_CONFIG, queue);
	int		 one = 1;

	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("socket");
	nfq_nlmsg_cfg_put_cmd(h, AF_INET, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, 0xffff);
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("bind");
	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &one, sizeof(one));
}

int main(int argc, char **argv)
{
	size_t	len[BATCH];
	int	n;

	if (argc == 3 && !strcmp(argv[1], "-b"))
		batch = BATCH;
	else if (argc != 2)
		return 2;
	queue = (uint16_t)atoi(argv[argc - 1]);
	bind_queue();
	puts("accepting");
	fflush(stdout);
	for (;;) {
		n = receive(len);
		if (n < 0)
			die("receive");
		verdicts_len = 0;
		for (int i = 0; i < n; i++)
			if (mnl_cb_run(packet[i], len[i], 0, mnl_socket_get_portid(nl),
				       accept_packet, NULL) < 0)
				die("packet");
		if (verdicts_len && mnl_socket_sendto(nl, verdicts, verdicts_len) < 0)
			die("verdict");
	}
}
