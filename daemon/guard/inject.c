// SPDX-License-Identifier: GPL-2.0-or-later

#include "inject.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IP4_DST = 16, IP6_DST = 24 };

/* IPPROTO_RAW: the IP header is ours, and nothing is ever received. */
static int open_raw(int family, uint32_t mark)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		fd = -1;
	}
	return fd;
}

bool inject_open(struct inject *in, uint32_t mark, FILE *err)
{
	*in = (struct inject){ .fd4 = open_raw(AF_INET, mark), .fd6 = -1 };
	if (in->fd4 < 0) {
		fprintf(err, "raw socket: %s\n", strerror(errno));
		return false;
	}
	in->fd6 = open_raw(AF_INET6, mark);
	if (in->fd6 < 0 && errno != EAFNOSUPPORT) {
		fprintf(err, "raw IPv6 socket: %s\n", strerror(errno));
		inject_close(in);
		return false;
	}
	return true;
}

void inject_close(struct inject *in)
{
	if (in->fd4 >= 0)
		close(in->fd4);
	if (in->fd6 >= 0)
		close(in->fd6);
	in->fd4 = in->fd6 = -1;
}

void inject_send(struct inject *in, const struct segment *s)
{
	struct sockaddr_in	to4 = { .sin_family = AF_INET };
	struct sockaddr_in6	to6 = { .sin6_family = AF_INET6 };
	ssize_t			n;

	if (s->at[0] >> 4 == 4) {
		memcpy(&to4.sin_addr, s->at + IP4_DST, sizeof(to4.sin_addr));
		n = sendto(in->fd4, s->at, s->len, 0, (struct sockaddr *)&to4, sizeof(to4));
	} else {
		memcpy(&to6.sin6_addr, s->at + IP6_DST, sizeof(to6.sin6_addr));
		n = sendto(in->fd6, s->at, s->len, 0, (struct sockaddr *)&to6, sizeof(to6));
	}
	if (n < 0)
		in->failed++;
}
