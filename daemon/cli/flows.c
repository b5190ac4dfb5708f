// SPDX-License-Identifier: GPL-2.0-or-later
/* cwmpgate flows: the connections at this moment. */

#include <inttypes.h>

#include "flows.h"
#include "ring.h"
#include "say.h"
#include "show.h"

static const struct { const char *word, *doc; } state[] = {
#define X(name, word, doc) [FLOW_##name] = { word, doc },
	FLOW_STATE_LIST(X)
#undef X
};

static const char *word_of(const struct flow_row *r)
{
	return r->state < FLOW_STATES ? state[r->state].word : "?";
}

static uint64_t left_ms(const struct flow_row *r)
{
	uint64_t now = monotonic_ms();

	return r->deadline_ms > now ? r->deadline_ms - now : 0;
}

void flows_heading(const struct cli *c, FILE *out)
{
	fprintf(out, "%s%-46s %5s  %-9s %8s %6s %7s%s\n", paint(c, BOLD), "client", "port", "state",
		"requests", "bytes", "ends in", paint(c, PLAIN));
}

void flows_row(const struct flow_row *r, FILE *out)
{
	char who[INET6_ADDRSTRLEN], both[INET6_ADDRSTRLEN + 16], span[24];

	snprintf(both, sizeof(both), "%s port %u", say_addr(&r->client, who), r->cport);
	fprintf(out, "%-46s %5u  %-9s %8u %6u %7s\n", both, r->aport, word_of(r), r->requests,
		r->head_len, say_span(left_ms(r), span));
}

static void json_row(const struct flow_row *r)
{
	char who[INET6_ADDRSTRLEN], whom[INET6_ADDRSTRLEN];

	printf("{\"src_ip\":\"%s\",\"src_port\":%u,\"dest_ip\":\"%s\",\"dest_port\":%u,"
	       "\"state\":\"%s\",\"requests\":%u,\"head_bytes\":%u,\"ends_in_ms\":%" PRIu64 "}",
	       say_addr(&r->client, who), r->cport, say_addr(&r->agent, whom), r->aport,
	       word_of(r), r->requests, r->head_len, left_ms(r));
}

/* "3 connections: 1 reading, 2 answering", and what these words mean. */
static void say_sum(const struct cli *c, const unsigned count[FLOW_STATES], unsigned all)
{
	const char *sep = ": ";

	printf("%u connection%s", all, all == 1 ? "" : "s");
	for (size_t i = 0; i < FLOW_STATES; i++)
		if (count[i]) {
			printf("%s%u %s", sep, count[i], state[i].word);
			sep = ", ";
		}
	putchar('\n');
	for (size_t i = 0; i < FLOW_STATES; i++)
		if (count[i])
			printf("  %s%-9s%s  %s\n", paint(c, BOLD), state[i].word, paint(c, PLAIN),
			       state[i].doc);
}

static void say_list(const struct cli *c, const struct flow_list *l, const struct filter *f)
{
	unsigned	count[FLOW_STATES] = { 0 };
	unsigned	all = 0;

	if (c->json)
		putchar('[');
	for (size_t i = 0; i < l->n; i++) {
		struct addr source = addr_source(&l->row[i].client);

		if (f->by_source && !addr_equal(&source, &f->source))
			continue;
		if (c->json) {
			fputs(all ? "," : "", stdout);
			json_row(&l->row[i]);
		} else {
			if (!all)
				flows_heading(c, stdout);
			flows_row(&l->row[i], stdout);
		}
		all++;
		if (l->row[i].state < FLOW_STATES)
			count[l->row[i].state]++;
	}
	if (c->json)
		puts("]");
	else
		say_sum(c, count, all);
}

enum status cmd_flows(struct cli *c, int argc, char *argv[])
{
	static struct flow_list	l;
	struct filter		f = { 0 };
	const char		*wrong;
	struct addr		a;

	if (argc > 1)
		return wrong_usage();
	if (argc && !filter_by(&f, argv[0], &a))
		return STATUS_USAGE;
	wrong = client_flows(c, &l);
	if (wrong)
		fprintf(stderr, "cwmpgate: %s", wrong);
	else
		say_list(c, &l, &f);
	return l.status;
}
