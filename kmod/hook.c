// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet and one configuration give one reason.
 *
 * What is not TCP for a guarded port and an address of this machine is left alone;
 * so is what cannot be read that far.  Headers are copied to the stack where they
 * are not in one piece, and the payload is read where it lies: nothing is
 * linearised, put together or changed.
 */
#include "hook.h"

#include <linux/if.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "config.h"
#include "uapi/tcp_check.h"

/* Before the rules' own first look, which is before fragments are put together. */
enum { BEFORE_ALL = NF_IP_PRI_RAW_BEFORE_DEFRAG - 10 };

static bool is_guarded_port(const struct config *c, const struct sk_buff *skb, int tcp)
{
	__be16 buf, *port = skb_header_pointer(skb, tcp + 2, sizeof(buf), &buf);
	unsigned int i;

	for (i = 0; port && i < c->n_ports; i++)
		if (c->port[i] == *port)
			return true;
	return false;
}

static bool is_guarded_interface(const struct config *c, const struct net_device *in)
{
	unsigned int i;

	for (i = 0; i < c->n_interfaces; i++)
		if (strcmp(c->interface[i], in->name) == 0)
			return true;
	return c->n_interfaces == 0;
}

/* The daemon's resets to the agent come by the loopback, marked. */
static bool is_daemons_own(const struct config *c, const struct sk_buff *skb,
			   const struct net_device *in)
{
	return in->flags & IFF_LOOPBACK && skb->mark & c->mark;
}

/* All that can be said before the address is looked up, which costs more. */
static bool may_be_ours(const struct config *c, const struct sk_buff *skb, int tcp,
			const struct net_device *in)
{
	return is_guarded_port(c, skb, tcp) && is_guarded_interface(c, in) &&
	       !is_daemons_own(c, skb, in);
}

/* Bytes a request head may have; the rest the daemon refuses (BAD_BYTE). */
static bool is_text(u8 c)
{
	return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\r' || c == '\n';
}

static bool has_bad_byte(struct sk_buff *skb, unsigned int from, unsigned int to)
{
	struct skb_seq_state state;
	unsigned int len, done = 0, i;
	const u8 *at;

	if (from >= to)
		return false;
	skb_prepare_seq_read(skb, from, to, &state);
	while ((len = skb_seq_read(done, &at, &state)) != 0) {
		for (i = 0; i < len; i++) {
			if (!is_text(at[i])) {
				skb_abort_seq_read(&state);
				return true;
			}
		}
		done += len;
	}
	return false;
}

static enum reason reason_of(enum tcp_fault fault)
{
	switch (fault) {
	case TCP_SOUND:
		return REASON_PASSED;
	case TCP_TRUNCATED:
		return REASON_TRUNCATED;
	case TCP_CONTRADICTS:
		return REASON_BAD_TCP;
	case TCP_BAD_FLAGS:
		return REASON_BAD_FLAGS;
	case TCP_URGENT:
		return REASON_URGENT;
	case TCP_SYN_DATA:
		return REASON_SYN_DATA;
	case TCP_BAD_OPTION:
		return REASON_BAD_OPTION;
	}
	return REASON_BAD_TCP;
}

/*
 * A single byte may be anything, for it may be a keep-alive probe (RFC 9293 3.8.4)
 * with a byte the daemon has had already; so may what explains a RST.
 */
static enum reason examine_tcp(const struct config *c, struct sk_buff *skb, int tcp,
			       const struct in6_addr *source)
{
	u8 buf[TCP_HEADER_MAX], flags;
	unsigned int len = skb->len - tcp, payload;
	struct tcp_options options;
	enum reason why;
	const u8 *h;

	h = skb_header_pointer(skb, tcp, min_t(unsigned int, len, sizeof(buf)), buf);
	if (!h)
		return REASON_TRUNCATED;
	why = reason_of(tcp_check(h, len, &options));
	if (why != REASON_PASSED)
		return why;
	flags = h[13];
	payload = tcp + (h[12] >> 4) * 4;
	if (skb->len - payload != 1 && !(flags & TCP_RST) &&
	    has_bad_byte(skb, payload, skb->len))
		return REASON_BAD_BYTE;
	if ((flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) == TCP_SYN)
		return limiter_take(c->limiter, source);
	return REASON_PASSED;
}

static enum reason examine4(const struct config *c, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	int tcp = skb_network_offset(skb) + ip->ihl * 4;
	struct in6_addr source;

	/* Later fragments have no port; without the first one they come to nothing. */
	if (ip->protocol != IPPROTO_TCP || ip->frag_off & htons(IP_OFFSET))
		return REASON_NOT_OURS;
	if (!may_be_ours(c, skb, tcp, state->in) ||
	    inet_addr_type(state->net, ip->daddr) != RTN_LOCAL)
		return REASON_NOT_OURS;

	if (ip->frag_off & htons(IP_MF))
		return REASON_FRAGMENT;
	if (!allowlist_has4(c->allowlist, ip->saddr))
		return REASON_NOT_ACS;
	/* No options: nobody needs them here, and some steer the packet. */
	if (ip->ihl != 5 || ip->frag_off & htons(IP_CE) || ip->saddr == ip->daddr)
		return REASON_BAD_IP;
	ipv6_addr_set_v4mapped(ip->saddr, &source);
	return examine_tcp(c, skb, tcp, &source);
}

static enum reason examine6(const struct config *c, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	int tcp = skb_network_offset(skb) + sizeof(*ip);
	u8 next = ip->nexthdr;
	__be16 fragment = 0;

	/* Of a later fragment this finds no TCP. */
	if (next != IPPROTO_TCP && ipv6_ext_hdr(next))
		tcp = ipv6_skip_exthdr(skb, tcp, &next, &fragment);
	if (tcp < 0 || next != IPPROTO_TCP)
		return REASON_NOT_OURS;
	if (!may_be_ours(c, skb, tcp, state->in) ||
	    !nf_ipv6_chk_addr(state->net, &ip->daddr, NULL, 0))
		return REASON_NOT_OURS;

	if (fragment)
		return REASON_FRAGMENT;
	if (ip->nexthdr != IPPROTO_TCP)
		return REASON_EXTENSION_HEADER;
	if (!allowlist_has6(c->allowlist, &ip->saddr))
		return REASON_NOT_ACS;
	if (ipv6_addr_v4mapped(&ip->saddr) || ipv6_addr_equal(&ip->saddr, &ip->daddr))
		return REASON_BAD_IP;
	return examine_tcp(c, skb, tcp, &ip->saddr);
}

/* Softirq or BH off, under rcu_read_lock(); must not sleep. */
static unsigned int verdict(const struct gate_net *g, const struct config *c, enum reason why)
{
	struct counters *n;

	if (why == REASON_NOT_OURS)
		return NF_ACCEPT;
	local_bh_disable();
	n = this_cpu_ptr(g->counters);
	u64_stats_update_begin(&n->sync);
	n->packets[why]++;
	u64_stats_update_end(&n->sync);
	local_bh_enable();
	return why == REASON_PASSED || c->action == CWMPGATE_COUNT ? NF_ACCEPT : NF_DROP;
}

static unsigned int hook4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct gate_net *g = gate_net(state->net);
	const struct config *c = rcu_dereference(g->config);

	return c ? verdict(g, c, examine4(c, skb, state)) : NF_ACCEPT;
}

static unsigned int hook6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct gate_net *g = gate_net(state->net);
	const struct config *c = rcu_dereference(g->config);

	return c ? verdict(g, c, examine6(c, skb, state)) : NF_ACCEPT;
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook		= hook4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= BEFORE_ALL,
	},
	{
		.hook		= hook6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= BEFORE_ALL,
	},
};

int hook_register(struct net *net)
{
	return nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

void hook_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}
