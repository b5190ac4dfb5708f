// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate: asks the daemon, explains what it did, and helps to set it up.
 */

#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct named {
	const char	*name;
	command		*run;
	const char	*use;		/* its arguments */
	const char	*what;
} commands[] = {
	{ "status", cmd_status, "", "what the gate does, and what it has counted" },
	{ "events", cmd_events, "[-f] [-n COUNT] [ADDRESS]", "the latest decisions" },
	{ "explain", cmd_explain, "[last | ADDRESS | ID]",
	  "check by check why something was refused, and what to do" },
	{ "flows", cmd_flows, "[ADDRESS]", "the connections at this moment" },
	{ "top", cmd_top, "[-n COUNT]", "rates, connections and events, once a second" },
	{ "doctor", cmd_doctor, "", "looks for what is wrong on this machine" },
	{ "check", cmd_check, "[FILE]", "checks a configuration" },
	{ "reload", cmd_reload, "[--confirm SECONDS]", "reads the configuration anew" },
	{ "confirm", cmd_confirm, "", "keeps what reload --confirm has put in use" },
	{ "mode", cmd_mode, "monitor | enforce | block", "changes the mode until the next reload" },
	{ "bans", cmd_bans, "", "the sources that are banned" },
	{ "ban", cmd_ban, "ADDRESS SECONDS", "bans a source" },
	{ "unban", cmd_unban, "ADDRESS", "ends a ban" },
	{ "rules", cmd_rules, "print | load | unload", "the nftables rules" },
	{ "metrics", cmd_metrics, "", "all numbers, for Prometheus" },
	{ "learn", cmd_learn, "[CAPTURE [FILTER]]",
	  "proposes settings from what was seen; changes nothing" },
	{ "replay", cmd_replay, "[-v] CAPTURE [FILTER]", "what the gate says to a packet capture" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct named *current;

static void usage(FILE *out)
{
	fputs("usage: cwmpgate [-c FILE] [-o json] COMMAND [ARGUMENTS]\n"
	      "  -c FILE  configuration (/etc/cwmpgate/cwmpgate.conf)\n"
	      "  -h       this\n"
	      "  -o json  the answer as JSON\n"
	      "  -V       the version\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %s %s%*s%s\n", commands[i].name, commands[i].use,
			(int)(34 - strlen(commands[i].name) - strlen(commands[i].use)), "",
			commands[i].what);
	fputs("\nexit status: 0 good, 1 refused or found wrong, 2 usage or configuration,\n"
	      "3 the daemon is not running or does not answer, 4 not permitted\n", out);
}

bool read_count(const char *text, unsigned *out)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 9 || text[n])
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return true;
}

enum status wrong_usage(void)
{
	fprintf(stderr, "usage: cwmpgate %s %s\n", current->name, current->use);
	return STATUS_USAGE;
}

/* The defaults where the file cannot be read: the socket is then where it mostly is. */
static void load(struct cli *c)
{
	FILE *nowhere = fopen("/dev/null", "we");

	c->conf_good = conf_load(&c->conf, c->conf_file, nowhere ? nowhere : stderr);
	if (nowhere)
		fclose(nowhere);
}

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* Options before the command are common to all; "+" leaves those after it alone. */
static void parse_options(struct cli *c, int argc, char *argv[])
{
	int o;

	while ((o = getopt(argc, argv, "+c:ho:V")) != -1) {
		if (o == 'c') {
			c->conf_file = optarg;
		} else if (o == 'o' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "text") == 0)) {
			c->json = *optarg == 'j';
		} else if (o == 'h' || o == 'V') {
			if (o == 'h')
				usage(stdout);
			else
				puts("cwmpgate " VERSION);
			exit(STATUS_OK);
		} else {
			usage(stderr);
			exit(STATUS_USAGE);
		}
	}
}

/* "-o json" after the command is as good as before it. */
static int take_output(struct cli *c, int argc, char *argv[])
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < argc && strcmp(argv[i + 1], "json") == 0) {
			c->json = true;
			i++;
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

int main(int argc, char *argv[])
{
	static struct cli	c;		/* with a value it would be 70 kB of the file */
	enum status		status;

	c.conf_file = "/etc/cwmpgate/cwmpgate.conf";
	parse_options(&c, argc, argv);
	if (optind == argc) {
		usage(stderr);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < COMMANDS && !current; i++)
		if (strcmp(argv[optind], commands[i].name) == 0)
			current = &commands[i];
	if (!current) {
		fprintf(stderr, "cwmpgate: unknown command %s; cwmpgate -h lists them\n",
			argv[optind]);
		return STATUS_USAGE;
	}
	argc = take_output(&c, argc - optind - 1, argv + optind + 1);
	argv += optind + 1;
	if (argc && strcmp(argv[0], "--help") == 0) {
		printf("usage: cwmpgate %s %s\n%s\n", current->name, current->use, current->what);
		return STATUS_OK;
	}
	c.colour = wants_colour();
	load(&c);
	optind = 0;			/* for a command's own options */
	status = current->run(&c, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
		return STATUS_FAILED;
	return (int)status;
}
