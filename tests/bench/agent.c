// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fast agent for the benchmarks: 401 with a new nonce to who has no
 * credentials, 200 to who has any.  It does nothing else, so that what stands
 * in front of it is what is measured.
 *
 *	agent PORT
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, HEAD = 4097, FDS = 4096 };

static struct { size_t len; char text[HEAD]; } *head[FDS];
static int epoll_fd;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll_ctl");
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6	any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int			fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int			one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (fd >= FDS)
			die("too many connections");
		if (!head[fd] && !(head[fd] = malloc(sizeof(*head[fd]))))
			die("malloc");
		head[fd]->len = 0;
		watch(fd);
	}
}

static void answer(int fd, const char *request)
{
	static unsigned	nonce;
	const bool	close_it = strstr(request, "\r\nConnection: close\r\n");
	char		text[512];
	int		n;

	if (strcasestr(request, "\r\nAuthorization: Digest "))
		n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%s\r\n",
			     close_it ? "Connection: close\r\n" : "");
	else
		n = snprintf(text, sizeof(text), "HTTP/1.1 401 Unauthorized\r\n"
			     "Content-Length: 0\r\n%sWWW-Authenticate: Digest "
			     "realm=\"bench\",qop=\"auth\",nonce=\"%032x\"\r\n\r\n",
			     close_it ? "Connection: close\r\n" : "", ++nonce);
	/* Who is gone by now gets no answer; that is for the load to count. */
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n || close_it)
		close(fd);
	else
		head[fd]->len = 0;
}

static void read_from(int fd)
{
	ssize_t n = recv(fd, head[fd]->text + head[fd]->len, HEAD - 1 - head[fd]->len, 0);

	if (n <= 0) {
		close(fd);
		return;
	}
	head[fd]->len += (size_t)n;
	head[fd]->text[head[fd]->len] = '\0';
	if (strstr(head[fd]->text, "\r\n\r\n"))
		answer(fd, head[fd]->text);
}

int main(int argc, char **argv)
{
	struct epoll_event	event[EVENTS];
	int			listener, n;

	if (argc != 2)
		return 2;
	epoll_fd = epoll_create1(0);
	listener = listen_on((uint16_t)atoi(argv[1]));
	watch(listener);
	puts("listening");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(epoll_fd, event, EVENTS, -1);
		for (int i = 0; i < n; i++)
			if (event[i].data.fd == listener)
				accept_all(listener);
			else
				read_from(event[i].data.fd);
	}
}
