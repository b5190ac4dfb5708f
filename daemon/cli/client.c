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

/* A reload starts processes and loads rules. */
enum { PATIENCE_S = 15 };

static void cannot(struct reply *r, const char *path)
{
	switch (errno) {
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
	struct timeval		wait = { .tv_sec = PATIENCE_S };
	int			fd, saved;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
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
	if (fd < 0) {
		cannot(r, c->conf.control);
		return;
	}
	if (dprintf(fd, "%s\n", line) > 0)
		while (n > 0 && len < sizeof(r->text) - 1) {
			n = receive(fd, r->text + len, sizeof(r->text) - 1 - len, &r->fd);
			len += n > 0 ? (size_t)n : 0;
		}
	close(fd);
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

static const struct shm *map(struct reply *r)
{
	struct stat		 st;
	const struct shm	*m = NULL;

	if (r->fd < 0)
		return NULL;
	if (fstat(r->fd, &st) == 0 && st.st_size == (off_t)sizeof(*m)) {
		m = mmap(NULL, sizeof(*m), PROT_READ, MAP_SHARED, r->fd, 0);
		if (m == MAP_FAILED)
			m = NULL;
		else if (m->version != SHM_VERSION)
			client_unmap(&m);
	}
	close(r->fd);
	return m;
}

const struct shm *client_map(const struct cli *c)
{
	static struct reply r;

	client_ask(c, "shm", &r);
	return map(&r);
}

void client_unmap(const struct shm **m)
{
	if (*m)
		munmap((void *)*m, sizeof(**m));
	*m = NULL;
}

const struct shm *client_must_map(const struct cli *c, enum status *status)
{
	const struct shm *m = client_map(c);

	*status = STATUS_OK;
	if (!m)
		*status = client_order(c, "status");
	if (!m && *status == STATUS_OK) {
		fputs("cwmpgate: the daemon is of another version\n", stderr);
		*status = STATUS_FAILED;
	}
	return m;
}

const char *client_flows(const struct cli *c, struct flow_list *l)
{
	enum { PATIENCE_TICKS = 20, HALF_MS = TICK_MS / 2 };
	static struct reply	 r;
	const struct shm	*m;
	uint32_t		 wanted;

	l->n = 0;
	client_ask(c, "flows", &r);
	l->status = r.status;
	m = map(&r);
	if (r.status != STATUS_OK)
		return r.text;
	wanted = (uint32_t)client_number(&r, "wanted");
	l->status = STATUS_FAILED;
	for (int i = 0; m && i < PATIENCE_TICKS && l->status != STATUS_OK; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = HALF_MS * 1000000l }, NULL);
		if (shm_read_flows(m, wanted, l->row, &l->n))
			l->status = STATUS_OK;
	}
	client_unmap(&m);
	return l->status == STATUS_OK ? NULL : "the guard does not answer\n";
}
