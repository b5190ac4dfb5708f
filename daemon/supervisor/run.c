// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input and output go through files in memory, not pipes: nobody has to read
 * while somebody writes, and a program that dies early costs no SIGPIPE.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 1 << 20 };

static bool find(const char *name, char *path, size_t max)
{
	static const char *const dirs[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, max, "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static bool fill(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) == 0;
}

static char *contents(int fd)
{
	struct stat	 st;
	size_t		 max = fstat(fd, &st) == 0 && st.st_size < SAID_MAX ?
			       (size_t)st.st_size : SAID_MAX;
	char		*text = calloc(1, max + 1);
	size_t		 len = 0;
	ssize_t		 n = 1;

	while (text && n > 0 && len < max) {
		n = pread(fd, text + len, max - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	}
	return text;
}

/* Returns 0, or an error number; @status is as waitpid() has it. */
static int spawn(const char *path, const char *const argv[], int in, int out, int *status)
{
	static char *const		env[] = { "PATH=/usr/sbin:/sbin:/usr/bin:/bin",
						  "LC_ALL=C", NULL };
	posix_spawn_file_actions_t	files;
	pid_t				pid;
	int				error;

	error = posix_spawn_file_actions_init(&files);
	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	if (!error)	/* the cast takes back a promise execve() keeps anyway */
		error = posix_spawn(&pid, path, &files, NULL, (char *const *)argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (error)
		return error;

	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

enum ran run(const char *const argv[], const char *input, char **said)
{
	char	path[64];
	int	in, out, status = -1, error = 0;

	if (said)
		*said = NULL;
	if (!find(argv[0], path, sizeof(path)))
		return RAN_MISSING;

	in = memfd_create("input", MFD_CLOEXEC);
	out = memfd_create("output", MFD_CLOEXEC);
	if (in < 0 || out < 0 || !fill(in, input ? input : ""))
		error = errno;
	else
		error = spawn(path, argv, in, out, &status);
	if (said)
		*said = error ? strdup(strerror(error)) : contents(out);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return !error && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? RAN_OK : RAN_FAILED;
}

void run_repeat(const char *program, const char *said, FILE *err)
{
	enum { LINES_MAX = 12 };

	for (int i = 0; said && *said && i < LINES_MAX; i++) {
		size_t len = strcspn(said, "\n");

		fprintf(err, "%s: %.*s\n", program, (int)len, said);
		said += len + (said[len] == '\n');
	}
}
