// SPDX-License-Identifier: GPL-2.0-or-later

#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void control_init(struct control *c)
{
	*c = (struct control){ .listener = -1 };
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].fd = -1;
}

/* Only the last part of the path: what is above is the system's. */
static void make_directory(const char *path)
{
	char	 dir[PATH_LEN_MAX];
	char	*slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	mkdir(dir, 0750);
}

/* The name that a daemon which was killed has left; never one that is answered at. */
static bool remove_stale(const struct sockaddr_un *at)
{
	struct stat	st;
	bool		stale;
	int		fd;

	if (lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED;
	close(fd);
	if (!stale)
		errno = EADDRINUSE;
	return stale && unlink(at->sun_path) == 0;
}

static bool bind_to(int fd, const struct sockaddr_un *at)
{
	const struct sockaddr	*sa = (const struct sockaddr *)at;
	mode_t			 before = umask(0177);
	bool			 bound = bind(fd, sa, sizeof(*at)) == 0;

	if (!bound && errno == EADDRINUSE && remove_stale(at))
		bound = bind(fd, sa, sizeof(*at)) == 0;
	umask(before);
	return bound;
}

bool control_open(struct control *c, const char *path, FILE *err)
{
	struct sockaddr_un	at = { .sun_family = AF_UNIX };
	int			fd = -1;

	snprintf(c->path, sizeof(c->path), "%s", path);
	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
	} else {
		memcpy(at.sun_path, path, strlen(path));
		make_directory(path);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd >= 0 && bind_to(fd, &at) && listen(fd, CONTROL_CLIENTS) == 0) {
		c->listener = fd;
		return true;
	}
	fprintf(err, "control socket %s: %s\n", path,
		errno == EADDRINUSE ? "another daemon answers there" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

static void drop_client(struct control_client *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

void control_close(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		drop_client(&c->client[i]);
	if (c->listener >= 0) {
		close(c->listener);
		unlink(c->path);
	}
	c->listener = -1;
}

/* The mode of the socket says so already; this says it again. */
static bool is_root(int fd)
{
	struct ucred	peer;
	socklen_t	len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static struct control_client *free_client(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd < 0)
			return &c->client[i];
	return NULL;
}

static void take_client(struct control *c, uint64_t now_ms)
{
	struct control_client	*k = free_client(c);
	int			 fd = k ? accept4(c->listener, NULL, NULL,
						  SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return;
	if (!is_root(fd)) {
		close(fd);
		return;
	}
	*k = (struct control_client){ .fd = fd, .until_ms = now_ms + CONTROL_PATIENCE_MS };
}

/* All of it goes into the socket's buffer, or the client gets what did. */
static void send_answer(int fd, const char *text, size_t len, int pass)
{
	union {
		char		at[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} room = { { 0 } };
	struct iovec	iov = { (void *)text, len };
	struct msghdr	m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*h;

	if (pass >= 0) {
		m.msg_control = room.at;
		m.msg_controllen = sizeof(room.at);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &pass, sizeof(pass));
	}
	sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer(struct control_client *k, control_ask *ask, void *context)
{
	struct control_answer	 a = { .fd = -1 };
	char			*text = NULL, *whole = NULL;
	size_t			 len;
	int			 n = -1;

	a.text = open_memstream(&text, &len);
	if (a.text) {
		ask(context, k->line, &a);
		if (fclose(a.text) == 0)
			n = asprintf(&whole, "%s\n%s", a.failed ? "error" : "ok", text);
	}
	if (n >= 0) {
		send_answer(k->fd, whole, (size_t)n, a.fd);
		free(whole);
	}
	free(text);
	if (a.fd >= 0)
		close(a.fd);
}

/* Reads what is there; at the newline it is answered, and that was all. */
static void hear_client(struct control_client *k, control_ask *ask, void *context)
{
	ssize_t	 n = read(k->fd, k->line + k->len, sizeof(k->line) - 1 - k->len);
	char	*end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		k->len += (size_t)n;
		k->line[k->len] = '\0';
		end = strchr(k->line, '\n');
		if (!end && k->len < sizeof(k->line) - 1)
			return;
		if (end) {
			*end = '\0';
			answer(k, ask, context);
		}
	}
	drop_client(k);
}

void control_serve(struct control *c, int wait_ms, control_ask *ask, void *context)
{
	struct pollfd	fd[CONTROL_CLIENTS + 1];
	uint64_t	now;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		fd[i] = (struct pollfd){ .fd = c->client[i].fd, .events = POLLIN };
	/* Who finds all places taken waits in the kernel until one is free. */
	fd[CONTROL_CLIENTS] = (struct pollfd){
		.fd = free_client(c) ? c->listener : -1, .events = POLLIN };
	if (poll(fd, CONTROL_CLIENTS + 1, wait_ms) < 0)
		return;
	now = clock_ms();
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (fd[i].revents)
			hear_client(&c->client[i], ask, context);
		else if (c->client[i].fd >= 0 && now > c->client[i].until_ms)
			drop_client(&c->client[i]);
	}
	if (fd[CONTROL_CLIENTS].revents)
		take_client(c, now);
}
