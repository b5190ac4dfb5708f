// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The credentials file into struct credentials.
 *
 * What is read here is secret: messages name the file and the line, never what
 * stands there, and the buffer is wiped before it is given back.
 */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

enum {
	SECRETS_MAX	= 16384,	/* CREDENTIALS_MAX of the longest lines, and comments */
	MD5_HEX		= 32,
	SHA256_HEX	= 64,
};

struct reading {
	struct credentials	*out;
	const char		*file;
	FILE			*err;
	int			 line;		/* 0: the file as a whole */
	bool			 failed;
};

static void complain(struct reading *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	r->failed = true;
	fputs(r->file, r->err);
	if (r->line)
		fprintf(r->err, ":%d", r->line);
	fputs(": ", r->err);
	va_start(ap, fmt);
	vfprintf(r->err, fmt, ap);
	va_end(ap);
	putc('\n', r->err);
}

static bool is_hash(struct bytes b)
{
	if (b.len != MD5_HEX && b.len != SHA256_HEX)
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (!isxdigit(b.at[i]))
			return false;
	return true;
}

/* Takes everything after the last colon off the end of @b. */
static bool take_last(struct bytes *b, struct bytes *out)
{
	const uint8_t *colon = b->len ? memrchr(b->at, ':', b->len) : NULL;

	if (!colon)
		return false;
	*out = (struct bytes){ colon + 1, (size_t)(b->at + b->len - colon) - 1 };
	b->len = (size_t)(colon - b->at);
	return true;
}

/* Copies @from into a field of the credential; reports what does not go in. */
static bool set_field(struct reading *r, const char *what, struct bytes from,
		      char *to, size_t max, uint16_t *len)
{
	if (from.len == 0) {
		complain(r, "%s is empty", what);
		return false;
	}
	if (from.len > max) {
		complain(r, "%s is longer than %zu bytes", what, max);
		return false;
	}
	memcpy(to, from.at, from.len);
	*len = (uint16_t)from.len;
	return true;
}

static bool read_line(struct reading *r, struct bytes line, struct credential *c)
{
	struct bytes user, rest = line, hash;

	for (size_t i = 0; i < line.len; i++) {
		if (iscntrl(line.at[i])) {
			complain(r, "control character at byte %zu", i + 1);
			return false;
		}
	}
	if (!bytes_until(&rest, ':', &user)) {
		complain(r, "no colon, expected user:password or user:realm:hash");
		return false;
	}
	if (!set_field(r, "user name", user, c->user, DIGEST_NAME_MAX, &c->user_len))
		return false;

	/* Whoever has a password of such a form writes the htdigest line for it. */
	line = rest;
	c->hashed = take_last(&line, &hash) && is_hash(hash);
	if (!c->hashed)
		return set_field(r, "password", rest, c->password, PASSWORD_MAX,
				 &c->password_len);
	for (size_t i = 0; i < hash.len; i++)
		c->ha1[i] = (char)ascii_lower(hash.at[i]);
	c->ha1_len = (uint16_t)hash.len;
	return set_field(r, "realm", line, c->realm, DIGEST_NAME_MAX, &c->realm_len);
}

/* Bytes beyond the lengths are zero, so the fields can be compared whole. */
static bool is_known(const struct credentials *all, const struct credential *c)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct credential *k = &all->of[i];

		if (k->hashed == c->hashed && k->user_len == c->user_len &&
		    k->password_len == c->password_len && k->realm_len == c->realm_len &&
		    k->ha1_len == c->ha1_len &&
		    memcmp(k->user, c->user, sizeof(k->user)) == 0 &&
		    memcmp(k->password, c->password, sizeof(k->password)) == 0 &&
		    memcmp(k->realm, c->realm, sizeof(k->realm)) == 0 &&
		    memcmp(k->ha1, c->ha1, sizeof(k->ha1)) == 0)
			return true;
	}
	return false;
}

static void add_line(struct reading *r, struct bytes line)
{
	struct credential c;

	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.at[0] == '#')
		return;

	memset(&c, 0, sizeof(c));
	if (!read_line(r, line, &c))
		;
	else if (is_known(r->out, &c))
		complain(r, "repeats an earlier line");
	else if (r->out->n == CREDENTIALS_MAX)
		complain(r, "more than %d credentials", CREDENTIALS_MAX);
	else
		r->out->of[r->out->n++] = c;
	explicit_bzero(&c, sizeof(c));
}

static void add_lines(struct reading *r, struct bytes text)
{
	struct bytes line;

	while (text.len) {
		r->line++;
		if (!bytes_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		add_line(r, line);
	}
	r->line = 0;
	if (r->out->n == 0 && !r->failed)
		complain(r, "holds no credentials");
}

/* Asked of the open file: what is checked is what is read. */
static bool is_private(struct reading *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		complain(r, "%s", strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode))
		complain(r, "is not a regular file");
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		complain(r, "belongs to uid %u, expected root or the daemon's user (uid %u)",
			 (unsigned)st.st_uid, (unsigned)geteuid());
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		complain(r, "has mode %04o, expected 0600: group and others may have no access",
			 (unsigned)st.st_mode & 07777);
	return !r->failed;
}

static void read_file(struct reading *r, int fd)
{
	uint8_t	buf[SECRETS_MAX + 1];
	size_t	len = 0;
	ssize_t	n = 1;

	while (n > 0 && len < sizeof(buf)) {
		n = read(fd, buf + len, sizeof(buf) - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		complain(r, "%s", strerror(errno));
	else if (len > SECRETS_MAX)
		complain(r, "is larger than %d bytes", SECRETS_MAX);
	else
		add_lines(r, (struct bytes){ buf, len });
	explicit_bzero(buf, sizeof(buf));
}

bool conf_credentials(struct credentials *out, const char *file, FILE *err)
{
	struct reading	r = { .out = out, .file = file, .err = err };
	/* Not blocking: a FIFO is to be refused, not waited for. */
	int		fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	memset(out, 0, sizeof(*out));
	if (fd < 0) {
		complain(&r, "%s", strerror(errno));
		return false;
	}
	if (is_private(&r, fd))
		read_file(&r, fd);
	close(fd);
	if (r.failed)
		explicit_bzero(out, sizeof(*out));
	return !r.failed;
}
