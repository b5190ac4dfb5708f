// SPDX-License-Identifier: GPL-2.0-or-later

#include "why.h"

const struct why_info why_info[WHY_COUNT] = {
#define X(name, act, blame, doc) [WHY_##name] = { #name, act, BLAME_##blame, doc },
	WHY_LIST(X)
#undef X
};
