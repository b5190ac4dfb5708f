// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration and the files of rules/ into the kernel.
 *
 * The files hold the rules as an engineer reads them.  Here only the values are
 * put in front of them, and nft and iptables-nft-restore are run, without a
 * shell; where there is no nftables, rules_ipt.c makes rules of its own.  The order is fail closed: the table with the gate first, then the
 * queue rules; the way back is the reverse.
 */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_values.h"
#include "rules_ipt.h"
#include "rules_rate.h"
#include "rules_xt.h"
#include "run.h"

#define RULES_DIR	"/usr/share/cwmpgate/rules"
#define TABLE		"table inet cwmpgate"

const char *const rules_backend_name[] = {
	[RULES_NATIVE] = "native", [RULES_XT] = "iptables", [RULES_IPTABLES] = "iptables-only",
};

static void print_prefixes(const char *set, const struct prefix *p, size_t n, FILE *out)
{
	char	four = set[strlen(set) - 1], text[PREFIX_TEXT];
	bool	some = false;

	fprintf(out, "\tset %s {\n\t\ttype ipv%c_addr\n\t\tflags interval\n%s", set, four,
		*set == 'a' ? "\t\tauto-merge\n" : "");
	for (size_t i = 0; i < n; i++) {
		if (addr_is4(&p[i].addr) != (four == '4'))
			continue;
		conf_prefix_text(&p[i], text);
		fprintf(out, "%s%s", some ? ",\n\t\t\t     " : "\t\telements = { ", text);
		some = true;
	}
	fputs(some ? " }\n\t}\n" : "\t}\n", out);
}

static void print_acs(const struct conf *c, const struct found *f, FILE *out)
{
	print_prefixes("acs4", c->prefix, c->n_prefixes, out);
	print_prefixes("acs6", c->prefix, c->n_prefixes, out);
	print_prefixes("found4", f ? f->prefix : NULL, f ? f->n : 0, out);
	print_prefixes("found6", f ? f->prefix : NULL, f ? f->n : 0, out);
}

/* The sources a budget is kept for, and the rule that spends it. */
static void print_syn(const struct conf *c, FILE *out)
{
	const struct rate *r = &c->syn;

	for (char v = '4'; v <= '6'; v += 2)
		fprintf(out,
			"\tset syn%c {\n\t\ttype ipv%c_addr\n\t\tflags dynamic, timeout\n"
			"\t\tsize %d\n\t\ttimeout %lus\n\t}\n", v, v, SYN_SOURCES_MAX, rules_refill_s(r));
	fprintf(out,
		"\tchain syn_budget {\n"
		"\t\tupdate @syn4 { ip saddr limit rate %u/%s burst %u packets } accept\n"
		"\t\tupdate @syn6 { ip6 saddr & ffff:ffff:ffff:ffff::"
		" limit rate %u/%s burst %u packets } accept\n"
		"\t}\n",
		r->events, rules_per(r), r->burst, r->events, rules_per(r), r->burst);
}

/* A chain that accepts what the setting interfaces leaves alone. */
static void print_others(const struct conf *c, const char *chain, const char *key, FILE *out)
{
	fprintf(out, "\tchain %s {\n", chain);
	for (size_t i = 0; i < c->n_interfaces; i++)
		fprintf(out, "%s%s\"%s\"", i ? ", " : "\t\t", i ? "" : key, c->interface[i]);
	fputs(c->n_interfaces ? " } accept\n\t}\n" : "\t}\n", out);
}

/* Where failing open was asked for, the gate lets pass what nobody has marked. */
static void print_unmarked(const struct conf *c, FILE *out)
{
	const char *why = c->down_open ? "daemon_down" : "overload";

	fputs("\tchain unmarked_passes {\n", out);
	if (c->mode == MODE_ENFORCE && (c->down_open || c->overload_open))
		fprintf(out, "\t\taccept comment \"%s = open\"\n", why);
	fputs("\t}\n", out);
}

static void print_ask(const struct conf *c, FILE *out)
{
	bool bypass = c->mode == MODE_MONITOR || c->down_open;

	fprintf(out, TABLE " {\n\tchain ask_daemon {\n\t\tqueue num $gate_queue%s\n\t}\n}\n\n",
		bypass ? " bypass" : "");
}

static void print_ports(const struct conf *c, FILE *out)
{
	for (size_t i = 0; i < c->n_ports; i++)
		fprintf(out, "%s %u", i ? "," : "", c->port[i]);
}

static void print_values(const struct conf *c, const struct found *f, FILE *out)
{
	char queues[QUEUES_TEXT];

	/* Replaces in one transaction; nft before 1.0.7 has no "destroy". */
	fprintf(out, "# values of %s\n%s\ndelete %s\n\n", c->file, TABLE, TABLE);

	fputs("define guarded_ports = {", out);
	print_ports(c, out);
	fputs(" }\n", out);
	fprintf(out, "define gate_mark = 0x%08x\n", c->mark);
	fprintf(out, "define other_marks = 0x%08x\n", ~c->mark);
	fprintf(out, "define gate_queue = %s\n\n%s {\n",
		conf_queues_text(c->queue, c->queues, '-', queues), TABLE);

	print_acs(c, f, out);
	print_syn(c, out);
	print_others(c, "other_interfaces_in", "iifname != { ", out);
	print_others(c, "other_interfaces_out", "oifname != { ", out);
	print_unmarked(c, out);
	fputs("}\n\n", out);
}

static bool copy_file(const char *name, FILE *out, FILE *err)
{
	const char	*dir = secure_getenv("CWMPGATE_RULES_DIR");
	char		 path[512], buf[4096];
	size_t		 n;
	bool		 ok;
	FILE		*f;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : RULES_DIR, name);
	f = fopen(path, "re");
	if (!f) {
		fprintf(err, "%s: %s\n", path, strerror(errno));
		return false;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, out);
	ok = !ferror(f);
	if (!ok)
		fprintf(err, "%s: %s\n", path, strerror(errno));
	fclose(f);
	return ok;
}

static bool print_ruleset(const struct conf *c, const struct found *f, bool queue, FILE *out,
			  FILE *err)
{
	print_values(c, f, out);
	if (queue && c->mode != MODE_BLOCK)
		print_ask(c, out);
	switch (c->mode) {
	case MODE_MONITOR:
		return copy_file("monitor.nft", out, err) &&
		       (!queue || copy_file("monitor-queue.nft", out, err));
	case MODE_ENFORCE:
		return copy_file("enforce.nft", out, err) &&
		       (!queue || copy_file("enforce-queue.nft", out, err));
	case MODE_BLOCK:
		return copy_file("block.nft", out, err);
	}
	return false;
}

bool rules_print(const struct conf *c, FILE *out)
{
	if (c->firewall == FIREWALL_IPTABLES) {
		rules_ipt_print(c, out);
		return true;
	}
	return print_ruleset(c, NULL, true, out, out);
}

static bool nft(const char *ruleset, FILE *err)
{
	const char *const	argv[] = { "nft", "-f", "-", NULL };
	char			*said;
	enum ran		ran = run(argv, ruleset, &said);

	switch (ran) {
	case RAN_OK:
		break;
	case RAN_MISSING:
		fputs("nft is not installed; Debian has it in nftables,"
		      " OpenWrt in nftables-json or nftables-nojson\n", err);
		break;
	case RAN_FAILED:
		run_repeat("nft", said, err);
		if (said && strstr(said, "Operation not permitted"))
			fputs("loading rules needs root or CAP_NET_ADMIN\n", err);
		else if (said && (strstr(said, "No such file") || strstr(said, "not supported")))
			fputs("the kernel lacks a part of nf_tables (inet, fib, ct, limit, objref);"
			      " Debian's kernels have all, OpenWrt has them in kmod-nft-core"
			      " and kmod-nft-fib\n", err);
		else
			fputs("the line numbers are those of what cwmpgated -p prints\n", err);
		break;
	}
	free(said);
	return ran == RAN_OK;
}

/* Whether nft and the kernel know the queue statement (CONFIG_NFT_QUEUE). */
static bool has_queue(void)
{
	const char *const argv[] = { "nft", "-c", "-f", "-", NULL };

	return run(argv, "table inet cwmpgate_probe {\n"
			 "\tchain probe {\n"
			 "\t\ttype filter hook input priority 0; policy accept;\n"
			 "\t\tqueue num 0\n"
			 "\t}\n"
			 "}\n", NULL) == RAN_OK;
}

static bool has_table(void)
{
	const char *const argv[] = { "nft", "list", "table", "inet", "cwmpgate", NULL };

	return run(argv, NULL, NULL) == RAN_OK;
}

bool rules_present(enum rules_backend used)
{
	switch (used) {
	case RULES_NATIVE:
		return has_table();
	case RULES_XT:
		return has_table() && rules_xt_present();
	case RULES_IPTABLES:
		return rules_ipt_present();
	}
	return false;
}

/* Whether nft is installed and the kernel has nf_tables. */
static bool has_nftables(void)
{
	const char *const argv[] = { "nft", "-c", "-f", "-", NULL };

	return run(argv, "table inet cwmpgate_probe { }\n", NULL) == RAN_OK;
}

/* The table last: as long as it stands, its gate is closed. */
static bool unload_nftables(FILE *err)
{
	bool gone = rules_xt_unload(err);

	/* The first line makes the second right where there is none. */
	return nft(TABLE "\ndelete " TABLE "\n", err) && gone;
}

bool rules_unload(FILE *err)
{
	bool gone = rules_ipt_unload(err);

	/* A router without nftables has nothing of it to remove. */
	if (rules_ipt_possible() && !has_nftables())
		return gone;
	return unload_nftables(err) && gone;
}

static char *ruleset(const struct conf *c, const struct found *found, bool queue, FILE *err)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*f = open_memstream(&text, &len);
	bool	 ok;

	if (!f) {
		fprintf(err, "%s\n", strerror(errno));
		return NULL;
	}
	ok = print_ruleset(c, found, queue, f, err);
	if (fclose(f) == 0 && ok)
		return text;
	free(text);
	return NULL;
}

static bool load_nftables(const struct conf *c, const struct found *found,
			  enum rules_backend *used, FILE *err)
{
	bool	 first = !has_table();
	bool	 xt = c->mode != MODE_BLOCK && !has_queue();
	char	*text = ruleset(c, found, !xt, err);
	bool	 ok = text && nft(text, err);

	free(text);
	if (!ok)
		return false;		/* a transaction: nothing has changed */
	*used = xt ? RULES_XT : RULES_NATIVE;
	if (xt ? rules_xt_load(c, err) : rules_xt_unload(err))
		return true;
	if (first)
		unload_nftables(err);
	else
		fputs("the rules are loaded, but not the way to the daemon\n", err);
	return false;
}

bool rules_wants_iptables(const struct conf *c)
{
	switch (c->firewall) {
	case FIREWALL_NFTABLES:
		return false;
	case FIREWALL_IPTABLES:
		return true;
	case FIREWALL_AUTO:
		break;
	}
	return !has_nftables() && rules_ipt_possible();
}

/* The new ones stand before the old ones of the other kind go. */
bool rules_load(const struct conf *c, const struct found *found, enum rules_backend *used,
		FILE *err)
{
	if (!rules_wants_iptables(c))
		return load_nftables(c, found, used, err) && rules_ipt_unload(err);
	*used = RULES_IPTABLES;
	if (!rules_ipt_load(c, found, err))
		return false;
	return !has_table() || unload_nftables(err);
}

void rules_close(const struct conf *c, FILE *err)
{
	static struct conf	closed;
	enum rules_backend	used;
	bool			done;

	if (!c->closes)
		return;
	if (has_table() || rules_ipt_any()) {
		fputs("cwmpgated does not start; the rules loaded before stay\n", err);
		return;
	}
	closed = *c;
	closed.mode = MODE_BLOCK;
	done = rules_load(&closed, NULL, &used, err);
	fputs("cwmpgated does not start; ports", err);
	print_ports(c, err);
	fputs(done ? " are closed to everybody until it does (cwmpgated -u opens them)\n" :
	      " could not be closed, they are as open as without it\n", err);
}
