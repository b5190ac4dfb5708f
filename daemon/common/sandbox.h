/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives up, for good, everything a child process does not need.
 *
 * sandbox.c does it; sandbox_none.c stands in for it in builds with
 * sanitizers, whose run-time library needs more.
 */
#ifndef CWMPGATE_SANDBOX_H
#define CWMPGATE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* In the place of a descriptor. */
enum {
	ANY_FD		= -1,
	TO_READ		= -2,	/* open, openat: nothing is written or made */
	NO_CODE		= -3,	/* mmap: not executable */
	ONLY_FIONREAD	= -4,	/* ioctl */
	NO_UNIX		= -5,	/* socket: AF_UNIX fails, for a library that can do without */
};

/*
 * A system call that stays allowed, also under the names that other architectures
 * have for it; @fd is its first argument, or one of those.
 */
struct allowed {
	int	syscall;	/* SCMP_SYS(name), or SYS_name */
	int	fd;
};

/*
 * Another uid and gid, no groups, no capability but CAP_NET_ADMIN (@net_admin)
 * or none, no way to gain any; no core dump, no ptrace, no new file.
 * False with errno.
 */
bool sandbox_identity(uid_t id, bool net_admin);

/*
 * No file can be written; no more memory, processor time and descriptors than
 * these.  False with errno.
 */
bool sandbox_limits(size_t memory, unsigned cpu_s, unsigned descriptors);

/*
 * Identity and system calls, for the program @name, whose uid is @id.  What fails ends the
 * process; with @optional a missing system call filter is only said.
 */
void sandbox_enter(const char *name, uid_t id, bool net_admin,
		   const struct allowed *allowed, size_t n, bool optional);

/*
 * Every system call but @n @allowed ends the process.  False with errno, or
 * with ENOSYS when the kernel has no filter.
 */
bool sandbox_syscalls(const struct allowed *allowed, size_t n);

#endif /* CWMPGATE_SANDBOX_H */
