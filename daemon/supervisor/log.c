// SPDX-License-Identifier: GPL-2.0-or-later

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

#define JOURNAL	"/run/systemd/journal/socket"
#define SYSLOG	"/dev/log"

enum { SUMMARY_MS = 60000, PIPE_READ = 4096 };

/* sd_journal_stream_fd(3): the service manager says which file it has tied. */
static bool stderr_is_journal(void)
{
	const char	*stream = secure_getenv("JOURNAL_STREAM");
	char		 text[64];
	struct stat	 st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, text) == 0;
}

/* Of all processes that are started from here on. */
static bool take_stderr(struct log *l)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	l->pipe = end[0];
	dup2(end[1], STDERR_FILENO);
	close(end[1]);
	return true;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
}

void log_open(struct log *l, bool foreground)
{
	*l = (struct log){ .fd = -1, .pipe = -1, .at = { .sun_family = AF_UNIX } };
	if (foreground && !(stderr_is_journal() && access(JOURNAL, W_OK) == 0))
		return;
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || !take_stderr(l))
		return;
	l->to = access(JOURNAL, W_OK) == 0 ? LOG_TO_JOURNAL : LOG_TO_SYSLOG;
	strcpy(l->at.sun_path, l->to == LOG_TO_JOURNAL ? JOURNAL : SYSLOG);
	if (!foreground)
		leave_terminal();
}

/* Not connected: a logger that is started again is found again. */
static void send_datagram(struct log *l, const char *text, size_t len)
{
	if (sendto(l->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&l->at,
		   sizeof(l->at)) < 0)
		l->lost++;
}

/* RFC 3164 as local loggers take it; syslog(3) would wait for one that hangs. */
static void send_syslog(struct log *l, int level, const char *text)
{
	char		line[LOG_LINE_MAX + 64], when[32];
	time_t		now = time(NULL);
	struct tm	tm;
	int		n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	n = snprintf(line, sizeof(line), "<%d>%s cwmpgated[%d]: %s", LOG_DAEMON | level, when,
		     (int)getpid(), text);
	send_datagram(l, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* The native protocol: a field in each line; @fields are more of them. */
static void send_journal(struct log *l, int level, const char *text, const char *fields)
{
	char	all[2 * LOG_LINE_MAX];
	int	n = snprintf(all, sizeof(all), "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n"
			     "SYSLOG_IDENTIFIER=cwmpgated\nSYSLOG_PID=%d\n%s", text, level,
			     LOG_FAC(LOG_DAEMON), (int)getpid(), fields);

	if ((size_t)n < sizeof(all))
		send_datagram(l, all, (size_t)n);
}

static void emit(struct log *l, int level, const char *text, const char *fields)
{
	switch (l->to) {
	case LOG_TO_STDERR:
		fprintf(stderr, "%s\n", text);
		break;
	case LOG_TO_JOURNAL:
		send_journal(l, level, text, fields);
		break;
	case LOG_TO_SYSLOG:
		send_syslog(l, level, text);
		break;
	}
}

static void emit_line(struct log *l)
{
	l->line[l->len] = '\0';
	for (size_t i = 0; i < l->len; i++)
		if ((unsigned char)l->line[i] < ' ')
			l->line[i] = ' ';
	if (l->len)
		emit(l, strstr(l->line, "warning:") ? LOG_WARNING : LOG_NOTICE, l->line, "");
	l->len = 0;
}

static void read_pipe(struct log *l)
{
	char	buf[PIPE_READ];
	ssize_t	n;

	while (l->pipe >= 0 && (n = read(l->pipe, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] == '\n' || l->len == sizeof(l->line) - 1)
				emit_line(l);
			else
				l->line[l->len++] = buf[i];
}

static void summarize(struct log *l)
{
	char text[LOG_LINE_MAX], fields[128];

	for (size_t i = 0; i < WHY_COUNT; i++) {
		if (!l->more[i])
			continue;
		snprintf(text, sizeof(text), "%s: %" PRIu32 " more like it were not logged",
			 why_info[i].name, l->more[i]);
		snprintf(fields, sizeof(fields), "CWMPGATE_REASON=%s\nCWMPGATE_SUPPRESSED=%" PRIu32
			 "\n", why_info[i].name, l->more[i]);
		emit(l, LOG_NOTICE, text, fields);
		if (l->file)
			fprintf(l->file, "{\"event_type\":\"suppressed\",\"reason\":\"%s\",\"count\":%"
				PRIu32 "}\n", why_info[i].name, l->more[i]);
		l->more[i] = 0;
	}
	if (l->lost) {
		snprintf(text, sizeof(text), "%" PRIu64 " lines found no logger", l->lost);
		l->lost = 0;
		emit(l, LOG_WARNING, text, "");
	}
}

void log_serve(struct log *l, uint64_t now_ms)
{
	read_pipe(l);
	if (!l->summary_ms)
		l->summary_ms = now_ms + SUMMARY_MS;
	if (now_ms >= l->summary_ms) {
		summarize(l);
		l->summary_ms = now_ms + SUMMARY_MS;
	}
	if (l->file && (fflush(l->file) != 0 || ferror(l->file))) {
		fprintf(stderr, "log_file: %s: %s\n", l->file_name, strerror(errno));
		clearerr(l->file);
	}
}

static void open_file(struct log *l)
{
	int fd;

	if (!*l->file_name)
		return;
	fd = open(l->file_name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
		  O_NOCTTY, 0640);
	l->file = fd < 0 ? NULL : fdopen(fd, "a");
	if (!l->file) {
		fprintf(stderr, "log_file: %s: %s\n", l->file_name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
}

static void close_file(struct log *l)
{
	if (l->file)
		fclose(l->file);
	l->file = NULL;
}

void log_reopen(struct log *l)
{
	close_file(l);
	open_file(l);
}

void log_configure(struct log *l, const struct conf *c)
{
	if (memcmp(&l->rate, &c->log_rate, sizeof(l->rate)) != 0)
		for (size_t i = 0; i < WHY_COUNT; i++)
			bucket_fill(&l->bucket[i], &c->log_rate, 0);
	l->rate = c->log_rate;
	if (l->file && strcmp(l->file_name, c->log_file) == 0)
		return;
	snprintf(l->file_name, sizeof(l->file_name), "%s", c->log_file);
	log_reopen(l);
}

/* Whoever wrote it may be somebody else by now: only printable ASCII is passed on. */
static void clean(struct decision *d)
{
	for (char *at = d->excerpt; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

static void put_words(const struct policy *p, const struct decision *d, FILE *out)
{
	char who[INET6_ADDRSTRLEN];

	fprintf(out, "%s port %u to %u: %s%s %s: %s", say_addr(&d->client, who), d->cport, d->aport,
		p->observe ? "would be " : "", say_act(p, d->why), why_info[d->why].name,
		why_info[d->why].doc);
	if (has_offset(d))
		fprintf(out, " (byte %u)", d->offset);
	if (d->ban_ms)
		fprintf(out, "; banned for %" PRIu32 " s", d->ban_ms / 1000);
	if (*d->excerpt && is_refusal(d->why))
		fprintf(out, "; %s", d->excerpt);
}

static void put_fields(const struct policy *p, const struct decision *d, FILE *out)
{
	char who[INET6_ADDRSTRLEN];

	fprintf(out, "CWMPGATE_REASON=%s\nCWMPGATE_ACTION=%s\nCWMPGATE_ENFORCED=%d\n"
		"CWMPGATE_SOURCE=%s\nCWMPGATE_SOURCE_PORT=%u\nCWMPGATE_PORT=%u\n",
		why_info[d->why].name, say_act(p, d->why), !p->observe, say_addr(&d->client, who),
		d->cport, d->aport);
	if (has_offset(d))
		fprintf(out, "CWMPGATE_BYTE=%u\n", d->offset);
	if (d->ban_ms)
		fprintf(out, "CWMPGATE_BAN_SECONDS=%" PRIu32 "\n", d->ban_ms / 1000);
	if (*d->excerpt)
		fprintf(out, "CWMPGATE_REQUEST=%s\n", d->excerpt);
}

/* What @put writes, as a string that ends where @text does. */
static void write_to(char text[LOG_LINE_MAX], const struct policy *p, const struct decision *d,
		     void (*put)(const struct policy *p, const struct decision *d, FILE *out))
{
	FILE *f = fmemopen(text, LOG_LINE_MAX, "w");

	*text = '\0';
	if (!f)
		return;
	put(p, d, f);
	fclose(f);
	text[LOG_LINE_MAX - 1] = '\0';
}

void log_decision(struct log *l, const struct policy *p, uint64_t id,
		  const struct decision *decision, uint64_t now_ms)
{
	struct decision	d = *decision;
	char		text[LOG_LINE_MAX], fields[LOG_LINE_MAX];

	if (!bucket_take(&l->bucket[d.why], &l->rate, now_ms)) {
		l->more[d.why]++;
		return;
	}
	clean(&d);
	write_to(text, p, &d, put_words);
	write_to(fields, p, &d, put_fields);
	emit(l, d.ban_ms ? LOG_WARNING : is_refusal(d.why) ? LOG_NOTICE : LOG_INFO, text, fields);
	if (!l->file)
		return;
	putc('{', l->file);
	json_decision(p, id, &d, l->file);
	fputs("}\n", l->file);
}

void log_close(struct log *l)
{
	summarize(l);
	read_pipe(l);
	emit_line(l);
	close_file(l);
}
