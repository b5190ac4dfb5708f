// SPDX-License-Identifier: GPL-2.0-or-later

#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool genl_open(struct genl *g)
{
	*g = (struct genl){ .nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC) };
	if (g->nl && mnl_socket_bind(g->nl, 0, MNL_SOCKET_AUTOPID) == 0)
		return true;
	genl_close(g);
	return false;
}

void genl_close(struct genl *g)
{
	int saved = errno;

	if (g->nl)
		mnl_socket_close(g->nl);
	g->nl = NULL;
	errno = saved;
}

static struct nlmsghdr *begin(struct genl *g, void *at, uint16_t type, uint8_t cmd,
			      uint8_t version, uint16_t flags)
{
	struct nlmsghdr		*h = mnl_nlmsg_put_header(at);
	struct genlmsghdr	*genl = mnl_nlmsg_put_extra_header(h, sizeof(*genl));

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = ++g->seq;
	*genl = (struct genlmsghdr){ .cmd = cmd, .version = version };
	return h;
}

struct nlmsghdr *genl_begin(struct genl *g, void *at, uint8_t cmd, uint8_t version, uint16_t flags)
{
	return begin(g, at, g->family, cmd, version, flags);
}

int genl_ask(struct genl *g, struct nlmsghdr *h, mnl_cb_t on_message, void *context)
{
	_Alignas(16) char	buf[GENL_ANSWER_SIZE];
	unsigned		portid = mnl_socket_get_portid(g->nl);
	uint32_t		seq = h->nlmsg_seq;
	ssize_t			n;
	int			more = MNL_CB_OK;

	if (mnl_socket_sendto(g->nl, h, h->nlmsg_len) < 0)
		return -1;
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(g->nl, buf, sizeof(buf));
		if (n < 0)
			return -1;
		more = mnl_cb_run(buf, (size_t)n, seq, portid, on_message, context);
	}
	return more;
}

struct wanted {
	struct genl	*g;
	const char	*group;
	const char	*name;		/* of the group at hand, and its number */
	uint32_t	 id;
};

static int on_group_attribute(const struct nlattr *a, void *context)
{
	struct wanted *w = context;

	switch (mnl_attr_get_type(a)) {
	case CTRL_ATTR_MCAST_GRP_NAME:
		if (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			w->name = mnl_attr_get_str(a);
		break;
	case CTRL_ATTR_MCAST_GRP_ID:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			w->id = mnl_attr_get_u32(a);
		break;
	}
	return MNL_CB_OK;
}

static int on_group(const struct nlattr *entry, void *context)
{
	struct wanted	*w = context;
	int		 more;

	w->name = NULL;
	w->id = 0;
	more = mnl_attr_parse_nested(entry, on_group_attribute, w);
	if (w->name && w->group && strcmp(w->name, w->group) == 0)
		w->g->group = w->id;
	return more;
}

static int on_family_attribute(const struct nlattr *a, void *context)
{
	struct wanted *w = context;

	switch (mnl_attr_get_type(a)) {
	case CTRL_ATTR_FAMILY_ID:
		if (mnl_attr_validate(a, MNL_TYPE_U16) >= 0)
			w->g->family = mnl_attr_get_u16(a);
		break;
	case CTRL_ATTR_MCAST_GROUPS:
		return mnl_attr_parse_nested(a, on_group, w);
	}
	return MNL_CB_OK;
}

static int on_family(const struct nlmsghdr *h, void *context)
{
	return mnl_attr_parse(h, sizeof(struct genlmsghdr), on_family_attribute, context);
}

int genl_resolve(struct genl *g, const char *name, const char *group)
{
	_Alignas(16) char	buf[256];
	struct wanted		w = { .g = g, .group = group };
	struct nlmsghdr		*h = begin(g, buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);

	g->family = 0;
	g->group = 0;
	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, name);
	if (genl_ask(g, h, on_family, &w) < 0)
		return -1;
	if (g->family)
		return 0;
	errno = ENOENT;
	return -1;
}
