// SPDX-License-Identifier: GPL-2.0-or-later
/* Included by allowlist.c, run at insmod. */

struct listed {
	u8	version, len, addr[16];
};

static const struct listed listed[] __initconst = {
	{ 4, 24, { 192, 0, 2 } },
	{ 4, 32, { 192, 0, 2, 7 } },			/* covered by the one before */
	{ 4, 31, { 198, 51, 100, 10 } },
	{ 4, 32, { 203, 0, 113, 255 } },
	{ 6, 48, { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } },
	{ 6, 128, { 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
	{ 6, 65, { 0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0x80 } },
};

struct asked {
	u8	version, addr[16];
	bool	allowed;
};

static const struct asked asked[] __initconst = {
	{ 4, { 192, 0, 1, 255 }, false },
	{ 4, { 192, 0, 2, 0 }, true },
	{ 4, { 192, 0, 2, 7 }, true },
	{ 4, { 192, 0, 2, 255 }, true },
	{ 4, { 192, 0, 3, 0 }, false },
	{ 4, { 198, 51, 100, 9 }, false },
	{ 4, { 198, 51, 100, 10 }, true },
	{ 4, { 198, 51, 100, 11 }, true },
	{ 4, { 198, 51, 100, 12 }, false },
	{ 4, { 203, 0, 113, 254 }, false },
	{ 4, { 203, 0, 113, 255 }, true },
	{ 4, { 203, 0, 114, 0 }, false },
	{ 4, { 0 }, false },
	{ 4, { 255, 255, 255, 255 }, false },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, [15] = 0xff }, false },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1 }, true },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1 }, true },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 2 }, false },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1 }, true },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 2 }, false },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0x7f, [15] = 0xff }, false },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0x80 }, true },
	{ 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0xff, [15] = 0xff }, true },
	{ 6, { 0 }, false },
	{ 6, { [10] = 0xff, 0xff, 192, 0, 2, 1 }, false },	/* mapped: not the IPv4 one */
};

static const struct cwmpgate_prefix no_prefix[] __initconst = {
	{ 4, 33, { 0 } }, { 6, 129, { 0 } }, { 5, 0, { 0 } }, { 0, 0, { 0 } },
	{ 4, 24, { 192, 0, 2, 1 } }, { 4, 0, { 128 } }, { 4, 8, { 10, [15] = 1 } },
	{ 6, 64, { [8] = 0x80 } }, { 6, 127, { [15] = 1 } }, { 6, 0, { 0x80 } },
};

static bool __init has_as_expected(const struct allowlist *a, unsigned int i)
{
	struct in6_addr addr;
	__be32 ip4;

	memcpy(&addr, asked[i].addr, sizeof(addr));
	memcpy(&ip4, asked[i].addr, sizeof(ip4));
	if ((asked[i].version == 4 ? allowlist_has4(a, ip4) : allowlist_has6(a, &addr)) ==
	    asked[i].allowed)
		return true;
	pr_err("nf_cwmpgate: selftest: allowlist, address %u\n", i);
	return false;
}

/* "::/0" and "0.0.0.0/0" do not speak for each other. */
static bool __init allows_all(u8 version)
{
	const struct cwmpgate_prefix all = { version, 0, { 0 } };
	struct in6_addr some = IN6ADDR_LOOPBACK_INIT;
	struct allowlist *a = allowlist_new(1);
	bool good;

	if (!a)
		return false;
	good = allowlist_add(a, &all) && !allowlist_add(a, &all);
	allowlist_sort(a);
	good = good && allowlist_has4(a, htonl(0x7f000001)) == (version == 4) &&
	       allowlist_has6(a, &some) == (version == 6);
	allowlist_free(a);
	if (!good)
		pr_err("nf_cwmpgate: selftest: allowlist, everybody of IPv%u\n", version);
	return good;
}

bool __init allowlist_selftest(void)
{
	struct allowlist *a = allowlist_new(ARRAY_SIZE(listed) + 1);
	unsigned int i;
	bool good = a;

	if (!a)
		return false;
	for (i = 0; i < ARRAY_SIZE(no_prefix); i++)
		good = good && !allowlist_add(a, &no_prefix[i]);
	for (i = ARRAY_SIZE(listed); i > 0; i--) {
		struct cwmpgate_prefix p = { listed[i - 1].version, listed[i - 1].len, { 0 } };

		memcpy(p.addr, listed[i - 1].addr, sizeof(p.addr));
		good = good && allowlist_add(a, &p);
	}
	allowlist_sort(a);
	if (!good || allowlist_size(a) != ARRAY_SIZE(listed) - 1) {
		pr_err("nf_cwmpgate: selftest: allowlist, forms\n");
		good = false;
	}
	for (i = 0; i < ARRAY_SIZE(asked); i++)
		good = has_as_expected(a, i) && good;
	allowlist_free(a);
	return allows_all(4) && allows_all(6) && good;
}
