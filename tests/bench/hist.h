/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of times in nanoseconds: log-linear, as HdrHistogram's.
 *
 * Each power of two is cut into HIST_STEPS equal steps, so a time is known to
 * one part in HIST_STEPS whatever its size.  Up to 2^36 ns, more than a minute;
 * what is longer counts as that.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

enum {
	HIST_BITS	= 7,
	HIST_STEPS	= 1 << HIST_BITS,
	HIST_OCTAVES	= 36 - HIST_BITS,
	HIST_SLOTS	= (HIST_OCTAVES + 1) * HIST_STEPS,
};

struct hist {
	uint64_t	n;
	uint64_t	most;
	uint64_t	count[HIST_SLOTS];
};

static inline unsigned hist_octave(uint64_t ns)
{
	return ns < HIST_STEPS ? 0 : (unsigned)(63 - __builtin_clzll(ns)) - HIST_BITS + 1;
}

static inline void hist_add(struct hist *h, uint64_t ns)
{
	const unsigned	octave = hist_octave(ns);
	uint64_t	slot = HIST_SLOTS - 1;

	if (octave <= HIST_OCTAVES)
		slot = octave ? octave * HIST_STEPS + (ns >> (octave - 1)) - HIST_STEPS : ns;
	h->count[slot]++;
	h->n++;
	if (ns > h->most)
		h->most = ns;
}

/* The middle of a slot. */
static inline double hist_value(unsigned slot)
{
	const unsigned octave = slot / HIST_STEPS, step = slot % HIST_STEPS;

	if (!octave)
		return slot;
	return ((double)(HIST_STEPS + step) + 0.5) * (double)(1ULL << (octave - 1));
}

/* The time that @share (0 to 1) of all were not longer than; 0 if there are none. */
static inline double hist_at(const struct hist *h, double share)
{
	const double	enough = share * (double)h->n - 1e-6;	/* 0.07 * 100 is more than 7 */
	double		below = 0;

	for (unsigned slot = 0; slot < HIST_SLOTS; slot++) {
		below += (double)h->count[slot];
		if (h->count[slot] && below >= enough)
			return hist_value(slot);
	}
	return 0;
}

#endif /* BENCH_HIST_H */
