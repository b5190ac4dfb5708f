// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Passwords that everybody knows: in our credentials, and in the configuration of
 * agents whose packages ship with one.
 */

#include "doctor.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "uci.h"

/* How an agent keeps what its ACS has set, and what it does without it. */
static const struct agent {
	const char *name, *file, *type, *user, *password, *without;
} agents[] = {
	{ "icwmp", "/etc/config/cwmp", "cpe", "userid", "passwd", "answers every request with 503" },
	{ "easycwmp", "/etc/config/easycwmp", "local", "username", "password", "takes any" },
};

static const char let_the_acs[] =
	"let the ACS set one of its own for each device (ConnectionRequestPassword)";

static struct bytes of_text(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static bool is_default(struct bytes user, struct bytes password)
{
	static const char *const words[] = { "iopsys", "easycwmp", "cwmp", "admin", "password" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal(password, of_text(words[i])))
			return true;
	return bytes_equal(user, password);
}

static bool read_credentials(struct credentials *out, const char *file)
{
	FILE	*nowhere = fopen("/dev/null", "we");
	bool	 good = nowhere && conf_credentials(out, file, nowhere);

	if (nowhere)
		fclose(nowhere);
	return good;
}

static void look_at_ours(struct doctor *d)
{
	static struct credentials	all;
	const char			*file = d->conf->credentials_file;

	if (!d->cli->conf_good || !*file)
		return;
	if (!read_credentials(&all, file)) {
		doctor_say(d, FOUND_BAD, "cwmpgate check shows why; it has to be root's, of mode 0600",
			   "the credentials in %s cannot be used", file);
		return;
	}
	doctor_say(d, FOUND_GOOD, NULL, "%s: %zu credentials, readable by root alone", file, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const struct credential *c = &all.of[i];

		if (!c->hashed && is_default((struct bytes){ (const uint8_t *)c->user, c->user_len },
					     (struct bytes){ (const uint8_t *)c->password,
							     c->password_len }))
			doctor_say(d, FOUND_BAD, let_the_acs,
				   "the password of credentials %zu is a well-known default", i + 1);
	}
	explicit_bzero(&all, sizeof(all));
}

static void look_into(struct doctor *d, const struct agent *a, FILE *f)
{
	char user[UCI_WORD_SIZE] = "", password[UCI_WORD_SIZE] = "";

	uci_option(f, a->type, a->user, user);
	uci_option(f, a->type, a->password, password);
	if (!*user || !*password)
		doctor_say(d, FOUND_BAD, let_the_acs,
			   "%s: %s has no user or no password, and %s", a->file, a->name, a->without);
	else if (is_default(of_text(user), of_text(password)))
		doctor_say(d, FOUND_BAD, let_the_acs,
			   "%s: the password of %s is a well-known default", a->file, a->name);
	else
		doctor_say(d, FOUND_GOOD, NULL, "%s: the password of %s is none that everybody knows",
			   a->file, a->name);
	explicit_bzero(password, sizeof(password));
}

void doctor_passwords(struct doctor *d)
{
	look_at_ours(d);
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		FILE *f = fopen(agents[i].file, "re");

		if (f) {
			look_into(d, &agents[i], f);
			fclose(f);
		} else if (errno != ENOENT && errno != ENOTDIR) {
			doctor_say(d, FOUND_ODD, NULL, "%s: %s", agents[i].file, strerror(errno));
		}
	}
}
