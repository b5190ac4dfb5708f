// SPDX-License-Identifier: GPL-2.0-or-later

#include "nftlook.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum { QUESTION_SIZE = 512, ANSWER_SIZE = 1 << 16, PATIENCE_S = 2 };

/* What a dump fills. */
struct look {
	struct nft_counter	*counter;
	struct nft_ban		*ban;
	bool			 is4;
	int			 n;
	size_t			 max;
};

struct values {
	const struct nlattr	*of[16];
};

static int collect(const struct nlattr *a, void *data)
{
	struct values	*v = data;
	uint16_t	 type = mnl_attr_get_type(a);

	if (type < sizeof(v->of) / sizeof(v->of[0]))
		v->of[type] = a;
	return MNL_CB_OK;
}

static struct values nested(const struct nlattr *a)
{
	struct values v = { { NULL } };

	if (a)
		mnl_attr_parse_nested(a, collect, &v);
	return v;
}

static uint64_t get_u64(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= sizeof(uint64_t) ?
	       be64toh(mnl_attr_get_u64(a)) : 0;
}

static int on_counter(const struct nlmsghdr *h, void *data)
{
	struct look		*l = data;
	struct values		 v = { { NULL } }, count;
	struct nft_counter	*c;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), collect, &v);
	if (!v.of[NFTA_OBJ_NAME] || mnl_attr_validate(v.of[NFTA_OBJ_NAME], MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	if ((size_t)l->n < l->max) {
		c = &l->counter[l->n];
		count = nested(v.of[NFTA_OBJ_DATA]);
		snprintf(c->name, sizeof(c->name), "%s", mnl_attr_get_str(v.of[NFTA_OBJ_NAME]));
		c->packets = get_u64(count.of[NFTA_COUNTER_PACKETS]);
		c->bytes = get_u64(count.of[NFTA_COUNTER_BYTES]);
	}
	l->n++;
	return MNL_CB_OK;
}

static int on_element(const struct nlattr *element, void *data)
{
	struct look		*l = data;
	struct values		 v = nested(element), key = nested(v.of[NFTA_SET_ELEM_KEY]);
	const struct nlattr	*value = key.of[NFTA_DATA_VALUE];
	struct nft_ban		*b;

	if (!value || mnl_attr_get_payload_len(value) < (l->is4 ? 4 : 16))
		return MNL_CB_OK;
	if ((size_t)l->n < l->max) {
		b = &l->ban[l->n];
		if (l->is4)
			b->source = addr_from4(mnl_attr_get_payload(value));
		else
			memcpy(b->source.b, mnl_attr_get_payload(value), 16);
		b->ms_left = get_u64(v.of[NFTA_SET_ELEM_EXPIRATION]);
	}
	l->n++;
	return MNL_CB_OK;
}

static int on_elements(const struct nlmsghdr *h, void *data)
{
	struct values v = { { NULL } };

	mnl_attr_parse(h, sizeof(struct nfgenmsg), collect, &v);
	if (v.of[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_parse_nested(v.of[NFTA_SET_ELEM_LIST_ELEMENTS], on_element, data);
	return MNL_CB_OK;
}

static int receive(struct mnl_socket *nl, uint32_t seq, mnl_cb_t on, struct look *l)
{
	_Alignas(16) static char buf[ANSWER_SIZE];
	ssize_t		n;
	int		r = MNL_CB_OK;

	while (r > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -1;
		r = mnl_cb_run(buf, (size_t)n, seq, mnl_socket_get_portid(nl), on, l);
	}
	return r;
}

/* Asks for all objects, or for the elements of @set. */
static int dump(uint16_t message, const char *set, mnl_cb_t on, struct look *l)
{
	_Alignas(16) char	 buf[QUESTION_SIZE];
	struct timeval		 wait = { .tv_sec = PATIENCE_S };
	struct mnl_socket	*nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct nlmsghdr		*h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg		*g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	int			 r = -1, saved;

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message);
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = (uint32_t)time(NULL);
	*g = (struct nfgenmsg){ .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };
	/* The table is attribute 1 of both, the set 2. */
	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, "cwmpgate");
	if (set)
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	else
		mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    mnl_socket_sendto(nl, h, h->nlmsg_len) >= 0)
		r = receive(nl, h->nlmsg_seq, on, l);
	saved = errno;
	if (nl)
		mnl_socket_close(nl);
	errno = saved;
	return r < 0 && errno != ENOENT ? -1 : 0;
}

int nftlook_counters(struct nft_counter *out, size_t max)
{
	struct look l = { .counter = out, .max = max };

	return dump(NFT_MSG_GETOBJ, NULL, on_counter, &l) < 0 ? -1 : l.n;
}

int nftlook_bans(struct nft_ban *out, size_t max)
{
	struct look l = { .ban = out, .max = max, .is4 = true };

	if (dump(NFT_MSG_GETSETELEM, "ban4", on_elements, &l) < 0)
		return -1;
	l.is4 = false;
	return dump(NFT_MSG_GETSETELEM, "ban6", on_elements, &l) < 0 ? -1 : l.n;
}
