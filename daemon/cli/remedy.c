// SPDX-License-Identifier: GPL-2.0-or-later

#include "remedy.h"

/* One constant for each line; a second line of a name is an error here ... */
enum {
#define X(name, stage, setting, text) REMEDY_OF_##name,
	REMEDY_LIST(X)
#undef X
	REMEDY_COUNT
};

/* ... a reason without a line here, and both lists are in one order. */
#define X(name, act, blame, doc) \
	_Static_assert((int)REMEDY_OF_##name == (int)WHY_##name, "remedy.h: " #name);
WHY_LIST(X)
#undef X

const struct remedy remedy[WHY_COUNT] = {
#define X(name, stage, setting, text) [WHY_##name] = { STAGE_##stage, setting, text },
	REMEDY_LIST(X)
#undef X
};

const struct stage_info stage_info[STAGES] = {
#define X(name, word, setting, doc) [STAGE_##name] = { word, setting, doc },
	STAGE_LIST(X)
#undef X
};
