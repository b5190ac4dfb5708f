/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's loop: keeps the pairs of serving processes, the rules and
 * the credentials as the configuration wants them.  It sees no packet and no
 * text from the network.
 */
#ifndef CWMPGATE_SUPERVISE_H
#define CWMPGATE_SUPERVISE_H

#include <signal.h>

#include "conf.h"

struct supervise_options {
	const char	*conf_file;
	const char	*status_file;	/* NULL: none */
	const char	*trace_file;	/* NULL: none */
	bool		 foreground;
};

/* Signals set these. */
extern volatile sig_atomic_t supervise_stop, supervise_reload, supervise_reopen;

/*
 * Serves with @c and @credentials, both of which it changes on a reload, until
 * supervise_stop.  Returns an exit status; what failed is said on standard
 * error.
 */
int supervise(const struct supervise_options *o, struct conf *c,
	      struct credentials *credentials);

#endif /* CWMPGATE_SUPERVISE_H */
