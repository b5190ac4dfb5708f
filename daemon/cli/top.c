// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate top: what happens now, once a second.  On a terminal the screen is
 * written over line by line, as wide and high as it is; q ends it.
 */

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "flows.h"
#include "say.h"
#include "show.h"

enum { SECOND_MS = 1000, FLOWS_SHOWN = 8, REASONS_SHOWN = 12, EVENTS_SHOWN = 12 };

/* The counters a moment ago. */
struct before {
	uint64_t	ms;
	uint64_t	count[WHY_COUNT];
	int		n_rules;
	uint64_t	rule[NFT_COUNTERS_MAX];
};

static volatile sig_atomic_t	ended;
static struct termios		cooked;
static bool			has_screen;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static void leave_screen(void)
{
	static const char off[] = "\033[?25h\033[?1049l";

	if (!has_screen)
		return;
	if (write(STDOUT_FILENO, off, sizeof(off) - 1) < 0)
		has_screen = false;
	tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
	has_screen = false;
}

/* The other screen, so that this one is as it was when it is over. */
static void enter_screen(void)
{
	struct sigaction	sa = { .sa_handler = end };
	struct termios		raw;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &cooked) < 0)
		return;
	raw = cooked;
	raw.c_lflag &= (tcflag_t)~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	has_screen = true;
	fputs("\033[?1049h\033[?25l", stdout);
	atexit(leave_screen);
}

/* Counted per second since @then. */
static double per_second(uint64_t now, uint64_t then, uint64_t ms)
{
	return ms && now >= then ? (double)(now - then) * 1000 / (double)ms : 0;
}

static void say_head(const struct cli *c, const struct facts *f, FILE *out)
{
	struct use		use = lanes_use(&f->m.lanes);
	struct queue_state	q;
	unsigned		n = (unsigned)f->m.n_queues;
	char			span[24], when[40];

	fprintf(out, "%scwmpgate " VERSION "%s  %s, up %s%s   %.19s\n", paint(c, BOLD),
		paint(c, PLAIN), f->mode, say_span(f->m.uptime_ms, span),
		f->m.serving || strcmp(f->mode, "block") == 0 ? "" : ", NOT SERVING",
		say_time(wall_clock_ms(), false, when));
	if (f->m.lanes.n)
		fprintf(out, "connections %u of %u, handshakes %u of %u, heads %u of %u, lingering %u\n",
			use.live, LIVE_MAX * n, use.embryos, EMBRYOS_MAX * n, use.heads,
			HEADS_MAX * n, use.over);
	if (metrics_queue_sum(&f->m, &q))
		fprintf(out, "queue%s %u waiting, %u dropped (full), %u dropped (socket full); %d banned\n",
			n > 1 ? "s" : "", q.waiting, q.dropped, q.user_dropped, f->m.bans);
}

static void say_rate(FILE *out, double rate, uint64_t total, const char *name)
{
	fprintf(out, "%9.1f %11" PRIu64 "  %s", rate, total, name);
}

static void say_rules(const struct facts *f, const struct before *b, uint64_t ms, FILE *out)
{
	for (int i = 0; i < f->m.n_counters; i++) {
		const struct nft_counter *k = &f->m.counter[i];

		if (!k->packets)
			continue;
		say_rate(out, per_second(k->packets, i < b->n_rules ? b->rule[i] : k->packets, ms),
			 k->packets, k->name);
		fputs(" (rules)\n", out);
	}
}

static void count_all(const struct facts *f, uint64_t count[WHY_COUNT])
{
	for (enum why i = WHY_NEXT; i < WHY_COUNT; i++)
		count[i] = lanes_count(&f->m.lanes, i);
}

/* What was given lately or is a refusal; the rest if there is room. */
static void say_reasons(const struct cli *c, const struct facts *f, const struct before *b,
			uint64_t ms, FILE *out)
{
	uint64_t	count[WHY_COUNT];
	unsigned	shown = 0;

	count_all(f, count);
	for (int round = 0; round < 2; round++)
		for (enum why i = WHY_NEXT + 1; i < WHY_COUNT && shown < REASONS_SHOWN; i++) {
			bool now = b->ms && count[i] > b->count[i];

			if (!count[i] || now == (round == 1))
				continue;
			say_rate(out, b->ms ? per_second(count[i], b->count[i], ms) : 0, count[i], "");
			fprintf(out, "%s%-18s%s %s\n", paint(c, is_refusal(i) ? RED : PLAIN),
				why_info[i].name, paint(c, PLAIN), why_info[i].doc);
			shown++;
		}
}

static void say_flows(const struct cli *c, FILE *out)
{
	static struct flow_list	l;
	size_t			shown = 0;

	if (client_flows(c, &l) || !l.n)
		return;
	putc('\n', out);
	flows_heading(c, out);
	for (; shown < l.n && shown < FLOWS_SHOWN; shown++)
		flows_row(&l.row[shown], out);
	if (l.n > shown)
		fprintf(out, "and %zu more\n", l.n - shown);
}

static void say_events(const struct cli *c, const struct lanes *l, FILE *out)
{
	struct lanes_at	at;
	struct decision	d;
	uint64_t	id;

	lanes_newest(l, &at);
	fprintf(out, "\n%slatest decisions%s\n", paint(c, BOLD), paint(c, PLAIN));
	for (int shown = 0; shown < EVENTS_SHOWN && lanes_previous(l, &at, &id, &d); shown++)
		show_decision(c, &l->of[0]->setup.policy, id, &d, out);
}

static void say_frame(const struct cli *c, const struct facts *f, const struct before *b, FILE *out)
{
	uint64_t ms = b->ms ? monotonic_ms() - b->ms : 0;

	if (f->status != STATUS_OK) {
		fputs(f->reply.text, out);
		return;
	}
	say_head(c, f, out);
	fprintf(out, "\n%s packets/s       total  reason%s\n", paint(c, BOLD), paint(c, PLAIN));
	say_rules(f, b, ms, out);
	if (!f->m.lanes.n)
		return;
	say_reasons(c, f, b, ms, out);
	if (f->m.serving)
		say_flows(c, out);
	say_events(c, &f->m.lanes, out);
}

static void remember(const struct facts *f, struct before *b)
{
	b->ms = f->m.lanes.n ? monotonic_ms() : 0;
	count_all(f, b->count);
	b->n_rules = f->m.n_counters;
	for (int i = 0; i < f->m.n_counters; i++)
		b->rule[i] = f->m.counter[i].packets;
}

/* One line, cut at @columns; colours take no room. */
static void put_line(const char *line, size_t len, unsigned columns)
{
	unsigned used = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\033') {
			size_t n = strcspn(line + i, "m") + 1;

			fwrite(line + i, 1, n, stdout);
			i += n - 1;
		} else if (used++ < columns) {
			putchar(line[i]);
		}
	}
	fputs("\033[K", stdout);
}

static void put_screen(const char *text)
{
	struct winsize w = { .ws_row = 24, .ws_col = 80 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	fputs("\033[H", stdout);
	for (unsigned row = 1; *text && row <= w.ws_row; row++) {
		size_t len = strcspn(text, "\n");

		put_line(text, len, w.ws_col);
		text += len + (text[len] == '\n');
		if (*text && row < w.ws_row)
			putchar('\n');
	}
	fputs("\033[J", stdout);
}

static void put_frame(const struct cli *c, const struct facts *f, const struct before *b)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out = open_memstream(&text, &len);

	if (!out)
		return;
	say_frame(c, f, b, out);
	if (fclose(out) == 0) {
		if (has_screen)
			put_screen(text);
		else
			fputs(text, stdout);
	}
	free(text);
}

/* A second, or less if a key or a signal ends it. */
static void wait_second(void)
{
	struct pollfd	keys = { .fd = has_screen ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t	until = monotonic_ms() + SECOND_MS, now;
	char		key;

	while (!ended && (now = monotonic_ms()) < until)
		if (poll(&keys, 1, (int)(until - now)) > 0 &&
		    (read(STDIN_FILENO, &key, 1) != 1 || key == 'q'))
			ended = 1;
}

enum status cmd_top(struct cli *c, int argc, char *argv[])
{
	static struct facts	f;
	static struct before	b;
	unsigned		count = 0;

	if (argc != 0 && (argc != 2 || strcmp(argv[0], "-n") != 0 ||
			  !read_count(argv[1], &count) || !count))
		return wrong_usage();
	if (!c->json)
		enter_screen();
	for (unsigned i = 0; !ended && !ferror(stdout); i++) {
		facts_get(c, &f);
		if (c->json)
			facts_json(&f);
		else
			put_frame(c, &f, &b);
		fflush(stdout);
		remember(&f, &b);
		client_unmap(&f.m.lanes);
		if (count && i + 1 == count)
			break;
		wait_second();
	}
	return f.status;
}
