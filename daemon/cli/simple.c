// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands that hand their words on: to the daemon, to the configuration's
 * reader, to the rules, to another program.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "nftlook.h"
#include "rules.h"
#include "say.h"

static bool is_word(const char *text)
{
	return *text && strlen(text) < 64 && !strpbrk(text, " \n");
}

static enum status order(const struct cli *c, const char *verb, const char *a, const char *b)
{
	char line[160];

	if ((a && !is_word(a)) || (b && !is_word(b)))
		return wrong_usage();
	snprintf(line, sizeof(line), "%s%s%s%s%s", verb, a ? " " : "", a ? a : "", b ? " " : "",
		 b ? b : "");
	return client_order(c, line);
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
	if (status == STATUS_OK)
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
	char			text[INET6_ADDRSTRLEN], span[24];
	int			n;

	(void)argv;
	if (argc)
		return wrong_usage();
	n = nftlook_bans(ban, sizeof(ban) / sizeof(ban[0]));
	if (n < 0) {
		fprintf(stderr, "cwmpgate: %s\n", strerror(errno));
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

/* With its credentials, as the daemon would read both. */
enum status cmd_check(struct cli *c, int argc, char *argv[])
{
	static struct credentials	credentials;
	static struct conf		conf;
	bool				good;

	if (argc > 1)
		return wrong_usage();
	good = conf_load(&conf, argc ? argv[0] : c->conf_file, stderr) &&
	       (!*conf.credentials_file ||
		conf_credentials(&credentials, conf.credentials_file, stderr));
	explicit_bzero(&credentials, sizeof(credentials));
	if (good)
		puts("configuration OK");
	return good ? STATUS_OK : STATUS_USAGE;
}

enum status cmd_rules(struct cli *c, int argc, char *argv[])
{
	static struct conf	conf;
	enum rules_backend	backend;

	if (argc != 1)
		return wrong_usage();
	if (strcmp(argv[0], "unload") == 0)
		return rules_unload(stderr) ? STATUS_OK : STATUS_FAILED;
	if (strcmp(argv[0], "print") != 0 && strcmp(argv[0], "load") != 0)
		return wrong_usage();
	if (!conf_load(&conf, c->conf_file, stderr))
		return STATUS_USAGE;
	if (*argv[0] == 'p')
		return rules_print(&conf, stdout) ? STATUS_OK : STATUS_FAILED;
	return rules_load(&conf, &backend, stderr) ? STATUS_OK : STATUS_FAILED;
}

/* A program of its own: it alone needs libpcap and the judge. */
enum status cmd_replay(struct cli *c, int argc, char *argv[])
{
	static const char	name[] = "cwmpgate-replay";
	char			path[PATH_MAX], *slash;
	char			**args = calloc((size_t)argc + 5, sizeof(*args));
	ssize_t			n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int			k = 0;

	if (!args)
		return STATUS_FAILED;
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash && (size_t)(slash + 1 - path) + sizeof(name) <= sizeof(path))
		strcpy(slash + 1, name);
	if (!slash || access(path, X_OK) != 0)
		snprintf(path, sizeof(path), LIBEXEC_DIR "/%s", name);
	args[k++] = (char *)name;
	args[k++] = (char *)"-c";
	args[k++] = (char *)c->conf_file;
	if (c->json)
		args[k++] = (char *)"-j";
	for (int i = 0; i < argc; i++)
		args[k++] = argv[i];
	args[k] = NULL;
	execv(path, args);
	fprintf(stderr, "cwmpgate: %s: %s\n", path, strerror(errno));
	free(args);
	return STATUS_FAILED;
}
