// SPDX-License-Identifier: GPL-2.0-or-later

#include "list.h"

#include <stdio.h>

#include "conf_values.h"

enum { LINE_SIZE = 512 };

static bool ends_in(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(text + len - n, end, n) == 0 &&
	       (len == n || text[len - n - 1] == '.');
}

/* Takes the quotes off "text" or 'text'. */
static void unquote(char *text)
{
	size_t len = strlen(text);

	if (len < 2 || (*text != '\'' && *text != '"') || text[len - 1] != *text)
		return;
	memmove(text, text + 1, len - 2);
	text[len - 2] = '\0';
}

/*
 * KEY=VALUE: leaves VALUE in @text, or nothing of it if the key is another's.  A
 * URL has no = before its first slash.
 */
static void take_value(char *text)
{
	size_t key = strcspn(text, "=/");

	if (text[key] != '=')
		return;
	if (!ends_in(text, key, "acs.ip") && !ends_in(text, key, "acs.ip6") &&
	    !ends_in(text, key, "acs.url")) {
		*text = '\0';
		return;
	}
	memmove(text, text + key + 1, strlen(text + key + 1) + 1);
	unquote(text);
}

/* The host of http://host:port/path, RFC 3986 3.2.2; @text if it is no such URL. */
static char *host_of(char *text)
{
	char *host = text, *end;

	if (strncasecmp(text, "http://", 7) == 0)
		host += 7;
	else if (strncasecmp(text, "https://", 8) == 0)
		host += 8;
	else
		return text;
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] && !strchr(":/?#", end[1])))
			return text;
	} else {
		end = host + strcspn(host, ":/?#");
	}
	*end = '\0';
	return host;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool copy_line(struct bytes line, char text[LINE_SIZE])
{
	while (line.len && is_blank(line.at[line.len - 1]))
		line.len--;
	while (line.len && is_blank(line.at[0]))
		line = (struct bytes){ line.at + 1, line.len - 1 };
	if (line.len >= LINE_SIZE)
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] < ' ' || line.at[i] > '~')
			return false;
	snprintf(text, LINE_SIZE, "%.*s", (int)line.len, (const char *)line.at);
	return true;
}

enum list_entry list_line(struct bytes line, struct list_value *v)
{
	char	text[LINE_SIZE], *host;
	bool	exact;

	if (!copy_line(line, text))
		return LIST_BAD;
	if (*text != '#')
		take_value(text);
	if (!*text || *text == '#')
		return LIST_NOTHING;
	host = host_of(text);
	if (conf_prefix(host, &v->prefix, &exact))
		return exact ? LIST_PREFIX : LIST_BAD;
	if (!conf_host(host))
		return LIST_BAD;
	strcpy(v->name, host);
	return LIST_NAME;
}
