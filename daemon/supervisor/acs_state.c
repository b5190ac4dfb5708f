// SPDX-License-Identifier: GPL-2.0-or-later

#include "acs_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_values.h"
#include "list.h"

enum { HEAD_SIZE = PATH_LEN_MAX + 32 };

const struct acs_known *acs_state_find(const struct acs_state *s, bool list, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].list == list && strcmp(s->of[i].name, name) == 0)
			return &s->of[i];
	return NULL;
}

/* The first line of a source. */
static bool take_head(struct bytes line, struct acs_state *s)
{
	char			 text[HEAD_SIZE], kind[5];
	struct acs_known	*k = &s->of[s->n];
	int			 at = 0;

	if (line.len >= sizeof(text) || memchr(line.at, '\0', line.len) || s->n == SOURCES_OF_ACS)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)line.len, (const char *)line.at);
	*k = (struct acs_known){ 0 };
	/* 18 digits are as many as 63 bits hold of any. */
	if (sscanf(text, "%4[a-z] %18" SCNd64 " %n", kind, &k->when_s, &at) != 2 || !at ||
	    k->when_s < 0 || strlen(text + at) >= PATH_LEN_MAX)
		return false;
	k->list = strcmp(kind, "file") == 0;
	strcpy(k->name, text + at);
	if (k->list ? k->name[0] != '/' : strcmp(kind, "name") != 0 || !conf_host(k->name))
		return false;
	if (acs_state_find(s, k->list, k->name))
		return false;
	s->n++;
	return true;
}

static bool add_prefix(struct acs_state *s, const struct prefix *p)
{
	struct acs_known *k = s->n ? &s->of[s->n - 1] : NULL;

	if (!k || !resolve_may(p) || k->n == (k->list ? LIST_PREFIXES_MAX : NAME_ADDRS_MAX))
		return false;
	k->prefix[k->n++] = *p;
	return true;
}

/* What begins as the first line of a source is none of acs_file's, whatever follows. */
static bool is_head(struct bytes line)
{
	return line.len > 5 && (memcmp(line.at, "name ", 5) == 0 || memcmp(line.at, "file ", 5) == 0);
}

static bool take_line(struct bytes line, struct acs_state *s)
{
	struct list_value v;

	if (is_head(line))
		return take_head(line, s);
	switch (list_line(line, &v)) {
	case LIST_NOTHING:
		return true;
	case LIST_PREFIX:
		return add_prefix(s, &v.prefix);
	case LIST_NAME:
	case LIST_BAD:
		break;
	}
	return false;
}

int acs_state_parse(struct bytes text, struct acs_state *s)
{
	struct bytes line;

	s->n = 0;
	for (int number = 1; text.len; number++) {
		if (!bytes_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		if (!take_line(line, s)) {
			s->n = 0;
			return number;
		}
	}
	return 0;
}

void acs_state_put(const struct acs_state *s, FILE *out)
{
	char text[PREFIX_TEXT];

	fputs("# What cwmpgated has found last; acs_state in cwmpgate.conf(5)\n", out);
	for (size_t i = 0; i < s->n; i++) {
		const struct acs_known *k = &s->of[i];

		fprintf(out, "%s %" PRId64 " %s\n", k->list ? "file" : "name", k->when_s, k->name);
		for (size_t p = 0; p < k->n; p++) {
			conf_prefix_text(&k->prefix[p], text);
			fprintf(out, "%s\n", text);
		}
	}
}

/* The bytes of a file that nobody else can have written; @wrong is NULL then. */
static ssize_t read_own(int fd, char *text, const char **wrong)
{
	struct stat	st;
	ssize_t		n = -1;

	*wrong = NULL;
	if (fstat(fd, &st) < 0)
		*wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*wrong = "is not a regular file";
	else if ((st.st_uid && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		*wrong = "can be written by others than root";
	else if (st.st_size > ACS_STATE_SIZE)
		*wrong = "is larger than 65536 bytes";
	else if ((n = pread(fd, text, ACS_STATE_SIZE, 0)) < 0)
		*wrong = strerror(errno);
	return n;
}

bool acs_state_load(struct acs_state *s, const char *file, FILE *err)
{
	static char	 text[ACS_STATE_SIZE];
	int		 fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	const char	*wrong;
	ssize_t		 n;
	int		 line;

	s->n = 0;
	if (fd < 0) {
		if (errno == ENOENT)
			return true;
		fprintf(err, "acs_state: %s: %s\n", file, strerror(errno));
		return false;
	}
	n = read_own(fd, text, &wrong);
	close(fd);
	if (wrong) {
		fprintf(err, "acs_state: %s: %s\n", file, wrong);
		return false;
	}
	line = acs_state_parse((struct bytes){ (const uint8_t *)text, (size_t)n }, s);
	if (line)
		fprintf(err, "acs_state: %s:%d: nothing that was written by cwmpgated\n", file, line);
	return !line;
}

static void make_directory(const char *file)
{
	char dir[PATH_LEN_MAX];

	snprintf(dir, sizeof(dir), "%s", file);
	mkdir(dirname(dir), 0700);
}

/* A router may lose its power at any time: it is on the disk before it gets its name. */
static bool write_new(const struct acs_state *s, const char *tmp)
{
	int	 fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE	*f = fd < 0 ? NULL : fdopen(fd, "w");
	int	 wrong = errno;

	if (!f) {
		if (fd >= 0)
			close(fd);
		errno = wrong;
		return false;
	}
	acs_state_put(s, f);
	wrong = ferror(f) || fflush(f) != 0 || fsync(fd) < 0 ? errno : 0;
	if (fclose(f) != 0 && !wrong)
		wrong = errno;
	errno = wrong;
	return !wrong;
}

bool acs_state_save(const struct acs_state *s, const char *file)
{
	char	tmp[PATH_LEN_MAX + 4];
	int	wrong;

	make_directory(file);
	snprintf(tmp, sizeof(tmp), "%s.new", file);
	unlink(tmp);
	if (write_new(s, tmp) && rename(tmp, file) == 0)
		return true;
	wrong = errno;
	unlink(tmp);
	errno = wrong;
	return false;
}
