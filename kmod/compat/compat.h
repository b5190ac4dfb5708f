/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the kernels from 5.4 to 6.12; included before everything
 * else (Kbuild).  The version of the kernel is asked for here and nowhere else.
 */
#ifndef CWMPGATE_COMPAT_H
#define CWMPGATE_COMPAT_H

#include <linux/version.h>
#include <net/netlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 4, 0)
#error "nf_cwmpgate needs Linux 5.4 or newer"
#endif

/* Moved in 6.12. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 5.10 made it a kind of NLA_BINARY. */
#ifndef NLA_POLICY_EXACT_LEN
#define NLA_POLICY_EXACT_LEN(_len) { .type = NLA_EXACT_LEN, .len = _len }
#endif

/* 6.1 began to check the reserved bytes of the header, for new operations only. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define COMPAT_RESV_START_OP(_op) .resv_start_op = (_op),
#else
#define COMPAT_RESV_START_OP(_op)
#endif

/* 6.3 made the plain ones safe against interrupts where that matters. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_stats_begin	u64_stats_fetch_begin
#define compat_stats_retry	u64_stats_fetch_retry
#else
#define compat_stats_begin	u64_stats_fetch_begin_irq
#define compat_stats_retry	u64_stats_fetch_retry_irq
#endif

#endif /* CWMPGATE_COMPAT_H */
