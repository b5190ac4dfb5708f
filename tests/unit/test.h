/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unit tests share: cmocka, input that ends where memory ends, and a
 * reader for the case files that people review.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

/*
 * Copies @n bytes so that they end exactly where readable memory ends: to read
 * one byte too many is a crash, with sanitizers or without.
 */
static inline const uint8_t *at_the_edge(const void *src, size_t n)
{
	static uint8_t	*edge;
	size_t		 page = (size_t)sysconf(_SC_PAGESIZE), room = 4 * page;

	if (n > room)
		fail_msg("%zu bytes are too many for the edge", n);
	if (!edge) {
		edge = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
		if (edge == MAP_FAILED || mprotect(edge + room, page, PROT_NONE))
			abort();
		edge += room;
	}
	return n ? memcpy(edge - n, src, n) : edge;
}

static inline struct bytes bytes_at_the_edge(struct bytes b)
{
	return (struct bytes){ at_the_edge(b.at, b.len), b.len };
}

/* The tests' own directory; programs run from the root of the repository. */
static inline const char *cases_dir(void)
{
	const char *dir = getenv("CASES_DIR");

	return dir ? dir : "tests/";
}

/* The whole of a file below the tests' directory, with a NUL behind it. */
static inline char *must_read_file(const char *name)
{
	char	 path[4096];
	char	*text = NULL;
	size_t	 room = 0;
	FILE	*f;

	snprintf(path, sizeof(path), "%s/%s", cases_dir(), name);
	f = fopen(path, "rb");
	if (!f || getdelim(&text, &room, '\0', f) < 0)
		fail_msg("cannot read %s", path);
	else
		fclose(f);
	return text;
}

/*
 * Case files are Markdown.  A case is a heading, prose, and fenced blocks
 * whose first line says what is in them.  A view of the next case is cut off
 * @text; false at the end.
 */
struct test_case {
	char		name[128];
	struct bytes	text;		/* from its heading to the next */
};

static inline bool next_case(const char **text, struct test_case *c)
{
	const char *start = strstr(*text, "\n## "), *end, *line_end;

	if (!start)
		return false;
	start += 4;
	line_end = strchr(start, '\n');
	end = strstr(start, "\n## ");
	if (!line_end)
		fail_msg("a heading without a case: %s", start);
	if (!end)
		end = start + strlen(start);
	snprintf(c->name, sizeof(c->name), "%.*s", (int)(line_end - start), start);
	c->text = (struct bytes){ (const uint8_t *)start, (size_t)(end - start) };
	*text = end;
	return true;
}

/* The block of @c that is marked @kind; false if it has none. */
static inline bool find_block(const struct test_case *c, const char *kind, struct bytes *block)
{
	char		 fence[64];
	const char	*start, *end;

	snprintf(fence, sizeof(fence), "\n```%s\n", kind);
	start = memmem(c->text.at, c->text.len, fence, strlen(fence));
	if (!start)
		return false;
	start += strlen(fence);
	end = memmem(start, (size_t)(c->text.at + c->text.len - (const uint8_t *)start),
		     "\n```", 4);
	if (!end)
		fail_msg("%s: the block is not closed", c->name);
	*block = (struct bytes){ (const uint8_t *)start, (size_t)(end - start) };
	return true;
}

static inline struct bytes must_find_block(const struct test_case *c, const char *kind)
{
	struct bytes block = { 0 };

	if (!find_block(c, kind, &block))
		fail_msg("%s: no block of kind %s", c->name, kind);
	return block;
}

static inline unsigned hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	if (!at)
		fail_msg("'%c' is not a lower-case hexadecimal digit", c);
	return (unsigned)(at - digits);
}

/*
 * Bytes as the case files write them: the end of a line is for the eye only;
 * \r \n \t \0 \\ \xHH stand for bytes, and \{N:c} for N times the character c.
 */
static inline size_t unescape(struct bytes in, uint8_t *out, size_t room)
{
	const char	*p = (const char *)in.at, *end = p + in.len;
	size_t		 n = 0;

	while (p < end) {
		size_t	times = 1;
		uint8_t	c = (uint8_t)*p++;

		if (c == '\n')
			continue;
		if (c == '\\') {
			char *after;

			switch (*p++) {
			case 'r': c = '\r'; break;
			case 'n': c = '\n'; break;
			case 't': c = '\t'; break;
			case '0': c = 0; break;
			case '\\': c = '\\'; break;
			case 'x':
				c = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
				p += 2;
				break;
			case '{':
				times = strtoul(p, &after, 10);
				if (*after != ':' || after[2] != '}')
					fail_msg("bad repetition at %.20s", p);
				c = (uint8_t)after[1];
				p = after + 3;
				break;
			default:
				fail_msg("unknown escape at %.20s", p - 2);
			}
		}
		if (n + times > room)
			fail_msg("a case of more than %zu bytes", room);
		memset(out + n, c, times);
		n += times;
	}
	return n;
}

#endif /* TEST_H */
