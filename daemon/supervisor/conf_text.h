/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration's text, cut into settings before libconfig parses it.
 *
 * libconfig says "syntax error" and a line; it reads 4294974843 as 7547 (1.5)
 * and joins two strings where a comma is missing.  What is found here has a
 * place, and words; what is left for libconfig has the right form, in every
 * version of it.  The grammar is libconfig's without @include, without a comma
 * after the last entry, without text over several lines.
 */
#ifndef CWMPGATE_CONF_TEXT_H
#define CWMPGATE_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum fault {
	FAULT_NONE,
	FAULT_NAME,		/* no name where a setting begins */
	FAULT_EQUALS,		/* no = after a name */
	FAULT_VALUE,		/* nothing that is a value */
	FAULT_INTEGER,		/* beyond 32 bits */
	FAULT_GROUP,		/* braces; no setting has them */
	FAULT_BRACE,		/* one that is not closed */
	FAULT_COMMA,		/* none between two entries */
	FAULT_ENTRY,		/* none after a comma */
	FAULT_CLOSE,		/* a list that is not closed */
	FAULT_DEEP,		/* lists in lists in lists */
	FAULT_QUOTE,		/* text that does not end on its line */
	FAULT_NUL,		/* \x00 in a text */
	FAULT_COMMENT,		/* one that does not end */
	FAULT_INCLUDE,		/* the other file would not be looked at */
};

/* A piece of the text. */
struct span {
	const char	*at;
	size_t		 len;
};

/* One setting, or what stands in the place of one. */
struct text_part {
	struct span	whole;		/* up to the next; with its semicolon */
	struct span	name;		/* len 0: none */
	struct span	value;		/* len 0: none */
	enum fault	fault;
	struct span	found;		/* where the fault is; len 0: the text's end */
};

/*
 * Cuts the next setting off the NUL-terminated text at @at; false at its end.
 * After a fault the next one is where something like NAME = begins a line, or
 * after a semicolon.
 */
bool conf_text_next(const char **at, struct text_part *p);

/* Where entry number @i begins of the list that @value is; @value if it is none. */
const char *conf_text_entry(struct span value, unsigned i);

/*
 * Copies the tokens of @p, which has no fault, to where they stand in @to.  Of
 * brackets it makes those of libconfig's lists: only they take entries of
 * different types, to be refused one by one.
 */
void conf_text_copy(const struct text_part *p, char *to);

#endif /* CWMPGATE_CONF_TEXT_H */
