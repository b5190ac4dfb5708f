/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in the setting acs, where the kernel's sets are not there to be asked. */
#ifndef CWMPGATE_ACSMATCH_H
#define CWMPGATE_ACSMATCH_H

#include "conf.h"

bool acs_match(const struct conf *c, const struct addr *a);

#endif /* CWMPGATE_ACSMATCH_H */
