// SPDX-License-Identifier: GPL-2.0-or-later

#include "lesson.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "acsmatch.h"
#include "conf_values.h"
#include "say.h"
#include "show.h"

enum { TIMES_PEAK = 2, MINUTE_MS = 60000 };

static const char *const settings[LEARNT_SETTINGS] = {
	"acs", "path", "requests", "attempts", "unknown_fields", "nonce_bind", "nonce_lifetime",
	"mode",
};

/* One setting; one that is not sure is written as a comment. */
struct proposal {
	const char	*setting;
	char		*value;
	bool		 sure;
	char		 because[256];
};

struct proposals {
	size_t		n;
	struct proposal	of[LEARNT_SETTINGS];
};

bool lesson_is_proof(const struct policy *p, enum why why)
{
	return why == WHY_AUTHENTICATED || why == WHY_OVER_REQUESTS ||
	       (why == WHY_UNCHECKED && p->digest == DIGEST_OFF);
}

void lesson_begin(struct lesson *l, const struct cli *c)
{
	for (size_t i = 0; i < LEARNT_SETTINGS; i++)
		conf_where(c->conf_file, settings[i], &l->place[i]);
}

static const struct conf_place *place_of(const struct lesson *l, const char *setting)
{
	size_t i = 0;

	while (i < LEARNT_SETTINGS - 1 && strcmp(settings[i], setting) != 0)
		i++;
	return &l->place[i];
}

/* When there are too many, those who have proven nothing make room for one who has. */
static struct learnt_source *find_source(struct lesson *l, const struct addr *a, bool proven)
{
	struct learnt_source *s = NULL;

	for (size_t i = 0; i < l->n_sources; i++)
		if (addr_equal(&l->source[i].addr, a))
			return &l->source[i];
	if (l->n_sources < LEARNT_SOURCES)
		s = &l->source[l->n_sources++];
	for (size_t i = 0; !s && proven && i < LEARNT_SOURCES; i++)
		if (!l->source[i].proven)
			s = &l->source[i];
	if (s)
		*s = (struct learnt_source){ .addr = *a };
	return s;
}

static void count_minute(struct learnt_source *s, uint64_t wall)
{
	if (s->minute != wall / MINUTE_MS)
		s->in_minute = 0;
	s->minute = wall / MINUTE_MS;
	if (++s->in_minute > s->peak)
		s->peak = s->in_minute;
}

/* A path that was cut off in the middle would be another one. */
static bool is_whole(struct bytes target, size_t n)
{
	static const char	after[] = " HTTP/1.";
	size_t			len = sizeof(after) - 1;

	return n < target.len && (target.at[n] == '?' ||
	       (target.len - n >= len && memcmp(target.at + n, after, len) == 0));
}

static void add_path(struct lesson *l, struct bytes target, bool proven)
{
	char	text[TARGET_MAX + 1];
	size_t	n = 0;

	while (n < target.len && n < TARGET_MAX && target.at[n] > ' ' && target.at[n] < 0x7f &&
	       target.at[n] != '?') {
		text[n] = (char)target.at[n];
		n++;
	}
	text[n] = '\0';
	if (!is_whole(target, n) || !conf_path(text))
		return;
	for (size_t i = 0; i < l->n_paths; i++)
		if (strcmp(l->path[i].text, text) == 0) {
			l->path[i].proven |= proven;
			return;
		}
	if (l->n_paths < LEARNT_PATHS) {
		l->path[l->n_paths].proven = proven;
		strcpy(l->path[l->n_paths++].text, text);
	}
}

void lesson_take_path(struct lesson *l, struct bytes target)
{
	add_path(l, target, true);
}

static void take_excerpt(struct lesson *l, const struct conf *c, const struct decision *d)
{
	struct bytes	line = { (const uint8_t *)d->excerpt, strlen(d->excerpt) };
	bool		proven = lesson_is_proof(&c->policy, d->why);

	if ((proven || (d->why == WHY_WRONG_PATH && acs_match(c, &d->client))) &&
	    strncmp(d->excerpt, "GET ", 4) == 0 && bytes_skip(&line, 4))
		add_path(l, line, proven);
}

void lesson_take(struct lesson *l, const struct conf *c, const struct decision *d)
{
	struct addr		 a = addr_source(&d->client);
	bool			 proof = d->why == WHY_AUTHENTICATED || d->why == WHY_OVER_REQUESTS;
	struct learnt_source	*s = find_source(l, &a, proof);

	if (!l->n++)
		l->begin_ms = d->wall_ms;
	l->end_ms = d->wall_ms;
	take_excerpt(l, c, d);
	if (!s)
		return;
	s->count[d->why]++;
	s->proven += proof;
	if (proof || d->why == WHY_UNCHECKED)
		count_minute(s, d->wall_ms);
}

static uint32_t sum(const struct lesson *l, enum why why, bool of_proven)
{
	uint32_t n = 0;

	for (size_t i = 0; i < l->n_sources; i++)
		if (!of_proven || l->source[i].proven)
			n += l->source[i].count[why];
	return n;
}

static uint32_t peak(const struct lesson *l)
{
	uint32_t n = 0;

	for (size_t i = 0; i < l->n_sources; i++)
		if (l->source[i].proven && l->source[i].peak > n)
			n = l->source[i].peak;
	return n;
}

static void propose(struct proposals *p, const char *setting, char *value, bool sure,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* @value is freed in the end. */
static void propose(struct proposals *p, const char *setting, char *value, bool sure,
		    const char *fmt, ...)
{
	struct proposal *to = &p->of[p->n];
	va_list		 ap;

	if (p->n == LEARNT_SETTINGS || !value) {
		free(value);
		return;
	}
	*to = (struct proposal){ .setting = setting, .value = value, .sure = sure };
	va_start(ap, fmt);
	vsnprintf(to->because, sizeof(to->because), fmt, ap);
	va_end(ap);
	p->n++;
}

static struct prefix prefix_of(const struct learnt_source *s)
{
	return (struct prefix){ s->addr, addr_is4(&s->addr) ? 32 : 64 };
}

/* An address alone where that is all of it. */
static void put_prefix(const struct prefix *p, const char *before, FILE *out)
{
	char word[PREFIX_TEXT];

	conf_prefix_text(p, word);
	if (p->len == (addr_is4(&p->addr) ? 32 : 128))
		word[strcspn(word, "/")] = '\0';
	fprintf(out, "%s\"%s\"", before, word);
}

/* The list there is, and who is missing in it: an array of conf.d takes the other's place. */
static char *new_acs(const struct lesson *l, const struct conf *c)
{
	char		*text = NULL;
	size_t		 len;
	FILE		*f = open_memstream(&text, &len);
	const char	*sep = "[ ";

	for (size_t i = 0; f && i < c->n_prefixes; i++, sep = ", ")
		put_prefix(&c->prefix[i], sep, f);
	for (size_t i = 0; f && i < l->n_sources; i++) {
		struct prefix p = prefix_of(&l->source[i]);

		if (!l->source[i].proven || acs_match(c, &p.addr))
			continue;
		put_prefix(&p, sep, f);
		sep = ", ";
	}
	if (!f)
		return NULL;
	fputs(" ]", f);
	return fclose(f) == 0 ? text : NULL;
}

static void propose_acs(const struct lesson *l, const struct conf *c, struct proposals *p)
{
	unsigned missing = 0;

	for (size_t i = 0; i < l->n_sources; i++)
		missing += l->source[i].proven && !acs_match(c, &l->source[i].addr);
	if (missing)
		propose(p, "acs", new_acs(l, c), true, "%u source%s proved to know the password and "
			"%s not in acs; the ACS's operator knows the whole prefix", missing,
			missing == 1 ? "" : "s", missing == 1 ? "is" : "are");
}

static bool has_path(const struct path_set *paths, const char *text)
{
	for (size_t i = 0; i < paths->n; i++)
		if (paths->of[i].len == strlen(text) &&
		    memcmp(paths->of[i].text, text, paths->of[i].len) == 0)
			return true;
	return false;
}

static char *path_list(const struct lesson *l, bool proven)
{
	char		*text = NULL;
	size_t		 len, n = 0;
	FILE		*f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fputs("[ ", f);
	for (size_t i = 0; i < l->n_paths; i++)
		if (l->path[i].proven == proven)
			fprintf(f, "%s\"%s\"", n++ ? ", " : "", l->path[i].text);
	fputs(" ]", f);
	if (fclose(f) != 0)
		return NULL;
	if (n != 1)
		return text;
	/* One alone goes without brackets. */
	text[len - 2] = '\0';
	memmove(text, text + 2, len - 3);
	return text;
}

static void propose_path(const struct lesson *l, const struct conf *c, struct proposals *p)
{
	bool proven = false, asked = false, news = c->policy.paths.any;

	for (size_t i = 0; i < l->n_paths; i++) {
		proven |= l->path[i].proven;
		asked |= !l->path[i].proven;
		news |= l->path[i].proven && !has_path(&c->policy.paths, l->path[i].text);
	}
	if (proven && news)
		propose(p, "path", path_list(l, true), true, "what proven requests asked for; if "
			"the agent chooses a new path at each start, leave it out");
	else if (!proven && asked)
		propose(p, "path", path_list(l, false), false, "addresses of acs asked for it and were "
			"refused before they could prove anything; see ConnectionRequestURL");
}

static char *rate_for(uint32_t most)
{
	char *text;

	return asprintf(&text, "\"%u/min burst %u\"", most * TIMES_PEAK, most * TIMES_PEAK) < 0 ?
	       NULL : text;
}

/* What has hit those who have proven themselves, and what would let them through. */
static void propose_leniency(const struct lesson *l, const struct conf *c, struct proposals *p)
{
	uint32_t over = sum(l, WHY_OVER_REQUESTS, true), tries = sum(l, WHY_OVER_ATTEMPTS, true);
	uint32_t unknown = sum(l, WHY_NONCE_UNKNOWN, true), old = sum(l, WHY_NONCE_EXPIRED, true);
	uint32_t fields = sum(l, WHY_FIELD_REFUSED, true);

	if (over)
		propose(p, "requests", rate_for(peak(l)), true, "%u proven requests were over the "
			"budget; twice the most in a minute", over);
	if (tries)
		propose(p, "attempts", rate_for(peak(l) + tries), true, "%u requests of proven "
			"sources were over the budget", tries);
	if (fields)
		propose(p, "unknown_fields", strdup("\"strip\""), true, "%u requests of proven sources "
			"had fields that have no place there", fields);
	/* With several queues the configuration refuses it: a nonce is one judge's (conf.c). */
	if (unknown > 2 && c->queues == 1)
		propose(p, "nonce_bind", strdup("\"any\""), false, "%u nonces came from another "
			"address than they were given to; only if the ACS has many", unknown);
	if (old > 2)
		propose(p, "nonce_lifetime", strdup("600"), false, "%u nonces of proven sources were "
			"too old", old);
}

static uint32_t refusals_of_proven(const struct lesson *l)
{
	uint32_t n = 0;

	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		if (is_refusal(i))
			n += sum(l, i, true);
	return n;
}

static void propose_mode(const struct lesson *l, const struct conf *c, struct proposals *p)
{
	uint32_t proven = 0, refused = refusals_of_proven(l);

	for (size_t i = 0; i < l->n_sources; i++)
		proven += l->source[i].proven;
	if (c->mode != MODE_MONITOR || !proven)
		return;
	if (refused)
		propose(p, "mode", strdup("\"enforce\""), false, "not yet: %u decision%s against proven "
			"sources; cwmpgate explain ADDRESS says why", refused, refused == 1 ? "" : "s");
	else
		propose(p, "mode", strdup("\"enforce\""), false, "%u proven request%s, and nothing "
			"of who sent them was refused; when you are ready", proven,
			proven == 1 ? "" : "s");
}

static void say_sources(const struct lesson *l)
{
	char who[INET6_ADDRSTRLEN];

	printf("#\n# %-34s %10s %10s %10s %10s\n", "source", "proven", "unproven", "refused",
	       "a minute");
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct learnt_source	*s = &l->source[i];
		uint32_t			 refused = 0, all = 0;

		for (enum why k = WHY_NEXT; k < WHY_COUNT; k++) {
			refused += is_refusal(k) ? s->count[k] : 0;
			all += s->count[k];
		}
		printf("# %-34s %10u %10u %10u %10u\n", say_addr(&s->addr, who), s->proven,
		       all - refused - s->count[WHY_AUTHENTICATED], refused, s->peak);
	}
}

static void say_proposals(const struct lesson *l, const struct proposals *p)
{
	char where[PATH_LEN_MAX + 16];

	for (size_t i = 0; i < p->n; i++) {
		const struct conf_place *place = place_of(l, p->of[i].setting);

		printf("\n# %s: %s\n# now: %s  (%s)\n%s%s = %s;\n", p->of[i].setting,
		       p->of[i].because, place->text, show_place(place, where),
		       p->of[i].sure ? "" : "# ", p->of[i].setting, p->of[i].value);
	}
}

static void say_lesson(const struct lesson *l, const struct cli *c, const struct proposals *p,
		       const char *from)
{
	char span[24], when[40];

	printf("# cwmpgate learn, %.19s, from %s\n", say_time(wall_clock_ms(), false, when),
	       from ? from : "the daemon's latest decisions");
	printf("# %" PRIu64 " decisions in %s.  Nothing of this is in use: read it, put it into\n"
	       "# conf.d beside %s, and try it with cwmpgate reload --confirm 60\n", l->n,
	       say_span(l->end_ms - l->begin_ms, span), c->conf_file);
	if (l->n_sources)
		say_sources(l);
	if (c->conf.policy.digest == DIGEST_OFF)
		puts("#\n# digest is \"off\": nobody can prove anything, so no source is proposed");
	if (!l->n_paths && (c->conf.policy.paths.any || sum(l, WHY_WRONG_PATH, false)))
		puts("#\n# path: none was seen whole, the daemon keeps 40 bytes of it.  Let the ACS ask\n"
		     "# while tcpdump -i WAN -w FILE tcp port 7547 runs; then cwmpgate learn FILE");
	say_proposals(l, p);
	if (!p->n)
		puts("#\n# nothing to propose");
}

static void json_lesson(const struct lesson *l, const struct proposals *p)
{
	char		 who[INET6_ADDRSTRLEN];
	const char	*sep = "";

	printf("{\"decisions\":%" PRIu64 ",\"span_ms\":%" PRIu64 ",\"sources\":[", l->n,
	       l->end_ms - l->begin_ms);
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct learnt_source *s = &l->source[i];

		printf("%s{\"source\":\"%s\",\"proven\":%u,\"peak_per_minute\":%u,\"reasons\":{",
		       i ? "," : "", say_addr(&s->addr, who), s->proven, s->peak);
		sep = "";
		for (size_t k = 0; k < WHY_COUNT; k++)
			if (s->count[k]) {
				printf("%s\"%s\":%u", sep, why_info[k].name, s->count[k]);
				sep = ",";
			}
		fputs("}}", stdout);
	}
	fputs("],\"proposals\":[", stdout);
	for (size_t i = 0; i < p->n; i++) {
		printf("%s{\"setting\":\"%s\",\"value\":", i ? "," : "", p->of[i].setting);
		json_text(stdout, p->of[i].value);
		printf(",\"sure\":%s,\"because\":", p->of[i].sure ? "true" : "false");
		json_text(stdout, p->of[i].because);
		putchar('}');
	}
	puts("]}");
}

void lesson_write(struct lesson *l, const struct cli *c, const char *from)
{
	struct proposals p = { 0 };

	if (c->conf.policy.digest != DIGEST_OFF) {
		propose_acs(l, &c->conf, &p);
		propose_leniency(l, &c->conf, &p);
	}
	propose_path(l, &c->conf, &p);
	propose_mode(l, &c->conf, &p);
	if (c->json)
		json_lesson(l, &p);
	else
		say_lesson(l, c, &p, from);
	for (size_t i = 0; i < p.n; i++)
		free(p.of[i].value);
}
