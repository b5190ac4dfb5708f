// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgated: reads the configuration, prepares everything, then serves.
 *
 * The order below is the order of trust: nothing from the network is read
 * before the last line of main(), and nothing is loaded into the kernel while
 * the configuration may still be wrong.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "conf.h"
#include "guard.h"
#include "judge.h"
#include "nftset.h"
#include "report.h"
#include "rules.h"

enum { EXIT_CONFIG = 2 };

struct options {
	const char	*conf_file;
	const char	*status_file;
	const char	*trace_file;
	bool		 check, print, unload, foreground;
};

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
	"  -V       print the version and exit\n";

static const char *const mode_name[] = {
	[MODE_MONITOR] = "monitor", [MODE_ENFORCE] = "enforce", [MODE_BLOCK] = "block",
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void parse_options(struct options *o, int argc, char *argv[])
{
	int c;

	*o = (struct options){ .conf_file = "/etc/cwmpgate/cwmpgate.conf" };
	while ((c = getopt(argc, argv, "c:fhps:tuVw:")) != -1)
		switch (c) {
		case 'c':
			o->conf_file = optarg;
			break;
		case 'f':
			o->foreground = true;
			break;
		case 'p':
			o->print = true;
			break;
		case 's':
			o->status_file = optarg;
			break;
		case 't':
			o->check = true;
			break;
		case 'u':
			o->unload = true;
			break;
		case 'w':
			o->trace_file = optarg;
			break;
		case 'V':
			puts("cwmpgated " VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs(usage, stderr);
			exit(EXIT_CONFIG);
		}
	if (optind < argc) {
		fputs(usage, stderr);
		exit(EXIT_CONFIG);
	}
}

/* Secrets and tables too large for the stack; constant once loaded. */
static struct conf		conf;
static struct credentials	credentials;
static struct guard		guard;
static struct report		report;
static struct nftset		*nftset;

static bool load(const char *file)
{
	if (!conf_load(&conf, file, stderr))
		return false;
	return !*conf.credentials_file ||
	       conf_credentials(&credentials, conf.credentials_file, stderr);
}

static void fatal(const char *what)
{
	fprintf(stderr, "cwmpgated: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void must_open_files(const struct options *o)
{
	report.status_file = o->status_file;
	if (!o->trace_file)
		return;
	int fd = open(o->trace_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !(report.trace = fdopen(fd, "a")))
		fatal(o->trace_file);
}

static void must_make_gate(void)
{
	struct siphash_key	key;
	struct judge		*judge;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		fatal("getrandom");
	judge = judge_new(&conf.policy, &credentials, &key);
	if (!judge)
		fatal("judge");
	guard.gate = gate_new(&conf.policy, judge, &key);
	if (!guard.gate)
		fatal("gate");
	report.gate = guard.gate;
}

/*
 * An embryonic connection must outlive the head's deadline; the kernel keeps
 * it for the SYN-ACK's repeats, one second and doubling.
 */
static void check_kernel(void)
{
	FILE	*f = fopen("/proc/sys/net/ipv4/tcp_synack_retries", "re");
	int	 retries;

	if (f && fscanf(f, "%d", &retries) == 1 &&
	    ((1000 << (retries + 1)) - 1000) < FIRST_BYTE_MS + HEAD_MS)
		fprintf(stderr, "warning: net.ipv4.tcp_synack_retries = %d gives requests "
			"that come in pieces too little time; set it to 2 or more\n", retries);
	if (f)
		fclose(f);
}

/* The queue is bound before the rules send anything to it. */
static void must_attach(void)
{
	enum rules_backend backend;

	if (conf.mode != MODE_BLOCK) {
		guard.queue = nfqueue_open(conf.queue, conf.mark, stderr);
		nftset = nftset_open(stderr);
		if (!guard.queue || !nftset || !inject_open(&guard.inject, conf.mark, stderr))
			exit(EXIT_FAILURE);
	}
	if (!rules_load(&conf, &backend, stderr))
		exit(EXIT_FAILURE);
	if (conf.mode != MODE_BLOCK && backend == RULES_XT)
		fputs("this kernel has no nft queue statement (nft_queue); "
		      "the queue rules are in iptables-nft's mangle table\n", stderr);
}

static void on_outcome(void *arg, uint64_t now_ms, const struct outcome *o)
{
	if (o && o->ban_ms) {
		struct addr source = addr_source(&o->client);

		if (nftset_ban(nftset, &source, o->ban_ms) < 0)
			fprintf(stderr, "cwmpgated: ban: %s\n", strerror(errno));
	}
	report_outcome(arg, now_ms, o);
}

/* Nothing is let in, so there is nothing to do but to be there. */
static int serve_blocked(void)
{
	while (!stop)
		poll(NULL, 0, TICK_MS);
	return EXIT_SUCCESS;
}

static int serve(void)
{
	int status = EXIT_SUCCESS;

	if (guard_run(&guard, &stop, on_outcome, &report) < 0) {
		fprintf(stderr, "cwmpgated: queue: %s\n", strerror(errno));
		status = EXIT_FAILURE;
	}
	report_write(&report);
	/* The rules stay: in enforce mode the ports are closed from here on. */
	nftset_close(nftset);
	nfqueue_close(guard.queue);
	inject_close(&guard.inject);
	gate_free(guard.gate);
	return status;
}

int main(int argc, char *argv[])
{
	struct options o;

	parse_options(&o, argc, argv);
	if (o.unload)
		return rules_unload(stderr) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (!load(o.conf_file))
		return EXIT_CONFIG;
	if (o.print) {
		rules_print(&conf, stdout);
		return EXIT_SUCCESS;
	}
	if (o.check) {
		puts("configuration OK");
		return EXIT_SUCCESS;
	}

	catch_signals();
	check_kernel();
	must_open_files(&o);
	/* All memory is asked for here. */
	must_make_gate();
	must_attach();
	if (!o.foreground && daemon(0, 0) < 0)
		fatal("daemon");

	fprintf(stderr, "cwmpgated " VERSION " ready, mode %s, queue %u\n",
		mode_name[conf.mode], conf.queue);
	return conf.mode == MODE_BLOCK ? serve_blocked() : serve();
}
