// SPDX-License-Identifier: GPL-2.0-or-later

#include "acs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "children.h"
#include "conf_values.h"
#include "say.h"

enum {
	RESOLVER_UID	= 64549,
	ROUND_MS	= 60000,
	PAUSE_MS	= 1000,		/* between two rounds at least */
	AGAIN_MS	= 5000,		/* after one that failed; doubles up to acs_refresh */
	RENEWALS	= 30,		/* of the file, within the time it is good for */
};

void acs_init(struct acs *a)
{
	a->fd = a->watch.fd = -1;
}

/* What is wrong is said once, and what follows when it is right again. */
static void set_wrong(struct acs_source *s, const char *what)
{
	if (strcmp(s->wrong, what) != 0)
		fprintf(stderr, "acs: %s: %s; %s\n", s->name, what,
			s->n ? "the addresses known before stay in use" : "no addresses are known");
	snprintf(s->wrong, sizeof(s->wrong), "%s", what);
}

static const char *prefix_text(const struct prefix *p, char text[PREFIX_TEXT])
{
	conf_prefix_text(p, text);
	if (p->len == (addr_is4(&p->addr) ? 32 : 128))
		*strchr(text, '/') = '\0';
	return text;
}

static void tell_prefixes(const struct acs_source *s, FILE *out)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < s->n; i++)
		fprintf(out, "%s%s", i ? " " : "", prefix_text(&s->prefix[i], text));
}

/* By address, a network before what is in it. */
static int compare(const void *one, const void *two)
{
	const struct prefix	*a = one, *b = two;
	int			 c = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));

	return c ? c : (int)a->len - (int)b->len;
}

static bool is_in(const struct prefix *p, const struct prefix *net)
{
	unsigned	bits = net->len + (addr_is4(&net->addr) ? 96u : 0u);
	struct prefix	cut = *p;

	if (addr_is4(&p->addr) != addr_is4(&net->addr))
		return false;
	for (unsigned i = bits; i < 128; i++)
		cut.addr.b[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	return p->len >= net->len && addr_equal(&cut.addr, &net->addr);
}

/* True if that is another set than before. */
static bool collect(struct acs *a)
{
	static struct found	all;
	struct found		before = a->found;
	size_t			n = 0;

	all.n = 0;
	for (size_t i = 0; i < SOURCES_OF_ACS; i++)
		for (size_t k = 0; k < a->source[i].n; k++)
			all.prefix[all.n++] = a->source[i].prefix[k];
	qsort(all.prefix, all.n, sizeof(all.prefix[0]), compare);
	for (size_t i = 0; i < all.n; i++)
		if (n == 0 || !is_in(&all.prefix[i], &a->found.prefix[n - 1]))
			a->found.prefix[n++] = all.prefix[i];
	a->found.n = n;
	return n != before.n || memcmp(a->found.prefix, before.prefix, n * sizeof(all.prefix[0])) != 0;
}

static bool is_used(const struct acs_source *s)
{
	return *s->name;
}

/*
 * What was known of a name stays, wherever it stands now.  Nothing is written to places
 * that were and are not used: they take no memory.
 */
static void configure_names(struct acs *a, const struct conf *c)
{
	static struct acs_source	before[NAMES_MAX];
	size_t				n = 0;

	for (size_t i = 0; i < NAMES_MAX; i++)
		if (is_used(&a->source[i])) {
			before[n++] = a->source[i];
			a->source[i] = (struct acs_source){ 0 };
		}
	for (size_t i = 0; i < c->n_names; i++) {
		for (size_t k = 0; k < n; k++)
			if (strcmp(before[k].name, c->name[i]) == 0)
				a->source[i] = before[k];
		strcpy(a->source[i].name, c->name[i]);
	}
}

static void configure_list(struct acs *a, const struct conf *c)
{
	struct acs_source *s = &a->source[SOURCE_LIST];

	if (strcmp(s->name, c->acs_file) == 0)
		return;
	*s = (struct acs_source){ 0 };
	strcpy(s->name, c->acs_file);
}

/* As large as the file, with a source for each that is known. */
static void fill_state(const struct acs *a, struct acs_state *s)
{
	s->n = 0;
	for (size_t i = 0; i < SOURCES_OF_ACS; i++) {
		const struct acs_source	*from = &a->source[i];
		struct acs_known	*k = &s->of[s->n];

		if (!is_used(from) || !from->known || strpbrk(from->name, "\r\n"))
			continue;
		*k = (struct acs_known){ .list = i == SOURCE_LIST, .when_s = from->good_s,
					 .n = from->n };
		strcpy(k->name, from->name);
		memcpy(k->prefix, from->prefix, sizeof(k->prefix));
		s->n++;
	}
}

/* Whether the file has to be written; for new times alone only now and then. */
static bool is_other_state(const struct acs *a, const struct acs_state *s)
{
	if (s->n != a->state.n)
		return true;
	for (size_t i = 0; i < s->n; i++) {
		const struct acs_known *k = &s->of[i];
		const struct acs_known *old = acs_state_find(&a->state, k->list, k->name);

		if (!old || old->n != k->n ||
		    memcmp(old->prefix, k->prefix, k->n * sizeof(k->prefix[0])) != 0 ||
		    k->when_s - old->when_s > a->keep_s / RENEWALS)
			return true;
	}
	return false;
}

/* What cannot be written is tried again with the next round, and said once. */
static void keep_state(struct acs *a)
{
	static struct acs_state s;

	if (!*a->state_file)
		return;
	fill_state(a, &s);
	if (!is_other_state(a, &s))
		return;
	if (acs_state_save(&s, a->state_file)) {
		a->state = s;
		a->state_wrong = false;
		return;
	}
	if (!a->state_wrong)
		fprintf(stderr, "acs_state: %s: %s; a restart will know no addresses\n",
			a->state_file, strerror(errno));
	a->state_wrong = true;
}

/*
 * A clock that stands before the file's time has not been set yet, as on a router
 * that has none of its own: nothing is known of the age then, and it is taken.
 */
static void restore_source(struct acs *a, size_t i)
{
	struct acs_source	*s = &a->source[i];
	const struct acs_known	*k = acs_state_find(&a->state, i == SOURCE_LIST, s->name);
	int64_t			 age_s = k ? (int64_t)(wall_clock_ms() / 1000) - k->when_s : 0;
	char			 text[24];

	if (!is_used(s) || s->known || !k)
		return;
	age_s = age_s < 0 ? 0 : age_s;
	say_span((uint64_t)age_s * 1000, text);
	if (age_s > a->keep_s) {
		fprintf(stderr, "acs: %s: what was known %s ago is too old\n", s->name, text);
		return;
	}
	s->known = true;
	s->good_s = k->when_s;
	s->good_ms = (int64_t)monotonic_ms() - age_s * 1000;
	s->n = k->n;
	memcpy(s->prefix, k->prefix, sizeof(s->prefix));
	qsort(s->prefix, s->n, sizeof(s->prefix[0]), compare);
	fprintf(stderr, "acs: %s: as known %s ago: ", s->name, text);
	tell_prefixes(s, stderr);
	fputc('\n', stderr);
}

/* The file after a change of the configuration: read, and without what is not wanted. */
static void configure_state(struct acs *a, const struct conf *c)
{
	snprintf(a->state_file, sizeof(a->state_file), "%s", c->acs_state);
	a->keep_s = (int64_t)c->acs_keep_days * 24 * 60 * 60;
	a->state.n = 0;
	a->state_wrong = false;
	if (*a->state_file)
		acs_state_load(&a->state, a->state_file, stderr);
	for (size_t i = 0; i < SOURCES_OF_ACS; i++)
		restore_source(a, i);
	keep_state(a);
}

void acs_configure(struct acs *a, const struct conf *c)
{
	acs_stop(a);
	configure_names(a, c);
	configure_list(a, c);
	configure_state(a, c);
	collect(a);
	a->refresh_ms = c->acs_refresh_ms;
	a->sandbox_optional = c->sandbox_optional;
	a->begun_ms = a->next_ms = a->again_ms = 0;
}

/*
 * The file's bytes; who may write it decides who may ask.  What they say is the
 * resolver's to read.
 */
static bool read_list(const struct acs_source *s, struct resolve_order *o, const char **wrong)
{
	/* Not blocking: a FIFO is to be refused, not waited for. */
	int		fd = open(s->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat	st;
	ssize_t		n = -1;

	*wrong = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		*wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*wrong = "is not a regular file";
	else if (st.st_mode & S_IWOTH)
		*wrong = "can be written by everybody";
	else if (st.st_size > LIST_SIZE)
		*wrong = "is larger than 16384 bytes";
	else if ((n = pread(fd, o->list, LIST_SIZE, 0)) < 0)
		*wrong = strerror(errno);
	o->list_len = n > 0 ? (uint16_t)n : 0;
	if (fd >= 0)
		close(fd);
	return !*wrong;
}

/* All that is to be asked. */
static void fill_order(struct acs *a, struct resolve_order *o)
{
	struct acs_source	*list = &a->source[SOURCE_LIST];
	const char		*wrong;

	*o = (struct resolve_order){ .sandbox_optional = a->sandbox_optional };
	for (size_t i = 0; i < NAMES_MAX && is_used(&a->source[i]); i++) {
		snprintf(o->name[o->n_names++], HOST_NAME_SIZE, "%s", a->source[i].name);
		a->source[i].waiting = true;
	}
	if (!is_used(list))
		return;
	/* Anew each time: the directory may not have been there, or be another one. */
	watch_close(&a->watch);
	watch_open(&a->watch, list->name);
	o->has_list = list->waiting = read_list(list, o, &wrong);
	if (wrong)
		set_wrong(list, wrong);
}

static bool start_resolver(struct acs *a, const struct resolve_order *o)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		perror("socketpair");
		return false;
	}
	/* The other end waits for its order. */
	fcntl(pair[1], F_SETFL, 0);
	a->fd = pair[0];
	a->resolver = child_start("cwmpgate-resolver", "_cwmpgate-resolver", RESOLVER_UID,
				  &pair[1], 1);
	close(pair[1]);
	return a->resolver && send(a->fd, o, sizeof(*o), MSG_NOSIGNAL) == sizeof(*o);
}

static void begin_round(struct acs *a, uint64_t now_ms)
{
	static struct resolve_order o;

	acs_stop(a);
	a->file_changed = false;
	a->begun_ms = now_ms;
	fill_order(a, &o);
	if ((o.n_names || o.has_list) && start_resolver(a, &o))
		return;
	/* Nobody to wait for: the file could not be read. */
	acs_stop(a);
	a->next_ms = now_ms + a->refresh_ms;
}

/* The next one comes sooner when this one has left something open. */
static void end_round(struct acs *a, uint64_t now_ms)
{
	child_finish(&a->resolver, "cwmpgate-resolver");
	for (size_t i = 0; i < SOURCES_OF_ACS; i++)
		if (a->source[i].waiting)
			set_wrong(&a->source[i], "the resolver gave no answer");
	acs_stop(a);
	keep_state(a);
	if (acs_wrong(a) == 0)
		a->again_ms = 0;
	else
		a->again_ms = a->again_ms ? a->again_ms * 2 : AGAIN_MS;
	if (a->again_ms > a->refresh_ms)
		a->again_ms = a->refresh_ms;
	a->next_ms = now_ms + (a->again_ms ? a->again_ms : a->refresh_ms);
}

/* The resolver may be somebody else's by now: what it says has to be possible. */
static bool is_sound(const struct acs *a, const struct resolve_answer *r)
{
	if (r->source >= SOURCES_OF_ACS || !a->source[r->source].waiting ||
	    r->result >= RESOLVE_RESULTS ||
	    r->n > (r->source == SOURCE_LIST ? LIST_PREFIXES_MAX : NAME_ADDRS_MAX))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (!resolve_may(&r->prefix[i]) || !is_in(&r->prefix[i], &r->prefix[i]))
			return false;
	return true;
}

static void take_good(struct acs_source *s, const struct resolve_answer *r, uint64_t now_ms)
{
	struct prefix	sorted[LIST_PREFIXES_MAX];
	size_t		size = r->n * sizeof(sorted[0]);
	bool		same;

	memcpy(sorted, r->prefix, size);
	qsort(sorted, r->n, sizeof(sorted[0]), compare);
	same = s->known && r->n == s->n && memcmp(sorted, s->prefix, size) == 0;
	memcpy(s->prefix, sorted, size);
	s->n = r->n;
	s->known = true;
	s->good_ms = (int64_t)now_ms;
	s->good_s = (int64_t)(wall_clock_ms() / 1000);
	if (!same || *s->wrong) {
		fprintf(stderr, "acs: %s: ", s->name);
		tell_prefixes(s, stderr);
		fputs(s->n ? "\n" : "no addresses\n", stderr);
	}
	*s->wrong = '\0';
}

static void take_answer(struct acs *a, const struct resolve_answer *r, uint64_t now_ms)
{
	struct acs_source	*s = &a->source[r->source];
	char			 text[sizeof(s->wrong)];

	s->waiting = false;
	switch ((enum resolve_result)r->result) {
	case RESOLVED:
		take_good(s, r, now_ms);
		return;
	case RESOLVE_FAILED:
		set_wrong(s, gai_strerror(r->number));
		return;
	case RESOLVE_TOO_MANY:
		set_wrong(s, r->source == SOURCE_LIST ? "more than 64 addresses, or 32 of a name" :
						       "more than 32 addresses");
		return;
	case RESOLVE_NO_ACS:
		set_wrong(s, "an address that no ACS has (loopback, multicast, link-local, ...)");
		return;
	case RESOLVE_BAD_LINE:
		snprintf(text, sizeof(text), "line %d: expected an address, a prefix, a name or a URL",
			 (int)r->number);
		set_wrong(s, text);
		return;
	case RESOLVE_RESULTS:
		break;
	}
}

/* True if the set has changed. */
static bool hear_resolver(struct acs *a, uint64_t now_ms)
{
	static struct resolve_answer	r;
	bool				some = false;
	ssize_t				n;

	while ((n = recv(a->fd, &r, sizeof(r), 0)) == sizeof(r) && is_sound(a, &r)) {
		take_answer(a, &r, now_ms);
		some = true;
	}
	if (n >= 0 || (errno != EAGAIN && errno != EINTR) || now_ms > a->begun_ms + ROUND_MS)
		end_round(a, now_ms);
	return some && collect(a);
}

bool acs_serve(struct acs *a, uint64_t now_ms)
{
	bool used = is_used(&a->source[0]) || is_used(&a->source[SOURCE_LIST]);

	if (watch_changed(&a->watch))
		a->file_changed = true;
	if (used && now_ms >= a->begun_ms + PAUSE_MS &&
	    (a->file_changed || (!a->resolver && now_ms >= a->next_ms)))
		begin_round(a, now_ms);
	return a->resolver && hear_resolver(a, now_ms);
}

void acs_stop(struct acs *a)
{
	child_stop(&a->resolver);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	for (size_t i = 0; i < SOURCES_OF_ACS; i++)
		a->source[i].waiting = false;
}

size_t acs_wrong(const struct acs *a)
{
	size_t n = 0;

	for (size_t i = 0; i < SOURCES_OF_ACS; i++)
		n += *a->source[i].wrong != '\0';
	return n;
}

void acs_tell(const struct acs *a, uint64_t now_ms, FILE *out)
{
	int n = 0;

	for (size_t i = 0; i < SOURCES_OF_ACS; i++) {
		const struct acs_source *s = &a->source[i];

		if (!is_used(s))
			continue;
		fprintf(out, "acs_source_%d=%s\t%s\t%" PRId64 "\t%s\t", n++,
			i == SOURCE_LIST ? "file" : "name", s->name,
			s->known ? (int64_t)now_ms - s->good_ms : -1, s->wrong);
		tell_prefixes(s, out);
		fputc('\n', out);
	}
}
