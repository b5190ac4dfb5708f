// SPDX-License-Identifier: GPL-2.0-or-later

#include "uci.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word, in pieces with and without quotes; @at is then behind it. */
static bool take_word(const char **at, char out[UCI_WORD_SIZE])
{
	size_t	len = 0;
	char	quote = '\0';

	for (; **at && (quote || !is_blank(**at)); (*at)++) {
		if (quote ? **at == quote : **at == '\'' || **at == '"') {
			quote = quote ? '\0' : **at;
			continue;
		}
		if (**at == '\\' && quote != '\'' && (*at)[1])
			(*at)++;
		if (len == UCI_WORD_SIZE - 1)
			return false;
		out[len++] = **at;
	}
	out[len] = '\0';
	return !quote;
}

bool uci_split(const char *line, struct uci_line *out)
{
	char more[UCI_WORD_SIZE];

	memset(out, 0, sizeof(*out));
	for (size_t n = 0;; n++) {
		while (is_blank(*line))
			line++;
		if (!*line || *line == '#')
			return true;
		if (!take_word(&line, n < UCI_WORDS ? out->word[n] : more))
			return false;
	}
}

bool uci_option(FILE *f, const char *type, const char *option, char value[UCI_WORD_SIZE])
{
	char		line[1024];
	struct uci_line	l;
	bool		inside = false, found = false;

	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		if (!uci_split(line, &l))
			continue;
		if (strcmp(l.word[0], "config") == 0) {
			if (inside)
				break;
			inside = strcmp(l.word[1], type) == 0;
		} else if (inside && strcmp(l.word[0], "option") == 0 &&
			   strcmp(l.word[1], option) == 0) {
			strcpy(value, l.word[2]);
			found = true;
		}
	}
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&l, sizeof(l));
	return found;
}
