// SPDX-License-Identifier: GPL-2.0-or-later

#include "config.h"

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/netns/generic.h>

#include "hook.h"

static unsigned int gate_net_id;

/* Configurations change under it, and the list of namespaces. */
static DEFINE_MUTEX(config_lock);
static LIST_HEAD(gate_nets);
static bool ending;

struct gate_net *gate_net(const struct net *net)
{
	return net_generic(net, gate_net_id);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	allowlist_free(c->allowlist);
	limiter_free(c->limiter);
	kfree(c);
}

/* config_lock is held.  Whoever still reads the old one is waited for. */
static int replace(struct gate_net *g, struct config *c)
{
	struct config *old = rcu_dereference_protected(g->config, lockdep_is_held(&config_lock));
	int err;

	if (!old && c) {
		err = hook_register(g->net);
		if (err)
			return err;
	}
	rcu_assign_pointer(g->config, c);
	if (old && !c)
		hook_unregister(g->net);
	if (old) {
		synchronize_net();
		config_free(old);
	}
	return 0;
}

int config_replace(struct net *net, struct config *c)
{
	struct gate_net *g = gate_net(net);
	int err;

	mutex_lock(&config_lock);
	if (ending)
		err = -ESHUTDOWN;
	else if (!c && !rcu_access_pointer(g->config))
		err = -ENOENT;
	else
		err = replace(g, c);
	mutex_unlock(&config_lock);
	return err;
}

void config_end_all(void (*lost)(struct net *net))
{
	struct gate_net *g;

	mutex_lock(&config_lock);
	ending = true;
	list_for_each_entry(g, &gate_nets, list) {
		if (!rcu_access_pointer(g->config))
			continue;
		replace(g, NULL);
		lost(g->net);
	}
	mutex_unlock(&config_lock);
}

u64 counters_read(const struct counters __percpu *counters, enum reason why)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct counters *c = per_cpu_ptr(counters, cpu);
		unsigned int start;
		u64 packets;

		do {
			start = compat_stats_begin(&c->sync);
			packets = c->packets[why];
		} while (compat_stats_retry(&c->sync, start));
		sum += packets;
	}
	return sum;
}

static int __net_init gate_net_init(struct net *net)
{
	struct gate_net *g = gate_net(net);
	int cpu;

	g->net = net;
	RCU_INIT_POINTER(g->config, NULL);
	g->counters = alloc_percpu(struct counters);
	if (!g->counters)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(g->counters, cpu)->sync);
	mutex_lock(&config_lock);
	list_add(&g->list, &gate_nets);
	mutex_unlock(&config_lock);
	return 0;
}

/* Before the grace period that all dying namespaces share. */
static void __net_exit gate_net_pre_exit(struct net *net)
{
	struct gate_net *g = gate_net(net);

	mutex_lock(&config_lock);
	list_del(&g->list);
	if (rcu_access_pointer(g->config))
		hook_unregister(net);
	mutex_unlock(&config_lock);
}

/* After it: nobody reads any more. */
static void __net_exit gate_net_exit(struct net *net)
{
	struct gate_net *g = gate_net(net);

	config_free(rcu_dereference_protected(g->config, true));
	free_percpu(g->counters);
}

static struct pernet_operations gate_net_ops = {
	.init		= gate_net_init,
	.pre_exit	= gate_net_pre_exit,
	.exit		= gate_net_exit,
	.id		= &gate_net_id,
	.size		= sizeof(struct gate_net),
};

int config_init(void)
{
	return register_pernet_subsys(&gate_net_ops);
}

void config_uninit(void)
{
	unregister_pernet_subsys(&gate_net_ops);
}
