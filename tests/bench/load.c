// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load for the benchmarks: complete connection requests, as an ACS makes them.
 *
 *	load ADDRESS PORT SECONDS AT_ONCE USER PASSWORD
 *
 * One request is GET, 401, and on a new connection GET with a digest, 200.
 * AT_ONCE of them are under way all the time.  Prints how many were completed
 * in a second, how many failed, and the times they took in microseconds:
 *
 *	requests/s failed median 99% longest
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 256, EVENTS = 64, TIMES_MAX = 1 << 20, TIMEOUT_US = 1000000, HEX = 33 };

struct request {
	int		fd;
	bool		second;		/* with the digest */
	uint64_t	begun, step;	/* microseconds */
	char		head[1024];
	char		answer[2048];
	size_t		len, n_answer;
};

static struct request		request[AT_ONCE_MAX];
static struct sockaddr_in	to;
static const char		*user, *password;
static int			epoll_fd;
static EVP_MD_CTX		*md5;
static uint32_t			time_us[TIMES_MAX];
static size_t			n_done, n_failed;
static char			host[64];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void hash(char hex[HEX], const char *text)
{
	unsigned char	d[EVP_MAX_MD_SIZE];
	unsigned	n;

	if (!EVP_DigestInit_ex(md5, EVP_md5(), NULL) ||
	    !EVP_DigestUpdate(md5, text, strlen(text)) || !EVP_DigestFinal_ex(md5, d, &n))
		exit(1);
	for (unsigned i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", d[i]);
}

/* Until the connection is there nothing can be sent; what is sent fits at once. */
static void connect_anew(struct request *r)
{
	struct epoll_event	e = { .events = EPOLLOUT, .data.ptr = r };
	int			one = 1;

	if (r->fd >= 0)
		close(r->fd);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (r->fd < 0)
		die("socket");
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(r->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		die("connect");
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, r->fd, &e) < 0)
		die("epoll_ctl");
	r->n_answer = 0;
	r->step = clock_us();
}

static void begin(struct request *r)
{
	r->second = false;
	r->len = (size_t)snprintf(r->head, sizeof(r->head),
				  "GET /cr HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n\r\n", host);
	connect_anew(r);
	r->begun = r->step;
}

static bool authorize(struct request *r)
{
	static unsigned	serial;
	char		nonce[64], text[512], a1[HEX], a2[HEX], proof[HEX];
	const char	*at = strstr(r->answer, "nonce=\"");

	if (!at || sscanf(at, "nonce=\"%63[^\"]", nonce) != 1)
		return false;
	snprintf(text, sizeof(text), "%s:bench:%s", user, password);
	hash(a1, text);
	hash(a2, "GET:/cr");
	snprintf(text, sizeof(text), "%s:%s:00000001:%08x:auth:%s", a1, nonce, ++serial, a2);
	hash(proof, text);
	r->len = (size_t)snprintf(r->head, sizeof(r->head),
		"GET /cr HTTP/1.1\r\nHost: %s\r\nAuthorization: Digest username=\"%s\", "
		"realm=\"bench\", nonce=\"%s\", uri=\"/cr\", qop=auth, nc=00000001, "
		"cnonce=\"%08x\", response=\"%s\"\r\nUser-Agent: bench\r\n\r\n",
		host, user, nonce, serial, proof);
	r->second = true;
	connect_anew(r);
	return true;
}

static void fail(struct request *r)
{
	n_failed++;
	begin(r);
}

static void complete(struct request *r)
{
	int status = 0;

	sscanf(r->answer, "HTTP/1.1 %d", &status);
	if (!r->second && status == 401 && authorize(r))
		return;
	if (!r->second || status != 200) {
		fail(r);
		return;
	}
	if (n_done < TIMES_MAX)
		time_us[n_done] = (uint32_t)(clock_us() - r->begun);
	n_done++;
	begin(r);
}

static void go_on(struct request *r, uint32_t events)
{
	ssize_t n;

	if (events & EPOLLOUT) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = r };

		if (send(r->fd, r->head, r->len, MSG_NOSIGNAL) != (ssize_t)r->len ||
		    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, r->fd, &e) < 0)
			fail(r);
		return;
	}
	n = recv(r->fd, r->answer + r->n_answer, sizeof(r->answer) - 1 - r->n_answer, 0);
	if (n <= 0) {
		fail(r);
		return;
	}
	r->n_answer += (size_t)n;
	r->answer[r->n_answer] = '\0';
	if (strstr(r->answer, "\r\n\r\n"))
		complete(r);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct epoll_event	event[EVENTS];
	uint64_t		begun, end, now;
	int			at_once, n;

	if (argc != 7)
		return 2;
	to = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_port = htons((uint16_t)atoi(argv[2])) };
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	snprintf(host, sizeof(host), "%s:%s", argv[1], argv[2]);
	at_once = atoi(argv[4]);
	user = argv[5];
	password = argv[6];
	epoll_fd = epoll_create1(0);
	md5 = EVP_MD_CTX_new();
	if (epoll_fd < 0 || !md5 || at_once < 1 || at_once > AT_ONCE_MAX)
		die("start");

	begun = now = clock_us();
	end = begun + (uint64_t)(atof(argv[3]) * 1e6);
	for (int i = 0; i < at_once; i++) {
		request[i].fd = -1;
		begin(&request[i]);
	}
	while (now < end) {
		n = epoll_wait(epoll_fd, event, EVENTS, 100);
		for (int i = 0; i < n; i++)
			go_on(event[i].data.ptr, event[i].events);
		now = clock_us();
		for (int i = 0; i < at_once; i++)
			if (now > request[i].step + TIMEOUT_US)
				fail(&request[i]);
	}
	n = (int)(n_done < TIMES_MAX ? n_done : TIMES_MAX);
	qsort(time_us, (size_t)n, sizeof(*time_us), by_size);
	printf("%.1f %zu %u %u %u\n", (double)n_done * 1e6 / (double)(now - begun), n_failed,
	       n ? time_us[n / 2] : 0, n ? time_us[n - 1 - n / 100] : 0, n ? time_us[n - 1] : 0);
	return 0;
}
