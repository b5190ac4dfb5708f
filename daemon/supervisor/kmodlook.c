// SPDX-License-Identifier: GPL-2.0-or-later

#include "kmodlook.h"

#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "genl.h"
#include "nf_cwmpgate.h"

static int on_state(const struct nlattr *a, void *context)
{
	struct kmod_state *k = context;

	switch (mnl_attr_get_type(a)) {
	case CWMPGATE_A_ABI:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			k->other_version = mnl_attr_get_u32(a) != CWMPGATE_ABI;
		break;
	case CWMPGATE_A_ACTION:
		k->configured = mnl_attr_validate(a, MNL_TYPE_U8) >= 0;
		k->drops = k->configured && mnl_attr_get_u8(a) == CWMPGATE_DROP;
		break;
	case CWMPGATE_A_SIZE:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			k->prefixes = mnl_attr_get_u32(a);
		break;
	case CWMPGATE_A_SOURCES:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			k->sources = mnl_attr_get_u32(a);
		break;
	}
	return MNL_CB_OK;
}

static int on_counter(const struct nlattr *a, void *context)
{
	struct kmod_counter *c = context;

	switch (mnl_attr_get_type(a)) {
	case CWMPGATE_A_REASON:
		if (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(c->name, sizeof(c->name), "%s", mnl_attr_get_str(a));
		break;
	case CWMPGATE_A_PACKETS:
		if (mnl_attr_validate(a, MNL_TYPE_U64) >= 0)
			c->packets = mnl_attr_get_u64(a);
		break;
	}
	return MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *h, void *context)
{
	const struct genlmsghdr	*genl = mnl_nlmsg_get_payload(h);
	struct kmod_state	*k = context;

	if (genl->cmd == CWMPGATE_CMD_GET)
		return mnl_attr_parse(h, sizeof(*genl), on_state, k);
	if (genl->cmd == CWMPGATE_CMD_COUNTERS && k->n_counters < KMOD_COUNTERS_MAX)
		return mnl_attr_parse(h, sizeof(*genl), on_counter, &k->counter[k->n_counters++]);
	return MNL_CB_OK;
}

static bool ask(struct genl *g, uint8_t cmd, uint16_t flags, struct kmod_state *k)
{
	_Alignas(16) char buf[64];

	return genl_ask(g, genl_begin(g, buf, cmd, CWMPGATE_ABI, flags), on_message, k) >= 0;
}

void kmodlook(struct kmod_state *out)
{
	struct genl g;

	memset(out, 0, sizeof(*out));
	/* To ask for the family would load it. */
	if (access("/sys/module/nf_cwmpgate", F_OK) != 0 || !genl_open(&g))
		return;
	out->loaded = genl_resolve(&g, CWMPGATE_GENL_NAME, NULL) == 0 &&
		      ask(&g, CWMPGATE_CMD_GET, NLM_F_ACK, out);
	if (out->loaded && !out->other_version)
		ask(&g, CWMPGATE_CMD_COUNTERS, NLM_F_DUMP, out);
	genl_close(&g);
}

const char *kmod_words(const struct kmod_state *k)
{
	if (!k->loaded)
		return "not loaded; the gate works without";
	if (k->other_version)
		return "of ANOTHER VERSION than this daemon, and not used";
	if (!k->configured)
		return "loaded, and not used here";
	return k->drops ? "drops before the rules" : "counts, and drops nothing";
}
