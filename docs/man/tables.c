// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes those parts of the manual that are made of the program's own tables, in
 * mdoc(7): "tables reasons" from why.h and remedy.h, "tables settings FILE" from
 * the comments of cwmpgate.conf and from what conf.c accepts.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_settings.h"
#include "remedy.h"

enum { TEXT_MAX = 8192, LINE_MAX_ = 512 };

static const char *const act_words[] = {
	[ACT_NONE] = "nothing", [ACT_PASS] = "passed", [ACT_BLANK] = "passed, Server blanked",
	[ACT_TRIM] = "passed as an acknowledgement", [ACT_DELIVER] = "delivered",
	[ACT_ABSORB] = "kept, acknowledged by the gate", [ACT_DROP] = "dropped",
	[ACT_REFUSE] = "refused", [ACT_BUSY] = "told 503",
};

/* Text that no letter of is a request to the formatter. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void put_sentence(const char *before, const char *text, const char *after)
{
	fputs(before, stdout);
	put_text(text);
	fputs(after, stdout);
	putchar('\n');
}

static void reasons(void)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = WHY_NEXT + 1; i < WHY_COUNT; i++) {
		const struct remedy *r = &remedy[i];

		printf(".It Sy %s\n", why_info[i].name);
		put_sentence("", why_info[i].doc, ".");
		printf("The packet is %s%s.\n", act_words[why_info[i].act],
		       why_info[i].blame == BLAME_MALFORMED ?
		       ", and the source's budget malformed is charged" : "");
		if (r->setting)
			printf("Governed by\n.Ic %s .\n", r->setting);
		if (strcmp(r->text, HEALTHY) == 0)
			puts("It belongs to a healthy connection.");
		else
			put_sentence("What to do: ", r->text, ".");
	}
	puts(".El");
}

/* The comment that has been read, and the settings it is about. */
struct part {
	char	text[TEXT_MAX];		/* mdoc, lines */
	size_t	len;
};

static void add(struct part *p, const char *fmt, const char *text)
{
	p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, fmt, text);
	if (p->len >= sizeof(p->text))
		exit(EXIT_FAILURE);
}

/* In a macro's arguments quotes and brackets are more than letters. */
static void add_letter(struct part *p, char c, bool argument)
{
	char one[] = { c, '\0' };

	if (c == '\\')
		add(p, "%s", "\\e");
	else if (argument && c == '"')
		add(p, "%s", "\\(dq");
	else if (argument && strchr("[]", c))
		add(p, "\\&%s", one);
	else
		add(p, "%s", one);
}

static void add_comment(struct part *p, const char *text)
{
	size_t	blanks = strspn(text, " ");
	bool	example = blanks >= 4 && blanks < 8;

	text += blanks;
	if (!*text) {
		add(p, "%s", p->len ? ".Pp\n" : "");
		return;
	}
	/* "word"  what it means */
	if (*text == '"' && strstr(text, "\"  ") && p->len)
		add(p, "%s", ".br\n");
	if (example)
		add(p, "%s", ".Dl ");
	for (; *text; text++) {
		add_letter(p, *text, example);
		/* Two blanks in the comment: mdoc wants a line for each sentence. */
		if (strncmp(text, ".  ", 3) == 0) {
			add(p, "%s", "\n");
			text += 2;
		}
	}
	add(p, "%s", "\n");
}

static const struct setting *find(const char *name)
{
	for (size_t i = 0; i < conf_settings_n; i++)
		if (strlen(conf_settings[i].name) == strcspn(name, " ") &&
		    strncmp(conf_settings[i].name, name, strcspn(name, " ")) == 0)
			return &conf_settings[i];
	fprintf(stderr, "no such setting: %s\n", name);
	exit(EXIT_FAILURE);
}

/* "name = default;" as it stands in the file, and then what may stand there. */
static void put_settings(const struct part *p, char lines[][LINE_MAX_], size_t n)
{
	static struct part	head;
	char			should[EXPECTED_MAX];

	for (size_t i = 0; i < n; i++) {
		head.len = 0;
		for (const char *at = lines[i]; *at; at++)
			add_letter(&head, *at, true);
		printf(".It Ic %s\n", head.text);
	}
	fputs(p->text, stdout);
	for (size_t i = 0; i < n; i++) {
		const struct setting *s = find(lines[i]);

		printf(".Pp\n.Ic %s :\n", s->name);
		put_sentence("", conf_expected(s, should), ".");
	}
}

static void put_heading(const char *line, bool *listed)
{
	size_t len = strcspn(line, "-");

	while (len && line[len - 1] == ' ')
		len--;
	printf("%s.Ss %.*s\n.Bl -tag -width Ds\n", *listed ? ".El\n" : "", (int)len, line);
	*listed = true;
}

static int settings(const char *file)
{
	static struct part	p;
	static char		set[8][LINE_MAX_];
	char			line[LINE_MAX_];
	size_t			n = 0;
	bool			listed = false;
	FILE			*f = fopen(file, "r");

	if (!f) {
		perror(file);
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' && line[1] && line[1] != ' ' && n < 8) {
			strcpy(set[n++], line + 1);
			continue;
		}
		if (n) {
			put_settings(&p, set, n);
			p.len = n = 0;
			p.text[0] = '\0';
		}
		if (strncmp(line, "# ---- ", 7) == 0) {
			put_heading(line + 7, &listed);
			p.len = 0;
			p.text[0] = '\0';
		} else if (listed && line[0] == '#') {
			add_comment(&p, line + 1 + (line[1] == ' '));
		}
	}
	if (n)
		put_settings(&p, set, n);
	puts(".El");
	fclose(f);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "reasons") == 0) {
		reasons();
		return EXIT_SUCCESS;
	}
	if (argc == 3 && strcmp(argv[1], "settings") == 0)
		return settings(argv[2]);
	fputs("usage: tables reasons | settings FILE\n", stderr);
	return EXIT_FAILURE;
}
