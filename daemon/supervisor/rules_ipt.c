// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet for a guarded port, in the order of the hooks:
 *
 *	CWMPGATE_EARLY  raw PREROUTING    before conntrack: who may come, how often
 *	CWMPGATE_ASK    mangle INPUT      once more, then to the daemon
 *	CWMPGATE_REPLY  mangle OUTPUT     the agent's answers, to the daemon
 *	CWMPGATE_GATE   filter INPUT      what the daemon did not mark ends here
 *
 * Each has a chain in front of it that finds the guarded interfaces and ports
 * (CWMPGATE_RAW, _IN, _OUT, _FILTER), so that nobody else's packet gets further.
 */
#include "rules_ipt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_values.h"
#include "limit.h"
#include "rules_rate.h"
#include "rules_xt.h"
#include "run.h"

/* One of the three tables.  The order is that of loading: the gate comes first. */
static const struct table {
	const char	*name;
	struct { const char *hook, *chain, *iface, *port, *to; } way[2];
} tables[] = {
	{ "filter", { { "INPUT", "CWMPGATE_FILTER", "-i", "--dport", "CWMPGATE_GATE" } } },
	{ "mangle", { { "INPUT", "CWMPGATE_IN", "-i", "--dport", "CWMPGATE_ASK" },
		      { "OUTPUT", "CWMPGATE_OUT", "-o", "--sport", "CWMPGATE_REPLY" } } },
	{ "raw", { { "PREROUTING", "CWMPGATE_RAW", "-i", "--dport", "CWMPGATE_EARLY" } } },
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]), WAYS = 2 };

/* Lines of ours in what iptables-save said after the last load. */
static size_t loaded_lines[2];

enum ran rules_ipt_run(bool four, const char *tool, const char *const more[3],
		       const char *input, char **said)
{
	const char	*six = four ? "" : "6";
	char		 name[40], *version = NULL;
	const char	*argv[] = { name, more[0], more[1], more[2], NULL };
	const char	*ask[] = { name, "-V", NULL };
	enum ran	 ran;

	snprintf(name, sizeof(name), "ip%stables-legacy%s", six, tool);
	ran = run(argv, input, said);
	if (ran != RAN_MISSING)
		return ran;
	/* Without that name iptables itself is of the old kind, or of the new one. */
	snprintf(name, sizeof(name), "ip%stables", six);
	ran = run(ask, NULL, &version);
	if (ran == RAN_OK && version && strstr(version, "nf_tables"))
		ran = RAN_MISSING;
	free(version);
	if (ran != RAN_OK)
		return RAN_MISSING;
	if (said)
		free(*said);
	snprintf(name, sizeof(name), "ip%stables%s", six, tool);
	return run(argv, input, said);
}

bool rules_ipt_possible(void)
{
	return rules_ipt_run(true, "", (const char *const[3]){ "-V" }, NULL, NULL) == RAN_OK;
}

/* What is loaded, NULL if that cannot be told. */
static char *saved(bool four)
{
	char *said = NULL;

	if (rules_ipt_run(four, "-save", (const char *const[3]){ NULL }, NULL, &said) == RAN_OK)
		return said;
	free(said);
	return NULL;
}

static size_t lines_of_ours(const char *save)
{
	size_t n = 0;

	for (const char *at = save; at && (at = strstr(at, "CWMPGATE_")); at++)
		n++;
	return n;
}

static void print_prefix(const struct prefix *p, char v, FILE *out)
{
	static const struct addr	half6 = { { 0x80 } };
	struct prefix			half[2] = { *p, *p };
	char				text[PREFIX_TEXT];

	/* hash:net has no /0: both halves of it instead. */
	half[0].len = half[1].len = p->len ? p->len : 1;
	if (v == '4')
		half[1].addr = p->len ? p->addr : addr_from4((const uint8_t[4]){ 0x80 });
	else
		half[1].addr = p->len ? p->addr : half6;
	for (size_t i = 0; i < (p->len ? 1 : 2); i++) {
		conf_prefix_text(&half[i], text);
		fprintf(out, "add cwmpgate-new%c %s\n", v, text);
	}
}

/* For "ipset restore -exist": a swap changes the whole set at one moment. */
static void print_sets(const struct conf *c, const struct found *found, bool four, FILE *out)
{
	char		 v = four ? '4' : '6';
	const char	*family = four ? "inet" : "inet6";
	const char	*name[] = { "acs", "new" };

	for (size_t i = 0; i < 2; i++)
		fprintf(out, "create cwmpgate-%s%c hash:net family %s maxelem %d\n", name[i], v,
			family, 2 * PREFIXES_MAX);
	fprintf(out, "flush cwmpgate-new%c\n", v);
	for (size_t i = 0; i < c->n_prefixes; i++)
		if (addr_is4(&c->prefix[i].addr) == four)
			print_prefix(&c->prefix[i], v, out);
	for (size_t i = 0; found && i < found->n; i++)
		if (addr_is4(&found->prefix[i].addr) == four)
			print_prefix(&found->prefix[i], v, out);
	fprintf(out, "swap cwmpgate-new%c cwmpgate-acs%c\ndestroy cwmpgate-new%c\n", v, v, v);
	fprintf(out, "create cwmpgate-ban%c hash:ip family %s%s maxelem %d timeout 0\n", v, family,
		four ? "" : " netmask 64", SOURCES_MAX);
}

/* Where the packet goes that is to be dropped: in monitor it is only counted. */
static const char *refused(const struct conf *c)
{
	return c->mode == MODE_MONITOR ? "RETURN" : "DROP";
}

static void print_allowed(const struct conf *c, const char *chain, char v, FILE *out)
{
	fprintf(out, "-A %s -m set --match-set cwmpgate-ban%c src -m comment --comment banned -j %s\n",
		chain, v, refused(c));
	fprintf(out, "-A %s -m set ! --match-set cwmpgate-acs%c src -m comment --comment not_acs -j %s\n",
		chain, v, refused(c));
}

static void print_own(const struct conf *c, const char *chain, const char *iface, FILE *out)
{
	if (c->mode == MODE_ENFORCE)
		fprintf(out, "-A %s %s-m mark --mark 0x%x/0x%x -j RETURN\n", chain, iface,
			c->mark, c->mark);
}

/* hashlimit drops by itself when its table is full. */
static void print_early(const struct conf *c, bool four, FILE *out)
{
	char v = four ? '4' : '6';

	print_own(c, "CWMPGATE_EARLY", "-i lo ", out);
	print_allowed(c, "CWMPGATE_EARLY", v, out);
	fprintf(out,
		"-A CWMPGATE_EARLY -p tcp ! --syn -j RETURN\n"
		"-A CWMPGATE_EARLY -m hashlimit --hashlimit-upto %u/%s --hashlimit-burst %u"
		" --hashlimit-mode srcip --hashlimit-srcmask %d --hashlimit-name cwmpgate-syn%c"
		" --hashlimit-htable-max %d --hashlimit-htable-expire %lu -j RETURN\n"
		"-A CWMPGATE_EARLY -m comment --comment syn_over_rate -j %s\n",
		c->syn.events, rules_per(&c->syn), c->syn.burst, four ? 32 : 64, v,
		SYN_SOURCES_MAX, rules_refill_s(&c->syn) * 1000, refused(c));
}

static void print_queues(const struct conf *c, bool four, FILE *out)
{
	bool monitor = c->mode == MODE_MONITOR;

	print_own(c, "CWMPGATE_ASK", "-i lo ", out);
	if (!monitor) {
		/* Again, for a port that was redirected to a guarded one. */
		print_allowed(c, "CWMPGATE_ASK", four ? '4' : '6', out);
		fprintf(out, "-A CWMPGATE_ASK -j MARK --and-mark 0x%x\n", ~c->mark);
	}
	fputs("-A CWMPGATE_ASK -p tcp ", out);
	rules_xt_print_nfqueue(c, monitor || c->down_open, out);
	print_own(c, "CWMPGATE_REPLY", "", out);
	fputs("-A CWMPGATE_REPLY -m conntrack --ctdir ORIGINAL -j RETURN\n", out);
	fputs("-A CWMPGATE_REPLY -p tcp ", out);
	rules_xt_print_nfqueue(c, true, out);
}

static void print_gate(const struct conf *c, FILE *out)
{
	if (c->mode == MODE_MONITOR)
		return;
	print_own(c, "CWMPGATE_GATE", "", out);
	if (c->mode == MODE_ENFORCE && (c->down_open || c->overload_open))
		fprintf(out, "-A CWMPGATE_GATE -m comment --comment \"%s = open\" -j RETURN\n",
			c->down_open ? "daemon_down" : "overload");
	fprintf(out, "-A CWMPGATE_GATE -m comment --comment %s -j DROP\n",
		c->mode == MODE_BLOCK ? "blocked" : "unmarked");
}

/* From the hook to the chain that decides, for every guarded interface and port. */
static void print_way(const struct conf *c, const struct table *t, size_t way, FILE *out)
{
	const char *only = strcmp(t->name, "raw") ? "" : " -m addrtype --dst-type LOCAL";

	fprintf(out, ":%s - [0:0]\n:%s - [0:0]\n", t->way[way].chain, t->way[way].to);
	for (size_t i = 0; i < c->n_interfaces || i == 0; i++) {
		for (size_t p = 0; p < c->n_ports; p++) {
			fprintf(out, "-A %s ", t->way[way].chain);
			if (c->n_interfaces)
				fprintf(out, "%s %s ", t->way[way].iface, c->interface[i]);
			fprintf(out, "-p tcp %s %u%s -j %s\n", t->way[way].port, c->port[p], only,
				t->way[way].to);
		}
	}
	fprintf(out, "-I %s 1 -p tcp -j %s\n", t->way[way].hook, t->way[way].chain);
}

static void print_rules(const struct conf *c, const struct table *t, bool four, FILE *out)
{
	if (strcmp(t->name, "filter") == 0)
		print_gate(c, out);
	else if (strcmp(t->name, "mangle") == 0 && c->mode != MODE_BLOCK)
		print_queues(c, four, out);
	else if (strcmp(t->name, "raw") == 0 && c->mode != MODE_BLOCK)
		print_early(c, four, out);
	else if (c->mode == MODE_BLOCK && strcmp(t->name, "raw") == 0)
		fputs("-A CWMPGATE_EARLY -m comment --comment blocked -j DROP\n", out);
}

/* The part of @save between "*@table" and its COMMIT goes to @out. */
static void print_section(const char *save, const char *table, void (*each)(const char *, FILE *),
			  FILE *out)
{
	char		 head[16];
	const char	*at, *end;
	char		*part;

	snprintf(head, sizeof(head), "*%s\n", table);
	at = save ? strstr(save, head) : NULL;
	end = at ? strstr(at, "\nCOMMIT\n") : NULL;
	part = end ? strndup(at, (size_t)(end + 1 - at)) : NULL;
	if (part)
		each(part, out);
	free(part);
}

/* Every chain of ours is named ":CWMPGATE_X - [N:N]" in what iptables-save says. */
static void print_chains_off(const char *section, FILE *out)
{
	for (const char *pass = "FX"; *pass; pass++)
		for (const char *at = section; (at = strstr(at, "\n:CWMPGATE_")); at++)
			fprintf(out, "-%c %.*s\n", *pass, (int)strcspn(at + 2, " "), at + 2);
}

static void print_ruleset(const struct conf *c, bool four, const char *save, FILE *out)
{
	for (size_t i = 0; i < TABLES; i++) {
		const struct table *t = &tables[i];

		fprintf(out, "*%s\n", t->name);
		print_section(save, t->name, rules_xt_print_unjump, out);
		for (size_t w = 0; w < WAYS && t->way[w].hook; w++)
			print_way(c, t, w, out);
		print_rules(c, t, four, out);
		fputs("COMMIT\n", out);
	}
}

static void print_removal(const char *save, FILE *out)
{
	for (size_t i = TABLES; i-- > 0;) {
		char head[16];

		snprintf(head, sizeof(head), "*%s\n", tables[i].name);
		if (!strstr(save, head))
			continue;
		fputs(head, out);
		print_section(save, tables[i].name, rules_xt_print_unjump, out);
		print_section(save, tables[i].name, print_chains_off, out);
		fputs("COMMIT\n", out);
	}
}

void rules_ipt_print(const struct conf *c, FILE *out)
{
	for (int four = 1; four >= 0; four--) {
		fprintf(out, "# values of %s, for ipset restore -exist\n", c->file);
		print_sets(c, NULL, four, out);
		fprintf(out, "# for ip%stables-restore --noflush\n", four ? "" : "6");
		print_ruleset(c, four, NULL, out);
	}
}

static bool say(const char *program, enum ran ran, const char *said, FILE *err)
{
	if (ran == RAN_MISSING)
		fprintf(err, "%s is not installed; Debian has it in iptables and ipset, OpenWrt in"
			" iptables or iptables-zz-legacy, ip6tables, ipset\n", program);
	else if (ran == RAN_FAILED) {
		run_repeat(program, said, err);
		fputs("the rules through iptables need raw, mangle, NFQUEUE, set, hashlimit, mark,"
		      " addrtype, comment and conntrack; OpenWrt has them in iptables-mod-nfqueue,"
		      " kmod-ipt-raw, kmod-ipt-raw6, kmod-ipt-ipset, iptables-mod-hashlimit,"
		      " kmod-ipt-extra and kmod-ipt-conntrack\n", err);
	}
	return ran == RAN_OK;
}

static bool restore(bool four, const char *text, FILE *err)
{
	char		*said = NULL;
	enum ran	 ran = rules_ipt_run(four, "-restore",
					     (const char *const[3]){ "-w", "--noflush" }, text, &said);
	bool		 ok = say(four ? "iptables-restore" : "ip6tables-restore", ran, said, err);

	free(said);
	return ok;
}

static bool ipset(const char *text, FILE *err)
{
	const char *const	argv[] = { "ipset", "restore", "-exist", NULL };
	char			*said = NULL;
	bool			 ok = say("ipset", run(argv, text, &said), said, err);

	free(said);
	return ok;
}

static bool load_family(const struct conf *c, const struct found *found, bool four, FILE *err)
{
	char	*text = NULL, *save = saved(four);
	size_t	 len, sets;
	FILE	*out = open_memstream(&text, &len);
	bool	 ok = false;

	if (out) {
		print_sets(c, found, four, out);
		fputc('\0', out);
		fflush(out);
		sets = len;
		print_ruleset(c, four, save, out);
		ok = fclose(out) == 0 && ipset(text, err) && restore(four, text + sets, err);
	}
	free(text);
	free(save);
	save = ok ? saved(four) : NULL;
	loaded_lines[!four] = lines_of_ours(save);
	free(save);
	return ok && loaded_lines[!four];
}

bool rules_ipt_load(const struct conf *c, const struct found *found, FILE *err)
{
	char *before = saved(true);
	bool  first = !lines_of_ours(before);
	bool  ok = load_family(c, found, true, err) &&
		   (!rules_xt_has_ip6() || load_family(c, found, false, err));

	free(before);
	if (!ok && first)
		rules_ipt_unload(err);
	return ok;
}

bool rules_ipt_found(const struct conf *c, const struct found *found, FILE *err)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out = open_memstream(&text, &len);
	bool	 ok = false;

	if (out) {
		print_sets(c, found, true, out);
		if (rules_xt_has_ip6())
			print_sets(c, found, false, out);
		ok = fclose(out) == 0 && ipset(text, err);
	}
	free(text);
	return ok;
}

bool rules_ipt_present(void)
{
	bool all = true;

	for (int four = 1; four >= (rules_xt_has_ip6() ? 0 : 1) && all; four--) {
		char *save = saved(four);

		all = save && lines_of_ours(save) == loaded_lines[!four];
		free(save);
	}
	return all;
}

bool rules_ipt_any(void)
{
	char *save = saved(true);
	bool  any = lines_of_ours(save);

	free(save);
	return any;
}

static bool unload_family(bool four, FILE *err)
{
	char	*text = NULL, *save = saved(four);
	size_t	 len;
	FILE	*out = lines_of_ours(save) ? open_memstream(&text, &len) : NULL;
	bool	 gone = true;

	if (out) {
		print_removal(save, out);
		gone = fclose(out) == 0 && restore(four, text, err);
	}
	free(text);
	free(save);
	return gone;
}

bool rules_ipt_unload(FILE *err)
{
	const char *const	list[] = { "ipset", "list", "-n", NULL };
	bool			 gone = unload_family(true, err);
	char			*said = NULL, *rest = NULL;

	gone &= unload_family(false, err);
	if (gone && run(list, NULL, &said) == RAN_OK && said)
		for (char *name = strtok_r(said, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
			const char *const destroy[] = { "ipset", "destroy", name, NULL };

			if (strncmp(name, "cwmpgate-", 9) == 0)
				gone &= run(destroy, NULL, NULL) == RAN_OK;
		}
	free(said);
	return gone;
}
