// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two queue chains for kernels without nft's queue statement: iptables-nft
 * in the mangle table, whose INPUT (-150) comes before the gate (-5).
 *
 * What is ours there is found in what iptables itself lists, so that a jump
 * that was made twice, or long ago with other settings, goes as well.
 */
#include "rules_xt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_values.h"
#include "run.h"

#define NO_QUEUE "the kernel has no nft queue statement (OpenWrt: kmod-nft-queue)"

bool rules_xt_has_ip6(void)
{
	return access("/proc/self/net/if_inet6", F_OK) == 0;
}

/* One of the two families that iptables knows apart. */
struct family {
	const char	*name;		/* nft's */
	const char	*list, *restore;
};

static const struct family families[] = {
	{ "ip",  "iptables-nft",  "iptables-nft-restore" },
	{ "ip6", "ip6tables-nft", "ip6tables-nft-restore" },
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/*
 * The mangle table as "-S" prints it; NULL, and nothing said, if there is no
 * iptables: then nothing of ours is in it.
 */
static char *xt_list(const struct family *f)
{
	const char *const	argv[] = { f->list, "-w", "-t", "mangle", "-S", NULL };
	char			*said;

	if (run(argv, NULL, &said) == RAN_OK)
		return said;
	free(said);
	return NULL;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

void rules_xt_print_unjump(const char *listing, FILE *out)
{
	static const char jump[] = "-j CWMPGATE_";

	while (*listing) {
		size_t len = strcspn(listing, "\n");

		if (begins(listing, "-A ") && !begins(listing, "-A CWMPGATE_") &&
		    memmem(listing, len, jump, strlen(jump)))
			fprintf(out, "-D %.*s\n", (int)len - 3, listing + 3);
		listing += len + (listing[len] == '\n');
	}
}

void rules_xt_print_nfqueue(const struct conf *c, bool bypass, FILE *out)
{
	char queues[QUEUES_TEXT];

	fprintf(out, "-j NFQUEUE --queue-%s %s%s\n", c->queues > 1 ? "balance" : "num",
		conf_queues_text(c->queue, c->queues, ':', queues), bypass ? " --queue-bypass" : "");
}

/* The queue rules of one direction, for every guarded interface and port. */
static void print_xt_queue(const struct conf *c, const char *chain, const char *iface,
			   const char *port, bool bypass, FILE *out)
{
	for (size_t i = 0; i < c->n_interfaces || i == 0; i++) {
		for (size_t p = 0; p < c->n_ports; p++) {
			fprintf(out, "-A %s ", chain);
			if (c->n_interfaces)
				fprintf(out, "%s %s ", iface, c->interface[i]);
			fprintf(out, "-p tcp %s %u ", port, c->port[p]);
			rules_xt_print_nfqueue(c, bypass, out);
		}
	}
}

/* enforce-queue.nft or monitor-queue.nft for iptables-restore --noflush. */
static void print_xt(const struct conf *c, const char *listing, FILE *out)
{
	fputs("*mangle\n", out);
	rules_xt_print_unjump(listing, out);
	/* Makes the chain, or empties it. */
	fputs(":CWMPGATE_IN - [0:0]\n:CWMPGATE_OUT - [0:0]\n", out);
	if (c->mode == MODE_ENFORCE) {
		fprintf(out, "-A CWMPGATE_IN -i lo -m mark --mark 0x%x/0x%x -j RETURN\n",
			c->mark, c->mark);
		fprintf(out, "-A CWMPGATE_OUT -m mark --mark 0x%x/0x%x -j RETURN\n",
			c->mark, c->mark);
	}
	print_xt_queue(c, "CWMPGATE_IN", "-i", "--dport", c->mode == MODE_MONITOR || c->down_open,
		       out);
	fputs("-A CWMPGATE_OUT -m conntrack --ctdir ORIGINAL -j RETURN\n", out);
	print_xt_queue(c, "CWMPGATE_OUT", "-o", "--sport", true, out);
	/* First in the table: a rule before it could accept. */
	fputs("-I INPUT 1 -p tcp -j CWMPGATE_IN\n-I OUTPUT 1 -p tcp -j CWMPGATE_OUT\nCOMMIT\n", out);
}

static void print_xt_removal(const char *listing, FILE *out)
{
	fputs("*mangle\n", out);
	rules_xt_print_unjump(listing, out);
	if (strstr(listing, "-N CWMPGATE_IN\n"))
		fputs("-F CWMPGATE_IN\n-X CWMPGATE_IN\n", out);
	if (strstr(listing, "-N CWMPGATE_OUT\n"))
		fputs("-F CWMPGATE_OUT\n-X CWMPGATE_OUT\n", out);
	fputs("COMMIT\n", out);
}

static bool xt_restore(const struct family *f, const char *text, FILE *err)
{
	const char *const	argv[] = { f->restore, "-w", "--noflush", NULL };
	char			*said;
	enum ran		ran = run(argv, text, &said);

	switch (ran) {
	case RAN_OK:
		break;
	case RAN_MISSING:
		fprintf(err, NO_QUEUE ", and %s is not installed;"
			" Debian has it in iptables, OpenWrt in %s\n", f->restore, f->list);
		break;
	case RAN_FAILED:
		run_repeat(f->restore, said, err);
		fputs(NO_QUEUE ", and the way through iptables needs NFQUEUE, mark and"
		      " conntrack; Debian's kernels have them, OpenWrt has them in"
		      " kmod-nft-compat, kmod-ipt-nfqueue, iptables-mod-nfqueue and"
		      " kmod-ipt-conntrack\n", err);
		break;
	}
	free(said);
	return ran == RAN_OK;
}

/*
 * Whether nft shows the mangle table with nothing but base chains that accept,
 * as iptables-nft makes them for the first rule and leaves them behind.
 */
static bool is_bare(const char *table)
{
	unsigned chains = 0, bases = 0;

	while (*table) {
		size_t		 len = strcspn(table, "\n") + 1;
		const char	*line = table + strspn(table, "\t");

		if (begins(line, "chain "))
			chains++;
		else if (begins(line, "type ") && memmem(table, len, "policy accept;", 14))
			bases++;
		else if (!strchr("#}\n", *line) && !begins(line, "table "))
			return false;	/* a rule, a set, another policy */
		table += len;
	}
	return chains == bases;
}

/* An empty mangle table does nothing; iptables-nft makes it again when asked. */
static void drop_bare_table(const struct family *f)
{
	const char *const	list[] = { "nft", "list", "table", f->name, "mangle", NULL };
	const char *const	delete[] = { "nft", "delete", "table", f->name, "mangle", NULL };
	char			*said;

	if (run(list, NULL, &said) == RAN_OK && said && is_bare(said))
		run(delete, NULL, NULL);
	free(said);
}

/* Makes the chains of @c, or, if it is NULL, removes what @listing shows. */
static bool xt_apply(const struct family *f, const struct conf *c, const char *listing, FILE *err)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out = open_memstream(&text, &len);
	bool	 ok;

	if (!out) {
		fprintf(err, "%s\n", strerror(errno));
		return false;
	}
	if (c)
		print_xt(c, listing, out);
	else
		print_xt_removal(listing, out);
	ok = fclose(out) == 0 && xt_restore(f, text, err);
	free(text);
	return ok;
}

bool rules_xt_load(const struct conf *c, FILE *err)
{
	bool ok = true;

	for (size_t i = 0; i < FAMILIES && ok; i++) {
		char *listing;

		if (i == 1 && !rules_xt_has_ip6())
			continue;
		listing = xt_list(&families[i]);
		ok = xt_apply(&families[i], c, listing ? listing : "", err);
		free(listing);
	}
	return ok;
}

bool rules_xt_present(void)
{
	bool all = true;

	for (size_t i = 0; i < FAMILIES && all; i++) {
		char *listing;

		if (i == 1 && !rules_xt_has_ip6())
			continue;
		listing = xt_list(&families[i]);
		all = listing && strstr(listing, "-j CWMPGATE_IN\n") &&
		      strstr(listing, "-j CWMPGATE_OUT\n");
		free(listing);
	}
	return all;
}

bool rules_xt_unload(FILE *err)
{
	bool gone = true;

	for (size_t i = 0; i < FAMILIES; i++) {
		char *listing = xt_list(&families[i]);

		if (listing && strstr(listing, "CWMPGATE_")) {
			gone &= xt_apply(&families[i], NULL, listing, err);
			drop_bare_table(&families[i]);
		}
		free(listing);
	}
	return gone;
}
