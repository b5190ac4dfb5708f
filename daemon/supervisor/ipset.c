// SPDX-License-Identifier: GPL-2.0-or-later

#include "ipset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { MESSAGE_SIZE = 512, PATIENCE_S = 2 };

/* Without a time (0) where the element is to be removed. */
static void put_element(struct nlmsghdr *h, const struct addr *a, uint32_t ms)
{
	bool		 is4 = addr_is4(a);
	struct nlattr	*data, *ip;

	mnl_attr_put_u8(h, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN);
	mnl_attr_put_strz(h, IPSET_ATTR_SETNAME, is4 ? "cwmpgate-ban4" : "cwmpgate-ban6");
	data = mnl_attr_nest_start(h, IPSET_ATTR_DATA);
	ip = mnl_attr_nest_start(h, IPSET_ATTR_IP);
	if (is4)
		mnl_attr_put(h, IPSET_ATTR_IPADDR_IPV4 | NLA_F_NET_BYTEORDER, 4, a->b + 12);
	else
		mnl_attr_put(h, IPSET_ATTR_IPADDR_IPV6 | NLA_F_NET_BYTEORDER, 16, a->b);
	mnl_attr_nest_end(h, ip);
	if (ms)
		mnl_attr_put_u32(h, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER,
				 htonl((ms + 999) / 1000));
	mnl_attr_nest_end(h, data);
}

/* ipset has errno values of its own; these say that the element is not there. */
static int answer(struct mnl_socket *nl)
{
	_Alignas(16) char	buf[MESSAGE_SIZE];
	ssize_t			n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

	if (n >= 0 && mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(nl), NULL, NULL) >= 0)
		return 0;
	if (errno == IPSET_ERR_EXIST)
		errno = ENOENT;
	return -1;
}

static int change(enum ipset_cmd command, const struct addr *source, uint32_t ms)
{
	_Alignas(16) char	 buf[MESSAGE_SIZE];
	struct timeval		 wait = { .tv_sec = PATIENCE_S };
	struct mnl_socket	*nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct nlmsghdr		*h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg		*g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	int			 r = -1, saved;

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_IPSET << 8 | command);
	/* Without NLM_F_EXCL the time of an element that is there is set anew. */
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK |
				    (command == IPSET_CMD_DEL ? NLM_F_EXCL : 0));
	*g = (struct nfgenmsg){ .nfgen_family = addr_is4(source) ? AF_INET : AF_INET6,
				.version = NFNETLINK_V0 };
	put_element(h, source, ms);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    mnl_socket_sendto(nl, h, h->nlmsg_len) >= 0)
		r = answer(nl);
	saved = errno;
	if (nl)
		mnl_socket_close(nl);
	errno = saved;
	return r;
}

int ipset_ban(const struct addr *source, uint32_t ms)
{
	return change(IPSET_CMD_ADD, source, ms);
}

int ipset_unban(const struct addr *source)
{
	return change(IPSET_CMD_DEL, source, 0);
}
