/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may ask beyond what the configuration names by address: names of hosts in
 * `acs`, and the file `acs_file`.
 *
 * A resolver (daemon/resolver) is started for each round and ends with it.  What
 * it says is looked at again here, and a source that has no good answer keeps the
 * last good one, over a restart by way of a file (acs_state.h).
 */
#ifndef CWMPGATE_ACS_H
#define CWMPGATE_ACS_H

#include <sys/types.h>

#include "acs_state.h"
#include "conf.h"
#include "nftset.h"
#include "watch.h"

/* A name, or the file. */
struct acs_source {
	char		 name[PATH_LEN_MAX];		/* "": not used */
	struct prefix	 prefix[LIST_PREFIXES_MAX];	/* the last good ones */
	size_t		 n;
	bool		 known;		/* they are: @prefix, @n and what follows count */
	int64_t		 good_ms;	/* when they were told last; before 0: before the machine began */
	int64_t		 good_s;	/* the same since 1970 */
	char		 wrong[96];	/* with the latest answer; "": nothing */
	bool		 waiting;	/* for an answer in this round */
};

struct acs {
	struct acs_source	 source[SOURCES_OF_ACS];
	struct found		 found;		/* of all sources */
	uint32_t		 refresh_ms;
	char			 state_file[PATH_LEN_MAX];	/* "": nothing outlives us */
	int64_t			 keep_s;	/* how old that may be */
	struct acs_state	 state;		/* what stands in it */
	bool			 state_wrong;	/* it cannot be written; that was said */
	bool			 sandbox_optional;
	struct watch		 watch;		/* of the file */
	bool			 file_changed;
	pid_t			 resolver;	/* 0: no round */
	int			 fd;
	uint64_t		 begun_ms;	/* the latest round */
	uint64_t		 next_ms;	/* when to begin the next */
	uint32_t		 again_ms;	/* after a round that failed */
};

/* Before anything else; @a is zero. */
void acs_init(struct acs *a);

/*
 * The sources of @c from now on; those that were there before keep what is known
 * of them, and others what the file says, if it is not too old.
 */
void acs_configure(struct acs *a, const struct conf *c);

/* Does what is due, without waiting; true if @found has changed. */
bool acs_serve(struct acs *a, uint64_t now_ms);

/* Ends the round. */
void acs_stop(struct acs *a);

/* How many sources have no good answer at present. */
size_t acs_wrong(const struct acs *a);

/*
 * A line "acs_source_I=KIND<tab>NAME<tab>AGE_MS<tab>WHAT IS WRONG<tab>ADDRESSES" for each, KIND
 * "name" or "file", AGE_MS that of the addresses, -1 if there never were any.
 */
void acs_tell(const struct acs *a, uint64_t now_ms, FILE *out);

#endif /* CWMPGATE_ACS_H */
