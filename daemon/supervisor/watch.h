/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that a file was changed.  Its directory is watched, so that a new
 * file under the old name (an atomic rename) is noticed, too.
 */
#ifndef CWMPGATE_WATCH_H
#define CWMPGATE_WATCH_H

#include <stdbool.h>

struct watch {
	int	fd;		/* inotify; -1: nothing is watched */
	char	name[256];	/* in the directory */
};

/* False with errno. */
bool watch_open(struct watch *w, const char *file);
void watch_close(struct watch *w);

/* Whether something happened to the file since the last call.  Does not wait. */
bool watch_changed(struct watch *w);

#endif /* CWMPGATE_WATCH_H */
