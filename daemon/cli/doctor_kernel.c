// SPDX-License-Identifier: GPL-2.0-or-later

#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules.h"
#include "rules_ipt.h"
#include "rules_xt.h"
#include "run.h"

/* nft asks the kernel for each part, and -c leaves nothing behind. */
static bool kernel_takes(const char *set, const char *rule)
{
	const char *const	argv[] = { "nft", "-c", "-f", "-", NULL };
	char			text[512];

	snprintf(text, sizeof(text), "table inet cwmpgate_probe {\n\t%s\n\tchain probe {\n"
		 "\t\ttype filter hook input priority 0; policy accept;\n\t\t%s\n\t}\n}\n",
		 set, rule);
	return run(argv, text, NULL) == RAN_OK;
}

static void look_at_parts(struct doctor *d)
{
	static const struct { const char *set, *rule, *what, *remedy; } part[] = {
		{ "", "tcp dport 1 drop", "nf_tables with the family inet",
		  "Debian: package nftables; OpenWrt: nftables and kmod-nft-core" },
		{ "", "fib daddr type local accept", "nft's fib expression",
		  "OpenWrt: kmod-nft-fib" },
		{ "", "ct state invalid accept", "connection tracking",
		  "OpenWrt: kmod-nf-conntrack" },
		{ "set s { type ipv4_addr; flags dynamic, timeout; size 16; timeout 60s; }",
		  "update @s { ip saddr limit rate 1/second } accept",
		  "rate limits in nft sets", "use kernel 4.18 or newer" },
	};
	unsigned good = 0, n = sizeof(part) / sizeof(part[0]);

	for (size_t i = 0; i < n; i++) {
		if (kernel_takes(part[i].set, part[i].rule))
			good++;
		else
			doctor_say(d, FOUND_BAD, part[i].remedy, "this kernel or nft lacks %s",
				   part[i].what);
	}
	if (good == n)
		doctor_say(d, FOUND_GOOD, NULL, "nft and the kernel have all that the rules need");
}

/* Where the queue rules go: nft's own statement, or iptables-nft in its place. */
static void look_at_backend(struct doctor *d)
{
	static const char *const	programs[] = { "iptables-nft", "ip6tables-nft" };
	bool				all = true;

	if (kernel_takes("", "queue num 0")) {
		doctor_say(d, FOUND_GOOD, NULL, "backend nft: the kernel has nft's queue statement");
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *const argv[] = { programs[i], "--version", NULL };

		if (run(argv, NULL, NULL) == RAN_OK)
			continue;
		all = false;
		doctor_say(d, FOUND_BAD, "Debian: package iptables; OpenWrt: iptables-nft, or "
			   "kmod-nft-queue to do without",
			   "the kernel has no nft queue statement, and there is no %s", programs[i]);
	}
	if (all)
		doctor_say(d, FOUND_ODD, "it works; OpenWrt has it in kmod-nft-queue",
			   "backend iptables-nft: the kernel has no nft queue statement");
}

bool doctor_in_iptables(const struct doctor *d)
{
	return d->facts->m.iptables || rules_wants_iptables(d->conf);
}

static bool has_iptables(bool four)
{
	return rules_ipt_run(four, "", (const char *const[3]){ "-V" }, NULL, NULL) == RAN_OK;
}

/* What the kernel has for them can only be told by loading the rules. */
static void look_at_iptables(struct doctor *d)
{
	static const char	from[] = "Debian: packages iptables and ipset; OpenWrt: iptables or "
					 "iptables-zz-legacy, ip6tables, ipset";
	const char *const	ipset[] = { "ipset", "version", NULL };
	const char		*lacks[] = {
		has_iptables(true) ? NULL : "iptables for the kernel's old tables",
		has_iptables(false) || !rules_xt_has_ip6() ? NULL :
			"ip6tables for the kernel's old tables",
		run(ipset, NULL, NULL) == RAN_MISSING ? "ipset" : NULL,
	};
	bool			all = true;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		if (lacks[i])
			doctor_say(d, FOUND_BAD, from, "there is no %s", lacks[i]);
		all &= !lacks[i];
	}
	if (all)
		doctor_say(d, FOUND_GOOD, NULL, "backend iptables: iptables and ipset are there%s",
			   d->facts->m.iptables ? ", and the kernel took the rules" : "");
}

static void look_at_queue(struct doctor *d, const struct queue_state *q)
{
	bool ours = d->facts->status == STATUS_OK && d->facts->m.serving;

	if (!q->bound) {
		doctor_say(d, ours ? FOUND_BAD : FOUND_GOOD, NULL, "nobody has bound queue %u",
			   q->num);
		return;
	}
	if (!ours) {
		doctor_say(d, FOUND_BAD, "stop it, or set another queue",
			   "queue %u is held by port id %u (%s)", q->num, q->portid,
			   *q->owner ? q->owner : "no process of that number here");
		return;
	}
	doctor_say(d, FOUND_GOOD, NULL, "queue %u is the daemon's", q->num);
	if (q->dropped || q->user_dropped)
		doctor_say(d, FOUND_ODD, "a flood, or a machine that is too slow; see cwmpgate top",
			   "the kernel dropped %u packets for a full queue, %u for a full socket",
			   q->dropped, q->user_dropped);
}

static void look_at_queues(struct doctor *d)
{
	if (access("/proc/self/net/netfilter/nfnetlink_queue", F_OK) != 0) {
		doctor_say(d, FOUND_BAD, "Debian: load nfnetlink_queue; OpenWrt: kmod-nfnetlink-queue",
			   "the kernel has no nfnetlink_queue");
		return;
	}
	for (size_t i = 0; i < d->facts->m.n_queues; i++)
		look_at_queue(d, &d->facts->m.queue[i]);
}

static void look_at_module(struct doctor *d)
{
	const struct kmod_state	*k = &d->facts->m.kmod;
	enum kmod_use		 use = d->conf->kmod;
	bool			 running = d->facts->status == STATUS_OK;

	if (use == KMOD_OFF || (use == KMOD_AUTO && !k->loaded))
		return;
	if (k->configured)
		doctor_say(d, FOUND_GOOD, NULL, "the kernel module %s", kmod_words(k));
	else
		doctor_say(d, use == KMOD_REQUIRE && running ? FOUND_BAD : FOUND_ODD,
			   "install the one that came with this daemon (kmod/README.md)",
			   "the kernel module is %s", kmod_words(k));
}

static long read_sysctl(const char *path)
{
	FILE	*f = fopen(path, "re");
	long	 v = -1;

	if (f && fscanf(f, "%ld", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

/*
 * An embryonic connection must outlive the head's deadline; the kernel keeps
 * it for the SYN-ACK's repeats, one second and doubling.
 */
static void look_at_retries(struct doctor *d)
{
	long retries = read_sysctl("/proc/sys/net/ipv4/tcp_synack_retries");

	if (retries >= 0 && retries < 16 && (1000l << (retries + 1)) - 1000 < FIRST_BYTE_MS + HEAD_MS)
		doctor_say(d, FOUND_ODD, "sysctl -w net.ipv4.tcp_synack_retries=3",
			   "net.ipv4.tcp_synack_retries = %ld: requests that come in pieces have too "
			   "little time", retries);
	else
		doctor_say(d, FOUND_GOOD, NULL, "net.ipv4.tcp_synack_retries = %ld", retries);
}

#define CONNTRACK "/proc/sys/net/netfilter/nf_conntrack_"

/* The last three are for the reader: the gate checks windows and sums itself. */
static void look_at_conntrack(struct doctor *d)
{
	long	max = read_sysctl(CONNTRACK "max");
	long	count = read_sysctl(CONNTRACK "count");

	if (max < 0 || count < 0)
		doctor_say(d, FOUND_ODD, "load nf_conntrack",
			   "nf_conntrack is not there, or its settings are hidden");
	else if (max && count > max / 5 * 4)
		doctor_say(d, FOUND_ODD, "raise net.netfilter.nf_conntrack_max: when it is full, the "
			   "ACS is refused as well", "conntrack holds %ld of %ld connections", count,
			   max);
	else
		doctor_say(d, FOUND_GOOD, NULL, "conntrack holds %ld of %ld connections; tcp_loose %ld, "
			   "tcp_be_liberal %ld, checksum %ld", count, max,
			   read_sysctl(CONNTRACK "tcp_loose"), read_sysctl(CONNTRACK "tcp_be_liberal"),
			   read_sysctl(CONNTRACK "checksum"));
}

void doctor_kernel(struct doctor *d)
{
	if (doctor_in_iptables(d)) {
		look_at_iptables(d);
	} else {
		look_at_parts(d);
		look_at_backend(d);
	}
	if (d->conf->mode != MODE_BLOCK)
		look_at_queues(d);
	look_at_module(d);
	look_at_retries(d);
	look_at_conntrack(d);
}
