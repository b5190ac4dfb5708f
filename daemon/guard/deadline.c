// SPDX-License-Identifier: GPL-2.0-or-later
/* What it means when a flow's deadline passes, state by state. */

#include "path.h"

enum why deadline_passed(struct scene *s)
{
	struct flow *f = s->flow;

	switch (f->state) {
	case FLOW_READING:
		return f->head ? WHY_HEAD_LATE : WHY_FIRST_BYTE_LATE;
	case FLOW_SENT:
		return WHY_AGENT_SILENT;
	case FLOW_ANSWERING:
	case FLOW_FAREWELL:
		return WHY_IDLE;
	case FLOW_FREE:
	case FLOW_EMBRYO:
	case FLOW_REFUSED:
	case FLOW_CLOSED:
		break;
	}
	return WHY_FORGOTTEN;
}
