/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor's loop and the commands of the control socket share. */
#ifndef CWMPGATE_SUPERVISOR_H
#define CWMPGATE_SUPERVISOR_H

#include "acs.h"
#include "bans.h"
#include "control.h"
#include "kmod.h"
#include "lane.h"
#include "log.h"
#include "rules.h"
#include "rulewatch.h"
#include "supervise.h"
#include "watch.h"

struct supervisor {
	const struct supervise_options	*options;
	struct conf			*conf;
	struct credentials		*credentials;
	struct secrets			 secrets;
	/*
	 * One for each queue there ever was, so that no counter goes back: the first
	 * conf->queues of them serve.  What they remember is read through `lanes`.
	 */
	struct lane			 lane[QUEUES_MAX];
	struct lanes			 lanes;
	uint64_t			 begun_ms;	/* this process */
	uint32_t			 restarts;	/* of a lane, unasked */
	struct siphash_key		 key;		/* of all guards and judges */
	uint32_t			 flows_wanted;	/* lists that were asked for */
	int				 trace_fd;
	uint64_t			 watchdog_ms;	/* when to tell next that we live */
	uint64_t			 metrics_ms;	/* when to write them next */
	struct lanes_at			 seen;		/* decisions looked at */
	uint64_t			 counted;	/* reasons in the status file */
	struct bans			 bans;
	struct acs			 acs;
	struct log			 log;
	struct rulewatch		*rulewatch;
	struct kmod			*kmod;
	enum rules_backend		 backend;
	bool				 rules_loaded;
	uint64_t			 rules_again_ms;	/* if not, when to try again */
	uint64_t			 rules_look_ms;	/* when to look next, if nobody tells */
	bool				 reload_failed;	/* the latest one */
	uint64_t			 confirm_ms;	/* until then; 0: nothing to confirm */
	struct conf			 unconfirmed;	/* what it goes back to */
	struct watch			 watch;
	struct control			 control;
};

extern const char *const mode_name[];

uint64_t clock_ms(void);

/* Whether each lane that should, serves. */
bool supervisor_serves(const struct supervisor *s);

/* Takes the file anew, or says on @err why not and changes nothing. */
bool supervisor_reload(struct supervisor *s, FILE *err);

/* Serves with @c from now on; its credentials have been read. */
void supervisor_apply(struct supervisor *s, const struct conf *c);

/* Answers one line of the control socket; a control_ask, @context a supervisor. */
void command_answer(void *context, char *line, struct control_answer *a);

#endif /* CWMPGATE_SUPERVISOR_H */
