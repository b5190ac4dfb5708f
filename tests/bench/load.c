// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load for the benchmarks: complete connection requests, as an ACS makes them.
 *
 *	load [-k] [-n AT_ONCE] [-r RATE] [-t SECONDS] [-s FIRST -S COUNT]
 *	     ADDRESS PORT USER PASSWORD
 *
 *	-k		the second request on the connection of the first
 *	-n AT_ONCE	so many under way at most; 16 if not given
 *	-r RATE		open loop: so many begin in a second, whatever comes back;
 *			without it a closed loop: AT_ONCE are always under way
 *	-t SECONDS	how long requests begin; then those under way may end
 *	-s, -S		the sources, in turn (endpoint.h)
 *
 * One request is GET, 401, GET with a digest, 200 or 204.  In the open loop its
 * time is counted from when it should have begun, so one that had to wait for
 * another is as late as it is for the ACS (no coordinated omission).  Prints a
 * JSON object: requests completed in a second while requests began, how many
 * began and failed and of what, and times in microseconds.
 */

#include "endpoint.h"
#include "hist.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 1024, EVENTS = 64, HEX = 33 };

#define SECOND		1000000000ULL
#define PATIENCE	(5 * SECOND)	/* of an ACS with one request */
#define LOOK_AFTER	(SECOND / 100)	/* how often the patience is looked after */

struct request {
	int		fd;		/* -1: idle */
	bool		sent;
	bool		second;		/* with the digest */
	uint64_t	due;
	struct endpoint	from;
	char		head[1024];
	char		answer[4096];
	size_t		len, n_answer;
};

enum failure { CONNECT, LOST, STATUS, LATE, FAILURES };

static const char *const failure_name[FAILURES] = {
	[CONNECT] = "connect", [LOST] = "lost", [STATUS] = "status", [LATE] = "late",
};

static struct {
	bool		kept;
	uint64_t	length;
	double		rate;
	unsigned	at_once, sources;
	struct endpoint	to, first;
	char		host[80];
	const char	*user, *password;
} how = { .at_once = 16, .length = SECOND };

static struct request	request[AT_ONCE_MAX];
static struct request	*idle[AT_ONCE_MAX];
static unsigned		n_idle;
static int		epoll_fd;
static EVP_MD_CTX	*md5;
static struct hist	times;
static uint64_t		begin, end, n_begun, n_in_time;
static uint64_t		n_failed[FAILURES];

static void hash(char hex[HEX], const char *text)
{
	static const char	digit[] = "0123456789abcdef";
	unsigned char		d[EVP_MAX_MD_SIZE];
	unsigned		n;

	if (!EVP_DigestInit_ex(md5, EVP_md5(), NULL) ||
	    !EVP_DigestUpdate(md5, text, strlen(text)) || !EVP_DigestFinal_ex(md5, d, &n))
		exit(1);
	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = digit[d[i] >> 4];
		hex[2 * i + 1] = digit[d[i] & 15];
	}
	hex[2 * n] = '\0';
}

static void finish(struct request *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	idle[n_idle++] = r;
}

static void fail(struct request *r, enum failure why)
{
	n_failed[why]++;
	finish(r);
}

static void connect_anew(struct request *r)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = r };

	if (r->fd >= 0)
		close(r->fd);
	r->sent = false;
	r->n_answer = 0;
	r->fd = connect_from(&how.to, how.sources ? &r->from : NULL);
	if (r->fd < 0)
		fail(r, CONNECT);
	else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, r->fd, &e) < 0)
		die("epoll_ctl");
}

static void begin_request(struct request *r, uint64_t due)
{
	r->due = due;
	r->second = false;
	if (how.sources)
		r->from = endpoint_after(&how.first, (uint32_t)(n_begun % how.sources));
	r->len = (size_t)snprintf(r->head, sizeof(r->head),
				  "GET /cr HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n%s\r\n",
				  how.host, how.kept ? "" : "Connection: close\r\n");
	n_begun++;
	connect_anew(r);
}

static bool authorize(struct request *r)
{
	static unsigned	serial;
	char		realm[64], nonce[129], text[512], a1[HEX], a2[HEX], proof[HEX];
	const char	*at_realm = strstr(r->answer, "realm=\"");
	const char	*at_nonce = strstr(r->answer, "nonce=\"");

	if (!at_realm || sscanf(at_realm, "realm=\"%63[^\"]", realm) != 1 ||
	    !at_nonce || sscanf(at_nonce, "nonce=\"%128[^\"]", nonce) != 1)
		return false;
	snprintf(text, sizeof(text), "%s:%s:%s", how.user, realm, how.password);
	hash(a1, text);
	hash(a2, "GET:/cr");
	snprintf(text, sizeof(text), "%s:%s:00000001:%08x:auth:%s", a1, nonce, ++serial, a2);
	hash(proof, text);
	r->len = (size_t)snprintf(r->head, sizeof(r->head),
		"GET /cr HTTP/1.1\r\nHost: %s\r\nAuthorization: Digest username=\"%s\", "
		"realm=\"%s\", nonce=\"%s\", uri=\"/cr\", qop=auth, nc=00000001, "
		"cnonce=\"%08x\", response=\"%s\"\r\nUser-Agent: bench\r\n"
		"Connection: close\r\n\r\n",
		how.host, how.user, realm, nonce, serial, proof);
	r->second = true;
	return true;
}

/* What was written fits into an empty socket's buffer at once. */
static bool say(struct request *r)
{
	r->sent = true;
	r->n_answer = 0;
	return send(r->fd, r->head, r->len, MSG_NOSIGNAL) == (ssize_t)r->len;
}

static bool whole(const struct request *r)
{
	const char	*blank = strstr(r->answer, "\r\n\r\n");
	const char	*field = strcasestr(r->answer, "\r\nContent-Length:");
	size_t		body = 0;

	if (!blank)
		return false;
	if (field && field < blank)
		body = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	return r->n_answer >= (size_t)(blank - r->answer) + 4 + body;
}

static void answered(struct request *r)
{
	const uint64_t	now = clock_ns();
	int		status = 0;

	sscanf(r->answer, "HTTP/1.1 %d", &status);
	if (!r->second && status == 401 && authorize(r)) {
		if (!how.kept)
			connect_anew(r);
		else if (!say(r))
			fail(r, LOST);
		return;
	}
	if (!r->second || (status != 200 && status != 204)) {
		fail(r, STATUS);
		return;
	}
	hist_add(&times, now - r->due);
	n_in_time += now < end;
	finish(r);
}

static void hear(struct request *r)
{
	ssize_t n = recv(r->fd, r->answer + r->n_answer, sizeof(r->answer) - 1 - r->n_answer, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		fail(r, LOST);
		return;
	}
	r->n_answer += (size_t)n;
	r->answer[r->n_answer] = '\0';
	if (whole(r))
		answered(r);
}

static void go_on(struct request *r, uint32_t events)
{
	if (r->fd < 0)
		return;
	if (!r->sent && (events & (EPOLLERR | EPOLLHUP)))
		fail(r, CONNECT);
	else if (!r->sent && (events & EPOLLOUT) && !say(r))
		fail(r, LOST);
	else if (r->sent && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		hear(r);
}

/* When the next request is due: at once in a closed loop. */
static uint64_t next_due(uint64_t now)
{
	return how.rate > 0 ? begin + (uint64_t)((double)n_begun / how.rate * (double)SECOND) : now;
}

/* Tries each idle request once, so that one that cannot begin is no endless loop. */
static void begin_due(uint64_t now)
{
	for (unsigned n = n_idle; n > 0; n--) {
		const uint64_t due = next_due(now);

		if (due > now || due >= end)
			return;
		begin_request(idle[--n_idle], due);
	}
}

/* In the open loop a request waits for its turn from when it is due, so the
 * patience with it begins there as well. */
static void look_after(uint64_t now)
{
	static uint64_t next;

	if (now < next)
		return;
	next = now + LOOK_AFTER;
	for (unsigned i = 0; i < how.at_once; i++)
		if (request[i].fd >= 0 && now > request[i].due + PATIENCE)
			fail(&request[i], LATE);
}

static void run(void)
{
	struct epoll_event	event[EVENTS];
	uint64_t		now = clock_ns();

	begin = now;
	end = begin + how.length;
	for (;;) {
		struct timespec	t = { .tv_nsec = LOOK_AFTER };
		int		n;

		begin_due(now);
		if (n_idle == how.at_once && (now >= end || next_due(now) >= end))
			return;
		if (n_idle && now < end && next_due(now) < now + LOOK_AFTER)
			t.tv_nsec = next_due(now) > now ? (long)(next_due(now) - now) : 0;
		n = epoll_pwait2(epoll_fd, event, EVENTS, &t, NULL);
		for (int i = 0; i < n; i++)
			go_on(event[i].data.ptr, event[i].events);
		now = clock_ns();
		look_after(now);
	}
}

static void options(int argc, char **argv)
{
	const char	*first = NULL;
	int		c;

	while ((c = getopt(argc, argv, "kn:r:t:s:S:")) != -1) {
		switch (c) {
		case 'k': how.kept = true; break;
		case 'n': how.at_once = (unsigned)atoi(optarg); break;
		case 'r': how.rate = atof(optarg); break;
		case 't': how.length = (uint64_t)(atof(optarg) * (double)SECOND); break;
		case 's': first = optarg; break;
		case 'S': how.sources = (unsigned)atoi(optarg); break;
		default: exit(2);
		}
	}
	if (argc - optind != 4 || how.at_once < 1 || how.at_once > AT_ONCE_MAX ||
	    !how.sources != !first)
		exit(2);
	argv += optind;
	how.to = endpoint(argv[0], (uint16_t)atoi(argv[1]));
	if (first)
		how.first = endpoint(first, 0);
	snprintf(how.host, sizeof(how.host), strchr(argv[0], ':') ? "[%s]:%s" : "%s:%s",
		 argv[0], argv[1]);
	how.user = argv[2];
	how.password = argv[3];
}

static void report(void)
{
	uint64_t failed = 0;

	for (int i = 0; i < FAILURES; i++)
		failed += n_failed[i];
	printf("{\"rate\": %.1f, \"begun\": %llu, \"failed\": %llu",
	       (double)n_in_time / ((double)how.length / (double)SECOND),
	       (unsigned long long)n_begun, (unsigned long long)failed);
	for (int i = 0; i < FAILURES; i++)
		printf(", \"%s\": %llu", failure_name[i], (unsigned long long)n_failed[i]);
	printf(", \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"most\": %.1f}\n",
	       hist_at(&times, 0.5) / 1e3, hist_at(&times, 0.9) / 1e3, hist_at(&times, 0.99) / 1e3,
	       hist_at(&times, 0.999) / 1e3, (double)times.most / 1e3);
}

int main(int argc, char **argv)
{
	options(argc, argv);
	epoll_fd = epoll_create1(0);
	md5 = EVP_MD_CTX_new();
	if (epoll_fd < 0 || !md5)
		die("start");
	prctl(PR_SET_TIMERSLACK, 1);	/* a request begins when it is due, not 50 us later */
	for (unsigned i = 0; i < how.at_once; i++) {
		request[i].fd = -1;
		idle[n_idle++] = &request[i];
	}
	run();
	report();
	return 0;
}
