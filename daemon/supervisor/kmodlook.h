/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the optional kernel module (kmod/) tells of itself; changed by nothing here. */
#ifndef CWMPGATE_KMODLOOK_H
#define CWMPGATE_KMODLOOK_H

#include <stdbool.h>
#include <stdint.h>

enum { KMOD_COUNTERS_MAX = 24 };

struct kmod_counter {
	char		name[32];	/* the module's reason */
	uint64_t	packets;
};

struct kmod_state {
	bool			loaded;		/* it is in the kernel */
	bool			other_version;	/* but not of this daemon */
	bool			configured;	/* in this network namespace */
	bool			drops;		/* else it only counts */
	uint32_t		prefixes, sources;
	int			n_counters;
	struct kmod_counter	counter[KMOD_COUNTERS_MAX];
};

/* All zeros without the module; it is not loaded for this. */
void kmodlook(struct kmod_state *out);

/* In words, for whoever reads it: what the module does. */
const char *kmod_words(const struct kmod_state *k);

#endif /* CWMPGATE_KMODLOOK_H */
