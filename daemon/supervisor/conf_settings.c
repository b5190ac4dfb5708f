// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each setting may hold and how it is read.
 *
 * One table names every setting, its default, what it may hold and the function
 * that reads it; the check, the messages, the defaults themselves and the manual
 * are made of it.  A reader that finds something else reports it and goes on, so
 * that one run shows every error.
 */
#include "conf_settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf_values.h"

enum { FOUND_MAX = 96, SOCKET_NAME_MAX = 107 };

const struct setting *conf_setting(struct span name)
{
	for (size_t i = 0; i < conf_settings_n; i++)
		if (strlen(conf_settings[i].name) == name.len &&
		    memcmp(conf_settings[i].name, name.at, name.len) == 0)
			return &conf_settings[i];
	return NULL;
}

const char *conf_expected(const struct setting *s, char *text)
{
	size_t len = 0;

	if (s->expected)
		return s->expected;
	if (s->max) {
		snprintf(text, EXPECTED_MAX, "an integer from %d to %d%s%s", s->min, s->max,
			 s->unit ? " " : "", s->unit ? s->unit : "");
		return text;
	}
	for (size_t i = 0; s->words[i]; i++)
		len += (size_t)snprintf(text + len, EXPECTED_MAX - len, "%s\"%s\"",
					i == 0 ? "" : s->words[i + 1] ? ", " : " or ",
					s->words[i]);
	return text;
}

/* A string as it can be shown: shortened, and without control characters. */
static void show_string(const char *from, char *text)
{
	size_t n = 0;

	text[n++] = '"';
	for (; *from && n < FOUND_MAX - 5; from++)
		text[n++] = (unsigned char)*from < ' ' || *from == 0x7f ? '?' : *from;
	snprintf(text + n, FOUND_MAX - n, "%s\"", *from ? "..." : "");
}

/* What stands there, in words. */
static const char *found(const config_setting_t *node, char *text)
{
	switch (config_setting_type(node)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(text, FOUND_MAX,
			 config_setting_get_format(node) == CONFIG_FORMAT_HEX ?
			 "0x%llx" : "%lld", config_setting_get_int64(node));
		return text;
	case CONFIG_TYPE_FLOAT:
		snprintf(text, FOUND_MAX, "%#g", config_setting_get_float(node));
		return text;
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(node) ? "true" : "false";
	case CONFIG_TYPE_STRING:
		show_string(config_setting_get_string(node), text);
		return text;
	case CONFIG_TYPE_GROUP:
		return "a group";
	}
	return config_setting_length(node) ? "a list" : "an empty list";
}

/* Reports that @node is not what @s may hold. */
static void refuse(struct reading *r, const struct setting *s, const config_setting_t *node)
{
	char is[FOUND_MAX], should[EXPECTED_MAX];

	conf_complain(r, node, "%s: found %s, expected %s", s->name,
		      s->hidden ? "something else" : found(node, is), conf_expected(s, should));
}

/*
 * The forms that several settings share.  Each stores what it read and returns
 * true, or reports and returns false.
 */

static bool read_word(struct reading *r, const struct setting *s,
		      config_setting_t *node, unsigned *out)
{
	const char *text = config_setting_get_string(node);

	for (unsigned i = 0; text && s->words[i]; i++) {
		if (strcmp(text, s->words[i]) == 0) {
			*out = i;
			return true;
		}
	}
	refuse(r, s, node);
	return false;
}

static void read_bool(struct reading *r, const struct setting *s,
		      config_setting_t *node, bool *out)
{
	if (config_setting_type(node) == CONFIG_TYPE_BOOL)
		*out = config_setting_get_bool(node);
	else
		refuse(r, s, node);
}

/* conf_oddities() has seen to it that libconfig lost no bits. */
static bool get_integer(const config_setting_t *node, long long *out)
{
	int type = config_setting_type(node);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return false;
	*out = config_setting_get_int64(node);
	/* 1.5 reads 0x80000000 into an int. */
	if (type == CONFIG_TYPE_INT && config_setting_get_format(node) == CONFIG_FORMAT_HEX)
		*out = (uint32_t)*out;
	return true;
}

static bool read_integer(struct reading *r, const struct setting *s,
			 config_setting_t *node, unsigned *out)
{
	long long v;

	if (!get_integer(node, &v) || v < s->min || v > s->max) {
		refuse(r, s, node);
		return false;
	}
	*out = (unsigned)v;
	return true;
}

static void read_rate(struct reading *r, const struct setting *s,
		      config_setting_t *node, struct rate *out)
{
	const char *text = config_setting_get_string(node);

	if (!text || !conf_rate(text, out))
		refuse(r, s, node);
}

static bool is_list(const config_setting_t *node)
{
	return config_setting_is_array(node) || config_setting_is_list(node);
}

/* A list, or one value alone, as a list. */
static unsigned count(config_setting_t *node)
{
	return is_list(node) ? (unsigned)config_setting_length(node) : 1;
}

static config_setting_t *element(config_setting_t *node, unsigned i)
{
	return is_list(node) ? config_setting_get_elem(node, i) : node;
}

/* Reports a list that is longer than the table it goes to. */
static bool fits(struct reading *r, const struct setting *s, config_setting_t *node, size_t max)
{
	if (count(node) <= max)
		return true;
	conf_complain(r, node, "%s: found %u entries, expected at most %zu", s->name, count(node), max);
	return false;
}

/* The settings, in the order of the table below. */

static void read_mode(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->mode = (enum mode)word;
}

static void read_name(struct reading *r, const struct setting *s, config_setting_t *node)
{
	const char	*text = config_setting_get_string(node);
	struct conf	*c = r->c;

	if (!text || !conf_host(text)) {
		refuse(r, s, node);
		return;
	}
	for (size_t i = 0; i < c->n_names; i++) {
		if (strcasecmp(c->name[i], text) == 0) {
			conf_complain(r, node, "%s: found \"%s\" twice, expected it once", s->name,
				      text);
			return;
		}
	}
	if (c->n_names == NAMES_MAX)
		conf_complain(r, node, "%s: found more than %d names of hosts", s->name, NAMES_MAX);
	else
		strcpy(c->name[c->n_names++], text);
}

static void read_prefix(struct reading *r, const struct setting *s, config_setting_t *node)
{
	const char	*text = config_setting_get_string(node);
	struct prefix	*p = &r->c->prefix[r->c->n_prefixes];
	char		 right[PREFIX_TEXT];
	bool		 exact;

	if (!text || !conf_prefix(text, p, &exact)) {
		read_name(r, s, node);
		return;
	}
	if (p->len == 0 && !r->allow_any) {
		conf_complain(r, node,
			      "%s: found \"%s\", expected less than everybody, or allow_any = true",
			      s->name, text);
		return;
	}
	if (!exact) {
		conf_prefix_text(p, right);
		conf_complain(r, node, "%s: found \"%s\", expected \"%s\" "
			      "(or another length: bits after the prefix are set)",
			      s->name, text, right);
		return;
	}
	r->c->n_prefixes++;
}

static void read_acs(struct reading *r, const struct setting *s, config_setting_t *node)
{
	r->c->n_prefixes = 0;
	r->c->n_names = 0;
	if (!fits(r, s, node, PREFIXES_MAX))
		return;
	for (unsigned i = 0; i < count(node); i++)
		read_prefix(r, s, element(node, i));
}

static void read_allow_any(struct reading *r, const struct setting *s, config_setting_t *node)
{
	bool seen;			/* look_for_allow_any() has seen it */

	read_bool(r, s, node, &seen);
}

static bool has_port(const struct conf *c, unsigned port)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->port[i] == port)
			return true;
	return false;
}

static void read_ports(struct reading *r, const struct setting *s, config_setting_t *node)
{
	long long port;

	r->c->n_ports = 0;
	if (count(node) == 0)
		refuse(r, s, node);
	if (!fits(r, s, node, PORTS_MAX))
		return;
	for (unsigned i = 0; i < count(node); i++) {
		config_setting_t *e = element(node, i);

		if (!get_integer(e, &port) || port < 1 || port > 65535)
			refuse(r, s, e);
		else if (has_port(r->c, (unsigned)port))
			conf_complain(r, e, "%s: found %lld twice, expected it once", s->name, port);
		else
			r->c->port[r->c->n_ports++] = (uint16_t)port;
	}
}

static void read_interfaces(struct reading *r, const struct setting *s, config_setting_t *node)
{
	r->c->n_interfaces = 0;
	if (!fits(r, s, node, INTERFACES_MAX))
		return;
	for (unsigned i = 0; i < count(node); i++) {
		const char *name = config_setting_get_string(element(node, i));

		if (!name || !conf_ifname(name))
			refuse(r, s, element(node, i));
		else
			strcpy(r->c->interface[r->c->n_interfaces++], name);
	}
}

static void read_path(struct reading *r, const struct setting *s, config_setting_t *node)
{
	struct path_set *paths = &r->c->policy.paths;
	const char	*text = config_setting_get_string(node);

	paths->n = 0;
	paths->any = text && strcmp(text, "any") == 0;
	if (paths->any)
		return;
	if (count(node) == 0)
		refuse(r, s, node);
	if (!fits(r, s, node, PATHS_MAX))
		return;
	for (unsigned i = 0; i < count(node); i++) {
		text = config_setting_get_string(element(node, i));
		if (!text || !conf_path(text)) {
			refuse(r, s, element(node, i));
			continue;
		}
		paths->of[paths->n].len = (uint16_t)strlen(text);
		memcpy(paths->of[paths->n++].text, text, strlen(text));
	}
}

static void read_path_query(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_bool(r, s, node, &r->c->policy.paths.query);
}

static void read_credentials(struct reading *r, const struct setting *s, config_setting_t *node)
{
	const char *text = config_setting_get_string(node);

	if (!text || text[0] != '/' || strlen(text) >= PATH_LEN_MAX)
		refuse(r, s, node);
	else
		strcpy(r->c->credentials_file, text);
}

static void read_digest(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->policy.digest = (enum digest_mode)word;
}

static void read_on_bad_digest(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->policy.on_bad_digest = (enum on_bad_digest)word;
}

static void read_nonce_bind(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->policy.nonce_bind = (enum nonce_bind)word;
}

static void read_attempts(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_rate(r, s, node, &r->c->policy.attempts);
}

static void read_requests(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_rate(r, s, node, &r->c->policy.requests);
}

static void read_all_requests(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_rate(r, s, node, &r->c->policy.all_requests);
}

static void read_malformed(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_rate(r, s, node, &r->c->policy.malformed);
}

static void read_seconds(struct reading *r, const struct setting *s, config_setting_t *node,
			 uint32_t *out_ms)
{
	unsigned seconds;

	if (read_integer(r, s, node, &seconds))
		*out_ms = seconds * 1000;
}

static void read_nonce_lifetime(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_seconds(r, s, node, &r->c->policy.nonce_life_ms);
}

static void read_ban(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_seconds(r, s, node, &r->c->policy.ban_ms);
}

static void read_ban_max(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_seconds(r, s, node, &r->c->policy.ban_max_ms);
}

static void read_credentials_grace(struct reading *r, const struct setting *s,
				   config_setting_t *node)
{
	read_seconds(r, s, node, &r->c->policy.credentials_grace_ms);
}

static void read_flag(struct reading *r, const struct setting *s, config_setting_t *node,
		      bool *second_word)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		*second_word = word == 1;
}

static void read_daemon_down(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_flag(r, s, node, &r->c->down_open);
}

static void read_overload(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_flag(r, s, node, &r->c->overload_open);
}

static void read_firewall(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->firewall = (enum firewall)word;
}

static void read_sandbox(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_flag(r, s, node, &r->c->sandbox_optional);
}

static void read_kmod(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned word;

	if (read_word(r, s, node, &word))
		r->c->kmod = (enum kmod_use)word;
}

/*
 * This budget is the kernel's: it counts nanoseconds in 64 bits, and an nft set
 * has to remember a source until its burst has grown again.
 */
static void read_syn(struct reading *r, const struct setting *s, config_setting_t *node)
{
	const uint64_t	 month_ms = 30ull * 24 * 60 * 60 * 1000;
	struct rate	*syn = &r->c->syn;
	char		 is[FOUND_MAX];

	*syn = (struct rate){ 1, 1, 1 };
	read_rate(r, s, node, syn);
	if ((uint64_t)syn->burst * syn->per_ms > month_ms * syn->events)
		conf_complain(r, node, "%s: found %s, expected a burst that takes at most 30 days to grow again",
			      s->name, found(node, is));
}

/* An absolute one, or "" for none. */
static void read_file_name(struct reading *r, const struct setting *s, config_setting_t *node,
			   char out[PATH_LEN_MAX])
{
	const char *text = config_setting_get_string(node);

	if (!text || (*text && text[0] != '/') || strlen(text) >= PATH_LEN_MAX)
		refuse(r, s, node);
	else
		strcpy(out, text);
}

static void read_unknown_fields(struct reading *r, const struct setting *s,
				config_setting_t *node)
{
	read_flag(r, s, node, &r->c->policy.strip_unknown_fields);
}

static void read_hide_server(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_bool(r, s, node, &r->c->policy.hide_server);
}

static void read_acs_file(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_file_name(r, s, node, r->c->acs_file);
}

static void read_acs_refresh(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_seconds(r, s, node, &r->c->acs_refresh_ms);
}

static void read_acs_state(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_file_name(r, s, node, r->c->acs_state);
}

static void read_acs_keep(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_integer(r, s, node, &r->c->acs_keep_days);
}

static void read_control(struct reading *r, const struct setting *s, config_setting_t *node)
{
	const char *text = config_setting_get_string(node);

	if (!text || text[0] != '/' || strlen(text) > SOCKET_NAME_MAX)
		refuse(r, s, node);
	else
		strcpy(r->c->control, text);
}

static void read_metrics_file(struct reading *r, const struct setting *s,
			      config_setting_t *node)
{
	read_file_name(r, s, node, r->c->metrics_file);
}

static void read_log_file(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_file_name(r, s, node, r->c->log_file);
}

static void read_log_rate(struct reading *r, const struct setting *s, config_setting_t *node)
{
	read_rate(r, s, node, &r->c->log_rate);
}

static void read_queue(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned queue;

	if (read_integer(r, s, node, &queue))
		r->c->queue = (uint16_t)queue;
}

static void read_queues(struct reading *r, const struct setting *s, config_setting_t *node)
{
	unsigned queues;

	if (read_integer(r, s, node, &queues))
		r->c->queues = (uint16_t)queues;
}

static void read_mark(struct reading *r, const struct setting *s, config_setting_t *node)
{
	long long v;

	if (!get_integer(node, &v) || v <= 0 || v > UINT32_MAX || (v & (v - 1)))
		refuse(r, s, node);
	else
		r->c->mark = (uint32_t)v;
}

/* In the order of their enum. */
#define WORDS(...) (const char *const []){ __VA_ARGS__, NULL }

#define A_RATE "a rate such as \"30/min burst 20\" (units s, min, h, day; numbers 1 to 1000000)"
#define A_BOOL "true or false"
#define A_FILE_OR_NONE "an absolute file name of at most 255 bytes, or \"\""

const struct setting conf_settings[] = {
	{ "mode", "\"monitor\"", read_mode, .words = WORDS("monitor", "enforce", "block") },
	{ "acs", "[ ]", read_acs,
	  .expected = "addresses, prefixes or names such as \"192.0.2.0/24\", \"2001:db8::/32\""
		      " or \"acs.example.net\"" },
	{ "acs_refresh", "300", read_acs_refresh, .min = 10, .max = 86400, .unit = "seconds" },
	{ "acs_file", "\"\"", read_acs_file, .expected = A_FILE_OR_NONE },
	{ "acs_state", "\"/var/lib/cwmpgate/acs\"", read_acs_state, .expected = A_FILE_OR_NONE },
	{ "acs_keep", "30", read_acs_keep, .min = 1, .max = 3650, .unit = "days" },
	{ "allow_any", "false", read_allow_any, .expected = A_BOOL },
	{ "ports", "[ 7547, 30005 ]", read_ports,
	  .expected = "1 to 16 different port numbers from 1 to 65535" },
	{ "interfaces", "[ ]", read_interfaces,
	  .expected = "names of network interfaces, 1 to 15 letters, digits or . _ - @ :" },
	{ "path", "\"any\"", read_path,
	  .expected = "\"any\" alone, or 1 to 8 plain paths from / on, without %, dot segments or query" },
	{ "path_query", "false", read_path_query, .expected = A_BOOL },
	{ "credentials", NULL, read_credentials, .hidden = true,
	  .expected = "an absolute file name of at most 255 bytes" },
	{ "credentials_grace", "60", read_credentials_grace,
	  .min = 0, .max = 3600, .unit = "seconds" },
	{ "digest", "\"require\"", read_digest, .words = WORDS("require", "off") },
	{ "on_bad_digest", "\"challenge\"", read_on_bad_digest,
	  .words = WORDS("challenge", "reset") },
	{ "nonce_bind", "\"source\"", read_nonce_bind, .words = WORDS("source", "any") },
	{ "nonce_lifetime", "300", read_nonce_lifetime,
	  .min = 10, .max = 3600, .unit = "seconds" },
	{ "attempts", "\"30/min burst 20\"", read_attempts, .expected = A_RATE },
	{ "requests", "\"30/min burst 10\"", read_requests, .expected = A_RATE },
	{ "all_requests", "\"20/s burst 60\"", read_all_requests, .expected = A_RATE },
	{ "syn", "\"20/s burst 40\"", read_syn, .expected = A_RATE },
	{ "malformed", "\"20/min burst 20\"", read_malformed, .expected = A_RATE },
	{ "ban", "60", read_ban, .min = 0, .max = 86400, .unit = "seconds" },
	{ "ban_max", "3600", read_ban_max, .min = 1, .max = 604800, .unit = "seconds" },
	{ "unknown_fields", "\"refuse\"", read_unknown_fields, .words = WORDS("refuse", "strip") },
	{ "hide_server", "false", read_hide_server, .expected = A_BOOL },
	{ "daemon_down", "\"closed\"", read_daemon_down, .words = WORDS("closed", "open") },
	{ "overload", "\"closed\"", read_overload, .words = WORDS("closed", "open") },
	{ "sandbox", "\"require\"", read_sandbox, .words = WORDS("require", "best-effort") },
	{ "kmod", "\"auto\"", read_kmod, .words = WORDS("auto", "off", "require") },
	{ "firewall", "\"auto\"", read_firewall, .words = WORDS("auto", "nftables", "iptables") },
	{ "control", "\"/run/cwmpgate/control\"", read_control,
	  .expected = "an absolute file name of at most 107 bytes" },
	{ "metrics_file", "\"\"", read_metrics_file,
	  .expected = A_FILE_OR_NONE },
	{ "log_file", "\"\"", read_log_file, .expected = A_FILE_OR_NONE },
	{ "log_rate", "\"10/min burst 20\"", read_log_rate, .expected = A_RATE },
	{ "queue", "7547", read_queue, .min = 0, .max = 65535 },
	{ "queues", "1", read_queues, .min = 1, .max = QUEUES_MAX },
	{ "mark", "0x40000000", read_mark, .expected = "one bit from 0x1 to 0x80000000" },
};

_Static_assert(sizeof(conf_settings) / sizeof(conf_settings[0]) <= SETTINGS_MAX,
	       "every setting has its part");

const size_t conf_settings_n = sizeof(conf_settings) / sizeof(conf_settings[0]);
