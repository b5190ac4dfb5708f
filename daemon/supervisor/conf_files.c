// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of the configuration into memory. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_settings.h"

enum { FILE_MAX = 1 << 20 };		/* PREFIXES_MAX prefixes fit several times */

/* Reads all of @f into @text, which has room for FILE_MAX + 1 bytes. */
static bool read_all(struct reading *r, FILE *f, char *text)
{
	size_t len = fread(text, 1, FILE_MAX + 1, f);

	if (ferror(f))
		conf_complain_at(r, NULL, "%s", strerror(errno));
	else if (len > FILE_MAX)
		conf_complain_at(r, NULL, "found more than %d bytes", FILE_MAX);
	else if (memchr(text, '\0', len))
		conf_complain_at(r, NULL, "found a NUL byte, expected text");
	else if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		conf_complain_at(r, NULL, "found a byte order mark, expected text without one");
	else {
		text[len] = '\0';
		return true;
	}
	return false;
}

/* As a string that is as long as the file, or NULL, reported. */
static char *slurp(struct reading *r)
{
	FILE	*f = fopen(r->from->name, "re");
	char	*text = f ? malloc(FILE_MAX + 1) : NULL, *fitting;

	if (!text) {
		conf_complain_at(r, NULL, "%s", strerror(errno));
	} else if (!read_all(r, f, text)) {
		free(text);
		text = NULL;
	} else {
		fitting = realloc(text, strlen(text) + 1);
		text = fitting ? fitting : text;
	}
	if (f)
		fclose(f);
	return text;
}

static int is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_one(struct reading *r, const char *dir, const char *name)
{
	r->from = &r->source[r->n_sources++];
	snprintf(r->from->name, sizeof(r->from->name), "%s%s", dir, name);
	r->from->text = slurp(r);
}

/* There need not be such a directory. */
static void read_directory(struct reading *r, const char *dir)
{
	struct dirent	**e;
	int		  n = scandir(dir, &e, is_conf, by_name);

	if (n < 0 && errno == ENOENT)
		return;
	if (n < 0) {
		read_one(r, dir, "");
		return;
	}
	if ((size_t)n > SOURCES_OF_CONF - r->n_sources)
		conf_complain_at(r, NULL, "found %d files in %s, expected at most %zu", n, dir,
				 SOURCES_OF_CONF - r->n_sources);
	for (int i = 0; i < n; i++) {
		if (r->n_sources < SOURCES_OF_CONF)
			read_one(r, dir, e[i]->d_name);
		free(e[i]);
	}
	free(e);
}

void conf_read_files(struct reading *r, const char *file)
{
	const char	*slash = strrchr(file, '/');
	char		 dir[PATH_LEN_MAX + 8];

	read_one(r, "", file);
	snprintf(dir, sizeof(dir), "%.*sconf.d/", slash ? (int)(slash + 1 - file) : 0, file);
	read_directory(r, dir);
}
