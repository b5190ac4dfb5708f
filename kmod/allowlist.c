// SPDX-License-Identifier: GPL-2.0-or-later

#include "allowlist.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

/* An IPv4 address is the low half of one; the lists are apart. */
struct value {
	u64	high, low;
};

struct span {
	struct value	first, last;
};

/* IPv4 from the front, IPv6 from the back. */
struct allowlist {
	unsigned int	room, n4, n6;
	struct span	span[];
};

struct allowlist *allowlist_new(unsigned int room)
{
	struct allowlist *a = kvzalloc(struct_size(a, span, room), GFP_KERNEL);

	if (a)
		a->room = room;
	return a;
}

void allowlist_free(struct allowlist *a)
{
	kvfree(a);
}

unsigned int allowlist_size(const struct allowlist *a)
{
	return a->n4 + a->n6;
}

static struct span *list6(struct allowlist *a)
{
	return a->span + a->room - a->n6;
}

/* The bits of a word of @width that a prefix of @len leaves open. */
static u64 host_bits(unsigned int width, unsigned int len)
{
	return len >= width ? 0 : ~0ULL >> (64 - width + len);
}

static struct value value_of(const struct cwmpgate_prefix *p)
{
	struct value v = { 0, 0 };

	if (p->version == 4) {
		v.low = get_unaligned_be32(p->addr);
	} else {
		v.high = get_unaligned_be64(p->addr);
		v.low = get_unaligned_be64(p->addr + 8);
	}
	return v;
}

static bool span_of(const struct cwmpgate_prefix *p, struct span *r)
{
	struct value open = { 0, 0 };

	if (p->version == 4 && p->len <= 32 && !memchr_inv(p->addr + 4, 0, 12)) {
		open.low = host_bits(32, p->len);
	} else if (p->version == 6 && p->len <= 128) {
		open.high = host_bits(64, min_t(u8, p->len, 64));
		open.low = host_bits(64, p->len > 64 ? p->len - 64 : 0);
	} else {
		return false;
	}
	r->first = value_of(p);
	if ((r->first.high & open.high) || (r->first.low & open.low))
		return false;
	r->last.high = r->first.high | open.high;
	r->last.low = r->first.low | open.low;
	return true;
}

bool allowlist_add(struct allowlist *a, const struct cwmpgate_prefix *p)
{
	struct span r;

	if (a->n4 + a->n6 == a->room || !span_of(p, &r))
		return false;
	if (p->version == 4)
		a->span[a->n4++] = r;
	else
		a->span[a->room - ++a->n6] = r;
	return true;
}

static int compare(const struct value *a, const struct value *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return 0;
}

/* Of those that begin together the widest first. */
static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return compare(&x->first, &y->first) ?: compare(&y->last, &x->last);
}

/* Prefixes never overlap in part: one is in the other, or apart. */
static unsigned int tidy(struct span *list, unsigned int n)
{
	unsigned int i, kept = 0;

	sort(list, n, sizeof(*list), compare_spans, NULL);
	for (i = 0; i < n; i++)
		if (kept == 0 || compare(&list[i].last, &list[kept - 1].last) > 0)
			list[kept++] = list[i];
	return kept;
}

void allowlist_sort(struct allowlist *a)
{
	struct span *from = list6(a);

	a->n4 = tidy(a->span, a->n4);
	a->n6 = tidy(from, a->n6);
	memmove(list6(a), from, a->n6 * sizeof(*from));
}

static bool has(const struct span *list, unsigned int n, const struct value *v)
{
	while (n) {
		const struct span *middle = list + n / 2;

		if (compare(v, &middle->first) < 0) {
			n /= 2;
		} else if (compare(v, &middle->last) > 0) {
			list = middle + 1;
			n -= n / 2 + 1;
		} else {
			return true;
		}
	}
	return false;
}

bool allowlist_has4(const struct allowlist *a, __be32 addr)
{
	const struct value v = { 0, be32_to_cpu(addr) };

	return has(a->span, a->n4, &v);
}

bool allowlist_has6(const struct allowlist *a, const struct in6_addr *addr)
{
	const struct value v = { get_unaligned_be64(addr->s6_addr),
				 get_unaligned_be64(addr->s6_addr + 8) };

	return has(a->span + a->room - a->n6, a->n6, &v);
}

#ifdef DEBUG
#include "selftest/allowlist.c"
#endif
