// SPDX-License-Identifier: GPL-2.0-or-later

#include "nftset.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An element and its end have two headers, a key and flags. */
enum { BATCH_SIZE = 1024, REPLY_SIZE = 4096, ELEMENT_SIZE = 2 * (4 + 4 + 4 + 16 + 8),
       FOUND_BATCH_SIZE = FOUND_PREFIXES_MAX * ELEMENT_SIZE + BATCH_SIZE };

_Static_assert(FOUND_PREFIXES_MAX * ELEMENT_SIZE < UINT16_MAX, "one attribute holds all elements");

struct nftset {
	struct mnl_socket	*nl;
	uint32_t		 seq;
};

struct nftset *nftset_open(FILE *err)
{
	struct nftset *n = calloc(1, sizeof(*n));

	if (n)
		n->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!n || !n->nl || mnl_socket_bind(n->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		fprintf(err, "nf_tables socket: %s\n", strerror(errno));
		nftset_close(n);
		return NULL;
	}
	return n;
}

void nftset_close(struct nftset *n)
{
	if (n && n->nl)
		mnl_socket_close(n->nl);
	free(n);
}

static struct nlmsghdr *put_header(void *at, uint16_t type, uint16_t flags, uint32_t seq,
				   uint8_t family, uint16_t res_id)
{
	struct nlmsghdr		*h = mnl_nlmsg_put_header(at);
	struct nfgenmsg		*g = mnl_nlmsg_put_extra_header(h, sizeof(*g));

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = seq;
	*g = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0,
				.res_id = htons(res_id) };
	return h;
}

/* Without a time (0) where the element is to be removed. */
static void put_element(struct nlmsghdr *h, const struct addr *a, uint32_t ms)
{
	struct nlattr	*list, *elem, *key;
	bool		 is4 = addr_is4(a);

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, "cwmpgate");
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, is4 ? "ban4" : "ban6");
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	if (is4)
		mnl_attr_put(h, NFTA_DATA_VALUE, 4, a->b + 12);
	else
		mnl_attr_put(h, NFTA_DATA_VALUE, 16, a->b);
	mnl_attr_nest_end(h, key);
	if (ms)
		mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT, htobe64(ms));
	mnl_attr_nest_end(h, elem);
	mnl_attr_nest_end(h, list);
}

/* The kernel has worked through the batch when sendto() returns. */
static int read_answers(struct nftset *n)
{
	_Alignas(16) char buf[REPLY_SIZE];
	int	error = 0;
	ssize_t	len;

	while ((len = mnl_socket_recvfrom(n->nl, buf, sizeof(buf))) > 0)
		if (mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(n->nl), NULL, NULL) < 0 &&
		    errno != EEXIST)
			error = errno;
	errno = error;
	return error ? -1 : 0;
}

/* One message in a batch of its own. */
static int change(struct nftset *n, uint16_t message, uint16_t flags, const struct addr *source,
		  uint32_t ms)
{
	_Alignas(16) char	buf[BATCH_SIZE];
	size_t			len;
	struct nlmsghdr		*h;

	h = put_header(buf, NFNL_MSG_BATCH_BEGIN, 0, n->seq++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	len = h->nlmsg_len;
	h = put_header(buf + len, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message),
		       (uint16_t)(flags | NLM_F_ACK), n->seq++, NFPROTO_INET, 0);
	put_element(h, source, ms);
	len += h->nlmsg_len;
	h = put_header(buf + len, NFNL_MSG_BATCH_END, 0, n->seq++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	len += h->nlmsg_len;

	if (mnl_socket_sendto(n->nl, buf, len) < 0)
		return -1;
	return read_answers(n);
}

static struct nlmsghdr *put_set(void *at, uint16_t message, uint16_t flags, uint32_t seq,
				const char *set)
{
	struct nlmsghdr *h = put_header(at, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message),
					flags, seq, NFPROTO_INET, 0);

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, "cwmpgate");
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	return h;
}

static void put_bound(struct nlmsghdr *h, const struct addr *a, bool end)
{
	struct nlattr	*elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM), *key;

	if (end)
		mnl_attr_put_u32(h, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	key = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	if (addr_is4(a))
		mnl_attr_put(h, NFTA_DATA_VALUE, 4, a->b + 12);
	else
		mnl_attr_put(h, NFTA_DATA_VALUE, 16, a->b);
	mnl_attr_nest_end(h, key);
	mnl_attr_nest_end(h, elem);
}

/* The first address behind the network; none of those that may be found is the last. */
static struct addr behind(const struct prefix *p)
{
	struct addr	a = p->addr;
	unsigned	bit = p->len + (addr_is4(&p->addr) ? 96u : 0u) - 1;
	unsigned	carry = 0x80u >> bit % 8;

	for (size_t i = bit / 8 + 1; carry && i-- > 0; carry >>= 8) {
		carry += a.b[i];
		a.b[i] = (uint8_t)carry;
	}
	return a;
}

/* Messages that empty the set and fill it; returns their length. */
static size_t put_found(struct nftset *n, char *at, const char *set, const struct found *f, bool four)
{
	struct nlmsghdr	*h = put_set(at, NFT_MSG_DELSETELEM, NLM_F_ACK, n->seq++, set);
	struct nlattr	*list;
	struct addr	 end;
	size_t		 len = h->nlmsg_len, some = 0;

	h = put_set(at + len, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, n->seq++, set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < f->n; i++) {
		if (addr_is4(&f->prefix[i].addr) != four)
			continue;
		end = behind(&f->prefix[i]);
		put_bound(h, &f->prefix[i].addr, false);
		put_bound(h, &end, true);
		some++;
	}
	mnl_attr_nest_end(h, list);
	return some ? len + h->nlmsg_len : len;
}

int nftset_found(struct nftset *n, const struct found *f)
{
	_Alignas(16) static char buf[FOUND_BATCH_SIZE];
	size_t			 len;
	struct nlmsghdr		*h;

	h = put_header(buf, NFNL_MSG_BATCH_BEGIN, 0, n->seq++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	len = h->nlmsg_len;
	len += put_found(n, buf + len, "found4", f, true);
	len += put_found(n, buf + len, "found6", f, false);
	h = put_header(buf + len, NFNL_MSG_BATCH_END, 0, n->seq++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	len += h->nlmsg_len;
	if (mnl_socket_sendto(n->nl, buf, len) < 0)
		return -1;
	return read_answers(n);
}

int nftset_ban(struct nftset *n, const struct addr *source, uint32_t ms)
{
	return change(n, NFT_MSG_NEWSETELEM, NLM_F_CREATE, source, ms);
}

int nftset_unban(struct nftset *n, const struct addr *source)
{
	return change(n, NFT_MSG_DELSETELEM, 0, source, 0);
}
