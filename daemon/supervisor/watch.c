// SPDX-License-Identifier: GPL-2.0-or-later

#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

bool watch_open(struct watch *w, const char *file)
{
	char		 dir[PATH_MAX];
	const char	*slash = strrchr(file, '/');

	w->fd = -1;
	if (!slash || strlen(slash + 1) >= sizeof(w->name)) {
		errno = EINVAL;
		return false;
	}
	snprintf(w->name, sizeof(w->name), "%s", slash + 1);
	snprintf(dir, sizeof(dir), "%.*s", slash == file ? 1 : (int)(slash - file), file);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		return false;
	if (inotify_add_watch(w->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE |
					  IN_MOVED_FROM) < 0) {
		int saved = errno;

		watch_close(w);
		errno = saved;
		return false;
	}
	return true;
}

void watch_close(struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

bool watch_changed(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool	changed = false;
	ssize_t	n;

	while (w->fd >= 0 && (n = read(w->fd, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + n;) {
			const struct inotify_event *e = (const void *)at;

			/* After an overflow nobody knows what has happened. */
			if (e->mask & IN_Q_OVERFLOW || (e->len && strcmp(e->name, w->name) == 0))
				changed = true;
			at += sizeof(*e) + e->len;
		}
	return changed;
}
