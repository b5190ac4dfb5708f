// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgated: reads the configuration, then supervises.
 *
 * Nothing is started while the configuration may still be wrong, and nothing is
 * loaded into the kernel but what keeps the ports closed (rules_close()).
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "kmod.h"
#include "rules.h"
#include "supervise.h"

enum { EXIT_CONFIG = 2 };

enum task { TASK_SERVE, TASK_CHECK, TASK_PRINT, TASK_UNLOAD };

static const char usage[] =
	"usage: cwmpgated [-c FILE] [-f] [-t | -p | -u] [-s FILE] [-w FILE]\n"
	"  -c FILE  configuration (/etc/cwmpgate/cwmpgate.conf)\n"
	"  -f       stay in the foreground\n"
	"  -t       check the configuration and exit: 0, or 2 if it is wrong\n"
	"  -p       print the nftables rules of the configuration and exit\n"
	"  -u       remove the rules from the kernel and exit\n"
	"  -s FILE  keep counters and latest decisions in FILE\n"
	"  -w FILE  append every request given to the agent to FILE, in hex;\n"
	"           for fault-finding: it holds what the clients sent as proof\n"
	"  -V       print the version and exit\n"
	"signals: HUP reads the configuration anew, USR1 opens log_file anew,\n"
	"TERM ends; the rules stay\n";

/* Secrets and tables too large for the stack. */
static struct conf		conf;
static struct credentials	credentials;

static void on_signal(int sig)
{
	if (sig == SIGHUP)
		supervise_reload = 1;
	else if (sig == SIGUSR1)
		supervise_reopen = 1;
	else
		supervise_stop = 1;
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void wrong_usage(void)
{
	fputs(usage, stderr);
	exit(EXIT_CONFIG);
}

static enum task parse_options(struct supervise_options *o, int argc, char *argv[])
{
	enum task	task = TASK_SERVE;
	int		c;

	while ((c = getopt(argc, argv, "c:fhps:tuVw:")) != -1) {
		if (c == 'c')
			o->conf_file = optarg;
		else if (c == 'f')
			o->foreground = true;
		else if (c == 's')
			o->status_file = optarg;
		else if (c == 'w')
			o->trace_file = optarg;
		else if (c == 't')
			task = TASK_CHECK;
		else if (c == 'p')
			task = TASK_PRINT;
		else if (c == 'u')
			task = TASK_UNLOAD;
		else if (c == 'V' || c == 'h') {
			fputs(c == 'V' ? "cwmpgated " VERSION "\n" : usage, stdout);
			exit(EXIT_SUCCESS);
		} else
			wrong_usage();
	}
	if (optind < argc)
		wrong_usage();
	return task;
}

static bool load(const char *file)
{
	if (!conf_load(&conf, file, stderr))
		return false;
	return !*conf.credentials_file ||
	       conf_credentials(&credentials, conf.credentials_file, stderr);
}

/* The module first: with the rules gone it would go on dropping. */
static bool unload(void)
{
	bool without_module = kmod_unload(stderr);

	return rules_unload(stderr) && without_module;
}

int main(int argc, char *argv[])
{
	struct supervise_options o = { .conf_file = "/etc/cwmpgate/cwmpgate.conf" };
	enum task		 task = parse_options(&o, argc, argv);

	if (task == TASK_UNLOAD)
		return unload() ? EXIT_SUCCESS : EXIT_FAILURE;
	if (!load(o.conf_file)) {
		/* At boot nothing else keeps the ports closed. */
		if (task == TASK_SERVE)
			rules_close(&conf, stderr);
		return EXIT_CONFIG;
	}
	if (task == TASK_PRINT)
		return rules_print(&conf, stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (task == TASK_CHECK) {
		puts("configuration OK");
		return EXIT_SUCCESS;
	}

	/* Standard error is where it says what goes wrong, until the log is open. */
	if (!o.foreground && daemon(0, 1) < 0) {
		perror("daemon");
		return EXIT_FAILURE;
	}
	catch_signals();
	return supervise(&o, &conf, &credentials);
}
