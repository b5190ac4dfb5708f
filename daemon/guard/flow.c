// SPDX-License-Identifier: GPL-2.0-or-later

#include "flow.h"

#include <stdlib.h>

enum { BUCKETS = 2 * FLOWS_MAX, CROWDS = 1024, NONE = 0xffff };

/* By age, oldest first. */
enum list { LIST_FREE, LIST_EMBRYO, LIST_LIVE, LIST_OVER, LISTS };

struct age_list {
	uint16_t	oldest, newest;
	uint16_t	n;
};

struct flows {
	struct siphash_key	key;
	struct age_list		list[LISTS];
	uint16_t		cursor;		/* flow_overdue() goes on here */
	uint16_t		n_heads, n_replies;	/* free ones, stacked */
	uint16_t		bucket[BUCKETS];
	uint16_t		crowd[CROWDS];	/* embryos by the hash of their source */
	struct head		*free_head[HEADS_MAX];
	struct reply		*free_reply[REPLIES_MAX];
	struct flow		flow[FLOWS_MAX];
	struct head		head[HEADS_MAX];
	struct reply		reply[REPLIES_MAX];
};

static enum list list_of(enum flow_state state)
{
	switch (state) {
	case FLOW_FREE:
		return LIST_FREE;
	case FLOW_EMBRYO:
		return LIST_EMBRYO;
	case FLOW_READING:
	case FLOW_SENT:
	case FLOW_ANSWERING:
	case FLOW_FAREWELL:
		return LIST_LIVE;
	case FLOW_REFUSED:
	case FLOW_CLOSED:
		return LIST_OVER;
	}
	abort();
}

static uint16_t index_of(const struct flows *t, const struct flow *f)
{
	return (uint16_t)(f - t->flow);
}

static uint16_t *bucket_of(struct flows *t, const struct flow_key *key)
{
	return &t->bucket[siphash(key, sizeof(*key), &t->key) % BUCKETS];
}

static void list_append(struct flows *t, struct flow *f, enum list list)
{
	struct age_list	*l = &t->list[list];
	uint16_t	 i = index_of(t, f);

	f->list = (uint8_t)list;
	f->newer = NONE;
	f->older = l->newest;
	if (l->newest == NONE)
		l->oldest = i;
	else
		t->flow[l->newest].newer = i;
	l->newest = i;
	l->n++;
	if (list == LIST_EMBRYO)
		t->crowd[f->crowd]++;
}

static void list_unlink(struct flows *t, struct flow *f)
{
	struct age_list	*l = &t->list[f->list];

	if (f->older == NONE)
		l->oldest = f->newer;
	else
		t->flow[f->older].newer = f->newer;
	if (f->newer == NONE)
		l->newest = f->older;
	else
		t->flow[f->newer].older = f->older;
	l->n--;
	if (f->list == LIST_EMBRYO)
		t->crowd[f->crowd]--;
}

struct flows *flows_new(const struct siphash_key *key)
{
	struct flows *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->key = *key;
	for (size_t i = 0; i < BUCKETS; i++)
		t->bucket[i] = NONE;
	for (size_t i = 0; i < LISTS; i++)
		t->list[i] = (struct age_list){ NONE, NONE, 0 };
	for (size_t i = 0; i < FLOWS_MAX; i++)
		list_append(t, &t->flow[i], LIST_FREE);
	while (t->n_heads < HEADS_MAX) {
		t->free_head[t->n_heads] = &t->head[t->n_heads];
		t->n_heads++;
	}
	while (t->n_replies < REPLIES_MAX) {
		t->free_reply[t->n_replies] = &t->reply[t->n_replies];
		t->n_replies++;
	}
	return t;
}

void flows_free(struct flows *t)
{
	free(t);
}

struct flow *flow_find(struct flows *t, const struct flow_key *key)
{
	for (uint16_t i = *bucket_of(t, key); i != NONE; i = t->flow[i].next_in_bucket)
		if (memcmp(&t->flow[i].key, key, sizeof(*key)) == 0)
			return &t->flow[i];
	return NULL;
}

static uint16_t crowd_of(const struct flows *t, const struct flow_key *key)
{
	struct addr source = addr_source(&key->client);

	return (uint16_t)(siphash(&source, sizeof(source), &t->key) % CROWDS);
}

struct flow *flow_crowding(struct flows *t, const struct flow_key *key)
{
	uint16_t	 mine = crowd_of(t, key);
	bool		 greedy = t->crowd[mine] >= EMBRYOS_PER_SOURCE;
	struct flow	*victim = NULL;

	if (!greedy && t->list[LIST_EMBRYO].n < EMBRYOS_MAX)
		return NULL;
	for (uint16_t i = t->list[LIST_EMBRYO].oldest; i != NONE; i = t->flow[i].newer) {
		struct flow *f = &t->flow[i];

		if (greedy && f->crowd == mine)
			return f;
		if (!victim || t->crowd[f->crowd] > t->crowd[victim->crowd])
			victim = f;
	}
	return victim;
}

static bool make_room(struct flows *t)
{
	uint16_t victim = NONE;

	if (t->list[LIST_EMBRYO].n >= EMBRYOS_MAX)
		victim = t->list[LIST_EMBRYO].oldest;
	else if (t->list[LIST_FREE].n)
		return true;
	else if (t->list[LIST_OVER].n)
		victim = t->list[LIST_OVER].oldest;
	else if (t->list[LIST_EMBRYO].n)
		victim = t->list[LIST_EMBRYO].oldest;
	if (victim == NONE)
		return false;
	flow_remove(t, &t->flow[victim]);
	return true;
}

struct flow *flow_add(struct flows *t, const struct flow_key *key)
{
	uint16_t	*bucket = bucket_of(t, key);
	struct flow	*f;

	if (!make_room(t))
		return NULL;
	/* The slot freed last is still in the cache, and its page in memory. */
	f = &t->flow[t->list[LIST_FREE].newest];
	list_unlink(t, f);
	memset(f, 0, sizeof(*f));
	f->key = *key;
	f->state = FLOW_EMBRYO;
	f->crowd = crowd_of(t, key);
	f->next_in_bucket = *bucket;
	*bucket = index_of(t, f);
	list_append(t, f, LIST_EMBRYO);
	return f;
}

static void leave(struct flows *t, struct flow *f)
{
	flow_drop_head(t, f);
	flow_drop_reply(t, f);
	f->source->flows--;
	f->source = NULL;
}

void flow_set(struct flows *t, struct flow *f, enum flow_state state, uint64_t deadline_ms)
{
	enum list to = list_of(state);

	if (to != f->list) {
		if (f->list == LIST_LIVE)
			leave(t, f);
		list_unlink(t, f);
		list_append(t, f, to);
		if (to == LIST_LIVE)
			f->source->flows++;
	}
	f->state = state;
	f->deadline_ms = deadline_ms;
}

void flow_remove(struct flows *t, struct flow *f)
{
	uint16_t *link = bucket_of(t, &f->key);

	while (*link != index_of(t, f))
		link = &t->flow[*link].next_in_bucket;
	*link = f->next_in_bucket;
	flow_set(t, f, FLOW_FREE, 0);
}

bool flow_take_head(struct flows *t, struct flow *f)
{
	if (!f->head && t->n_heads) {
		f->head = t->free_head[--t->n_heads];
		f->source->heads++;
	}
	return f->head;
}

bool flow_take_reply(struct flows *t, struct flow *f)
{
	if (!f->reply && t->n_replies) {
		f->reply = t->free_reply[--t->n_replies];
		f->reply->len = 0;
	}
	return f->reply;
}

void flow_drop_head(struct flows *t, struct flow *f)
{
	if (f->head) {
		t->free_head[t->n_heads++] = f->head;
		f->source->heads--;
	}
	f->head = NULL;
}

void flow_drop_reply(struct flows *t, struct flow *f)
{
	if (f->reply)
		t->free_reply[t->n_replies++] = f->reply;
	f->reply = NULL;
}

bool flow_live_full(const struct flows *t)
{
	return t->list[LIST_LIVE].n >= LIVE_MAX;
}

static bool gives_way_before(const struct source *a, const struct source *b, bool head)
{
	if (a->proven != b->proven)
		return b->proven;
	return head ? a->heads > b->heads : a->flows > b->flows;
}

struct flow *flow_cheapest(struct flows *t, bool head)
{
	struct flow *cheapest = NULL;

	for (uint16_t i = t->list[LIST_LIVE].oldest; i != NONE; i = t->flow[i].newer) {
		struct flow *f = &t->flow[i];

		if (head && !(f->head && f->state == FLOW_READING))
			continue;
		if (!cheapest || gives_way_before(f->source, cheapest->source, head))
			cheapest = f;
	}
	return cheapest;
}

struct flow *flow_overdue(struct flows *t, uint64_t now_ms)
{
	for (size_t n = 0; n < FLOWS_MAX; n++) {
		struct flow *f = &t->flow[t->cursor];

		t->cursor = (uint16_t)((t->cursor + 1) % FLOWS_MAX);
		if (f->state != FLOW_FREE && now_ms >= f->deadline_ms)
			return f;
	}
	return NULL;
}

static struct flow_row row_of(const struct flow *f)
{
	return (struct flow_row){
		.deadline_ms = f->deadline_ms,
		.client = f->key.client, .agent = f->key.agent,
		.cport = f->key.cport, .aport = f->key.aport,
		.head_len = f->head ? f->head->len : 0,
		.requests = f->requests, .state = (uint8_t)f->state,
	};
}

size_t flows_list(const struct flows *t, struct flow_row out[FLOWS_MAX])
{
	static const enum list	order[] = { LIST_LIVE, LIST_EMBRYO, LIST_OVER };
	size_t			n = 0;

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (uint16_t i = t->list[order[k]].oldest; i != NONE; i = t->flow[i].newer)
			out[n++] = row_of(&t->flow[i]);
	return n;
}

struct use flows_use(const struct flows *t)
{
	return (struct use){
		.embryos = t->list[LIST_EMBRYO].n,
		.live = t->list[LIST_LIVE].n,
		.over = t->list[LIST_OVER].n,
		.heads = (uint16_t)(HEADS_MAX - t->n_heads),
	};
}
