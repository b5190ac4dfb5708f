/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of the settings, and one reading of the files by it.  Private to
 * the conf_*.c files.
 */
#ifndef CWMPGATE_CONF_SETTINGS_H
#define CWMPGATE_CONF_SETTINGS_H

#include <libconfig.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf.h"
#include "conf_text.h"

enum {
	SETTINGS_MAX	= 64,
	SOURCES_OF_CONF	= 66,		/* the defaults, the file, conf.d/ */
	EXPECTED_MAX	= 160,
};

/* One text with settings: a file, or the defaults. */
struct source {
	size_t		 number;		/* in the order of reading */
	char		 name[PATH_MAX];
	char		*text;			/* as it is; NULL: not read */
	struct text_part	 part[SETTINGS_MAX];	/* in the table's order; name.len 0: not here */
	config_t	 cfg;			/* what has the right form */
	bool		 parsed;
};

struct complaint {
	const struct source	*from;
	const char		*at;		/* in its text; NULL: all of it */
	const char		*shown_to;	/* NULL: to the end of its line */
	char			*text;
};

/* One reading of all files. */
struct reading {
	struct conf		*c;
	struct source		*source[SOURCES_OF_CONF];
	size_t			 n_sources;
	struct source		*from;		/* at hand */
	bool			 failed;
	bool			 allow_any;
	struct complaint	*complaint;
	size_t			 n_complaints;
	size_t			 n_untold;	/* beyond what anybody would read */
};

struct setting {
	const char	*name;
	const char	*initial;	/* as it would stand in the file; NULL: none */
	void		 (*read)(struct reading *r, const struct setting *s,
				 config_setting_t *node);
	const char	*expected;	/* or one of the two below */
	const char *const *words;	/* up to NULL */
	int		 min, max;	/* an integer, of @unit */
	const char	*unit;
	bool		 hidden;	/* what stands there may be a secret put in the wrong place */
};

extern const struct setting	conf_settings[];
extern const size_t		conf_settings_n;

/* What the setting may hold, in words; @text has room for EXPECTED_MAX bytes. */
const char *conf_expected(const struct setting *s, char *text);

/* The setting of that name, or NULL. */
const struct setting *conf_setting(struct span name);

/* The part of r->from that is the setting @s. */
static inline struct text_part *conf_part(struct reading *r, const struct setting *s)
{
	return &r->from->part[s - conf_settings];
}

/*
 * Complaints about r->from: at @at in its text or, NULL, about all of it; at the
 * value @node; or at @name, when what follows on the line is not to be shown.
 * The reading has failed.
 */
void conf_complain_at(struct reading *r, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_complain(struct reading *r, const config_setting_t *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_complain_name(struct reading *r, struct span name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Writes the first hundred complaints to @err in the order of the files and their lines, as
 * "FILE:LINE:COLUMN: ...", the line and a caret.
 */
void conf_tell(struct reading *r, FILE *err);

/* The number of the line with @at in it, from 1 on. */
int conf_line(const struct source *from, const char *at);

/*
 * A new source, at hand.  False, reported as of the one before it: no memory, or
 * SOURCES_OF_CONF are there.
 */
bool conf_add_source(struct reading *r);

/*
 * Reads @file and then the files conf.d/NAME.conf beside it, in the order of
 * their names, into the sources behind those that are there.
 */
void conf_read_files(struct reading *r, const char *file);

/* After a reading that has failed: makes of r->c what conf_load() promises. */
void conf_wrong(struct reading *r);

#endif /* CWMPGATE_CONF_SETTINGS_H */
