// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a process whose sandbox could not be made. */

#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sandbox_enter(const char *name, uid_t id, bool net_admin,
		   const struct allowed *allowed, size_t n, bool optional)
{
	if (!sandbox_identity(id, net_admin)) {
		fprintf(stderr, "%s: giving up privileges: %s\n", name, strerror(errno));
		_exit(EXIT_FAILURE);
	}
	if (sandbox_syscalls(allowed, n))
		return;
	fprintf(stderr, "%s: system call filter: %s%s\n", name, strerror(errno),
		optional ? "; goes on WITHOUT it, as sandbox = \"best-effort\" says" : "");
	if (!optional)
		_exit(EXIT_FAILURE);
}
