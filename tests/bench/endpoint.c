// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections of the load programs; see endpoint.h. */

#include "endpoint.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

int connect_from(const struct endpoint *to, const struct endpoint *from)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* The port is chosen when both ends are known: each source has all of them. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if ((!from || bind(fd, &from->any, from->len) == 0) &&
	    (connect(fd, &to->any, to->len) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}
