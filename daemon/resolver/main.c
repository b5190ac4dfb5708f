// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate-resolver: the process that asks the domain name system for the
 * addresses of the ACS, and that reads the file in which an agent keeps them.
 *
 * It is started by cwmpgated for one round, takes one order, gives up everything
 * else, answers for each source, and ends.  DNS answers are text from the
 * network, and the file is somebody else's: who reads either can do no more than
 * name addresses, and cwmpgated looks at those again.
 */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libc_names.h"
#include "list.h"
#include "sandbox.h"

enum {
	MEMORY_MAX	= 64 << 20,
	CPU_S_MAX	= 5,
	DESCRIPTORS_MAX	= 16,
};

/*
 * What getaddrinfo(3) of glibc and musl needs to read hosts and resolv.conf, to
 * ask over UDP and TCP, and to sort what came (RFC 6724); on 32-bit machines some
 * of it has other names.
 */
static const struct allowed allowed[] = {
	{ SCMP_SYS(openat),		TO_READ },
	{ SCMP_SYS(open),		TO_READ },
	{ SCMP_SYS(read),		ANY_FD },
	{ SCMP_SYS(readv),		ANY_FD },
	{ SCMP_SYS(lseek),		ANY_FD },
	{ SCMP_SYS(_llseek),		ANY_FD },
	{ SCMP_SYS(fstat),		ANY_FD },
	{ SCMP_SYS(fstat64),		ANY_FD },
	{ SCMP_SYS(stat),		ANY_FD },
	{ SCMP_SYS(stat64),		ANY_FD },
	{ SCMP_SYS(newfstatat),		ANY_FD },
	{ SCMP_SYS(fstatat64),		ANY_FD },
	{ SCMP_SYS(statx),		ANY_FD },
	{ SCMP_SYS(close),		ANY_FD },
	{ SCMP_SYS(fcntl),		ANY_FD },
	{ SCMP_SYS(fcntl64),		ANY_FD },
	{ SCMP_SYS(ioctl),		ONLY_FIONREAD },
	/* glibc asks the kernel for our own addresses, to sort by them, and nscd */
	{ SCMP_SYS(socket),		AF_INET },
	{ SCMP_SYS(socket),		AF_INET6 },
	{ SCMP_SYS(socket),		AF_NETLINK },
	{ SCMP_SYS(socket),		NO_UNIX },
	{ SCMP_SYS(bind),		ANY_FD },
	{ SCMP_SYS(connect),		ANY_FD },
	{ SCMP_SYS(getsockname),	ANY_FD },
	{ SCMP_SYS(setsockopt),		ANY_FD },
	{ SCMP_SYS(send),		ANY_FD },
	{ SCMP_SYS(sendto),		ANY_FD },
	{ SCMP_SYS(sendmsg),		ANY_FD },
	{ SCMP_SYS(sendmmsg),		ANY_FD },
	{ SCMP_SYS(write),		ANY_FD },
	{ SCMP_SYS(writev),		ANY_FD },
	{ SCMP_SYS(recv),		ANY_FD },
	{ SCMP_SYS(recvfrom),		ANY_FD },
	{ SCMP_SYS(recvmsg),		ANY_FD },
	{ SCMP_SYS(poll),		ANY_FD },
	{ SCMP_SYS(ppoll),		ANY_FD },
	{ SCMP_SYS(ppoll_time64),	ANY_FD },
	{ SCMP_SYS(futex),		ANY_FD },
	{ SCMP_SYS(futex_time64),	ANY_FD },
	{ SCMP_SYS(rt_sigprocmask),	ANY_FD },
	{ SCMP_SYS(brk),		ANY_FD },
	{ SCMP_SYS(mmap),		NO_CODE },
	{ SCMP_SYS(mmap2),		NO_CODE },
	{ SCMP_SYS(mremap),		ANY_FD },
	{ SCMP_SYS(munmap),		ANY_FD },
	{ SCMP_SYS(madvise),		ANY_FD },
	{ SCMP_SYS(clock_gettime),	ANY_FD },
	{ SCMP_SYS(clock_gettime64),	ANY_FD },
	{ SCMP_SYS(gettimeofday),	ANY_FD },
	{ SCMP_SYS(getrandom),		ANY_FD },
	{ SCMP_SYS(getpid),		ANY_FD },
	{ SCMP_SYS(uname),		ANY_FD },
	{ SCMP_SYS(exit_group),		ANY_FD },
	{ SCMP_SYS(rt_sigreturn),	ANY_FD },
	{ SCMP_SYS(restart_syscall),	ANY_FD },
};

static struct resolve_order	order;
static struct resolve_answer	answer;

static void fatal(const char *what)
{
	fprintf(stderr, "cwmpgate-resolver: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

static void must_receive_order(void)
{
	ssize_t n = recv(RESOLVER_SOCKET, &order, sizeof(order), 0);

	if (n != sizeof(order) || order.n_names > NAMES_MAX || order.list_len > LIST_SIZE)
		_exit(EXIT_FAILURE);
}

static bool add(const struct prefix *p)
{
	if (!resolve_may(p)) {
		answer.result = RESOLVE_NO_ACS;
		return false;
	}
	if (answer.n == LIST_PREFIXES_MAX) {
		answer.result = RESOLVE_TOO_MANY;
		return false;
	}
	answer.prefix[answer.n++] = *p;
	return true;
}

/* Copied out by offset: a struct sockaddr may lie where the longer ones may not. */
static bool add_sockaddr(const struct sockaddr *sa)
{
	const uint8_t	*at = (const uint8_t *)sa;
	struct prefix	 p = { .len = 32 };

	if (sa->sa_family == AF_INET) {
		p.addr = addr_from4(at + offsetof(struct sockaddr_in, sin_addr));
	} else {
		p.len = 128;
		memcpy(p.addr.b, at + offsetof(struct sockaddr_in6, sin6_addr), sizeof(p.addr.b));
	}
	return add(&p);
}

/* Of an answer with one address that may not be, none is taken. */
static bool resolve(const char *name)
{
	const struct addrinfo	 hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo		*found;
	int			 error = getaddrinfo(name, NULL, &hints, &found), n = 0;
	bool			 good = true;

	if (error) {
		answer.result = RESOLVE_FAILED;
		answer.number = error;
		return false;
	}
	for (const struct addrinfo *a = found; a && good; a = a->ai_next) {
		good = add_sockaddr(a->ai_addr);
		if (good && ++n > NAME_ADDRS_MAX) {
			answer.result = RESOLVE_TOO_MANY;
			good = false;
		}
	}
	freeaddrinfo(found);
	return good;
}

static bool read_line(struct bytes line)
{
	struct list_value v;

	switch (list_line(line, &v)) {
	case LIST_NOTHING:
		return true;
	case LIST_PREFIX:
		return add(&v.prefix);
	case LIST_NAME:
		return resolve(v.name);
	case LIST_BAD:
		break;
	}
	answer.result = RESOLVE_BAD_LINE;
	return false;
}

static void read_list(struct bytes text)
{
	struct bytes	line;
	int		number = 0;
	bool		good = true;

	while (text.len && good) {
		number++;
		if (!bytes_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		good = read_line(line);
	}
	if (!good && answer.result != RESOLVE_FAILED)
		answer.number = number;
}

static void begin(uint16_t source)
{
	answer = (struct resolve_answer){ .source = source };
}

static void finish(void)
{
	if (answer.result != RESOLVED)
		answer.n = 0;
	send(RESOLVER_SOCKET, &answer, sizeof(answer), MSG_NOSIGNAL);
}

int main(int argc, char *argv[])
{
	unsigned uid;

	if (argc != 2 || sscanf(argv[1], "%u", &uid) != 1) {
		fputs("cwmpgate-resolver is started by cwmpgated\n", stderr);
		return EXIT_FAILURE;
	}
	must_receive_order();
	/* Two servers are asked within the time of a round. */
	setenv("RES_OPTIONS", "timeout:2 attempts:2", 1);
	libc_names_plain();
	if (!sandbox_limits(MEMORY_MAX, CPU_S_MAX, DESCRIPTORS_MAX))
		fatal("limits");
	sandbox_enter("cwmpgate-resolver", uid, false, allowed, sizeof(allowed) / sizeof(*allowed),
		      order.sandbox_optional);
	/* Text from the network is read below this line. */
	if (order.has_list) {
		begin(SOURCE_LIST);
		read_list((struct bytes){ (const uint8_t *)order.list, order.list_len });
		finish();
	}
	for (uint16_t i = 0; i < order.n_names; i++) {
		begin(i);
		order.name[i][HOST_NAME_SIZE - 1] = '\0';
		resolve(order.name[i]);
		finish();
	}
	_exit(EXIT_SUCCESS);
}
