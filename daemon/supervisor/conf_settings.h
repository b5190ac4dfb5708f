/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of the settings: what conf.c reads the file by.  Private to the
 * conf_*.c files.
 */
#ifndef CWMPGATE_CONF_SETTINGS_H
#define CWMPGATE_CONF_SETTINGS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf.h"
#include "conf_text.h"

enum {
	ODDITIES_MAX	= 64,
	EXPECTED_MAX	= 128,
	WORDS_MAX	= 4,
};

/* One reading of one file. */
struct reading {
	struct conf	*c;
	FILE		*err;
	bool		 failed;
	bool		 allow_any;
	bool		 wants_credentials;	/* named some, right or wrong */
	int		 mode_line;
	size_t		 n_odd;
	struct oddity	 odd[ODDITIES_MAX];
};

struct setting {
	const char	*name;
	const char	*initial;	/* as it would stand in the file; NULL: none */
	void		 (*read)(struct reading *r, const struct setting *s,
				 config_setting_t *node);
	const char	*expected;	/* or one of the two below */
	const char	*words[WORDS_MAX];
	int		 min, max;	/* an integer, of @unit */
	const char	*unit;
};

extern const struct setting	conf_settings[];
extern const size_t		conf_settings_n;

/* What the setting may hold, in words; @text has room for EXPECTED_MAX bytes. */
const char *conf_expected(const struct setting *s, char *text);

/* Writes "FILE:LINE: ..." to r->err; the reading has failed. */
void conf_complain(struct reading *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* CWMPGATE_CONF_SETTINGS_H */
