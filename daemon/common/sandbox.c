// SPDX-License-Identifier: GPL-2.0-or-later

#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

static int allow(scmp_filter_ctx ctx, int call, const struct allowed *a)
{
	const struct scmp_arg_cmp on_fd = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)a->fd, .datum_b = 0,
	};

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, a->fd != ANY_FD, &on_fd);
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
