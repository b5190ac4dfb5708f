/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a setting stands in the configuration, as a person looks for it. */
#ifndef CWMPGATE_PLACE_H
#define CWMPGATE_PLACE_H

#include "cli.h"

struct place {
	char	file[PATH_LEN_MAX];	/* the configuration, or a file of its conf.d */
	int	line;			/* 0: it is nowhere, and has its default */
	char	text[256];		/* "name = value;", the first line of it */
};

/* The last one counts, as for the daemon. */
void place_find(const struct cli *c, const char *setting, struct place *p);

/* "FILE:LINE", or that it is the default. */
const char *place_words(const struct place *p, char text[PATH_LEN_MAX + 16]);

#endif /* CWMPGATE_PLACE_H */
