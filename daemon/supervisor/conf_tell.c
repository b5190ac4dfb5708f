// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is wrong with a configuration, in words and with the place: collected
 * while it is read, told in the order of the lines when that is done.
 */

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "conf_settings.h"

enum {
	SHOWN_MAX	= 100,		/* bytes of a line */
	SHOWN_BEFORE	= 60,		/* of them before the place, if the line is longer */
	COMPLAINTS_MAX	= 100,		/* nobody reads more; a file of rubbish has a million */
};

static void add(struct reading *r, const char *at, const char *shown_to, const char *fmt,
		va_list ap)
{
	struct complaint	*more;
	char			*text;

	r->failed = true;
	if (r->n_complaints == COMPLAINTS_MAX) {
		r->n_untold++;
		return;
	}
	more = realloc(r->complaint, (r->n_complaints + 1) * sizeof(*more));
	if (!more)
		return;
	r->complaint = more;
	if (vasprintf(&text, fmt, ap) >= 0)
		more[r->n_complaints++] = (struct complaint){ r->from, at, shown_to, text };
}

void conf_complain_at(struct reading *r, const char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(r, at, NULL, fmt, ap);
	va_end(ap);
}

/* Where the value @node stands; for what is in a list in a list, the inner one. */
static const char *place_of(struct reading *r, const config_setting_t *node)
{
	const config_setting_t	*up = config_setting_parent(node);
	const char		*name;
	struct span		 value;
	int			 i = -1;

	for (; !config_setting_is_root(up); up = config_setting_parent(node)) {
		i = config_setting_index(node);
		node = up;
	}
	name = config_setting_name(node);
	value = conf_part(r, conf_setting((struct span){ name, strlen(name) }))->value;
	return i < 0 ? value.at : conf_text_entry(value, (unsigned)i);
}

void conf_complain(struct reading *r, const config_setting_t *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(r, place_of(r, node), NULL, fmt, ap);
	va_end(ap);
}

void conf_complain_name(struct reading *r, struct span name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(r, name.at, name.at + name.len, fmt, ap);
	va_end(ap);
}

int conf_line(const struct source *from, const char *at)
{
	int line = 1;

	for (const char *p = from->text; p < at; p++)
		line += *p == '\n';
	return line;
}

/*
 * A password that somebody wrote into the wrong file or the wrong place is not
 * to be repeated into a log.
 */
static bool may_be_secret(struct span line)
{
	static const char *const words[] = { "credential", "pass", "secret" };

	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		struct bytes word = { (const uint8_t *)words[w], strlen(words[w]) };

		for (size_t i = 0; i + word.len <= line.len; i++)
			if (bytes_equal_nocase((struct bytes){ (const uint8_t *)line.at + i, word.len },
					       word))
				return true;
	}
	return false;
}

static bool continues_utf8(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line and, below it, a caret at @column, which counts bytes from 0 on. */
static void show(struct span line, int number, size_t column, FILE *err)
{
	size_t from = line.len > SHOWN_MAX && column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
	size_t to = line.len - from > SHOWN_MAX ? from + SHOWN_MAX : line.len;

	fprintf(err, "%5d | ", number);
	for (size_t i = from; i < to; i++)
		putc(line.at[i] == '\t' ? ' ' : (unsigned char)line.at[i] < ' ' ||
		     line.at[i] == 0x7f ? '?' : line.at[i], err);
	fputs("\n      | ", err);
	for (size_t i = from; i < column; i++)
		if (!continues_utf8(line.at[i]))
			putc(' ', err);
	fputs("^\n", err);
}

/* A CR belongs to the end of a line only right before it; elsewhere it is shown. */
static size_t line_len(const char *begin)
{
	size_t len = strcspn(begin, "\n");

	return len && begin[len - 1] == '\r' ? len - 1 : len;
}

static void tell(const struct complaint *k, FILE *err)
{
	const char	*begin = k->at;
	struct span	 line;
	int		 number;

	fputs(k->from->name, err);
	if (!k->at) {
		fprintf(err, ": %s\n", k->text);
		return;
	}
	while (begin > k->from->text && begin[-1] != '\n')
		begin--;
	line = (struct span){ begin, k->shown_to ? (size_t)(k->shown_to - begin) :
					    line_len(begin) };
	number = conf_line(k->from, k->at);
	fprintf(err, ":%d:%zu: %s\n", number, (size_t)(k->at - begin) + 1, k->text);
	if (!may_be_secret(line))
		show(line, number, (size_t)(k->at - begin), err);
}

/* By file, place, and the time they were made. */
static int compare(const void *one, const void *two)
{
	const struct complaint *a = one, *b = two;

	if (a->from != b->from)
		return a->from->number < b->from->number ? -1 : 1;
	if (a->at != b->at)
		return (uintptr_t)a->at < (uintptr_t)b->at ? -1 : 1;
	return strcmp(a->text, b->text);
}

void conf_tell(struct reading *r, FILE *err)
{
	if (r->n_complaints)
		qsort(r->complaint, r->n_complaints, sizeof(*r->complaint), compare);
	for (size_t i = 0; i < r->n_complaints; i++)
		tell(&r->complaint[i], err);
	if (r->n_untold)
		fprintf(err, "%s: and %zu errors more\n", r->c->file, r->n_untold);
}
