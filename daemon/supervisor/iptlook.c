// SPDX-License-Identifier: GPL-2.0-or-later

#include "iptlook.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules_ipt.h"
#include "run.h"

enum { NAME_SIZE = 32 };

bool iptlook_has_tables(bool four)
{
	FILE	*f = fopen(four ? "/proc/self/net/ip_tables_names" :
			   "/proc/self/net/ip6_tables_names", "re");
	bool	 some = f && fgetc(f) != EOF;

	if (f)
		fclose(f);
	return some;
}

char *iptlook_save(bool four)
{
	char *said = NULL;

	if (iptlook_has_tables(four) && rules_ipt_run(four, "-save", (const char *const[3]){ "-c" }, NULL,
					      &said) == RAN_OK)
		return said;
	free(said);
	return NULL;
}

/* A comment of one word is the name of a counter, as in rules/; others explain. */
static bool counter_of(const char *line, struct nft_counter *c)
{
	const char *name = strstr(line, " --comment ");

	if (!strstr(line, " -A CWMPGATE_") ||
	    sscanf(line, "[%" SCNu64 ":%" SCNu64 "]", &c->packets, &c->bytes) != 2)
		return false;
	name = name ? name + strlen(" --comment ") : "";
	snprintf(c->name, sizeof(c->name), "%.*s",
		 (int)strspn(name, "abcdefghijklmnopqrstuvwxyz_"), name);
	return *c->name && name[strlen(c->name)] == ' ';
}

static int add_counter(const struct nft_counter *c, struct nft_counter *all, int n, size_t max)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(all[i].name, c->name) == 0) {
			all[i].packets += c->packets;
			all[i].bytes += c->bytes;
			return n;
		}
	}
	if ((size_t)n == max)
		return n;
	all[n] = *c;
	return n + 1;
}

int iptlook_counters(struct nft_counter *out, size_t max)
{
	struct nft_counter	c;
	int			n = 0;

	for (int four = 1; four >= 0; four--) {
		char *save = iptlook_save(four), *rest = NULL;

		for (char *line = save ? strtok_r(save, "\n", &rest) : NULL; line;
		     line = strtok_r(NULL, "\n", &rest))
			if (counter_of(line, &c))
				n = add_counter(&c, out, n, max);
		free(save);
	}
	return n;
}

static void name_of(const char *name, bool four, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "cwmpgate-%s%c", name, four ? '4' : '6');
}

char *iptlook_members(const char *name, bool four)
{
	char			 set[NAME_SIZE], *said = NULL;
	const char *const	 argv[] = { "ipset", "list", set, NULL };
	enum ran		 ran;
	char			*at;

	name_of(name, four, set);
	ran = run(argv, NULL, &said);
	if (ran == RAN_MISSING) {
		free(said);
		errno = ENOENT;
		return NULL;
	}
	at = ran == RAN_OK && said ? strstr(said, "\nMembers:\n") : NULL;
	if (at)
		memmove(said, at + strlen("\nMembers:\n"), strlen(at + strlen("\nMembers:\n")) + 1);
	else if (said)
		*said = '\0';
	return said;
}

/* "192.0.2.1 timeout 60"; a member without a time stays for ever, and is none of ours. */
static bool ban_of(const char *line, struct nft_ban *b)
{
	char		text[INET6_ADDRSTRLEN];
	uint8_t		four[4];
	unsigned	seconds;

	if (sscanf(line, "%45s timeout %u", text, &seconds) != 2)
		return false;
	b->ms_left = seconds * 1000ull;
	if (inet_pton(AF_INET, text, four) == 1)
		b->source = addr_from4(four);
	else if (inet_pton(AF_INET6, text, b->source.b) != 1)
		return false;
	return true;
}

int iptlook_bans(struct nft_ban *out, size_t max)
{
	struct nft_ban	b;
	int		n = 0;

	for (int four = 1; four >= 0; four--) {
		char *members, *rest = NULL;

		if (!iptlook_has_tables(four))
			continue;
		members = iptlook_members("ban", four);
		if (!members)
			return -1;
		for (char *line = strtok_r(members, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			if (!ban_of(line, &b))
				continue;
			if ((size_t)n < max)
				out[n] = b;
			n++;
		}
		free(members);
	}
	return n;
}

int iptlook_has(const char *name, const struct addr *a)
{
	char			set[NAME_SIZE], text[INET6_ADDRSTRLEN];
	const char *const	argv[] = { "ipset", "test", set, text, NULL };
	bool			four = addr_is4(a);

	name_of(name, four, set);
	inet_ntop(four ? AF_INET : AF_INET6, four ? a->b + 12 : a->b, text, sizeof(text));
	switch (run(argv, NULL, NULL)) {
	case RAN_OK:
		return 1;
	case RAN_FAILED:
		return 0;
	case RAN_MISSING:
		break;
	}
	return -1;
}
