// SPDX-License-Identifier: GPL-2.0-or-later

#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

bool sandbox_identity(uid_t id, bool net_admin)
{
	const struct rlimit none = { 0, 0 };

	capng_clear(CAPNG_SELECT_ALL);
	if (net_admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	if (capng_change_id((int)id, (int)id,
			    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT) < 0)
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       /* Without the supervisor nobody would notice that we hang. */
	       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() != 1 &&
	       setrlimit(RLIMIT_CORE, &none) == 0 &&
	       setrlimit(RLIMIT_NPROC, &none) == 0;
}

/*
 * What the C libraries of other architectures make of the same function: arm64
 * has no poll(), 32 bits count time in 64 bits, 32-bit ARM and MIPS have a recv()
 * of their own.  A name that an architecture does not have allows nothing there.
 */
static const struct {
	int	name, also;
} elsewhere[] = {
	{ SCMP_SYS(poll),		SCMP_SYS(ppoll) },
	{ SCMP_SYS(recvmmsg),		SCMP_SYS(recvmmsg_time64) },
	{ SCMP_SYS(recvfrom),		SCMP_SYS(recv) },
	{ SCMP_SYS(sendto),		SCMP_SYS(send) },
	{ SCMP_SYS(clock_gettime),	SCMP_SYS(clock_gettime64) },
	{ SCMP_SYS(rt_sigreturn),	SCMP_SYS(sigreturn) },
};

bool sandbox_limits(size_t memory, unsigned cpu_s, unsigned descriptors)
{
	const struct rlimit no_file = { 0, 0 }, bytes = { memory, memory }, time = { cpu_s, cpu_s },
			    open = { descriptors, descriptors };

	return setrlimit(RLIMIT_FSIZE, &no_file) == 0 && setrlimit(RLIMIT_AS, &bytes) == 0 &&
	       setrlimit(RLIMIT_CPU, &time) == 0 && setrlimit(RLIMIT_NOFILE, &open) == 0;
}

/* What @a compares of the arguments; returns how many comparisons that are. */
static unsigned comparison(const struct allowed *a, struct scmp_arg_cmp *c)
{
	const uint64_t	writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	unsigned	flags = a->syscall == SCMP_SYS(open) ? 1 : 2;

	switch (a->fd) {
	case ANY_FD:
		return 0;
	case TO_READ:
		*c = (struct scmp_arg_cmp){ flags, SCMP_CMP_MASKED_EQ, writing, O_RDONLY };
		break;
	case NO_CODE:
		*c = (struct scmp_arg_cmp){ 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 };
		break;
	case ONLY_FIONREAD:
		*c = (struct scmp_arg_cmp){ 1, SCMP_CMP_EQ, FIONREAD, 0 };
		break;
	case NO_UNIX:
		*c = (struct scmp_arg_cmp){ 0, SCMP_CMP_EQ, AF_UNIX, 0 };
		break;
	default:
		*c = (struct scmp_arg_cmp){ 0, SCMP_CMP_EQ, (scmp_datum_t)a->fd, 0 };
	}
	return 1;
}

static int allow(scmp_filter_ctx ctx, int call, const struct allowed *a)
{
	struct scmp_arg_cmp	when;
	unsigned		n = comparison(a, &when);
	uint32_t		action = a->fd == NO_UNIX ? SCMP_ACT_ERRNO(EAFNOSUPPORT) :
						    SCMP_ACT_ALLOW;

	return seccomp_rule_add_array(ctx, action, call, n, &when);
}

static int allow_everywhere(scmp_filter_ctx ctx, const struct allowed *a)
{
	int error = allow(ctx, a->syscall, a);

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]) && !error; i++)
		if (elsewhere[i].name == a->syscall)
			error = allow(ctx, elsewhere[i].also, a);
	return error;
}

bool sandbox_syscalls(const struct allowed *allowed, size_t n)
{
	scmp_filter_ctx	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int		error = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !error; i++)
		error = allow_everywhere(ctx, &allowed[i]);
	if (!error)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -error;
	return !error;
}
