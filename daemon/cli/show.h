/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the command shows things: colours, places, a decision in a line or as JSON. */
#ifndef CWMPGATE_SHOW_H
#define CWMPGATE_SHOW_H

#include <stdint.h>
#include <stdio.h>

#include "cli.h"
#include "shm.h"

enum colour { PLAIN, BOLD, RED, GREEN, YELLOW };

/* The terminal's code for @colour; nothing at all where colours are not wanted. */
const char *paint(const struct cli *c, enum colour colour);

/* "FILE:LINE", or that it is the default. */
const char *show_place(const struct conf_place *p, char text[PATH_LEN_MAX + 16]);

/* The decision number @id under the policy @p, in a line, or as a JSON object if @c says so. */
void show_decision(const struct cli *c, const struct policy *p, uint64_t id,
		   const struct decision *d, FILE *out);

#endif /* CWMPGATE_SHOW_H */
