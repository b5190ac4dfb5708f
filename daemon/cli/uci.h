/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenWrt's configuration files, as far as it takes to look up one option:
 *
 *	config cpe 'cpe'
 *		option passwd 'a word'
 */
#ifndef CWMPGATE_UCI_H
#define CWMPGATE_UCI_H

#include <stdbool.h>
#include <stdio.h>

enum { UCI_WORDS = 3, UCI_WORD_SIZE = 256 };

/* "config TYPE NAME" or "option NAME VALUE"; what is not there is "". */
struct uci_line {
	char word[UCI_WORDS][UCI_WORD_SIZE];
};

/*
 * Splits a line as uci(1) does: '...' as it stands, "..." and bare words with
 * backslashes, # begins a comment.  False: a quote without end, or a word that is
 * too long.
 */
bool uci_split(const char *line, struct uci_line *out);

/*
 * The option @option of the first section of type @type in @f, which is read from its
 * beginning; false: there is none.
 */
bool uci_option(FILE *f, const char *type, const char *option, char value[UCI_WORD_SIZE]);

#endif /* CWMPGATE_UCI_H */
