// SPDX-License-Identifier: GPL-2.0-or-later
/* Included by limiter.c, run at insmod; with times of its own. */

enum { ROOM = 3 };

/* Source @n, in the low half of an IPv6 address or as an IPv4 one. */
static struct in6_addr __init address(bool four, u8 n)
{
	struct in6_addr a = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [7] = n, [15] = 1 } };

	if (four)
		ipv6_addr_set_v4mapped(htonl(0xc0000200 + n), &a);
	return a;
}

/* "2/s burst 3": three at once, then one each half second. */
struct step {
	unsigned int	at_ms;
	enum reason	why;
};

static const struct step steps[] __initconst = {
	{ 0, REASON_PASSED }, { 0, REASON_PASSED }, { 0, REASON_PASSED },
	{ 0, REASON_SYN_OVER_RATE }, { 499, REASON_SYN_OVER_RATE }, { 500, REASON_PASSED },
	{ 501, REASON_SYN_OVER_RATE }, { 400, REASON_SYN_OVER_RATE }, { 999, REASON_SYN_OVER_RATE },
	{ 1000, REASON_PASSED }, { 100000, REASON_PASSED }, { 100000, REASON_PASSED },
	{ 100000, REASON_PASSED }, { 100000, REASON_SYN_OVER_RATE },
};

static bool __init counts(struct limiter *l, bool four)
{
	const u64 begin = 1000000;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct in6_addr a = address(four, 1);

		/* A /64 is one source, an IPv4 address is another than its neighbour. */
		if (!four)
			a.s6_addr[15] = i;
		if (take_at(l, &a, begin + steps[i].at_ms) == steps[i].why)
			continue;
		pr_err("nf_cwmpgate: selftest: limiter, IPv%u, step %u\n", four ? 4 : 6, i);
		return false;
	}
	return true;
}

static bool __init is_bounded(struct limiter *l, u64 now_ms)
{
	struct in6_addr a;
	unsigned int i;
	bool good = true;

	collect(l, now_ms);
	good = good && limiter_count(l) == 0;
	l->max = ROOM;
	for (i = 0; i < ROOM; i++) {
		a = address(i & 1, i);
		good = good && take_at(l, &a, now_ms) == REASON_PASSED;
	}
	a = address(true, ROOM);
	good = good && take_at(l, &a, now_ms) == REASON_SOURCES_FULL;
	a = address(false, 0);
	good = good && take_at(l, &a, now_ms) == REASON_PASSED;
	collect(l, now_ms + 499);			/* none is full again */
	good = good && limiter_count(l) == ROOM;
	collect(l, now_ms + 500);			/* all but the one that was used twice */
	good = good && limiter_count(l) == 1;
	collect(l, now_ms + 1000);
	good = good && limiter_count(l) == 0;
	if (!good)
		pr_err("nf_cwmpgate: selftest: limiter, room\n");
	return good;
}

bool __init limiter_selftest(void)
{
	const struct rate slow = { .events = 2, .per_ms = 1000, .burst = 3 };
	struct limiter *l = limiter_new(&slow);
	bool good;

	if (!l)
		return false;
	good = counts(l, true) && counts(l, false) && is_bounded(l, 2000000);
	limiter_free(l);
	return good;
}
