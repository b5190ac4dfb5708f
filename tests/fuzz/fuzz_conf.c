// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The operator's files, any bytes.  The first byte of the input says which:
 * an even one the configuration, an odd one the credentials.
 *
 *	What is refused is told, in lines that name the file, without control bytes.
 *	libconfig has nothing left to refuse.
 *	What is accepted keeps every limit.
 *	No message about credentials depends on a letter or digit of a secret.
 *	Reading it again gives the same.
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "conf.h"
#include "conf_values.h"
#include "fuzz.h"

enum { SAID_MAX = 1 << 17, INPUT_MAX = 8192 };

/* libconfig 1.5 loses a buffer when it meets a syntax error. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

/* The same file for every input: it has a name as long as it is open. */
static const char *must_write(const void *text, size_t len)
{
	static char	name[64];
	static int	fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz_conf", MFD_CLOEXEC);
		PROMISE(fd >= 0 && fchmod(fd, 0600) == 0);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	}
	PROMISE(ftruncate(fd, 0) == 0 && pwrite(fd, text, len, 0) == (ssize_t)len);
	return name;
}

static void check_said(const char *said, const char *name, bool ok)
{
	PROMISE(ok || *said);
	while (*said) {
		/* The line that is meant, and a caret below it. */
		if (strncmp(said, name, strlen(name)) == 0)
			PROMISE(said[strlen(name)] == ':');
		else
			PROMISE(strncmp(said + 5, " | ", 3) == 0);
		for (; *said != '\n'; said++)
			PROMISE((unsigned char)*said >= ' ' && *said != 0x7f);
		said++;
	}
}

static void check_rate(const struct rate *r)
{
	PROMISE(r->events >= 1 && r->events <= RATE_MAX);
	PROMISE(r->burst >= 1 && r->burst <= RATE_MAX && r->per_ms >= 1);
}

static void check_prefix(const struct prefix *p)
{
	struct prefix	again;
	char		text[PREFIX_TEXT];
	bool		exact;

	PROMISE(p->len <= (addr_is4(&p->addr) ? 32 : 128));
	conf_prefix_text(p, text);
	PROMISE(conf_prefix(text, &again, &exact) && exact);
	PROMISE(again.len == p->len && addr_equal(&again.addr, &p->addr));
}

static void check_policy(const struct policy *p)
{
	PROMISE(p->paths.any || p->paths.n >= 1);
	PROMISE(p->paths.n <= PATHS_MAX);
	for (size_t i = 0; i < p->paths.n; i++)
		PROMISE(p->paths.of[i].len >= 1 && p->paths.of[i].len <= TARGET_MAX &&
			p->paths.of[i].text[0] == '/');
	PROMISE(p->nonce_life_ms >= 1 && p->ban_max_ms >= 1);
	check_rate(&p->attempts);
	check_rate(&p->requests);
	check_rate(&p->all_requests);
	check_rate(&p->malformed);
}

static void check_conf(const struct conf *c)
{
	PROMISE(c->mode <= MODE_BLOCK && c->policy.observe == (c->mode == MODE_MONITOR));
	PROMISE(c->n_ports >= 1 && c->n_ports <= PORTS_MAX);
	for (size_t i = 0; i < c->n_ports; i++)
		PROMISE(c->port[i]);
	PROMISE(c->n_interfaces <= INTERFACES_MAX);
	for (size_t i = 0; i < c->n_interfaces; i++)
		PROMISE(memchr(c->interface[i], '\0', IFNAME_MAX) && conf_ifname(c->interface[i]));
	PROMISE(c->n_prefixes <= PREFIXES_MAX);
	for (size_t i = 0; i < c->n_prefixes; i++)
		check_prefix(&c->prefix[i]);
	PROMISE(c->n_names <= NAMES_MAX);
	for (size_t i = 0; i < c->n_names; i++)
		PROMISE(memchr(c->name[i], '\0', HOST_NAME_SIZE) && conf_host(c->name[i]));
	PROMISE(memchr(c->credentials_file, '\0', PATH_LEN_MAX));
	PROMISE(c->mode != MODE_ENFORCE || c->policy.digest == DIGEST_OFF ||
		c->credentials_file[0] == '/');
	PROMISE(c->mark && (c->mark & (c->mark - 1)) == 0);
	check_rate(&c->syn);
	check_policy(&c->policy);
}

static bool load(struct conf *c, const uint8_t *data, size_t len, char *said)
{
	const char	*name = must_write(data, len);
	FILE		*err = fmemopen(said, SAID_MAX, "w");
	bool		 ok;

	PROMISE(err);
	said[0] = '\0';
	ok = conf_load(c, name, err);
	fclose(err);
	check_said(said, name, ok);
	PROMISE(strncmp(said + strlen(name), ": libconfig: ", 13) != 0);
	return ok;
}

static bool load_credentials(struct credentials *c, const uint8_t *data, size_t len, char *said)
{
	const char	*name = must_write(data, len);
	FILE		*err = fmemopen(said, SAID_MAX, "w");
	bool		 ok;

	PROMISE(err);
	said[0] = '\0';
	ok = conf_credentials(c, name, err);
	fclose(err);
	check_said(said, name, ok);
	return ok;
}

static void check_credentials(const struct credentials *all)
{
	PROMISE(all->n >= 1 && all->n <= CREDENTIALS_MAX);
	for (size_t i = 0; i < all->n; i++) {
		const struct credential *c = &all->of[i];

		PROMISE(c->user_len >= 1 && c->user_len <= DIGEST_NAME_MAX);
		PROMISE(!memchr(c->user, ':', c->user_len) && !memchr(c->user, '\n', c->user_len));
		if (c->hashed) {
			PROMISE(c->ha1_len == 32 || c->ha1_len == 64);
			PROMISE(c->realm_len >= 1 && c->realm_len <= DIGEST_NAME_MAX);
		} else {
			PROMISE(c->password_len >= 1 && c->password_len <= PASSWORD_MAX);
			PROMISE(!memchr(c->password, '\n', c->password_len));
		}
	}
}

/* Another letter or digit of the same kind for each: hexadecimal remains so. */
static uint8_t exchange(uint8_t c)
{
	uint8_t low = ascii_lower(c);

	if (c >= '0' && c <= '9')
		return (uint8_t)('0' + (c - '0' + 3) % 10);
	if (low >= 'a' && low <= 'f')
		return (uint8_t)(c - low + 'a' + (low - 'a' + 1) % 6);
	if (low >= 'g' && low <= 'z')
		return (uint8_t)(c - low + 'g' + (low - 'g' + 1) % 20);
	return c;
}

static void try_credentials(const uint8_t *data, size_t len)
{
	static struct credentials	c, other;
	static char			said[SAID_MAX], said_other[SAID_MAX];
	static uint8_t			text[INPUT_MAX];
	bool				ok = load_credentials(&c, data, len, said);

	PROMISE(load_credentials(&other, data, len, said_other) == ok);
	PROMISE(strcmp(said, said_other) == 0 && memcmp(&c, &other, sizeof(c)) == 0);
	if (ok)
		check_credentials(&c);
	for (size_t i = 0; i < len; i++)
		text[i] = exchange(data[i]);
	PROMISE(load_credentials(&other, text, len, said_other) == ok);
	PROMISE(strcmp(said, said_other) == 0 && c.n == other.n);
}

static void try_conf(const uint8_t *data, size_t len)
{
	static struct conf	c, again;
	static char		said[SAID_MAX], said_again[SAID_MAX];
	bool			ok = load(&c, data, len, said);

	if (ok)
		check_conf(&c);
	if (len % 8)		/* it is slow */
		return;
	PROMISE(load(&again, data, len, said_again) == ok);
	PROMISE(strcmp(said, said_again) == 0 && memcmp(&c, &again, sizeof(c)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1 || len > INPUT_MAX)
		return 0;
	if (data[0] & 1)
		try_credentials(data + 1, len - 1);
	else
		try_conf(data + 1, len - 1);
	return 0;
}
