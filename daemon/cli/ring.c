// SPDX-License-Identifier: GPL-2.0-or-later

#include "ring.h"

#include <string.h>

#include "conf_values.h"
#include "say.h"

bool filter_wants(const struct filter *f, const struct decision *d)
{
	struct addr source = addr_source(&d->client);

	return (!f->by_source || addr_equal(&source, &f->source)) &&
	       (!f->refusals || is_refusal(d->why));
}

bool filter_by(struct filter *f, const char *address, struct addr *a)
{
	struct prefix	p;
	bool		exact;

	if (strchr(address, '/') || !conf_prefix(address, &p, &exact)) {
		fprintf(stderr, "cwmpgate: %s is no address\n", address);
		return false;
	}
	*a = p.addr;
	f->by_source = true;
	f->source = addr_source(&p.addr);
	return true;
}

void ring_begin(const struct lanes *l, const struct filter *f, uint64_t count,
		struct lanes_at *at)
{
	struct decision	d;
	uint64_t	id;

	lanes_newest(l, at);
	while (count && lanes_previous(l, at, &id, &d))
		count -= filter_wants(f, &d);
}
