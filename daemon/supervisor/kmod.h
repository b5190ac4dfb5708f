/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives the optional kernel module (kmod/) its configuration, and notices when it
 * has none any more.  Whatever goes wrong here opens nothing: the module drops only
 * what the rules and the guard would.
 */
#ifndef CWMPGATE_KMOD_H
#define CWMPGATE_KMOD_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"
#include "nftset.h"

enum kmod_news {
	KMOD_NO_NEWS,
	KMOD_CAME,		/* the module was loaded, or somebody took its configuration */
	KMOD_WENT,		/* it was unloaded */
};

struct kmod;

/* NULL, with the reason on @err. */
struct kmod	*kmod_open(FILE *err);
void		 kmod_close(struct kmod *k);

/*
 * Does what the setting kmod of @c says, with @found allowed like its prefixes: finds the module, which the kernel may
 * load for this, and replaces what it has; or ends it.  False if the module is
 * wanted ("require") and not there, or there and not to be had; the reason on @err.
 */
bool		 kmod_load(struct kmod *k, const struct conf *c, const struct found *found,
			   FILE *err);

/* What happened since the last call.  Never waits. */
enum kmod_news	 kmod_news(struct kmod *k);

/* Ends the configuration there may be; true if there is none now. */
bool		 kmod_unload(FILE *err);

#endif /* CWMPGATE_KMOD_H */
