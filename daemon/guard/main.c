// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate-guard: the process that handles packets.
 *
 * It is started by cwmpgated with every descriptor it needs (inherit.h), keeps
 * CAP_NET_ADMIN because the kernel asks for it with each verdict, and gives up
 * the rest.  It reads no text.
 */

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asker.h"
#include "guard.h"
#include "inherit.h"
#include "sandbox.h"

static const struct allowed allowed[] = {
	{ SCMP_SYS(poll),	ANY_FD },	/* arm64 has none */
	{ SYS_recvmmsg,		GUARD_QUEUE },
	{ SYS_sendto,		GUARD_QUEUE },
	{ SYS_sendto,		GUARD_RAW4 },
	{ SYS_sendto,		GUARD_RAW6 },
	{ SYS_sendto,		GUARD_JUDGE },
	{ SYS_recvfrom,		GUARD_JUDGE },
	{ SYS_write,		GUARD_TRACE },
	{ SYS_clock_gettime,	ANY_FD },	/* where there is no vDSO for it */
	{ SYS_exit_group,	ANY_FD },
	{ SYS_rt_sigreturn,	ANY_FD },
	{ SYS_restart_syscall,	ANY_FD },
};

static struct guard	guard;
static struct judge	judge;

static void fatal(const char *what)
{
	fprintf(stderr, "cwmpgate-guard: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void must_map_shm(void)
{
	guard.shm = mmap(NULL, sizeof(*guard.shm), PROT_READ | PROT_WRITE, MAP_SHARED,
			 GUARD_SHM, 0);
	if (guard.shm == MAP_FAILED)
		fatal("shared memory");
	if (guard.shm->version != SHM_VERSION) {
		errno = EPROTO;
		fatal("cwmpgated is of another version");
	}
}

/* Copied: what the guard goes by is not changed under it. */
static struct setup setup;

static void must_make_guard(void)
{
	setup = guard.shm->setup;
	judge.fd = GUARD_JUDGE;
	judge.shm = guard.shm;
	guard.inject = (struct inject){
		.fd4 = GUARD_RAW4, .fd6 = is_open(GUARD_RAW6) ? GUARD_RAW6 : -1 };
	guard.trace = is_open(GUARD_TRACE) ? GUARD_TRACE : TRACE_NONE;
	guard.queue = nfqueue_new(GUARD_QUEUE, setup.queue, setup.mark);
	guard.gate = gate_new(&setup.policy, &judge, &setup.key, guard.shm->count);
	if (!guard.queue || !guard.gate)
		fatal("start");
}

int main(int argc, char *argv[])
{
	unsigned uid;

	if (argc != 2 || sscanf(argv[1], "%u", &uid) != 1) {
		fputs("cwmpgate-guard is started by cwmpgated\n", stderr);
		return EXIT_FAILURE;
	}
	must_map_shm();
	/* All memory is asked for here. */
	must_make_guard();
	sandbox_enter("cwmpgate-guard", uid, true, allowed, sizeof(allowed) / sizeof(*allowed),
		      setup.sandbox_optional);
	/* Packets are read below this line. */
	guard_run(&guard);
	_exit(EXIT_FAILURE);
}
