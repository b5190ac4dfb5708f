/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things are put into words and into JSON: times, addresses, decisions. */
#ifndef CWMPGATE_SAY_H
#define CWMPGATE_SAY_H

#include <netinet/in.h>
#include <stdio.h>

#include "policy.h"
#include "shm.h"

uint64_t monotonic_ms(void);
uint64_t wall_clock_ms(void);	/* since 1970 */

const char *say_addr(const struct addr *a, char text[INET6_ADDRSTRLEN]);

/* Local time with milliseconds, or RFC 3339 in UTC. */
const char *say_time(uint64_t wall, bool rfc3339, char text[40]);

/* "3 s", "5 min", "2 h", "4 days". */
const char *say_span(uint64_t ms, char text[24]);

/* What was done with what @why was said of: "refused", "delivered", ... */
const char *say_act(const struct policy *p, enum why why);

/* The request was kept from the agent, or its digest was. */
bool is_refusal(enum why why);

/* A byte of the request head decided; it may be the first, number 0. */
bool has_offset(const struct decision *d);

/* The decision number @id as members of a JSON object, without its braces. */
void json_decision(const struct policy *p, uint64_t id, const struct decision *d, FILE *out);

/* "text", with what JSON wants escaped. */
void json_text(FILE *out, const char *text);

#endif /* CWMPGATE_SAY_H */
