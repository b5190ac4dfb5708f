/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status file: the counters and the latest decisions, for a person or a script. */
#ifndef CWMPGATE_REPORT_H
#define CWMPGATE_REPORT_H

#include "lanes.h"

enum { RECENT_MAX = 64 };

/*
 * Writes @file, through a rename, so that a reader sees a whole one: a line
 * "NAME COUNT" for each reason that was given, then "recent MS CLIENT CPORT
 * PORT NAME OFFSET" for the latest decisions.  False with errno.
 */
bool report_write(const struct lanes *l, const char *file);

#endif /* CWMPGATE_REPORT_H */
