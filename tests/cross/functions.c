// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls the functions through which guard and judge reach the kernel, as they
 * call them, for tests/cross/calls to see what the C library makes of them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void on_alarm(int sig)
{
	(void)sig;
}

static void receive_many(int fd)
{
	char		byte;
	struct iovec	iov = { &byte, 1 };
	struct mmsghdr	msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	recvmmsg(fd, &msg, 1, MSG_DONTWAIT, NULL);
}

/* For tests/cross/calls to see where it begins and ends. */
static void mark(void)
{
	if (write(-1, "", 0) == 0)
		_exit(1);
}

int main(void)
{
	char		byte = 'x';
	int		fd[2];
	struct pollfd	p;
	struct timespec	t;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) < 0)
		return 1;
	signal(SIGALRM, on_alarm);
	p = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	mark();
	poll(&p, 1, 10);
	receive_many(fd[0]);
	send(fd[0], &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	sendto(fd[0], &byte, 1, 0, NULL, 0);
	recv(fd[1], &byte, 1, 0);
	recvfrom(fd[1], &byte, 1, 0, NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t);
	raise(SIGALRM);
	mark();
	_exit(0);
}
