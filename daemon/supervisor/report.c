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

static void write_decision(const struct decision *d, FILE *f)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(f, "recent %" PRIu64 " %s %u %u %s %u\n", d->ms, addr_text(&d->client, text),
		d->cport, d->aport, why_info[d->why].name, d->offset);
}

bool report_write(const struct lanes *l, const char *file)
{
	struct lanes_at	 at;
	struct decision	 d;
	char		 tmp[PATH_MAX];
	uint64_t	 id;
	FILE		*f;

	snprintf(tmp, sizeof(tmp), "%s.new", file);
	f = fopen(tmp, "we");
	if (!f)
		return false;
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		if (lanes_count(l, i))
			fprintf(f, "%s %" PRIu64 "\n", why_info[i].name, lanes_count(l, i));
	lanes_newest(l, &at);
	for (int i = 0; i < RECENT_MAX && lanes_previous(l, &at, &id, &d); i++)
		continue;
	for (int i = 0; i < RECENT_MAX && lanes_next(l, &at, &id, &d); i++)
		write_decision(&d, f);
	return fclose(f) == 0 && rename(tmp, file) == 0;
}
