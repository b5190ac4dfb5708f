/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The budgets of each source (TR-069 3.2.2.2: restrict how often). */
#ifndef CWMPGATE_BUDGET_H
#define CWMPGATE_BUDGET_H

#include "addr.h"
#include "policy.h"
#include "siphash.h"

struct budget {
	bool		taken;
	struct addr	addr;		/* as addr_source() gives it */
	struct bucket	attempts;	/* not authenticated, or not yet */
	struct bucket	requests;
	uint64_t	seen_ms;
	bool		proven;		/* has sent a valid digest */
};

struct budgets;

struct budgets	*budgets_new(const struct policy *policy, const struct siphash_key *key);
void		 budgets_free(struct budgets *t);

/* The budgets of @client's source, full ones if it is new.  Never NULL. */
struct budget	*budgets_find(struct budgets *t, const struct addr *client, uint64_t now_ms);

#endif /* CWMPGATE_BUDGET_H */
