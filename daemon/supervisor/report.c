// SPDX-License-Identifier: GPL-2.0-or-later

#include "report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

static const char *addr_text(const struct addr *a, char text[INET6_ADDRSTRLEN])
{
	if (addr_is4(a))
		return inet_ntop(AF_INET, a->b + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a->b, text, INET6_ADDRSTRLEN);
}

static void write_decision(const struct shm *shm, uint64_t i, FILE *f)
{
	struct decision	d;
	char		text[INET6_ADDRSTRLEN];

	if (shm_read(shm, i, &d))
		fprintf(f, "recent %" PRIu64 " %s %u %u %s %u\n", d.ms,
			addr_text(&d.client, text), d.cport, d.aport,
			why_info[d.why].name, d.offset);
}

bool report_write(const struct shm *shm, const char *file)
{
	uint64_t	 n = atomic_load(&shm->n_decisions);
	char		 tmp[PATH_MAX];
	FILE		*f;

	snprintf(tmp, sizeof(tmp), "%s.new", file);
	f = fopen(tmp, "we");
	if (!f)
		return false;
	for (size_t i = 0; i < WHY_COUNT; i++)
		if (shm->count[i])
			fprintf(f, "%s %" PRIu64 "\n", why_info[i].name, shm->count[i]);
	for (uint64_t i = n > RECENT_MAX ? n - RECENT_MAX : 0; i < n; i++)
		write_decision(shm, i, f);
	return fclose(f) == 0 && rename(tmp, file) == 0;
}
