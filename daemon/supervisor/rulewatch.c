// SPDX-License-Identifier: GPL-2.0-or-later

#include "rulewatch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* In every message about a table, or about what is in one. */
enum { ATTR_TABLE_NAME = 1 };

_Static_assert((int)NFTA_TABLE_NAME == ATTR_TABLE_NAME && (int)NFTA_CHAIN_TABLE == ATTR_TABLE_NAME &&
	       (int)NFTA_RULE_TABLE == ATTR_TABLE_NAME, "the table's name is the first attribute");

struct rulewatch {
	struct mnl_socket	*nl;
	bool			 xt, lost;
	_Alignas(16) char	 buf[1 << 16];
};

struct rulewatch *rulewatch_open(FILE *err)
{
	struct rulewatch	*w = calloc(1, sizeof(*w));
	int			 group = NFNLGRP_NFTABLES;

	if (w)
		w->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w || !w->nl || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(w->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		fprintf(err, "nf_tables notifications: %s\n", strerror(errno));
		rulewatch_close(w);
		return NULL;
	}
	return w;
}

void rulewatch_close(struct rulewatch *w)
{
	if (w && w->nl)
		mnl_socket_close(w->nl);
	free(w);
}

static bool is_deletion(uint16_t type)
{
	if (type >> 8 != NFNL_SUBSYS_NFTABLES)
		return false;
	type &= 0xff;
	return type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELRULE;
}

static int on_attribute(const struct nlattr *a, void *data)
{
	struct rulewatch *w = data;

	if (mnl_attr_get_type(a) == ATTR_TABLE_NAME &&
	    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		w->lost |= strcmp(mnl_attr_get_str(a), "cwmpgate") == 0 ||
			   (w->xt && strcmp(mnl_attr_get_str(a), "mangle") == 0);
	return MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *h, void *data)
{
	struct rulewatch	*w = data;

	if (is_deletion(h->nlmsg_type))
		mnl_attr_parse(h, sizeof(struct nfgenmsg), on_attribute, w);
	return MNL_CB_OK;
}

bool rulewatch_lost(struct rulewatch *w, bool xt)
{
	ssize_t n;

	w->xt = xt;
	w->lost = false;
	while ((n = mnl_socket_recvfrom(w->nl, w->buf, sizeof(w->buf))) > 0 ||
	       (n < 0 && errno == ENOBUFS)) {
		if (n < 0)		/* so many changes that some were not told */
			w->lost = true;
		else
			mnl_cb_run(w->buf, (size_t)n, 0, 0, on_message, w);
	}
	return w->lost;
}
