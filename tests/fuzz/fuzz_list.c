// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files from which addresses of the ACS come at run time, any bytes.  The first
 * byte of the input says which: an even one acs_file, an odd one acs_state.
 *
 *	A network is one whose other bits are 0, a name one that configurations take.
 *	A name stands in its line; what is found is found again when it is written.
 *	Blanks around a line change nothing, and it means the same as uci(1) keeps it.
 *	Bytes that are not printable are in no good line; a remark says nothing.
 *	A file of ours is taken whole or not at all: within the limits, only with
 *	networks in which an ACS can be, and the same when it is written again.
 */

#include "acs_state.h"
#include "conf_values.h"
#include "fuzz.h"
#include "list.h"

enum { INPUT_MAX = 8192, LONGEST = 511 };	/* of a line: bytes without blanks around */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes b)
{
	for (; b.len && is_blank(b.at[0]); b.len--)
		b.at++;
	while (b.len && is_blank(b.at[b.len - 1]))
		b.len--;
	return b;
}

static bool is_text(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] < 0x20 || b.at[i] >= 0x7f)
			return false;
	return b.len <= LONGEST;
}

/* The line alone in memory, for the sanitizer to watch both its ends. */
static enum list_entry read_line(const char *before, struct bytes line, const char *after,
				 struct list_value *v)
{
	size_t		 b = strlen(before), a = strlen(after), len = b + line.len + a;
	uint8_t		*copy = malloc(len);
	enum list_entry	 entry;

	PROMISE(copy || !len);
	if (len) {
		memcpy(copy, before, b);
		memcpy(copy + b, line.at, line.len);
		memcpy(copy + b + line.len, after, a);
	}
	entry = list_line((struct bytes){ copy, len }, v);
	free(copy);
	return entry;
}

static void check_same(enum list_entry entry, const struct list_value *v,
		       enum list_entry again, const struct list_value *w)
{
	PROMISE(entry == again);
	if (entry == LIST_PREFIX)
		PROMISE(v->prefix.len == w->prefix.len &&
			addr_equal(&v->prefix.addr, &w->prefix.addr));
	if (entry == LIST_NAME)
		PROMISE(strcmp(v->name, w->name) == 0);
}

static void check_written(enum list_entry entry, const struct list_value *v, const char *text)
{
	struct list_value w;

	check_same(entry, v, read_line("", (struct bytes){ (const uint8_t *)text, strlen(text) }, "",
					&w), &w);
}

static void check_prefix(const struct list_value *v)
{
	const uint8_t	*b = v->prefix.addr.b;
	bool		 four = addr_is4(&v->prefix.addr);
	char		 text[PREFIX_TEXT];

	PROMISE(v->prefix.len <= (four ? 32 : 128));
	for (unsigned i = v->prefix.len + (four ? 96u : 0u); i < 128; i++)
		PROMISE(!(b[i / 8] >> (7 - i % 8) & 1));
	conf_prefix_text(&v->prefix, text);
	check_written(LIST_PREFIX, v, text);
}

static void check_name(struct bytes line, const struct list_value *v)
{
	PROMISE(memchr(v->name, '\0', sizeof(v->name)) && conf_host(v->name));
	PROMISE(memmem(line.at, line.len, v->name, strlen(v->name)));
	check_written(LIST_NAME, v, v->name);
}

/* As a value of one of the keys that count, if it is none already. */
static void check_as_value(struct bytes line, enum list_entry entry, const struct list_value *v)
{
	struct list_value	w;
	size_t			i = 0;

	while (i < line.len && line.at[i] != '=' && line.at[i] != '/')
		i++;
	if ((i < line.len && line.at[i] == '=') || line.len + strlen("acs.url=''") > LONGEST)
		return;
	check_same(entry, v, read_line("acs.url='", line, "'", &w), &w);
	PROMISE(read_line("acs.user='", line, "'", &w) ==
		(line.len + strlen("acs.user=''") > LONGEST ? LIST_BAD : LIST_NOTHING));
}

static void try_line(struct bytes line)
{
	struct list_value	v, w;
	struct bytes		text = trim(line);
	enum list_entry		entry = read_line("", line, "", &v);

	check_same(entry, &v, read_line(" \t", line, "\r ", &w), &w);
	if (!is_text(text)) {
		PROMISE(entry == LIST_BAD);
		return;
	}
	PROMISE(text.len == LONGEST || read_line("#", text, "", &w) == LIST_NOTHING);
	switch (entry) {
	case LIST_NOTHING:
	case LIST_BAD:
		return;
	case LIST_PREFIX:
		check_prefix(&v);
		break;
	case LIST_NAME:
		check_name(text, &v);
		break;
	}
	check_as_value(text, entry, &v);
}

static void try_list(struct bytes text)
{
	struct bytes line;

	while (bytes_until(&text, '\n', &line))
		try_line(line);
	try_line(text);
}

static void check_known(const struct acs_state *s, const struct acs_known *k)
{
	PROMISE(acs_state_find(s, k->list, k->name) == k && k->when_s >= 0);
	PROMISE(memchr(k->name, '\0', sizeof(k->name)) && !strchr(k->name, '\n'));
	PROMISE(k->list ? k->name[0] == '/' : conf_host(k->name));
	PROMISE(k->n <= (k->list ? LIST_PREFIXES_MAX : NAME_ADDRS_MAX));
	for (size_t i = 0; i < k->n; i++)
		PROMISE(resolve_may(&k->prefix[i]));
}

static void check_state_again(const struct acs_state *s)
{
	static struct acs_state	 again;
	char			*text = NULL;
	size_t			 len = 0;
	FILE			*f = open_memstream(&text, &len);

	PROMISE(f);
	acs_state_put(s, f);
	fclose(f);
	PROMISE(acs_state_parse((struct bytes){ (const uint8_t *)text, len }, &again) == 0);
	free(text);
	PROMISE(again.n == s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct acs_known *a = &s->of[i], *b = &again.of[i];

		PROMISE(a->list == b->list && strcmp(a->name, b->name) == 0);
		PROMISE(a->when_s == b->when_s && a->n == b->n);
		PROMISE(memcmp(a->prefix, b->prefix, a->n * sizeof(a->prefix[0])) == 0);
	}
}

static void try_state(struct bytes text)
{
	static struct acs_state	s;
	int			lines = 1, wrong = acs_state_parse(text, &s);

	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	PROMISE(wrong >= 0 && wrong <= lines && (!wrong || s.n == 0));
	PROMISE(s.n <= SOURCES_OF_ACS);
	for (size_t i = 0; i < s.n; i++)
		check_known(&s, &s.of[i]);
	check_state_again(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1 || len > INPUT_MAX)
		return 0;
	if (data[0] & 1)
		try_state((struct bytes){ data + 1, len - 1 });
	else
		try_list((struct bytes){ data + 1, len - 1 });
	return 0;
}
