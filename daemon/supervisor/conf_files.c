// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of the configuration into memory. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_settings.h"

enum {
	FILE_MAX	= 1 << 20,	/* PREFIXES_MAX prefixes fit several times */
	FILE_USUAL	= 1 << 13,	/* more is asked for when it is needed */
};

/* All of @f, or one byte more than is allowed; NULL: no memory. */
static char *take_all(FILE *f, size_t *len)
{
	size_t	 room = FILE_USUAL;
	char	*text = malloc(room + 1), *more;

	*len = 0;
	while (text && (*len += fread(text + *len, 1, room - *len, f)) == room && room <= FILE_MAX) {
		room *= 2;
		more = realloc(text, room + 1);
		if (!more)
			free(text);
		text = more;
	}
	return text;
}

static bool is_text_file(struct reading *r, FILE *f, const char *text, size_t len)
{
	if (ferror(f))
		conf_complain_at(r, NULL, "%s", strerror(errno));
	else if (len > FILE_MAX)
		conf_complain_at(r, NULL, "found more than %d bytes", FILE_MAX);
	else if (memchr(text, '\0', len))
		conf_complain_at(r, NULL, "found a NUL byte, expected text");
	else if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		conf_complain_at(r, NULL, "found a byte order mark, expected text without one");
	else
		return true;
	return false;
}

/* As a string, or NULL, reported. */
static char *slurp(struct reading *r)
{
	FILE	*f = fopen(r->from->name, "re");
	size_t	 len = 0;
	char	*text = f ? take_all(f, &len) : NULL;

	if (!text) {
		conf_complain_at(r, NULL, "%s", strerror(errno));
	} else if (!is_text_file(r, f, text, len)) {
		free(text);
		text = NULL;
	} else {
		text[len] = '\0';
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

bool conf_add_source(struct reading *r)
{
	struct source *s = r->n_sources < SOURCES_OF_CONF ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		conf_complain_at(r, NULL, "%s", strerror(ENOMEM));
		return false;
	}
	s->number = r->n_sources;
	r->source[r->n_sources++] = r->from = s;
	return true;
}

static void read_one(struct reading *r, const char *dir, const char *name)
{
	if (!conf_add_source(r))
		return;
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
