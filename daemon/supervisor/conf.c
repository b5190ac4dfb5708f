// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration into struct conf: which setting each part of the text is,
 * what libconfig makes of it, and what is wrong with its form.  What a setting
 * may hold is in conf_settings.c.
 */
#include "conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_settings.h"
#include "conf_values.h"

enum { FOUND_LEN = 48 };

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

static void tell_unknown(struct reading *r, struct span found)
{
	char		 name[FOUND_LEN];
	const char	*guess;

	snprintf(name, sizeof(name), "%.*s", (int)found.len, found.at);
	guess = setting_guess(name);
	if (guess)
		conf_complain_name(r, found, "unknown setting \"%s\", did you mean \"%s\"?",
				   name, guess);
	else
		conf_complain_name(r, found, "unknown setting \"%s\"", name);
}

/* What was found, as it can be shown. */
static const char *show_found(const struct setting *s, struct span found, char text[FOUND_LEN])
{
	size_t n = 0;

	if (s && s->hidden)
		return "something else";
	if (!found.len)
		return "the end of the file";
	for (; n < found.len && n < FOUND_LEN - 4; n++)
		text[n] = (unsigned char)found.at[n] < ' ' || found.at[n] == 0x7f ? '?' :
			  found.at[n];
	strcpy(text + n, n < found.len ? "..." : "");
	return text;
}

/* What stands in a setting that is unknown may be anything, also a secret. */
static void tell_fault(struct reading *r, const struct text_part *p, const struct setting *s)
{
	char		 text[FOUND_LEN], should[EXPECTED_MAX];
	const char	*at = p->found.at, *found = show_found(s, p->found, text);
	const char	*name = s ? s->name : "a setting", *value = s ? conf_expected(s, should) : "";

	switch (p->fault) {
	case FAULT_NONE:
		break;
	case FAULT_NAME:
		conf_complain_at(r, at, "found what begins no setting, expected NAME = VALUE;");
		break;
	case FAULT_EQUALS:
		conf_complain_at(r, at, "%s: found %s, expected = after the name", name, found);
		break;
	case FAULT_VALUE:
	case FAULT_INTEGER:
		conf_complain_at(r, at, "%s: found %s, expected %s", name, found, value);
		break;
	case FAULT_GROUP:
		conf_complain_at(r, at, "%s: found a group, expected %s", name, value);
		break;
	case FAULT_BRACE:
		conf_complain_at(r, at, "%s: found { without }, expected both", name);
		break;
	case FAULT_COMMA:
		conf_complain_at(r, at, "%s: found two entries side by side,"
				 " expected a comma between them", name);
		break;
	case FAULT_ENTRY:
		conf_complain_at(r, at, "%s: found %s after a comma, expected another entry, or no comma",
				 name, found);
		break;
	case FAULT_CLOSE:
		conf_complain_at(r, at, "%s: found %s, expected a comma or a closing bracket", name,
				 found);
		break;
	case FAULT_DEEP:
		conf_complain_at(r, at, "%s: found lists in lists, expected %s", name, value);
		break;
	case FAULT_QUOTE:
		conf_complain_at(r, at, "%s: found text without an end,"
				 " expected a closing \" on its line", name);
		break;
	case FAULT_NUL:
		conf_complain_at(r, at, "%s: found \\x00, expected text without a NUL byte", name);
		break;
	case FAULT_COMMENT:
		conf_complain_at(r, at, "found a comment without an end, expected */");
		break;
	case FAULT_INCLUDE:
		conf_complain_at(r, at, "found @include, expected all settings here or in conf.d/");
		break;
	}
}

/* Of an unknown setting it is told where it seems to end. */
static bool is_worth_telling(const struct text_part *p, const struct setting *s)
{
	return s || !p->name.len || p->fault == FAULT_BRACE || p->fault == FAULT_QUOTE ||
	       p->fault == FAULT_COMMENT;
}

/* Whether the part is for libconfig and for conf_settings.c to look into. */
static bool take_part(struct reading *r, const struct text_part *p)
{
	const struct setting	*s = p->name.len ? conf_setting(p->name) : NULL;
	struct text_part		*mine = s ? conf_part(r, s) : NULL;

	if (p->name.len && !s)
		tell_unknown(r, p->name);
	if (is_worth_telling(p, s))
		tell_fault(r, p, s);
	if (!s)
		return false;
	if (mine->name.len) {
		conf_complain_at(r, p->name.at, "%s: found it twice, expected it once"
				 " (the first is in line %d)", s->name,
				 conf_line(r->from, mine->name.at));
		return false;
	}
	*mine = *p;
	return !p->fault;
}

/* Copies what is for libconfig to @clean, which is as long as the text. */
static void take_parts(struct reading *r, char *clean)
{
	const char	*at = r->from->text;
	struct text_part	 p;

	while (conf_text_next(&at, &p))
		if (take_part(r, &p))
			conf_text_copy(&p, clean + (p.whole.at - r->from->text));
}

/* What libconfig makes of r->from. */
static void parse(struct reading *r)
{
	char *clean = strdup(r->from->text);

	if (!clean) {
		conf_complain_at(r, NULL, "%s", strerror(errno));
		return;
	}
	memset(clean, ' ', strlen(clean));
	take_parts(r, clean);
	config_init(&r->from->cfg);
	r->from->parsed = true;
	if (!config_read_string(&r->from->cfg, clean))
		conf_complain_at(r, NULL, "libconfig: %s", config_error_text(&r->from->cfg));
	free(clean);
}

/* Wherever it stands: acs is read by it. */
static void look_for_allow_any(struct reading *r)
{
	int any;

	for (size_t i = 0; i < r->n_sources; i++)
		if (r->source[i]->parsed && config_lookup_bool(&r->source[i]->cfg, "allow_any", &any))
			r->allow_any = any;
}

static void read_settings(struct reading *r)
{
	config_setting_t *root = config_root_setting(&r->from->cfg);

	for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++) {
		config_setting_t	*node = config_setting_get_elem(root, i);
		const char		*name = config_setting_name(node);
		const struct setting	*s = conf_setting((struct span){ name, strlen(name) });

		s->read(r, s, node);
	}
}

/* Where the setting stands that counts, if it does; r->from is then that file. */
static const char *last_place(struct reading *r, const char *name)
{
	const struct setting *s = conf_setting((struct span){ name, strlen(name) });

	for (size_t i = r->n_sources; i-- > 1;) {
		r->from = r->source[i];
		if (conf_part(r, s)->name.len)
			return conf_part(r, s)->name.at;
	}
	return NULL;
}

/* What is right by itself, but not together. */
static void check_together(struct reading *r, FILE *err)
{
	const struct conf	*c = r->c;
	bool			 wants_credentials = last_place(r, "credentials");
	const char		*mode = last_place(r, "mode");

	if (c->mode == MODE_ENFORCE && c->policy.digest == DIGEST_REQUIRE && !wants_credentials)
		conf_complain_at(r, mode, "credentials: found none, expected a file name,"
				 " since mode is \"enforce\" and digest is \"require\"");
	if (c->queue + c->queues - 1 > UINT16_MAX)
		conf_complain_at(r, last_place(r, "queues"), "queues: found %u from queue %u on,"
				 " expected none beyond 65535", c->queues, c->queue);
	/* The judges do not know each other's nonces. */
	if (c->queues > 1 && c->policy.nonce_bind == NONCE_BIND_ANY)
		conf_complain_at(r, last_place(r, "nonce_bind"), "nonce_bind: found \"any\","
				 " expected \"source\", since queues is %u", c->queues);
	if (!r->failed && c->mode == MODE_ENFORCE && c->n_prefixes == 0 && c->n_names == 0 &&
	    !*c->acs_file)
		fprintf(err, "%s: warning: acs is empty, so nobody may send a connection request\n",
			c->file);
}

static void add_defaults(struct reading *r)
{
	size_t	 len;
	FILE	*f;

	strcpy(r->from->name, "defaults");
	f = open_memstream(&r->from->text, &len);
	if (!f) {
		conf_complain_at(r, NULL, "%s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < conf_settings_n; i++)
		if (conf_settings[i].initial)
			fprintf(f, "%s = %s;\n", conf_settings[i].name, conf_settings[i].initial);
	if (fclose(f) != 0)
		conf_complain_at(r, NULL, "%s", strerror(errno));
}

/* All of them, to the last error. */
static void read_sources(struct reading *r, FILE *err)
{
	for (size_t i = 0; i < r->n_sources; i++) {
		r->from = r->source[i];
		if (r->from->text)
			parse(r);
	}
	look_for_allow_any(r);
	for (size_t i = 0; i < r->n_sources; i++) {
		r->from = r->source[i];
		if (r->from->parsed)
			read_settings(r);
	}
	check_together(r, err);
}

static void forget(struct reading *r)
{
	for (size_t i = 0; i < r->n_complaints; i++)
		free(r->complaint[i].text);
	free(r->complaint);
	for (size_t i = 0; i < r->n_sources; i++) {
		if (r->source[i]->parsed)
			config_destroy(&r->source[i]->cfg);
		free(r->source[i]->text);
		free(r->source[i]);
	}
}

/* All that can be read of it, into r->c. */
static void read_all(struct reading *r, const char *file, FILE *err)
{
	if (!conf_add_source(r)) {
		fprintf(err, "%s: %s\n", file, strerror(ENOMEM));
		return;
	}
	add_defaults(r);
	conf_read_files(r, file);
	read_sources(r, err);
	conf_tell(r, err);
}

bool conf_load(struct conf *c, const char *file, FILE *err)
{
	struct reading r = { .c = c };

	memset(c, 0, sizeof(*c));
	if (strlen(file) >= sizeof(c->file)) {
		fprintf(err, "%s: file name is longer than %d bytes\n", file, PATH_LEN_MAX - 1);
		r.failed = true;
	} else {
		strcpy(c->file, file);
		read_all(&r, file, err);
	}
	c->policy.observe = c->mode == MODE_MONITOR;
	c->closes = c->mode != MODE_MONITOR && !c->down_open;
	if (r.failed)
		conf_wrong(&r);
	forget(&r);
	return !r.failed;
}

/* What stands there last. */
static void look_in(const struct source *from, const char *name, struct conf_place *p)
{
	const char		*at = from->text;
	struct text_part	 part;

	while (at && conf_text_next(&at, &part)) {
		if (part.name.len != strlen(name) || memcmp(part.name.at, name, part.name.len) != 0)
			continue;
		snprintf(p->file, sizeof(p->file), "%.*s", PATH_LEN_MAX - 1, from->name);
		snprintf(p->text, sizeof(p->text), "%.*s", (int)strcspn(part.name.at, "\r\n"),
			 part.name.at);
		p->line = conf_line(from, part.name.at);
	}
}

void conf_where(const char *file, const char *name, struct conf_place *p)
{
	const struct setting	*s = conf_setting((struct span){ name, strlen(name) });
	struct reading		 r = { .n_sources = 0 };

	*p = (struct conf_place){ .line = 0 };
	snprintf(p->text, sizeof(p->text), "%s = %s;", name, s && s->initial ? s->initial : "none");
	conf_read_files(&r, file);
	for (size_t i = 0; i < r.n_sources; i++)
		look_in(r.source[i], name, p);
	forget(&r);
}

void conf_describe(FILE *out)
{
	char should[EXPECTED_MAX];

	for (size_t i = 0; i < conf_settings_n; i++)
		fprintf(out, "%s = %s;\t%s\n", conf_settings[i].name,
			conf_settings[i].initial ? conf_settings[i].initial : "none",
			conf_expected(&conf_settings[i], should));
}
