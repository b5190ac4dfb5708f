// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nf_cwmpgate: what need not even reach conntrack, in front of cwmpgated.
 *
 * For the guarded ports it drops what the rules and the daemon would drop anyway,
 * only earlier and cheaper.  Not loaded or not configured it does nothing, and
 * nothing is open: the rules and the daemon do not rely on it.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "config.h"
#include "netlink.h"

#ifdef DEBUG
#include "selftest/tcp_check.c"

static bool selftest(void)
{
	return tcp_check_selftest() && allowlist_selftest() && limiter_selftest();
}
#else
static bool selftest(void)
{
	return true;
}
#endif

static int __init cwmpgate_init(void)
{
	int err;

	err = limiter_init();
	if (err)
		return err;
	if (!selftest()) {
		err = -ENOTRECOVERABLE;
		goto err_selftest;
	}
	err = config_init();
	if (err)
		goto err_config;
	err = netlink_init();
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	config_uninit();
err_config:
err_selftest:
	limiter_uninit();
	return err;
}

/* Whoever listens hears of the loss while there still is somebody to tell it. */
static void __exit cwmpgate_exit(void)
{
	config_end_all(netlink_tell_lost);
	netlink_uninit();
	config_uninit();
	limiter_uninit();
}

module_init(cwmpgate_init);
module_exit(cwmpgate_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prefilter for CWMP connection requests, before conntrack");
MODULE_VERSION(CWMPGATE_VERSION);
MODULE_ALIAS_GENL_FAMILY(CWMPGATE_GENL_NAME);
