// SPDX-License-Identifier: GPL-2.0-or-later

#include "nfqueue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	COPY_RANGE	= 65531,		/* NFQNL_MAX_COPY_RANGE */
	DGRAM_MAX	= 1 << 16 | 1 << 10,	/* a multiple of every alignment */
	VERDICT_MAX	= SEGMENT_MAX + 128,
	RECEIVE_BUFFER	= 1 << 20,
	CONF_MAX	= 256,
};

struct nfqueue {
	struct mnl_socket	*nl;
	uint16_t		 num;
	uint32_t		 mark;
	uint64_t		 late, odd;
	size_t			 out_len;
	_Alignas(16) uint8_t	 in[BATCH_MAX][DGRAM_MAX];
	_Alignas(16) uint8_t	 out[BATCH_MAX * VERDICT_MAX];
};

/* Who has the queue: the kernel tells a netlink port id, mostly a process id. */
static void say_owner(uint16_t num, FILE *err)
{
	FILE		*f = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	char		 line[256], path[64], comm[64] = "";
	unsigned	 queue;
	int		 portid = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %d", &queue, &portid) == 2 && queue == num)
			break;
		else
			portid = 0;
	if (f)
		fclose(f);
	if (!portid)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", portid);
	f = fopen(path, "re");
	if (f && fgets(comm, sizeof(comm), f))
		comm[strcspn(comm, "\n")] = '\0';
	if (f)
		fclose(f);
	fprintf(err, "queue %u is held by port id %d (%s); stop it, or set another queue\n",
		num, portid, *comm ? comm : "no process of that number here");
}

static void say_why(int error, uint16_t num, FILE *err)
{
	fprintf(err, "queue %u: %s\n", num, strerror(error));
	if (error == EPERM || error == EBUSY)
		say_owner(num, err);
	if (error == EOPNOTSUPP || error == EPROTONOSUPPORT || error == EINVAL)
		fprintf(err, "the kernel has no nfnetlink_queue "
			"(Debian: linux-image with nfnetlink_queue; OpenWrt: kmod-nfnetlink-queue)\n");
}

/*
 * Everything in one message: between a bind and a later configuration the
 * kernel would drop every packet.
 */
static int configure(struct mnl_socket *nl, uint16_t num, bool fail_open)
{
	_Alignas(16) char buf[CONF_MAX];
	struct nlmsghdr	*h = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, num);
	ssize_t		 n;

	h->nlmsg_flags |= NLM_F_ACK;
	nfq_nlmsg_cfg_put_cmd(h, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, COPY_RANGE);
	nfq_nlmsg_cfg_put_qmaxlen(h, QUEUE_LEN);
	/* An overload must not become a way in, unless it was written down. */
	mnl_attr_put_u32(h, NFQA_CFG_FLAGS, htonl(fail_open ? NFQA_CFG_F_FAIL_OPEN : 0));
	mnl_attr_put_u32(h, NFQA_CFG_MASK, htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO));

	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		return -1;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0)
		return -1;
	return mnl_cb_run(buf, (size_t)n, 0, 0, NULL, NULL) < 0 ? -1 : 0;
}

static bool prepare(struct mnl_socket *nl)
{
	int one = 1, size = RECEIVE_BUFFER;

	/* Under our process id, by which another daemon can name who has the queue. */
	if (mnl_socket_bind(nl, 0, getpid()) < 0 &&
	    mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return false;
	/* One overrun would otherwise stop the stream until it is drained. */
	if (mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &one, sizeof(one)) < 0)
		return false;
	return setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE,
			  &size, sizeof(size)) == 0;
}

int nfqueue_bind(uint16_t num, bool fail_open, FILE *err)
{
	struct mnl_socket	*nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int			 fd = -1;

	if (nl && prepare(nl) && configure(nl, num, fail_open) == 0)
		fd = fcntl(mnl_socket_get_fd(nl), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		say_why(errno, num, err);
	if (nl)
		mnl_socket_close(nl);
	return fd;
}

struct nfqueue *nfqueue_new(int fd, uint16_t num, uint32_t mark)
{
	struct nfqueue *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->num = num;
	q->mark = mark;
	q->nl = mnl_socket_fdopen(fd);
	if (!q->nl) {
		free(q);
		return NULL;
	}
	return q;
}

void nfqueue_free(struct nfqueue *q)
{
	if (q)
		mnl_socket_close(q->nl);
	free(q);
}

int nfqueue_fd(const struct nfqueue *q)
{
	return mnl_socket_get_fd(q->nl);
}

static bool parse_packet(struct nfqueue *q, const struct nlmsghdr *h, struct queued *pkt)
{
	struct nlattr	*attr[NFQA_MAX + 1] = { 0 };
	const struct nfqnl_msg_packet_hdr *ph;

	if (nfq_nlmsg_parse(h, attr) < 0 || !attr[NFQA_PACKET_HDR] ||
	    mnl_attr_get_payload_len(attr[NFQA_PACKET_HDR]) < sizeof(*ph)) {
		q->odd++;
		return false;
	}
	ph = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
	pkt->id = ntohl(ph->packet_id);
	pkt->from = ph->hook == NF_INET_LOCAL_OUT ? FROM_AGENT : FROM_CLIENT;
	pkt->mark = attr[NFQA_MARK] ? ntohl(mnl_attr_get_u32(attr[NFQA_MARK])) : 0;
	pkt->raw = (struct bytes){ 0 };
	/* CAP_LEN says that the packet was longer than what was copied of it. */
	if (attr[NFQA_PAYLOAD] && !attr[NFQA_CAP_LEN])
		pkt->raw = (struct bytes){ mnl_attr_get_payload(attr[NFQA_PAYLOAD]),
					   mnl_attr_get_payload_len(attr[NFQA_PAYLOAD]) };
	return true;
}

/* A verdict on a packet that is gone is answered ENOENT; that is no reason to stop. */
static void take_error(struct nfqueue *q, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(e->error) && e->error == -ENOENT)
		q->late++;
	else
		q->odd++;
}

int nfqueue_receive(struct nfqueue *q, struct queued pkt[BATCH_MAX])
{
	struct sockaddr_nl	from[BATCH_MAX];
	struct mmsghdr		msg[BATCH_MAX];
	struct iovec		iov[BATCH_MAX];
	int			n, got = 0;

	for (size_t i = 0; i < BATCH_MAX; i++) {
		iov[i] = (struct iovec){ q->in[i], sizeof(q->in[i]) };
		msg[i] = (struct mmsghdr){ .msg_hdr = {
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]),
			.msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	n = recvmmsg(nfqueue_fd(q), msg, BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;

	for (int i = 0; i < n; i++) {
		const struct nlmsghdr	*h = (const void *)q->in[i];
		int			 len = (int)msg[i].msg_len;

		/* The kernel sends each packet in a datagram of its own. */
		if (from[i].nl_pid != 0 || msg[i].msg_hdr.msg_flags & MSG_TRUNC ||
		    !mnl_nlmsg_ok(h, len))
			q->odd++;
		else if (h->nlmsg_type == NLMSG_ERROR)
			take_error(q, h);
		else if (h->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			got += parse_packet(q, h, &pkt[got]);
		else
			q->odd++;
	}
	return got;
}

void nfqueue_verdict(struct nfqueue *q, const struct queued *pkt, const struct outcome *o)
{
	struct nlmsghdr *h = nfq_nlmsg_put((char *)q->out + q->out_len, NFQNL_MSG_VERDICT, q->num);

	nfq_nlmsg_verdict_put(h, (int)pkt->id, o->accept ? NF_ACCEPT : NF_DROP);
	if (o->accept)
		nfq_nlmsg_verdict_put_mark(h, pkt->mark | q->mark);
	if (o->accept && o->replaced)
		nfq_nlmsg_verdict_put_pkt(h, o->packet.at, (uint32_t)o->packet.len);
	q->out_len += (h->nlmsg_len + MNL_ALIGNTO - 1u) / MNL_ALIGNTO * MNL_ALIGNTO;
}

void nfqueue_flush(struct nfqueue *q)
{
	if (q->out_len && mnl_socket_sendto(q->nl, q->out, q->out_len) < 0)
		q->odd++;
	q->out_len = 0;
}

uint64_t nfqueue_late(const struct nfqueue *q)
{
	return q->late;
}

uint64_t nfqueue_odd(const struct nfqueue *q)
{
	return q->odd;
}
