// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate learn, replay: what the daemon has decided, and what it would. */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "lesson.h"

/* A program of its own: it alone needs libpcap and the judge. */
static enum status run_replay(const struct cli *c, const char *option, int argc, char *argv[])
{
	static const char	name[] = "cwmpgate-replay";
	char			path[PATH_MAX], *slash;
	char			**args = calloc((size_t)argc + 6, sizeof(*args));
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
	if (option)
		args[k++] = (char *)option;
	for (int i = 0; i < argc; i++)
		args[k++] = argv[i];
	args[k] = NULL;
	execv(path, args);
	fprintf(stderr, "cwmpgate: %s: %s%s\n", path, strerror(errno),
		errno == ENOENT ? "; Debian has it in the package cwmpgate-replay" : "");
	free(args);
	return STATUS_FAILED;
}

enum status cmd_replay(struct cli *c, int argc, char *argv[])
{
	return run_replay(c, NULL, argc, argv);
}

/* A ring holds the latest DECISIONS_MAX. */
static void learn_from(struct lesson *l, const struct conf *c, const struct lanes *lanes)
{
	struct lanes_at	at = { { 0 }, { 0 } };
	struct decision	d;
	uint64_t	id;

	lanes_look(lanes, &at);
	while (lanes_next(lanes, &at, &id, &d))
		lesson_take(l, c, &d);
}

enum status cmd_learn(struct cli *c, int argc, char *argv[])
{
	static struct lesson	 l;
	struct lanes		 lanes;
	enum status		 status;

	if (argc && *argv[0] == '-' && argv[0][1])
		return wrong_usage();
	if (argc)
		return run_replay(c, "-l", argc, argv);
	if (!c->conf_good) {
		fprintf(stderr, "cwmpgate: %s cannot be used; cwmpgate check shows why\n", c->conf_file);
		return STATUS_USAGE;
	}
	status = client_must_map(c, &lanes);
	if (status != STATUS_OK)
		return status;
	lesson_begin(&l, c);
	learn_from(&l, &c->conf, &lanes);
	lesson_write(&l, c, NULL);
	return STATUS_OK;
}
