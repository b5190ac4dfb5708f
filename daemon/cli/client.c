// SPDX-License-Identifier: GPL-2.0-or-later

#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * A reload starts processes and loads rules, and meanwhile nobody answers; a daemon that
 * is stopped (SIGSTOP, a freezer, a debugger) is not waited for.
 */
enum { PATIENCE_S = 15, LOOK_S = 1, SAY_S = 2, STOPPED_LOOKS = 10, BETWEEN_MS = 100 };

static void set_silent(struct reply *r, const char *path)
{
	r->status = STATUS_DOWN;
	r->silent = true;
	snprintf(r->text, sizeof(r->text), "cwmpgated does not answer at %s%s\n", path,
		 r->stopped ? ": it is stopped (SIGCONT lets it go on)" : "");
}

static void cannot(struct reply *r, const char *path)
{
	switch (errno) {
	case EAGAIN:		/* as many wait for it as can */
		set_silent(r, path);
		return;
	case ENOENT:
	case ECONNREFUSED:
		r->status = STATUS_DOWN;
		snprintf(r->text, sizeof(r->text), "cwmpgated is not running: nobody answers at %s\n",
			 path);
		return;
	case EACCES:
	case EPERM:
		r->status = STATUS_DENIED;
		snprintf(r->text, sizeof(r->text), "%s: only root may ask the daemon\n", path);
		return;
	}
	r->status = STATUS_FAILED;
	snprintf(r->text, sizeof(r->text), "%s: %s\n", path, strerror(errno));
}

static int reach(const char *path)
{
	struct sockaddr_un	at = { .sun_family = AF_UNIX };
	struct timeval		look = { .tv_sec = LOOK_S }, say = { .tv_sec = SAY_S };
	int			fd, saved;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &say, sizeof(say)) == 0 &&
	    connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static ssize_t receive(int fd, char *at, size_t max, int *passed)
{
	union {
		char		at[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} room;
	struct iovec	iov = { at, max };
	struct msghdr	m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room.at,
			      .msg_controllen = sizeof(room.at) };
	ssize_t		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr	*h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof(int)) && *passed < 0)
		memcpy(passed, CMSG_DATA(h), sizeof(*passed));
	return n;
}

/* Who listens at the other end of @fd; 0 if nobody can tell. */
static pid_t listener(int fd)
{
	struct ucred	peer = { .pid = 0 };
	socklen_t	len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.pid : 0;
}

/* The state stands behind the name, which may have anything in it (proc(5)). */
static bool is_stopped(pid_t pid)
{
	char	 path[32], text[128] = "";
	FILE	*f;
	char	*state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	state = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
	fclose(f);
	return state && state[1] && (state[2] == 'T' || state[2] == 't');
}

/* Now, and all through a second. */
static bool stays_stopped(pid_t pid)
{
	const struct timespec between = { .tv_nsec = BETWEEN_MS * 1000000l };

	for (int i = 0; i < STOPPED_LOOKS; i++) {
		if (!is_stopped(pid))
			return false;
		nanosleep(&between, NULL);
	}
	return true;
}

/* As receive(); a part of the answer, 0 at its end, or -1 when nobody answers. */
static ssize_t wait_for(int fd, struct reply *r, size_t len)
{
	static bool	said;
	ssize_t		n;

	for (int waited = LOOK_S; ; waited += LOOK_S) {
		n = receive(fd, r->text + len, sizeof(r->text) - 1 - len, &r->fd);
		if (n >= 0 || errno != EAGAIN)
			return n;
		r->stopped = is_stopped(listener(fd));
		r->silent = r->stopped || waited >= PATIENCE_S;
		if (r->silent)
			return n;
		if (waited >= SAY_S && !said) {
			said = true;
			fprintf(stderr, "cwmpgate: the daemon does not answer yet; waiting for up to "
				"%d s\n", PATIENCE_S);
		}
	}
}

/* "ok" or "error" in the first line, which is taken off. */
static void take_verdict(struct reply *r, size_t len)
{
	size_t first;

	r->text[len] = '\0';
	first = strcspn(r->text, "\n");
	if (strncmp(r->text, "ok\n", 3) == 0) {
		r->status = STATUS_OK;
	} else if (strncmp(r->text, "error\n", 6) != 0) {
		strcpy(r->text, "the daemon gave no answer\n");
		return;
	}
	memmove(r->text, r->text + first + 1, len - first);
}

void client_ask(const struct cli *c, const char *line, struct reply *r)
{
	int	fd = reach(c->conf.control);
	size_t	len = 0;
	ssize_t	n = 1;

	r->status = STATUS_FAILED;
	r->fd = -1;
	r->silent = r->stopped = false;
	if (fd < 0) {
		cannot(r, c->conf.control);
		return;
	}
	/* Not asked then: it would do later what nobody expects any more. */
	r->silent = r->stopped = stays_stopped(listener(fd));
	if (!r->silent && dprintf(fd, "%s\n", line) > 0)
		while (n > 0 && len < sizeof(r->text) - 1) {
			n = wait_for(fd, r, len);
			len += n > 0 ? (size_t)n : 0;
		}
	close(fd);
	if (r->silent)
		set_silent(r, c->conf.control);
	else
		take_verdict(r, len);
}

enum status client_order(const struct cli *c, const char *line)
{
	static struct reply r;

	client_ask(c, line, &r);
	if (r.fd >= 0)
		close(r.fd);
	if (r.status != STATUS_OK)
		fprintf(stderr, "cwmpgate: %s", r.text);
	return r.status;
}

const char *client_value(const struct reply *r, const char *key, char *value, size_t max)
{
	size_t n = strlen(key);

	value[0] = '\0';
	for (const char *at = r->text; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, key, n) == 0 && at[n] == '=')
			snprintf(value, max, "%.*s", (int)strcspn(at + n + 1, "\n"), at + n + 1);
	return value;
}

uint64_t client_number(const struct reply *r, const char *key)
{
	char text[32];

	return strtoull(client_value(r, key, text, sizeof(text)), NULL, 0);
}

/* Those of the first queue have no number. */
char *client_pid_key(const char *which, size_t lane, char key[32])
{
	snprintf(key, 32, lane ? "%s_pid_%zu" : "%s_pid", which, lane);
	return key;
}

static void unmap(const struct shm *m)
{
	munmap((void *)m, sizeof(*m));
}

static const struct shm *map(struct reply *r)
{
	struct stat		 st;
	const struct shm	*m = NULL;

	if (r->fd < 0)
		return NULL;
	if (fstat(r->fd, &st) == 0 && st.st_size == (off_t)sizeof(*m)) {
		m = mmap(NULL, sizeof(*m), PROT_READ, MAP_SHARED, r->fd, 0);
		if (m == MAP_FAILED) {
			m = NULL;
		} else if (m->version != SHM_VERSION) {
			unmap(m);
			m = NULL;
		}
	}
	close(r->fd);
	return m;
}

/* A word that has to do with lane @i; those of the first one can do without its number. */
static void ask_lane(const struct cli *c, const char *word, size_t i, struct reply *r)
{
	char line[32];

	snprintf(line, sizeof(line), "%s %zu", word, i);
	client_ask(c, i ? line : word, r);
}

/* All or none: a number of lanes that changes meanwhile is asked for again. */
bool client_map(const struct cli *c, struct lanes *out)
{
	static struct reply	r;
	uint64_t		n = 1;

	out->n = 0;
	while (out->n < n) {
		ask_lane(c, "shm", out->n, &r);
		out->of[out->n] = map(&r);
		if (!out->of[out->n])
			break;
		out->n++;
		n = client_number(&r, "lanes");
		if (n > QUEUES_MAX)
			break;
	}
	if (out->n && out->n == n)
		return true;
	client_unmap(out);
	return false;
}

void client_unmap(struct lanes *l)
{
	while (l->n)
		unmap(l->of[--l->n]);
}

enum status client_must_map(const struct cli *c, struct lanes *out)
{
	enum status status = STATUS_OK;

	if (client_map(c, out))
		return status;
	status = client_order(c, "status");
	if (status == STATUS_OK) {
		fputs("cwmpgate: the daemon is of another version\n", stderr);
		status = STATUS_FAILED;
	}
	return status;
}

/* A list that was asked for. */
struct asked {
	const struct shm	*m;	/* NULL: it is there, or there is nobody to make it */
	uint32_t		 wanted;
};

/* Puts the lists that are there by now behind each other; true if none is missing. */
static bool take_flows(struct asked asked[QUEUES_MAX], struct flow_list *l)
{
	bool	all = true;
	size_t	n;

	for (size_t i = 0; i < QUEUES_MAX; i++) {
		if (!asked[i].m)
			continue;
		if (shm_read_flows(asked[i].m, asked[i].wanted, l->row + l->n, &n)) {
			l->n += n;
			unmap(asked[i].m);
			asked[i].m = NULL;
		} else {
			all = false;
		}
	}
	return all;
}

/* Of a lane that is being started there are no connections. */
const char *client_flows(const struct cli *c, struct flow_list *l)
{
	enum { PATIENCE_TICKS = 20, HALF_MS = TICK_MS / 2 };
	static struct reply	r, wrong;
	struct asked		asked[QUEUES_MAX] = { { NULL, 0 } };
	uint64_t		n = 1;
	bool			all = false;

	l->n = 0;
	l->status = STATUS_DOWN;
	client_ask(c, "status", &r);
	if (r.status == STATUS_OK)
		n = client_number(&r, "queues");
	for (size_t i = 0; i < n && i < QUEUES_MAX; i++) {
		ask_lane(c, "flows", i, &r);
		asked[i] = (struct asked){ map(&r), (uint32_t)client_number(&r, "wanted") };
		if (r.status != STATUS_OK)
			wrong = r;
		if (l->status != STATUS_OK)
			l->status = r.status;
	}
	if (l->status != STATUS_OK)
		return wrong.text;
	for (int i = 0; i < PATIENCE_TICKS && !all; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = HALF_MS * 1000000l }, NULL);
		all = take_flows(asked, l);
	}
	for (size_t i = 0; i < QUEUES_MAX; i++)
		if (asked[i].m)
			unmap(asked[i].m);
	if (!all)
		l->status = STATUS_FAILED;
	return all ? NULL : "the guard does not answer\n";
}
