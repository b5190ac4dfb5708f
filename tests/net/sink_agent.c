// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent of the differential test: takes thousands of connections, writes
 * down every byte it reads and answers every head, however odd.
 *
 *	sink_agent LOG PORT ...
 *
 * One line per event, <n> counts connections, times are milliseconds:
 *
 *	listening
 *	A <n> <address> <port> <time>
 *	W <n>					nothing was there to read yet
 *	R <n> <hex> <time>
 *	E <n>					the connection is over
 *
 * It never closes a connection because of its age; a client that does not
 * acknowledge an answer is given up by the kernel.
 *
 * The last three bits of the client's port choose how it answers, so that
 * whoever made the conversation knows: enum manner.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 8192, EVENTS = 64, READ_MAX = 65536, BODY = 4000, UNACKED_MS = 3000 };

enum manner {
	KEEP, KEEP_TOO,		/* 401, the connection stays */
	KEEP_IN_PIECES,		/* the same in two segments */
	KEEP_LONG,		/* with a body of several segments */
	CLOSE_401, CLOSE_200,
	CLOSE_LF,		/* lines end in LF alone, no blank line */
	HANG_UP,		/* no answer at all */
};

struct client {
	bool		used;
	bool		listens;
	unsigned	number;
	enum manner	manner;
	unsigned	newlines;	/* at the end of what was read */
};

static struct client	client[FDS_MAX];
static FILE		*log_file;
static int		 epoll_fd;
static unsigned		 accepted, nonce;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long long clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll_ctl");
}

static void listen_on(uint16_t port)
{
	struct sockaddr_in6	any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int			fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int			one = 1, zero = 0;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1024) < 0)
		die("listen");
	client[fd] = (struct client){ .used = true, .listens = true };
	watch(fd);
}

static void accept_on(int listener)
{
	struct sockaddr_in6	peer;
	socklen_t		len = sizeof(peer);
	int			fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK);
	char			text[INET6_ADDRSTRLEN];
	int			unacked = UNACKED_MS, waiting = 0;

	if (fd < 0)
		return;
	if (fd >= FDS_MAX)
		die("too many connections");
	client[fd] = (struct client){ .used = true, .number = ++accepted,
				      .manner = (enum manner)(ntohs(peer.sin6_port) % 8) };
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof(unacked));
	inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text));
	fprintf(log_file, "A %u %s %u %lld\n", accepted, text, ntohs(peer.sin6_port), clock_ms());
	if (ioctl(fd, FIONREAD, &waiting) < 0 || !waiting)
		fprintf(log_file, "W %u\n", accepted);
	watch(fd);
}

static void drop(int fd)
{
	fprintf(log_file, "E %u\n", client[fd].number);
	client[fd].used = false;
	close(fd);
}

/* What does not fit into the socket is not missed. */
static void say(int fd, const char *text, size_t len)
{
	ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

	(void)n;
}

static void say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

static void challenge(int fd, const char *more)
{
	char	text[512 + BODY];
	int	n = snprintf(text, sizeof(text),
			     "HTTP/1.1 401 Unauthorized\r\n%s"
			     "WWW-Authenticate: Digest realm=\"sink\", nonce=\"%016x\", qop=\"auth\"\r\n\r\n",
			     more, ++nonce);

	if (client[fd].manner == KEEP_LONG) {
		memset(text + n, 'x', BODY);
		n += BODY;
	}
	if (client[fd].manner == KEEP_IN_PIECES) {
		say(fd, text, 50);
		say(fd, text + 50, (size_t)n - 50);
	} else {
		say(fd, text, (size_t)n);
	}
}

/* False if that was the end of the connection. */
static bool answer(int fd)
{
	switch (client[fd].manner) {
	case KEEP:
	case KEEP_TOO:
	case KEEP_IN_PIECES:
		challenge(fd, "Content-Length: 0\r\n");
		return true;
	case KEEP_LONG:
		challenge(fd, "Content-Length: 4000\r\n");
		return true;
	case CLOSE_401:
		challenge(fd, "Content-Length: 0\r\nConnection: close\r\n");
		break;
	case CLOSE_200:
		say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
		break;
	case CLOSE_LF:
		say_text(fd, "HTTP/1.1 401 Unauthorized\nConnection: close\n"
			 "WWW-Authenticate: Digest realm=\"sink\",\n qop=\"auth\",\n nonce=\"0123456789\"\n");
		break;
	case HANG_UP:
		break;
	}
	drop(fd);
	return false;
}

static void read_from(int fd)
{
	static char	data[READ_MAX];
	struct client	*c = &client[fd];
	ssize_t		 n = recv(fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(fd);
		return;
	}
	fprintf(log_file, "R %u ", c->number);
	for (ssize_t i = 0; i < n; i++)
		fprintf(log_file, "%02x", (unsigned char)data[i]);
	fprintf(log_file, " %lld\n", clock_ms());

	for (ssize_t i = 0; i < n; i++) {
		if (data[i] == '\n')
			c->newlines++;
		else if (data[i] != '\r')
			c->newlines = 0;
		if (c->newlines < 2)
			continue;
		c->newlines = 0;
		if (!answer(fd))
			return;
	}
}

int main(int argc, char **argv)
{
	struct epoll_event	event[EVENTS];
	int			n;

	if (argc < 3)
		return 2;
	log_file = fopen(argv[1], "we");
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!log_file || epoll_fd < 0)
		die(argv[1]);
	for (int i = 2; i < argc; i++)
		listen_on((uint16_t)atoi(argv[i]));
	fprintf(log_file, "listening\n");
	for (;;) {
		fflush(log_file);
		n = epoll_wait(epoll_fd, event, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = event[i].data.fd;

			if (client[fd].listens)
				accept_on(fd);
			else if (client[fd].used)
				read_from(fd);
		}
	}
}
