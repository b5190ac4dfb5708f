// SPDX-License-Identifier: GPL-2.0-or-later

#include "kmod.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "genl.h"
#include "nf_cwmpgate.h"

enum {
	/* Each prefix takes 24 bytes with its header. */
	CONFIG_SIZE	= 24 * (PREFIXES_MAX + FOUND_PREFIXES_MAX) + 4096,
	NEWS_SIZE	= 1 << 14,
};

_Static_assert((int)PREFIXES_MAX + (int)FOUND_PREFIXES_MAX <= CWMPGATE_PREFIXES_MAX &&
	       (int)PORTS_MAX == CWMPGATE_PORTS_MAX &&
	       (int)INTERFACES_MAX == CWMPGATE_INTERFACES_MAX, "the module takes all there can be");

struct kmod {
	struct genl		 ask;
	struct mnl_socket	*listen;
	uint32_t		 group;		/* that is listened to; 0: not yet */
	enum kmod_news		 news;
	_Alignas(16) char	 config[CONFIG_SIZE];
};

/* Families come and go in the group of the controller itself. */
static bool listen_to(struct kmod *k, uint32_t group)
{
	int g = (int)group;

	return mnl_socket_setsockopt(k->listen, NETLINK_ADD_MEMBERSHIP, &g, sizeof(g)) == 0;
}

struct kmod *kmod_open(FILE *err)
{
	struct kmod *k = calloc(1, sizeof(*k));

	if (k && genl_open(&k->ask))
		k->listen = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!k || !k->listen || mnl_socket_bind(k->listen, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    !listen_to(k, GENL_ID_CTRL)) {
		fprintf(err, "generic netlink socket: %s\n", strerror(errno));
		kmod_close(k);
		return NULL;
	}
	return k;
}

void kmod_close(struct kmod *k)
{
	if (!k)
		return;
	genl_close(&k->ask);
	if (k->listen)
		mnl_socket_close(k->listen);
	free(k);
}

static void put_rate(struct nlmsghdr *h, const struct rate *r)
{
	struct nlattr *nest = mnl_attr_nest_start(h, CWMPGATE_A_RATE);

	mnl_attr_put_u32(h, CWMPGATE_RATE_A_EVENTS, r->events);
	mnl_attr_put_u32(h, CWMPGATE_RATE_A_PER_MS, r->per_ms);
	mnl_attr_put_u32(h, CWMPGATE_RATE_A_BURST, r->burst);
	mnl_attr_nest_end(h, nest);
}

static void put_prefix(struct nlmsghdr *h, const struct prefix *p)
{
	bool			four = addr_is4(&p->addr);
	struct cwmpgate_prefix	out = { .version = four ? 4 : 6, .len = p->len };

	if (four)
		memcpy(out.addr, p->addr.b + 12, 4);
	else
		memcpy(out.addr, p->addr.b, 16);
	mnl_attr_put(h, CWMPGATE_A_PREFIX, sizeof(out), &out);
}

/* In mode "block" nobody may come, and so nobody is listed. */
static struct nlmsghdr *put_config(struct kmod *k, const struct conf *c, const struct found *found)
{
	struct nlmsghdr *h = genl_begin(&k->ask, k->config, CWMPGATE_CMD_SET, CWMPGATE_ABI,
					NLM_F_ACK);

	mnl_attr_put_u32(h, CWMPGATE_A_ABI, CWMPGATE_ABI);
	mnl_attr_put_u8(h, CWMPGATE_A_ACTION,
			c->mode == MODE_MONITOR ? CWMPGATE_COUNT : CWMPGATE_DROP);
	mnl_attr_put_u32(h, CWMPGATE_A_MARK, c->mark);
	put_rate(h, &c->syn);
	for (size_t i = 0; i < c->n_ports; i++)
		mnl_attr_put_u16(h, CWMPGATE_A_PORT, c->port[i]);
	for (size_t i = 0; i < c->n_interfaces; i++)
		mnl_attr_put_strz(h, CWMPGATE_A_INTERFACE, c->interface[i]);
	for (size_t i = 0; i < c->n_prefixes && c->mode != MODE_BLOCK; i++)
		put_prefix(h, &c->prefix[i]);
	for (size_t i = 0; i < found->n && c->mode != MODE_BLOCK; i++)
		put_prefix(h, &found->prefix[i]);
	return h;
}

static bool find(struct kmod *k)
{
	if (genl_resolve(&k->ask, CWMPGATE_GENL_NAME, CWMPGATE_GENL_GROUP) < 0)
		return false;
	if (k->ask.group && k->ask.group != k->group && listen_to(k, k->ask.group))
		k->group = k->ask.group;
	return true;
}

static const char *words(int error)
{
	return error == EPROTONOSUPPORT ? "it is of another version than this daemon" :
					  strerror(error);
}

bool kmod_load(struct kmod *k, const struct conf *c, const struct found *found, FILE *err)
{
	bool good;

	if (c->kmod == KMOD_OFF) {
		good = kmod_unload(err);
	} else if (!find(k)) {
		good = c->kmod == KMOD_AUTO;
		if (!good)
			fprintf(err, "kmod = \"require\": the kernel has no module nf_cwmpgate: %s\n",
				strerror(errno));
	} else {
		good = genl_ask(&k->ask, put_config(k, c, found), NULL, NULL) >= 0;
		if (!good)
			fprintf(err, "the module nf_cwmpgate cannot be used: %s\n", words(errno));
	}
	/* What was told meanwhile was our own doing. */
	kmod_news(k);
	return good;
}

static int on_name(const struct nlattr *a, void *context)
{
	bool *ours = context;

	if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_NAME &&
	    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		*ours = strcmp(mnl_attr_get_str(a), CWMPGATE_GENL_NAME) == 0;
	return MNL_CB_OK;
}

static int on_news(const struct nlmsghdr *h, void *context)
{
	const struct genlmsghdr	*genl = mnl_nlmsg_get_payload(h);
	struct kmod		*k = context;
	bool			 ours = false;

	if (h->nlmsg_type == k->ask.family && genl->cmd == CWMPGATE_CMD_LOST) {
		k->news = KMOD_CAME;
		return MNL_CB_OK;
	}
	if (h->nlmsg_type != GENL_ID_CTRL ||
	    (genl->cmd != CTRL_CMD_NEWFAMILY && genl->cmd != CTRL_CMD_DELFAMILY))
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*genl), on_name, &ours);
	if (ours)
		k->news = genl->cmd == CTRL_CMD_NEWFAMILY ? KMOD_CAME : KMOD_WENT;
	return MNL_CB_OK;
}

enum kmod_news kmod_news(struct kmod *k)
{
	_Alignas(16) char	buf[NEWS_SIZE];
	ssize_t			n;

	k->news = KMOD_NO_NEWS;
	while ((n = mnl_socket_recvfrom(k->listen, buf, sizeof(buf))) > 0 ||
	       (n < 0 && errno == ENOBUFS)) {
		if (n < 0)		/* some were not told */
			k->news = KMOD_CAME;
		else
			mnl_cb_run(buf, (size_t)n, 0, 0, on_news, k);
	}
	if (k->news == KMOD_WENT)
		k->group = 0;		/* it went with the family */
	return k->news;
}

bool kmod_unload(FILE *err)
{
	_Alignas(16) char	buf[64];
	struct genl		g;
	bool			good;

	/* To ask for the family would load it. */
	if (access("/sys/module/nf_cwmpgate", F_OK) != 0)
		return true;
	if (!genl_open(&g)) {
		fprintf(err, "generic netlink socket: %s\n", strerror(errno));
		return false;
	}
	good = genl_resolve(&g, CWMPGATE_GENL_NAME, NULL) < 0 ||
	       genl_ask(&g, genl_begin(&g, buf, CWMPGATE_CMD_DEL, CWMPGATE_ABI, NLM_F_ACK),
			NULL, NULL) >= 0 || errno == ENOENT;
	if (!good)
		fprintf(err, "the module nf_cwmpgate keeps its configuration: %s\n",
			strerror(errno));
	genl_close(&g);
	return good;
}
