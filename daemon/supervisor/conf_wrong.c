// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a configuration that is wrong still says: whether it means the ports to be
 * closed, and which.  It is asked at a start, when nothing better is loaded.
 *
 * It errs on the closed side: a mode that cannot be read, and a file that cannot,
 * close.  Only a configuration that nowhere speaks of closing (as the one
 * that comes with the package) is left to monitor, which touches nothing.
 */
#include <string.h>

#include "conf_settings.h"

static bool has_word(struct span in, const char *word)
{
	return memmem(in.at, in.len, word, strlen(word)) != NULL;
}

/* Whether a mode that closes is named in the line, as whatever, but not in a comment. */
static bool line_closes(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '#' || strncmp(line.at + i, "//", 2) == 0)
			line.len = i;
	return has_word(line, "enforce") || has_word(line, "\"block\"");
}

/* An end of a comment or of a text that is missing hides no line from this. */
static bool text_closes(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (line_closes((struct span){ text, len }))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* A mode is set, and to something else than monitor. */
static bool mode_closes(struct reading *r)
{
	const struct setting	*mode = conf_setting((struct span){ "mode", 4 });
	struct span		 whole = conf_part(r, mode)->whole;

	return conf_part(r, mode)->name.len && !has_word(whole, "monitor");
}

static bool means_closed(struct reading *r)
{
	/* The first are the defaults. */
	for (size_t i = 1; i < r->n_sources; i++) {
		r->from = r->source[i];
		if (!r->from->text || mode_closes(r) || text_closes(r->from->text))
			return true;
	}
	return r->n_sources < 2;	/* no file was looked at */
}

static void add_port(struct conf *c, uint16_t port)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->port[i] == port)
			return;
	if (c->n_ports < PORTS_MAX)
		c->port[c->n_ports++] = port;
}

void conf_wrong(struct reading *r)
{
	struct conf *c = r->c;

	c->closes = means_closed(r) && !c->down_open;
	add_port(c, CWMP_PORT);
	add_port(c, CWMP_PORT_OTHER);
	/* A list with an error in it may lack the one that counts. */
	c->n_interfaces = 0;
	c->n_prefixes = c->n_names = 0;
	c->syn = (struct rate){ 1, 1, 1 };
}
