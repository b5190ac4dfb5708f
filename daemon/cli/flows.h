/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as lines, for cwmpgate flows and top. */
#ifndef CWMPGATE_FLOWS_H
#define CWMPGATE_FLOWS_H

#include "client.h"

void flows_heading(const struct cli *c, FILE *out);
void flows_row(const struct flow_row *r, FILE *out);

#endif /* CWMPGATE_FLOWS_H */
