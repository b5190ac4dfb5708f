// SPDX-License-Identifier: GPL-2.0-or-later

#include "limiter.h"

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>

#include "uapi/nf_cwmpgate.h"

enum { HEADS = 1024 };

/* Credit grows by rate.events each millisecond, an attempt costs rate.per_ms. */
struct source {
	struct hlist_node	node;
	struct in6_addr		addr;
	u64			credit;
	u64			at_ms;		/* when the credit was up to date */
};

struct head {
	spinlock_t		lock;
	struct hlist_head	sources;
};

struct limiter {
	struct rate		rate;
	u64			full;		/* credit of a bucket nobody has used */
	u64			refill_ms;	/* from empty to full */
	unsigned int		max;
	atomic_t		count;
	siphash_key_t		key;
	struct delayed_work	gc;
	struct head		head[HEADS];
};

static struct kmem_cache *source_cache;

int limiter_init(void)
{
	source_cache = kmem_cache_create("cwmpgate_source", sizeof(struct source), 0, 0, NULL);
	return source_cache ? 0 : -ENOMEM;
}

void limiter_uninit(void)
{
	kmem_cache_destroy(source_cache);
}

static u64 clock_ms(void)
{
	return div_u64(ktime_get_coarse_ns(), NSEC_PER_MSEC);
}

/* Cut off before the product: after a long silence it would not fit. */
static u64 credit_at(const struct limiter *l, const struct source *s, u64 now_ms)
{
	u64 passed = now_ms > s->at_ms ? now_ms - s->at_ms : 0;

	if (passed >= l->refill_ms)
		return l->full;
	return min(l->full, s->credit + passed * l->rate.events);
}

/* Softirq or process context; head->lock is held. */
static void forget(struct limiter *l, struct source *s)
{
	hlist_del(&s->node);
	kmem_cache_free(source_cache, s);
	atomic_dec(&l->count);
}

/* Forgetting a full bucket changes nothing. */
static void collect(struct limiter *l, u64 now_ms)
{
	unsigned int i;

	for (i = 0; i < HEADS; i++) {
		struct head *head = &l->head[i];
		struct hlist_node *next;
		struct source *s;

		if (hlist_empty(&head->sources))
			continue;
		spin_lock_bh(&head->lock);
		hlist_for_each_entry_safe(s, next, &head->sources, node)
			if (credit_at(l, s, now_ms) == l->full)
				forget(l, s);
		spin_unlock_bh(&head->lock);
		cond_resched();
	}
}

static void arm(struct limiter *l)
{
	queue_delayed_work(system_power_efficient_wq, &l->gc, HZ);
}

static void gc_work(struct work_struct *work)
{
	struct limiter *l = container_of(to_delayed_work(work), struct limiter, gc);

	collect(l, clock_ms());
	if (atomic_read(&l->count))
		arm(l);
}

struct limiter *limiter_new(const struct rate *r)
{
	struct limiter *l = kvzalloc(sizeof(*l), GFP_KERNEL);
	unsigned int i;

	if (!l)
		return NULL;
	l->rate = *r;
	l->full = (u64)r->burst * r->per_ms;
	l->refill_ms = div_u64(l->full + r->events - 1, r->events);
	l->max = CWMPGATE_SOURCES_MAX;
	get_random_bytes(&l->key, sizeof(l->key));
	INIT_DEFERRABLE_WORK(&l->gc, gc_work);
	for (i = 0; i < HEADS; i++) {
		spin_lock_init(&l->head[i].lock);
		INIT_HLIST_HEAD(&l->head[i].sources);
	}
	return l;
}

void limiter_free(struct limiter *l)
{
	unsigned int i;

	if (!l)
		return;
	cancel_delayed_work_sync(&l->gc);
	for (i = 0; i < HEADS; i++) {
		struct hlist_node *next;
		struct source *s;

		hlist_for_each_entry_safe(s, next, &l->head[i].sources, node)
			forget(l, s);
	}
	kvfree(l);
}

/* What is counted as one source; a single host owns the lower half. */
static void source_of(struct in6_addr *out, const struct in6_addr *addr)
{
	*out = *addr;
	if (!ipv6_addr_v4mapped(addr))
		memset(out->s6_addr + 8, 0, 8);
}

static struct source *find(const struct head *head, const struct in6_addr *addr)
{
	struct source *s;

	hlist_for_each_entry(s, &head->sources, node)
		if (ipv6_addr_equal(&s->addr, addr))
			return s;
	return NULL;
}

/* Softirq; must not sleep.  NULL when there is no room. */
static struct source *remember(struct limiter *l, struct head *head, const struct in6_addr *addr,
			       u64 now_ms)
{
	struct source *s;

	if (!atomic_add_unless(&l->count, 1, l->max))
		return NULL;
	s = kmem_cache_alloc(source_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!s) {
		atomic_dec(&l->count);
		return NULL;
	}
	s->addr = *addr;
	s->credit = l->full;
	s->at_ms = now_ms;
	hlist_add_head(&s->node, &head->sources);
	arm(l);
	return s;
}

static enum reason take_at(struct limiter *l, const struct in6_addr *addr, u64 now_ms)
{
	struct in6_addr key;
	struct head *head;
	struct source *s;
	enum reason why;

	source_of(&key, addr);
	head = &l->head[siphash(&key, sizeof(key), &l->key) % HEADS];

	spin_lock_bh(&head->lock);
	s = find(head, &key) ?: remember(l, head, &key, now_ms);
	if (!s) {
		why = REASON_SOURCES_FULL;
	} else {
		s->credit = credit_at(l, s, now_ms);
		s->at_ms = max(s->at_ms, now_ms);
		why = s->credit < l->rate.per_ms ? REASON_SYN_OVER_RATE : REASON_PASSED;
		if (why == REASON_PASSED)
			s->credit -= l->rate.per_ms;
	}
	spin_unlock_bh(&head->lock);
	return why;
}

/* Softirq; must not sleep. */
enum reason limiter_take(struct limiter *l, const struct in6_addr *source)
{
	return take_at(l, source, clock_ms());
}

unsigned int limiter_count(const struct limiter *l)
{
	return atomic_read(&l->count);
}

#ifdef DEBUG
#include "selftest/limiter.c"
#endif
