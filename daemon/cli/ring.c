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

uint64_t ring_begin(const struct shm *shm, const struct filter *f, uint64_t count)
{
	uint64_t	i = atomic_load(&shm->n_decisions);
	struct decision	d;

	while (i && count && shm_read(shm, i - 1, &d)) {
		i--;
		count -= filter_wants(f, &d);
	}
	return i;
}
