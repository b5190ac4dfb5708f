/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libconfig reads without a word although it cannot be meant: found by a
 * look at the configuration's text before libconfig parses it.
 */
#ifndef CWMPGATE_CONF_TEXT_H
#define CWMPGATE_CONF_TEXT_H

#include <stddef.h>

enum odd {
	ODD_INTEGER,		/* beyond 32 bits: libconfig 1.5 keeps the low ones */
	ODD_STRINGS,		/* two strings without a comma: joined into one */
	ODD_INCLUDE,		/* @include: the other file would escape this look */
};

struct oddity {
	enum odd	odd;
	int		line;
	char		setting[32];	/* in whose value it stands, or "" */
	char		found[48];	/* ODD_INTEGER: as it is written */
};

/* Finds at most @max oddities in the NUL-terminated @text; returns how many. */
size_t conf_oddities(const char *text, struct oddity *out, size_t max);

#endif /* CWMPGATE_CONF_TEXT_H */
