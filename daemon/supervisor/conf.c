// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration file into struct conf: the file as a whole, what libconfig
 * makes of it, and which setting is meant.  What the settings may hold is in
 * conf_settings.c.
 */
#include "conf.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "conf_settings.h"
#include "conf_text.h"
#include "conf_values.h"

enum { FILE_MAX = 1 << 20 };		/* PREFIXES_MAX prefixes fit several times */

static const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < conf_settings_n; i++)
		if (strcmp(name, conf_settings[i].name) == 0)
			return &conf_settings[i];
	return NULL;
}

/* The setting that @name may have been meant to be, or NULL. */
static const char *setting_guess(const char *name)
{
	const char	*guess = NULL;
	size_t		 best = strlen(name) / 3 + 1;	/* more is another word */

	for (size_t i = 0; i < conf_settings_n; i++) {
		bool   begun = strncmp(name, conf_settings[i].name, strlen(name)) == 0;
		size_t d = begun ? 1 : conf_distance(name, conf_settings[i].name);

		if (d <= best && (!guess || d < best)) {
			guess = conf_settings[i].name;
			best = d;
		}
	}
	return guess;
}

static void tell_oddity(struct reading *r, const struct oddity *o, const struct setting *s)
{
	char should[EXPECTED_MAX];

	switch (o->odd) {
	case ODD_INTEGER:
		conf_complain(r, o->line, "%s: found %s, expected %s", s->name, o->found,
			      conf_expected(s, should));
		break;
	case ODD_STRINGS:
		conf_complain(r, o->line,
			      "%s: found two strings side by side, expected a comma between them",
			      s->name);
		break;
	case ODD_INCLUDE:
		break;			/* no part of a setting; includes() has told it */
	}
}

/* Reports what stands in the value of @s but would not be seen in it. */
static bool tell_oddities_of(struct reading *r, const struct setting *s)
{
	bool told = false;

	for (size_t i = 0; i < r->n_odd; i++) {
		if (strcmp(r->odd[i].setting, s->name) == 0) {
			tell_oddity(r, &r->odd[i], s);
			told = true;
		}
	}
	return told;
}

static void read_setting(struct reading *r, config_setting_t *node)
{
	const char		*name = config_setting_name(node);
	const struct setting	*s = setting_find(name);
	int			 line = (int)config_setting_source_line(node);
	const char		*guess;

	if (s) {
		if (!tell_oddities_of(r, s))
			s->read(r, s, node);
		return;
	}
	guess = setting_guess(name);
	if (guess)
		conf_complain(r, line, "unknown setting \"%s\", did you mean \"%s\"?", name, guess);
	else
		conf_complain(r, line, "unknown setting \"%s\"", name);
}

/* What is right by itself, but not together. */
static void check_together(struct reading *r)
{
	const struct conf *c = r->c;

	if (c->mode == MODE_ENFORCE && c->policy.digest == DIGEST_REQUIRE && !r->wants_credentials)
		conf_complain(r, r->mode_line,
			      "credentials: found none, expected a file name,"
			      " since mode is \"enforce\" and digest is \"require\"");
	if (!r->failed && c->mode == MODE_ENFORCE && c->n_prefixes == 0)
		fprintf(r->err, "%s: warning: acs is empty, so nobody may send a connection request\n",
			c->file);
}

/* All oddities, if one of them is on @line. */
static bool tell_oddities_at(struct reading *r, int line)
{
	bool here = false;

	for (size_t i = 0; i < r->n_odd; i++)
		here |= r->odd[i].line == line;
	for (size_t i = 0; here && i < r->n_odd; i++) {
		const struct setting *s = setting_find(r->odd[i].setting);

		if (s)
			tell_oddity(r, &r->odd[i], s);
	}
	return here && r->failed;
}

/*
 * What libconfig has refused.  Newer ones refuse integers beyond 64 bits and
 * arrays whose integers differ in size; there the oddity is the better message.
 */
static void tell_error(struct reading *r, const config_t *cfg)
{
	int		line = config_error_line(cfg);
	const char	*text = config_error_text(cfg);

	if (tell_oddities_at(r, line))
		return;
	if (strcmp(text, "syntax error") == 0)
		text = "syntax error, here or just before"
		       " (text stands in double quotes, list entries are parted by commas)";
	conf_complain(r, line, "%s", text);
}

/*
 * Reads the settings of @text into r->c, over what is there.  The text has been
 * looked at by conf_oddities().
 */
static void read_text(struct reading *r, const char *text)
{
	config_t	  cfg;
	config_setting_t *root;
	int		  any;

	config_init(&cfg);
	if (config_read_string(&cfg, text)) {
		root = config_root_setting(&cfg);
		/* Wherever it stands: acs is read by it. */
		r->allow_any = config_setting_lookup_bool(root, "allow_any", &any) && any;
		for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++)
			read_setting(r, config_setting_get_elem(root, i));
		check_together(r);
	} else {
		tell_error(r, &cfg);
	}
	config_destroy(&cfg);
}

static void set_defaults(struct reading *r)
{
	char	*text;
	size_t	 len;
	FILE	*f = open_memstream(&text, &len);

	if (!f) {
		conf_complain(r, 0, "%s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < conf_settings_n; i++)
		if (conf_settings[i].initial)
			fprintf(f, "%s = %s;\n", conf_settings[i].name, conf_settings[i].initial);
	if (fclose(f) != 0)
		conf_complain(r, 0, "%s", strerror(errno));
	else
		read_text(r, text);
	free(text);
}

/* Reads all of @f into @text, which has room for FILE_MAX + 1 bytes. */
static bool read_file(struct reading *r, FILE *f, char *text)
{
	size_t len = fread(text, 1, FILE_MAX + 1, f);

	if (ferror(f)) {
		conf_complain(r, 0, "%s", strerror(errno));
		return false;
	}
	if (len > FILE_MAX) {
		conf_complain(r, 0, "found more than %d bytes", FILE_MAX);
		return false;
	}
	text[len] = '\0';
	if (strlen(text) != len) {
		conf_complain(r, 0, "found a NUL byte, expected text");
		return false;
	}
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		conf_complain(r, 1, "found a byte order mark, expected text without one");
		return false;
	}
	return true;
}

/* The whole file as a string, or NULL, reported. */
static char *slurp(struct reading *r)
{
	FILE	*f = fopen(r->c->file, "re");
	char	*text;

	if (!f) {
		conf_complain(r, 0, "%s", strerror(errno));
		return NULL;
	}
	text = malloc(FILE_MAX + 1);
	if (!text) {
		conf_complain(r, 0, "%s", strerror(errno));
	} else if (!read_file(r, f, text)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* An included file would not have been looked at by conf_oddities(). */
static bool includes(struct reading *r)
{
	for (size_t i = 0; i < r->n_odd; i++) {
		if (r->odd[i].odd != ODD_INCLUDE)
			continue;
		conf_complain(r, r->odd[i].line,
			      "found @include, expected all settings in this one file");
		return true;
	}
	return false;
}

bool conf_load(struct conf *c, const char *file, FILE *err)
{
	struct reading	 r = { .c = c, .err = err };
	char		*text;

	memset(c, 0, sizeof(*c));
	if (strlen(file) >= sizeof(c->file)) {
		fprintf(err, "%s: file name is longer than %d bytes\n", file, PATH_LEN_MAX - 1);
		return false;
	}
	strcpy(c->file, file);

	set_defaults(&r);
	text = r.failed ? NULL : slurp(&r);
	if (text) {
		r.n_odd = conf_oddities(text, r.odd, ODDITIES_MAX);
		if (!includes(&r))
			read_text(&r, text);
	}
	free(text);
	c->policy.observe = c->mode == MODE_MONITOR;
	return !r.failed;
}

void conf_describe(FILE *out)
{
	char should[EXPECTED_MAX];

	for (size_t i = 0; i < conf_settings_n; i++)
		fprintf(out, "%s = %s;\t%s\n", conf_settings[i].name,
			conf_settings[i].initial ? conf_settings[i].initial : "none",
			conf_expected(&conf_settings[i], should));
}
