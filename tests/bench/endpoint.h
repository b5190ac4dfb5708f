/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of the load programs: where to, and from which of many sources.
 *
 * Sources are FIRST and those after it.  The next one is the next IPv4 address,
 * or the next IPv6 /64, which is what the gate takes for one source.
 */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct endpoint {
	union {
		struct sockaddr		any;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
	};
	socklen_t len;
};

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Ends the program if @text is no address. */
static inline struct endpoint endpoint(const char *text, uint16_t port)
{
	struct endpoint e = { 0 };

	if (inet_pton(AF_INET, text, &e.in.sin_addr) == 1) {
		e.in.sin_family = AF_INET;
		e.in.sin_port = htons(port);
		e.len = sizeof(e.in);
	} else if (inet_pton(AF_INET6, text, &e.in6.sin6_addr) == 1) {
		e.in6.sin6_family = AF_INET6;
		e.in6.sin6_port = htons(port);
		e.len = sizeof(e.in6);
	} else {
		fprintf(stderr, "%s: no address\n", text);
		exit(2);
	}
	return e;
}

/* The source that is @n after @first. */
static inline struct endpoint endpoint_after(const struct endpoint *first, uint32_t n)
{
	struct endpoint e = *first;
	uint32_t	word;

	if (e.any.sa_family == AF_INET) {
		e.in.sin_addr.s_addr = htonl(ntohl(e.in.sin_addr.s_addr) + n);
		return e;
	}
	memcpy(&word, &e.in6.sin6_addr.s6_addr[4], sizeof(word));
	word = htonl(ntohl(word) + n);
	memcpy(&e.in6.sin6_addr.s6_addr[4], &word, sizeof(word));
	return e;
}

/* A socket that connects to @to, from @from if that is not NULL; -1 if it cannot. */
int connect_from(const struct endpoint *to, const struct endpoint *from);

#endif /* BENCH_ENDPOINT_H */
