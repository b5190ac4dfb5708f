// SPDX-License-Identifier: GPL-2.0-or-later

#include "why.h"

const struct why_info why_info[WHY_COUNT] = {
#define X(name, act, blame, doc) [WHY_##name] = { #name, act, BLAME_##blame, doc },
	WHY_LIST(X)
#undef X
};

bool why_is_event(enum why why)
{
	switch (why_info[why].act) {
	case ACT_DELIVER:
	case ACT_REFUSE:
	case ACT_BUSY:
		return true;
	case ACT_DROP:
		return why != WHY_DEFERRED && why != WHY_SYN_ACK_REPEAT &&
		       why != WHY_FAREWELL && why != WHY_LATE && why != WHY_FORGOTTEN;
	case ACT_NONE:
	case ACT_PASS:
	case ACT_BLANK:
	case ACT_TRIM:
	case ACT_ABSORB:
		break;
	}
	return false;
}
