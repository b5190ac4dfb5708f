// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every message is checked by the policies below before a function here sees it,
 * and a configuration is complete and good before anything is changed.
 */
#include "netlink.h"

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "config.h"

static const struct nla_policy rate_policy[__CWMPGATE_RATE_A_MAX] = {
	[CWMPGATE_RATE_A_EVENTS]	= { .type = NLA_U32 },
	[CWMPGATE_RATE_A_PER_MS]	= { .type = NLA_U32 },
	[CWMPGATE_RATE_A_BURST]		= { .type = NLA_U32 },
};

/* What only the kernel says has none, and is refused. */
static const struct nla_policy set_policy[__CWMPGATE_A_MAX] = {
	[CWMPGATE_A_ABI]	= { .type = NLA_U32 },
	[CWMPGATE_A_ACTION]	= NLA_POLICY_MAX(NLA_U8, CWMPGATE_DROP),
	[CWMPGATE_A_RATE]	= NLA_POLICY_NESTED(rate_policy),
	[CWMPGATE_A_MARK]	= { .type = NLA_U32 },
	[CWMPGATE_A_PORT]	= NLA_POLICY_MIN(NLA_U16, 1),
	[CWMPGATE_A_INTERFACE]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[CWMPGATE_A_PREFIX]	= NLA_POLICY_EXACT_LEN(sizeof(struct cwmpgate_prefix)),
};

enum { GROUP_CONFIG };

static const struct genl_multicast_group groups[] = {
	[GROUP_CONFIG] = { .name = CWMPGATE_GENL_GROUP },
};

static struct genl_family family;

/* One message to @portid, begun; NULL if there is no memory. */
static struct sk_buff *new_message(u8 cmd, u32 portid, u32 seq, void **header)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*header = genlmsg_put(skb, portid, seq, &family, 0, cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static bool put_config(struct sk_buff *skb, const struct config *c)
{
	return nla_put_u8(skb, CWMPGATE_A_ACTION, c->action) == 0 &&
	       nla_put_u32(skb, CWMPGATE_A_SIZE, allowlist_size(c->allowlist)) == 0 &&
	       nla_put_u32(skb, CWMPGATE_A_SOURCES, limiter_count(c->limiter)) == 0;
}

static int do_get(struct sk_buff *request, struct genl_info *info)
{
	const struct gate_net *g = gate_net(genl_info_net(info));
	const struct config *c;
	struct sk_buff *skb;
	void *header;
	bool fits;

	skb = new_message(CWMPGATE_CMD_GET, info->snd_portid, info->snd_seq, &header);
	if (!skb)
		return -ENOMEM;
	fits = nla_put_u32(skb, CWMPGATE_A_ABI, CWMPGATE_ABI) == 0;
	rcu_read_lock();
	c = rcu_dereference(g->config);
	if (c)
		fits = fits && put_config(skb, c);
	rcu_read_unlock();
	if (!fits) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static bool is_within(u32 value, u32 max)
{
	return value >= 1 && value <= max;
}

static bool is_rate(const struct rate *r)
{
	const u64 month_ms = 30ULL * CWMPGATE_DAY_MS;

	return is_within(r->events, CWMPGATE_RATE_MAX) && is_within(r->burst, CWMPGATE_RATE_MAX) &&
	       is_within(r->per_ms, CWMPGATE_DAY_MS) &&
	       (u64)r->burst * r->per_ms <= month_ms * r->events;
}

static int read_rate(struct genl_info *info, struct rate *r)
{
	struct nlattr *tb[__CWMPGATE_RATE_A_MAX];
	const struct nlattr *nest = info->attrs[CWMPGATE_A_RATE];
	int err;

	err = nla_parse_nested(tb, __CWMPGATE_RATE_A_MAX - 1, nest, rate_policy, info->extack);
	if (err)
		return err;
	if (!tb[CWMPGATE_RATE_A_EVENTS] || !tb[CWMPGATE_RATE_A_PER_MS] ||
	    !tb[CWMPGATE_RATE_A_BURST]) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "a rate has events, time and burst");
		return -EINVAL;
	}
	r->events = nla_get_u32(tb[CWMPGATE_RATE_A_EVENTS]);
	r->per_ms = nla_get_u32(tb[CWMPGATE_RATE_A_PER_MS]);
	r->burst = nla_get_u32(tb[CWMPGATE_RATE_A_BURST]);
	if (!is_rate(r)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "the rate is out of range");
		return -ERANGE;
	}
	return 0;
}

static bool has_port(const struct config *c, __be16 port)
{
	unsigned int i;

	for (i = 0; i < c->n_ports; i++)
		if (c->port[i] == port)
			return true;
	return false;
}

/* One of the attributes that may come again and again; others are read elsewhere. */
static int read_repeated(struct config *c, const struct nlattr *a)
{
	switch (nla_type(a)) {
	case CWMPGATE_A_PORT:
		if (c->n_ports == CWMPGATE_PORTS_MAX)
			return -E2BIG;
		if (has_port(c, htons(nla_get_u16(a))))
			return -EEXIST;
		c->port[c->n_ports++] = htons(nla_get_u16(a));
		return 0;
	case CWMPGATE_A_INTERFACE:
		if (c->n_interfaces == CWMPGATE_INTERFACES_MAX)
			return -E2BIG;
		if (*(const char *)nla_data(a) == '\0')
			return -EINVAL;
		strscpy(c->interface[c->n_interfaces++], nla_data(a), IFNAMSIZ);
		return 0;
	case CWMPGATE_A_PREFIX:
		return allowlist_add(c->allowlist, nla_data(a)) ? 0 : -EINVAL;
	}
	return 0;
}

static int read_lists(struct config *c, struct genl_info *info)
{
	const struct nlattr *a;
	int rest, err;

	nlmsg_for_each_attr(a, info->nlhdr, GENL_HDRLEN, rest) {
		err = read_repeated(c, a);
		if (err) {
			NL_SET_ERR_MSG_ATTR(info->extack, a, "one too many, or out of form");
			return err;
		}
	}
	if (!c->n_ports) {
		GENL_SET_ERR_MSG(info, "no port is named");
		return -EINVAL;
	}
	allowlist_sort(c->allowlist);
	return 0;
}

static int count_prefixes(struct genl_info *info, unsigned int *n)
{
	const struct nlattr *a;
	int rest;

	*n = 0;
	nlmsg_for_each_attr(a, info->nlhdr, GENL_HDRLEN, rest)
		*n += nla_type(a) == CWMPGATE_A_PREFIX;
	if (*n <= CWMPGATE_PREFIXES_MAX)
		return 0;
	GENL_SET_ERR_MSG(info, "too many prefixes");
	return -E2BIG;
}

static int check_abi(struct genl_info *info)
{
	const struct nlattr *a = info->attrs[CWMPGATE_A_ABI];

	if (a && nla_get_u32(a) == CWMPGATE_ABI)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, a, "module and daemon are of different versions");
	return -EPROTONOSUPPORT;
}

static int read_config(struct config *c, struct genl_info *info)
{
	unsigned int n;
	struct rate rate;
	int err;

	if (!info->attrs[CWMPGATE_A_ACTION] || !info->attrs[CWMPGATE_A_RATE]) {
		GENL_SET_ERR_MSG(info, "action and rate have to be there");
		return -EINVAL;
	}
	err = read_rate(info, &rate) ?: count_prefixes(info, &n);
	if (err)
		return err;
	c->action = nla_get_u8(info->attrs[CWMPGATE_A_ACTION]);
	if (info->attrs[CWMPGATE_A_MARK])
		c->mark = nla_get_u32(info->attrs[CWMPGATE_A_MARK]);
	c->allowlist = allowlist_new(n);
	c->limiter = limiter_new(&rate);
	if (!c->allowlist || !c->limiter)
		return -ENOMEM;
	return read_lists(c, info);
}

static int do_set(struct sk_buff *request, struct genl_info *info)
{
	struct config *c;
	int err;

	err = check_abi(info);
	if (err)
		return err;
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	err = read_config(c, info) ?: config_replace(genl_info_net(info), c);
	if (err)
		config_free(c);
	return err;
}

static int do_del(struct sk_buff *request, struct genl_info *info)
{
	int err = config_replace(genl_info_net(info), NULL);

	if (!err)
		netlink_tell_lost(genl_info_net(info));
	return err;
}

/* In the order of enum reason. */
static const char *const reason_text[REASON_COUNT] = {
	NULL, "passed",
#define X(name, text) text,
	REASON_LIST(X)
#undef X
};

/* One message for each reason; @cb->args[0] is the first that has not been said. */
static int dump_counters(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct gate_net *g = gate_net(sock_net(skb->sk));
	unsigned int why;

	for (why = max_t(unsigned int, cb->args[0], REASON_PASSED); why < REASON_COUNT; why++) {
		void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					   &family, NLM_F_MULTI, CWMPGATE_CMD_COUNTERS);

		if (!header)
			break;
		if (nla_put_string(skb, CWMPGATE_A_REASON, reason_text[why]) ||
		    nla_put_u64_64bit(skb, CWMPGATE_A_PACKETS, counters_read(g->counters, why),
				      CWMPGATE_A_PAD)) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
	}
	cb->args[0] = why;
	return skb->len;
}

void netlink_tell_lost(struct net *net)
{
	struct sk_buff *skb;
	void *header;

	skb = new_message(CWMPGATE_CMD_LOST, 0, 0, &header);
	if (!skb)
		return;
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&family, net, skb, 0, GROUP_CONFIG, GFP_KERNEL);
}

/* CAP_NET_ADMIN in the namespace: a container may have a gate of its own. */
static const struct genl_ops ops[] = {
	{
		.cmd	= CWMPGATE_CMD_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= do_get,
	},
	{
		.cmd	= CWMPGATE_CMD_SET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= do_set,
	},
	{
		.cmd	= CWMPGATE_CMD_DEL,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= do_del,
	},
	{
		.cmd	= CWMPGATE_CMD_COUNTERS,
		.flags	= GENL_UNS_ADMIN_PERM,
		.dumpit	= dump_counters,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= CWMPGATE_GENL_NAME,
	.version	= CWMPGATE_ABI,
	.maxattr	= __CWMPGATE_A_MAX - 1,
	.policy		= set_policy,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	COMPAT_RESV_START_OP(CWMPGATE_CMD_UNSPEC + 1)
};

int netlink_init(void)
{
	return genl_register_family(&family);
}

void netlink_uninit(void)
{
	genl_unregister_family(&family);
}
