// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays every tests/replay/NAME.replay through the pure gate: packets and a clock
 * in, reasons and segments out.  The judge is the real one.  The form of the
 * files is described in tests/replay/README.md.
 *
 *	REPLAY=NAME build/unit/test_replay	one of them; what happens is printed
 */

#include "test.h"

#include <ctype.h>
#include <dirent.h>

#include "gate.h"
#include "judge.h"

enum { FILES_MAX = 256, LINE_LEN = 256, SHOWN_MAX = 4096, BEGIN_MS = 1000000 };

/* 40 bytes each, so that the numbers in the files are easy to follow. */
static const char get[] = "GET / HTTP/1.1\r\nHost: c\r\nAccept: */*\r\n\r\n";
static const char ok[] = "HTTP/1.1 200 OKAY\r\nContent-Length: 0\r\n\r\n";

static struct policy		policy;
static struct credentials	credentials;
static struct judge		*judge;
static struct gate		*gate;
static uint64_t			count[WHY_COUNT];
static struct outcome		out;
static char			*script;	/* the whole file */

/* What a file sets in its first lines. */
static bool			v6;
static uint32_t			client_isn, agent_isn;

/* Where we are in it. */
static const char		*file;
static int			line_number;
static bool			showing;
static uint64_t			now_ms;

/* What the last packet or tick led to, line by line as the files have it. */
static char			happened[SHOWN_MAX];
static const char		*unseen;

#define WRONG(...) do {								\
	print_error("tests/replay/%s:%d: ", file, line_number);			\
	print_error(__VA_ARGS__);						\
	print_error("\n");							\
	fail();									\
} while (0)

/* -- reading one line ------------------------------------------------------- */

/* Words are separated by blanks; a string in quotes is one word. */
static char *next_word(char **at)
{
	char *start = *at + strspn(*at, " \t"), *end = start;

	if (!*start || *start == '#')
		return NULL;
	if (*start == '"') {
		for (end++; *end && *end != '"'; end++)
			if (*end == '\\' && end[1])
				end++;
		if (!*end)
			WRONG("a string without an end");
		end++;
	} else {
		end += strcspn(start, " \t");
	}
	*at = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static char *must_word(char **at, const char *what)
{
	char *word = next_word(at);

	if (!word)
		WRONG("%s is missing", what);
	return word;
}

static uint32_t must_number(char **at, const char *what)
{
	const char	*word = must_word(at, what);
	char		*end;
	long long	 n = strtoll(word, &end, 0);

	if (*end || end == word)
		WRONG("%s is not a number: %s", what, word);
	return (uint32_t)n;
}

static uint8_t flags_of(const char *text)
{
	static const char	letters[] = "FSRPAUEC";
	uint8_t			flags = 0;

	for (; *text && strcmp(text, "-") != 0; text++) {
		const char *at = strchr(letters, *text);

		if (!at)
			WRONG("%c is no flag", *text);
		flags |= (uint8_t)(1u << (at - letters));
	}
	return flags;
}

/* "text", $GET, $OK, or $GET[from:to] */
static size_t add_payload(const char *word, uint8_t *at, size_t room)
{
	const char	*text = strncmp(word, "$GET", 4) == 0 ? get : ok, *bracket;
	unsigned	 from = 0, to = (unsigned)strlen(text);

	if (*word == '"')
		return unescape((struct bytes){ (const uint8_t *)word + 1, strlen(word) - 2 },
				at, room);
	bracket = strchr(word, '[');
	if (bracket && sscanf(bracket, "[%u:%u]", &from, &to) != 2)
		WRONG("not a part: %s", word);
	if (from > to || to > strlen(text) || to - from > room)
		WRONG("no such part: %s", word);
	memcpy(at, text + from, to - from);
	return to - from;
}

static size_t hex_bytes_of(const char *word, uint8_t *at, size_t room)
{
	size_t n = 0;

	for (; word[0] && word[1] && n < room; word += 2)
		at[n++] = (uint8_t)(hex_digit(word[0]) << 4 | hex_digit(word[1]));
	return n;
}

/* -- packets ------------------------------------------------------------------ */

struct change { char where; unsigned at; uint8_t to; };

struct draft {
	struct segment_spec	spec;
	uint8_t			payload[HEAD_MAX];
	uint8_t			options[TCP_HLEN_MAX - TCP_HLEN];
	size_t			n_options;
	struct change		change[8];
	size_t			n_changes;
	bool			bad_sum;
	size_t			padding;
};

/* tcp[OFFSET] or ip[OFFSET], and the byte that is to stand there */
static void read_change(struct draft *d, const char *word, char **at)
{
	struct change	*c = &d->change[d->n_changes];
	const char	*bracket = strchr(word, '[');

	if (d->n_changes == sizeof(d->change) / sizeof(*c) || !bracket ||
	    sscanf(bracket, "[%u]", &c->at) != 1)
		WRONG("what is %s?", word);
	c->where = word[0];
	c->to = (uint8_t)must_number(at, word);
	d->n_changes++;
}

static void read_word(struct draft *d, const char *word, char **at)
{
	struct segment_spec *sp = &d->spec;
	bool		     from_agent = sp->sport == 7547;

	if (*word == '"' || *word == '$') {
		sp->payload.at = d->payload;
		sp->payload.len += add_payload(word, d->payload + sp->payload.len,
					       sizeof(d->payload) - sp->payload.len);
	} else if (strcmp(word, "seq") == 0) {
		sp->seq = (from_agent ? agent_isn : client_isn) + must_number(at, word);
	} else if (strcmp(word, "ack") == 0) {
		sp->ack = (from_agent ? client_isn : agent_isn) + must_number(at, word);
	} else if (strcmp(word, "win") == 0) {
		sp->window = (uint16_t)must_number(at, word);
	} else if (strcmp(word, "ts") == 0) {
		sp->has_ts = true;
		sp->tsval = must_number(at, word);
		sp->tsecr = must_number(at, word);
	} else if (strcmp(word, "port") == 0) {
		*(from_agent ? &sp->dport : &sp->sport) = (uint16_t)must_number(at, word);
	} else if (strcmp(word, "options") == 0) {
		d->n_options = hex_bytes_of(must_word(at, word), d->options, sizeof(d->options));
		if (d->n_options % 4)
			WRONG("options of %zu bytes", d->n_options);
	} else if (strcmp(word, "bad-checksum") == 0) {
		d->bad_sum = true;
	} else if (strcmp(word, "padding") == 0) {
		d->padding = must_number(at, word);
	} else {
		read_change(d, word, at);
	}
}

static struct addr host(uint8_t n)
{
	struct addr a = addr_from4((const uint8_t[]){ 192, 0, 2, n });

	if (v6)
		a.b[0] = 0x20;
	return a;
}

static void put_options(struct segment *s, const struct draft *d, size_t ip)
{
	uint8_t *tcp = s->at + ip;

	memmove(tcp + TCP_HLEN + d->n_options, tcp + TCP_HLEN, s->len - ip - TCP_HLEN);
	memcpy(tcp + TCP_HLEN, d->options, d->n_options);
	tcp[12] = (uint8_t)((TCP_HLEN + d->n_options) / 4 << 4);
	s->len += d->n_options;
	segment_finish(s);
}

static void build(struct segment *s, const struct draft *d)
{
	size_t ip = v6 ? IP6_HLEN : IP4_HLEN;

	segment_build(s, &d->spec);
	if (d->n_options)
		put_options(s, d, ip);
	for (size_t i = 0; i < d->n_changes; i++)
		s->at[(d->change[i].where == 't' ? ip : 0) + d->change[i].at] = d->change[i].to;
	if (d->n_changes && d->change[0].where == 't')
		segment_finish(s);
	if (d->bad_sum)
		s->at[ip + 16] ^= 0x55;
	memset(s->at + s->len, 'x', d->padding);
	s->len += d->padding;
}

/* -- what happened ------------------------------------------------------------ */

__attribute__((format(printf, 1, 2)))
static void note(const char *fmt, ...)
{
	size_t	len = strlen(happened);
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(happened + len, sizeof(happened) - len, fmt, ap);
	va_end(ap);
}

static void note_payload(struct bytes b)
{
	uint8_t c;

	/* Whose head it is, and that it is one, is what matters. */
	if (b.len >= HEAD_MIN && memcmp(b.at, "GET ", 4) == 0 &&
	    memmem(b.at, b.len, "\r\n\r\n", 4) == b.at + b.len - 4 &&
	    !memmem(b.at, b.len, "Accept: */*", 11)) {
		note(" head %zu", b.len);
		return;
	}
	note(" \"");
	while (bytes_u8(&b, &c)) {
		if (c == '\r')
			note("\\r");
		else if (c == '\n')
			note("\\n");
		else if (isprint(c) && c != '"' && c != '\\')
			note("%c", c);
		else
			note("\\x%02x", c);
	}
	note("\"");
}

static void note_segment(const struct segment *s)
{
	static const char	letters[] = "FSRPAUEC";
	struct bytes		raw = { s->at, s->len };
	struct packet		p;
	bool			to_agent;

	if (packet_decode(&p, raw) || !packet_checksum_ok(&p))
		WRONG("the gate wrote a segment that is wrong");
	to_agent = p.dport == 7547;
	note("to %s ", to_agent ? "agent" : "client");
	for (int i = 0; i < 8; i++)
		if (p.flags & 1u << i)
			note("%c", letters[i]);
	note(" seq %d", (int32_t)(p.seq - (to_agent ? client_isn : agent_isn)));
	if (p.flags & TCP_ACK)
		note(" ack %d", (int32_t)(p.ack - (to_agent ? agent_isn : client_isn)));
	if (p.has_ts)
		note(" ts %u %u", p.tsval, p.tsecr);
	if (p.payload.len)
		note_payload(p.payload);
	note("\n");
}

static void note_outcome(bool is_packet)
{
	note("%s%s\n", why_info[out.why].name, !is_packet ? "" : !out.accept ? " dropped" :
	     out.replaced ? " replaced" : " passed");
	if (out.accept && out.replaced)
		note_segment(&out.packet);
	for (size_t i = 0; i < out.n_send; i++)
		note_segment(&out.send[i]);
}

/* -- playing ------------------------------------------------------------------ */

/* Everything that happened was said by the file. */
static void check_all_seen(void)
{
	if (unseen && *unseen && !showing)
		WRONG("before this line also:\n%s", unseen);
}

static void play_packet(const char *who, char *at)
{
	static struct segment	s;
	static struct draft	d;
	bool			from_agent = strcmp(who, "agent") == 0;
	char			*word;

	d = (struct draft){ .spec = {
		.src = host(from_agent ? 1 : 10), .dst = host(from_agent ? 10 : 1), .v6 = v6,
		.sport = from_agent ? 7547 : 40000, .dport = from_agent ? 40000 : 7547,
		.seq = from_agent ? agent_isn : client_isn,
		.ack = from_agent ? client_isn : agent_isn,
		.window = 60000, .flags = flags_of(must_word(&at, "flags")),
	} };
	while ((word = next_word(&at)))
		read_word(&d, word, &at);
	build(&s, &d);
	gate_packet(gate, from_agent ? FROM_AGENT : FROM_CLIENT,
		    (struct bytes){ at_the_edge(s.at, s.len), s.len }, BEGIN_MS + now_ms, &out);
}

static void play(char *at)
{
	const char	*who;
	char		*word = must_word(&at, "a time");
	uint64_t	 t;

	check_all_seen();
	t = strtoull(word + 2, NULL, 10);
	if (t < now_ms)
		WRONG("back in time");
	now_ms = t;
	who = must_word(&at, "client, agent or tick");
	happened[0] = '\0';
	if (strcmp(who, "tick") == 0) {
		if (gate_tick(gate, BEGIN_MS + now_ms, &out))
			note_outcome(false);
		else
			note("nothing\n");
	} else if (strcmp(who, "client") == 0 || strcmp(who, "agent") == 0) {
		play_packet(who, at);
		note_outcome(true);
	} else {
		WRONG("who is %s?", who);
	}
	unseen = happened;
	if (showing)
		print_message("%s", happened);
}

/* A line as it was written, with single blanks and without a comment. */
static void tidy(const char *from, char *to)
{
	bool quoted = false;

	from += strspn(from, " \t");
	for (; *from && !(*from == '#' && !quoted); from++) {
		if (*from == '"')
			quoted = !quoted;
		if (!quoted && (*from == ' ' || *from == '\t') && strchr(" \t#", from[1]))
			continue;
		*to++ = *from;
	}
	*to = '\0';
}

static void expect(const char *line)
{
	char	want[LINE_LEN];
	size_t	len;

	if (strlen(line) >= sizeof(want))
		WRONG("too long a line");
	tidy(line, want);
	if (!*want || showing)
		return;
	len = unseen ? strcspn(unseen, "\n") : 0;
	if (len != strlen(want) || strncmp(unseen, want, len) != 0)
		WRONG("what happened is not this, but\n%s", unseen && *unseen ? unseen : "(nothing)\n");
	unseen += len + 1;
}

static void set(char *at)
{
	const char *name = must_word(&at, "a setting");

	if (strcmp(name, "ipv6") == 0)
		v6 = true;
	else if (strcmp(name, "client-isn") == 0)
		client_isn = must_number(&at, name);
	else if (strcmp(name, "agent-isn") == 0)
		agent_isn = must_number(&at, name);
	else
		WRONG("there is no setting %s", name);
}

static void play_line(char *line)
{
	if (showing)
		print_message("%s\n", line);
	if (strncmp(line, "set ", 4) == 0)
		set(line + 4);
	else if (strncmp(line, "t=", 2) == 0)
		play(line);
	else if (*line == ' ' || *line == '\t')
		expect(line);
	else if (*line && *line != '#')
		WRONG("what is this?");
}

static void replay(void **state)
{
	static const struct siphash_key key = { { 1, 2 } };
	char	path[300], *line, *rest;

	file = *state;
	snprintf(path, sizeof(path), "replay/%s", file);
	rest = script = must_read_file(path);
	memset(count, 0, sizeof(count));
	v6 = false;
	client_isn = 0xffffffe0;		/* it wraps inside the first request */
	agent_isn = 0x7ffffff0;
	now_ms = 0;
	line_number = 0;
	unseen = NULL;
	judge = judge_new(&policy, &credentials, &key);
	gate = gate_new(&policy, judge, &key, count);
	assert_true(judge && gate);
	while ((line = strsep(&rest, "\n"))) {
		line_number++;
		play_line(line);
	}
	check_all_seen();
}

static int tear_down(void **state)
{
	(void)state;
	gate_free(gate);
	judge_free(judge);
	free(script);
	gate = NULL;
	judge = NULL;
	script = NULL;
	return 0;
}

static int is_replay(const struct dirent *e)
{
	size_t		len = strlen(e->d_name);
	const char	*only = getenv("REPLAY");

	return len > 7 && strcmp(e->d_name + len - 7, ".replay") == 0 &&
	       (!only || strncmp(e->d_name, only, strlen(only)) == 0);
}

int main(void)
{
	static struct CMUnitTest	test[FILES_MAX];
	struct dirent			**found;
	char				dir[300];
	int				n, failed;

	snprintf(dir, sizeof(dir), "%s/replay", cases_dir());
	n = scandir(dir, &found, is_replay, alphasort);
	if (n <= 0 || n > FILES_MAX) {
		fprintf(stderr, "%s: no scenarios, or too many\n", dir);
		return 1;
	}
	showing = getenv("REPLAY") != NULL;
	policy = (struct policy){
		.nonce_life_ms = NONCE_LIFE_MS, .paths = { .any = true },
		.attempts = { 1000, 1000, 1000 }, .requests = { 1000, 1000, 1000 },
		.all_requests = { 1000, 1000, 1000 } };
	for (int i = 0; i < n; i++)
		test[i] = (struct CMUnitTest){ .name = found[i]->d_name, .test_func = replay,
					       .teardown_func = tear_down,
					       .initial_state = found[i]->d_name };
	failed = _cmocka_run_group_tests("replay", test, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(found[i]);
	free(found);
	return failed;
}
