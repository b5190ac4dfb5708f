/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program to its end: no shell, a fixed search path and environment, a
 * string as its input, and what it says as a string.
 */
#ifndef CWMPGATE_RUN_H
#define CWMPGATE_RUN_H

#include <stdio.h>

enum ran {
	RAN_OK,			/* exit status 0 */
	RAN_FAILED,		/* any other end */
	RAN_MISSING,		/* there is no such program */
};

/*
 * Runs @argv with @input (NULL: none).  What it wrote to standard output and
 * error, or why it could not be run, goes to *@said if @said is not NULL; the
 * caller frees that, also after a failure.
 */
enum ran run(const char *const argv[], const char *input, char **said);

/* Writes what a program said to @err, its first lines, each after its name. */
void run_repeat(const char *program, const char *said, FILE *err);

#endif /* CWMPGATE_RUN_H */
