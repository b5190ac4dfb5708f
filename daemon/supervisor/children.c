// SPDX-License-Identifier: GPL-2.0-or-later

#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "inherit.h"
#include "inject.h"
#include "limit.h"
#include "nfqueue.h"

enum { FIRST_FD = 3, HIGH_FD = 64 };

/* For machines where no package has made the users. */
enum { GUARD_UID = 64547, JUDGE_UID = 64548 };

static uid_t uid_of(const char *name, uid_t otherwise)
{
	const struct passwd *pw = getpwnam(name);

	return pw && pw->pw_uid ? pw->pw_uid : otherwise;
}

/* Beside the daemon's own file, as in a build tree, or where it is installed. */
static void find_program(const char *name, char path[PATH_MAX])
{
	ssize_t	 n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char	*slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		snprintf(slash + 1, (size_t)(path + PATH_MAX - slash - 1), "%s", name);
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, PATH_MAX, LIBEXEC_DIR "/%s", name);
}

/* In the child: descriptor i becomes number 3 + i; -1 leaves it closed. */
static void take_fds(const int *fd, int n)
{
	int high[GUARD_FDS];

	for (int i = 0; i < n; i++)
		high[i] = fd[i] < 0 ? -1 : fcntl(fd[i], F_DUPFD_CLOEXEC, HIGH_FD);
	for (int i = 0; i < n; i++)
		if (high[i] < 0)
			close(FIRST_FD + i);
		else if (dup2(high[i], FIRST_FD + i) < 0)
			_exit(EXIT_FAILURE);
}

/* Executed anew: a child shares no memory and no addresses with this process. */
pid_t child_start(const char *name, const char *user, uid_t otherwise, const int *fd, int n)
{
	char	path[PATH_MAX], uid_text[16];
	char	*argv[] = { (char *)name, uid_text, NULL };
	char	*envp[] = { NULL };
	pid_t	pid;

	find_program(name, path);
	pid = fork();
	if (pid == 0) {
		/* Here, for what the name service loads is large: executing ends it. */
		snprintf(uid_text, sizeof(uid_text), "%u", (unsigned)uid_of(user, otherwise));
		take_fds(fd, n);
		execve(path, argv, envp);
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		_exit(EXIT_FAILURE);
	}
	if (pid < 0)
		perror("fork");
	return pid < 0 ? 0 : pid;
}

static bool set_up_judge(int fd, const struct setup *setup)
{
	static struct order_setup o;

	o = (struct order_setup){ .order = ORDER_SETUP, .policy = setup->policy,
				  .key = setup->key,
				  .sandbox_optional = setup->sandbox_optional };
	return send(fd, &o, sizeof(o), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(o);
}

bool children_order_credentials(const struct children *c,
				const struct credentials *credentials, uint64_t now_ms)
{
	static struct order_credentials	o;
	bool				taken;

	o = (struct order_credentials){ .order = ORDER_CREDENTIALS, .now_ms = now_ms,
					.credentials = *credentials };
	taken = send(c->judge_fd, &o, sizeof(o), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(o);
	explicit_bzero(&o, sizeof(o));
	return taken;
}

static bool wait_at_most(int fd, int ms)
{
	struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0;
}

/* It is in its sandbox and waits for questions; the first one is answered in time. */
static bool is_ready(int fd)
{
	static struct answer hello;

	if (recv(fd, &hello, sizeof(hello), 0) >= (ssize_t)offsetof(struct answer, bytes))
		return true;
	fputs("cwmpgate-judge did not start\n", stderr);
	return false;
}

/* First those it begins with, then, as if they had just changed, those it has now. */
static bool give_credentials(const struct children *c, const struct secrets *secrets)
{
	if (secrets->changed_ms && !children_order_credentials(c, &secrets->previous, 0))
		return false;
	return children_order_credentials(c, secrets->current, secrets->changed_ms);
}

static bool start_judge(struct children *c, const struct setup *setup,
			const struct secrets *secrets)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		perror("socketpair");
		return false;
	}
	c->judge_fd = pair[0];
	c->judge = child_start("cwmpgate-judge", "_cwmpgate-judge", JUDGE_UID, &pair[1], 1);
	close(pair[1]);
	return c->judge && set_up_judge(c->judge_fd, setup) &&
	       give_credentials(c, secrets) &&
	       wait_at_most(c->judge_fd, START_MS) && is_ready(c->judge_fd) &&
	       wait_at_most(c->judge_fd, JUDGE_ANSWER_MS);
}

static bool start_guard(struct children *c, const struct setup *setup, int shm_fd, int trace)
{
	struct inject	inject;
	int		queue = nfqueue_bind(setup->queue, setup->fail_open, stderr);

	if (queue < 0)
		return false;
	if (!inject_open(&inject, setup->mark, stderr)) {
		close(queue);
		return false;
	}
	c->guard = child_start("cwmpgate-guard", "_cwmpgate", GUARD_UID, (const int[]){
		[GUARD_QUEUE - FIRST_FD] = queue, [GUARD_RAW4 - FIRST_FD] = inject.fd4,
		[GUARD_RAW6 - FIRST_FD] = inject.fd6, [GUARD_JUDGE - FIRST_FD] = c->judge_fd,
		[GUARD_SHM - FIRST_FD] = shm_fd, [GUARD_TRACE - FIRST_FD] = trace,
	}, GUARD_FDS - FIRST_FD);
	/* Only the guard's copies stay: when it ends, the queue is unbound. */
	close(queue);
	inject_close(&inject);
	return c->guard;
}

bool children_start(struct children *c, struct shm *shm, int shm_fd, int trace,
		    const struct secrets *secrets)
{
	*c = (struct children){ .judge_fd = -1 };
	if (start_judge(c, &shm->setup, secrets) &&
	    start_guard(c, &shm->setup, shm_fd, trace))
		return true;
	children_stop(c);
	return false;
}

void child_stop(pid_t *pid)
{
	if (*pid) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

void children_stop(struct children *c)
{
	child_stop(&c->guard);
	child_stop(&c->judge);
	if (c->judge_fd >= 0)
		close(c->judge_fd);
	c->judge_fd = -1;
}

static void tell_end(const char *name, int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s ended by signal %d (%s)\n", name, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "%s ended with status %d\n", name, WEXITSTATUS(status));
}

static bool has_ended(pid_t *pid, const char *name)
{
	int status;

	if (!*pid || waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	tell_end(name, status);
	return true;
}

void child_finish(pid_t *pid, const char *name)
{
	int status = 0;

	/* Who is ending already keeps the status he ends with. */
	if (*pid && kill(*pid, SIGKILL) == 0 && waitpid(*pid, &status, 0) == *pid && status)
		tell_end(name, status);
	*pid = 0;
}

bool children_ended(struct children *c)
{
	bool guard = has_ended(&c->guard, "cwmpgate-guard");
	bool judge = has_ended(&c->judge, "cwmpgate-judge");

	return guard || judge;
}
