// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands that hand their words on: to the daemon, to the configuration's
 * reader, to the rules, to another program.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "iptlook.h"
#include "kmod.h"
#include "metrics.h"
#include "rules.h"
#include "say.h"

static bool is_word(const char *text)
{
	return *text && strlen(text) < 64 && !strpbrk(text, " \n");
}

/* As JSON: {"ok":true}, or {"ok":false,"error":"..."}. */
static enum status ended(const struct cli *c, enum status status, char *error)
{
	size_t len = strlen(error);

	if (!c->json)
		return status;
	if (len && error[len - 1] == '\n')
		error[len - 1] = '\0';
	printf("{\"ok\":%s", status == STATUS_OK ? "true" : "false");
	if (status != STATUS_OK) {
		fputs(",\"error\":", stdout);
		json_text(stdout, error);
	}
	puts("}");
	return status;
}

static enum status order(const struct cli *c, const char *verb, const char *a, const char *b)
{
	static struct reply	r;
	char			line[160];

	if ((a && !is_word(a)) || (b && !is_word(b)))
		return wrong_usage();
	snprintf(line, sizeof(line), "%s%s%s%s%s", verb, a ? " " : "", a ? a : "", b ? " " : "",
		 b ? b : "");
	client_ask(c, line, &r);
	if (r.status != STATUS_OK)
		fprintf(stderr, "cwmpgate: %s", r.text);
	return ended(c, r.status, r.text);
}

enum status cmd_ban(struct cli *c, int argc, char *argv[])
{
	return argc == 2 ? order(c, "ban", argv[0], argv[1]) : wrong_usage();
}

enum status cmd_unban(struct cli *c, int argc, char *argv[])
{
	return argc == 1 ? order(c, "unban", argv[0], NULL) : wrong_usage();
}

enum status cmd_mode(struct cli *c, int argc, char *argv[])
{
	enum status status;

	if (argc != 1)
		return wrong_usage();
	status = order(c, "mode", argv[0], NULL);
	if (status == STATUS_OK && !c->json)
		printf("mode is \"%s\" until the next reload or start; to keep it, write it into %s\n",
		       argv[0], c->conf_file);
	return status;
}

enum status cmd_reload(struct cli *c, int argc, char *argv[])
{
	bool		confirm = argc == 2 && strcmp(argv[0], "--confirm") == 0;
	enum status	status;

	if (argc && !confirm)
		return wrong_usage();
	status = order(c, "reload", confirm ? argv[1] : NULL, NULL);
	if (c->json)
		return status;
	if (status == STATUS_OK && confirm)
		printf("in use; taken back in %s s unless \"cwmpgate confirm\" comes\n", argv[1]);
	else if (status == STATUS_OK)
		puts("in use");
	return status;
}

enum status cmd_confirm(struct cli *c, int argc, char *argv[])
{
	(void)argv;
	return argc ? wrong_usage() : order(c, "confirm", NULL, NULL);
}

enum status cmd_bans(struct cli *c, int argc, char *argv[])
{
	static struct nft_ban	ban[2 * SOURCES_MAX];
	struct metrics		m = { .n_queues = 0 };
	char			text[INET6_ADDRSTRLEN], span[24];
	int			n;

	(void)argv;
	if (argc)
		return wrong_usage();
	metrics_look(&m, c->conf.queue, c->conf.queues);
	n = m.iptables ? iptlook_bans(ban, sizeof(ban) / sizeof(ban[0])) :
			 nftlook_bans(ban, sizeof(ban) / sizeof(ban[0]));
	if (n < 0) {
		fprintf(stderr, "cwmpgate: %s%s\n", m.iptables ? "ipset: " : "", strerror(errno));
		return errno == EPERM ? STATUS_DENIED : STATUS_FAILED;
	}
	if (c->json)
		putchar('[');
	for (int i = 0; i < n && i < 2 * SOURCES_MAX; i++) {
		const char *who = say_addr(&ban[i].source, text);

		if (c->json)
			printf("%s{\"source\":\"%s\",\"prefix\":%d,\"seconds_left\":%" PRIu64 "}",
			       i ? "," : "", who, addr_is4(&ban[i].source) ? 32 : 64,
			       ban[i].ms_left / 1000);
		else
			printf("%s%s, %s more\n", who, addr_is4(&ban[i].source) ? "" : "/64",
			       say_span(ban[i].ms_left, span));
	}
	if (c->json)
		puts("]");
	else if (n == 0)
		puts("nobody is banned");
	return STATUS_OK;
}

static bool is_good(const char *file, FILE *err)
{
	static struct credentials	credentials;
	static struct conf		conf;
	bool				good;

	good = conf_load(&conf, file, err) &&
	       (!*conf.credentials_file ||
		conf_credentials(&credentials, conf.credentials_file, err));
	explicit_bzero(&credentials, sizeof(credentials));
	return good;
}

/* What @run says to its stream is shown, or goes into the JSON. */
static enum status check_or_rules(const struct cli *c, bool (*run)(const struct cli *c, FILE *err),
				  enum status bad)
{
	char		*said = NULL;
	size_t		 len;
	FILE		*err = open_memstream(&said, &len);
	enum status	 status = STATUS_FAILED;

	if (!err)
		return status;
	status = run(c, err) ? STATUS_OK : bad;
	if (fclose(err) == 0) {
		fputs(said, stderr);
		ended(c, status, said);
	}
	free(said);
	return status;
}

static const char *file_to_check;

static bool check_file(const struct cli *c, FILE *err)
{
	return is_good(file_to_check ? file_to_check : c->conf_file, err);
}

/* With its credentials, as the daemon would read both. */
enum status cmd_check(struct cli *c, int argc, char *argv[])
{
	enum status status;

	if (argc > 1)
		return wrong_usage();
	file_to_check = argv[0];
	status = check_or_rules(c, check_file, STATUS_USAGE);
	if (status == STATUS_OK && !c->json)
		puts("configuration OK");
	return status;
}

static bool load_rules(const struct cli *c, FILE *err)
{
	enum rules_backend backend;

	return rules_load(&c->conf, NULL, &backend, err);
}

static bool unload_rules(const struct cli *c, FILE *err)
{
	bool without_module = kmod_unload(err);

	(void)c;
	return rules_unload(err) && without_module;
}

static enum status print_rules(const struct cli *c)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out = c->json ? open_memstream(&text, &len) : stdout;
	bool	 good = out && rules_print(&c->conf, out);

	if (out && c->json && fclose(out) == 0) {
		fputs("{\"rules\":", stdout);
		json_text(stdout, text);
		puts("}");
	}
	free(text);
	return good ? STATUS_OK : STATUS_FAILED;
}

enum status cmd_rules(struct cli *c, int argc, char *argv[])
{
	if (argc != 1)
		return wrong_usage();
	if (strcmp(argv[0], "unload") == 0)
		return check_or_rules(c, unload_rules, STATUS_FAILED);
	if (strcmp(argv[0], "print") != 0 && strcmp(argv[0], "load") != 0)
		return wrong_usage();
	/* Once more, for its messages. */
	if (!conf_load(&c->conf, c->conf_file, stderr))
		return STATUS_USAGE;
	return *argv[0] == 'p' ? print_rules(c) : check_or_rules(c, load_rules, STATUS_FAILED);
}
