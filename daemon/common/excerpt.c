// SPDX-License-Identifier: GPL-2.0-or-later

#include "excerpt.h"

enum { LINE_MAX = 40, NAME_MAX = 16 };	/* of them and what joins them, EXCERPT_MAX is the sum */

struct writer {
	char	*at;
	size_t	 left;		/* without the NUL */
};

static void put(struct writer *w, uint8_t c)
{
	if (w->left == 0)
		return;
	*w->at++ = c >= 0x20 && c < 0x7f ? (char)c : '.';
	w->left--;
}

static void put_text(struct writer *w, const char *text)
{
	for (; *text; text++)
		put(w, (uint8_t)*text);
}

/* A target that is no path may hold anything: not even its beginning is told. */
static void put_request_line(struct writer *w, struct bytes line)
{
	bool	hidden = false, first = true;
	int	word = 0;
	uint8_t	c;

	while (bytes_u8(&line, &c) && c != '\r' && c != '\n') {
		if (c == ' ') {
			hidden = false;
			first = true;
			word++;
			put(w, c);
			continue;
		}
		if (!hidden && word == 1 && (c == '?' || (first && c != '/'))) {
			hidden = true;
			put_text(w, c == '?' ? "?.." : "..");
		}
		if (!hidden)
			put(w, c);
		first = false;
	}
}

/* The line in which @offset stands, if it begins with a name and a colon. */
static struct bytes field_name(struct bytes held, uint16_t offset)
{
	struct bytes	line, name = { 0 };
	size_t		until = held.len < offset ? held.len : offset;
	const uint8_t	*end = until ? memrchr(held.at, '\n', until) : NULL;
	size_t		begin = end ? (size_t)(end + 1 - held.at) : 0;

	line = (struct bytes){ held.at + begin, held.len - begin };
	if (begin == 0 || !bytes_until(&line, ':', &name) ||
	    memchr(name.at, ' ', name.len) || memchr(name.at, '\n', name.len))
		return (struct bytes){ 0 };
	return name;
}

void excerpt(char out[EXCERPT_MAX], struct bytes held, struct bytes more, uint16_t offset)
{
	uint8_t		begin[LINE_MAX];
	size_t		n = held.len < LINE_MAX ? held.len : LINE_MAX;
	size_t		m = more.len < LINE_MAX - n ? more.len : LINE_MAX - n;
	struct writer	w = { out, EXCERPT_MAX - 1 };
	struct bytes	name = field_name(held, offset);

	if (n)
		memcpy(begin, held.at, n);
	if (m)
		memcpy(begin + n, more.at, m);
	put_request_line(&w, (struct bytes){ begin, n + m });
	if (name.len) {
		put_text(&w, " .. ");
		for (size_t i = 0; i < name.len && i < NAME_MAX; i++)
			put(&w, name.at[i]);
		put(&w, ':');
	}
	*w.at = '\0';
}
