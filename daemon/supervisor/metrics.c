// SPDX-License-Identifier: GPL-2.0-or-later

#include "metrics.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iptlook.h"

static const char *const act_name[] = {
	[ACT_NONE] = "none", [ACT_PASS] = "pass", [ACT_BLANK] = "blank", [ACT_TRIM] = "trim",
	[ACT_DELIVER] = "deliver", [ACT_ABSORB] = "absorb", [ACT_DROP] = "drop",
	[ACT_REFUSE] = "refuse", [ACT_BUSY] = "busy",
};

/* A kernel without nf_tables answers with an error, which is no rules. */
void metrics_look(struct metrics *m, uint16_t first, size_t queues)
{
	struct nft_ban none;

	m->n_queues = queues < QUEUES_MAX ? queues : QUEUES_MAX;
	for (size_t i = 0; i < m->n_queues; i++)
		queuelook((uint16_t)(first + i), &m->queue[i]);
	m->n_counters = nftlook_counters(m->counter, NFT_COUNTERS_MAX);
	if (m->n_counters <= 0) {
		m->n_counters = iptlook_counters(m->counter, NFT_COUNTERS_MAX);
		m->iptables = m->n_counters > 0;
	}
	if (m->n_counters > NFT_COUNTERS_MAX)
		m->n_counters = NFT_COUNTERS_MAX;
	kmodlook(&m->kmod);
	m->bans = m->iptables ? iptlook_bans(&none, 0) : nftlook_bans(&none, 0);
	if (m->bans < 0)
		m->bans = 0;
}

bool metrics_queue_sum(const struct metrics *m, struct queue_state *sum)
{
	*sum = (struct queue_state){ 0 };
	for (size_t i = 0; i < m->n_queues; i++) {
		sum->bound |= m->queue[i].bound;
		sum->waiting += m->queue[i].waiting;
		sum->dropped += m->queue[i].dropped;
		sum->user_dropped += m->queue[i].user_dropped;
	}
	return sum->bound;
}

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP cwmpgate_%s %s\n# TYPE cwmpgate_%s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	begin(out, name, type, help);
	fprintf(out, "cwmpgate_%s %" PRIu64 "\n", name, value);
}

static void lower(FILE *out, const char *text)
{
	for (; *text; text++)
		putc(tolower((unsigned char)*text), out);
}

/* What each guard counts for itself, at @offset in its memory. */
static uint64_t sum_of(const struct lanes *l, size_t offset)
{
	uint64_t sum = 0, one;

	for (size_t i = 0; i < l->n; i++) {
		memcpy(&one, (const char *)l->of[i] + offset, sizeof(one));
		sum += one;
	}
	return sum;
}

static uint64_t judge_silent(const struct lanes *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += atomic_load(&l->of[i]->judge_silent);
	return sum;
}

static void write_reasons(const struct metrics *m, FILE *out)
{
	const struct lanes	*l = &m->lanes;
	struct use		 use = lanes_use(l);
	unsigned		 tables = m->n_queues ? (unsigned)m->n_queues : 1;

	begin(out, "verdicts_total", "counter", "Reasons given, one for each packet or deadline.");
	for (enum why i = WHY_NEXT + 1; i < WHY_COUNT; i++) {
		fprintf(out, "cwmpgate_verdicts_total{action=\"%s\",reason=\"",
			act_name[why_info[i].act]);
		lower(out, why_info[i].name);
		fprintf(out, "\"} %" PRIu64 "\n", lanes_count(l, i));
	}
	begin(out, "connections", "gauge", "Connections that the gate knows.");
	fprintf(out, "cwmpgate_connections{state=\"live\"} %u\n", use.live);
	fprintf(out, "cwmpgate_connections{state=\"embryo\"} %u\n", use.embryos);
	fprintf(out, "cwmpgate_connections{state=\"over\"} %u\n", use.over);
	begin(out, "connections_max", "gauge", "Room for connections.");
	fprintf(out, "cwmpgate_connections_max{state=\"live\"} %u\n", LIVE_MAX * tables);
	fprintf(out, "cwmpgate_connections_max{state=\"embryo\"} %u\n", EMBRYOS_MAX * tables);
	one(out, "heads", "gauge", "Request heads that are held.", use.heads);
	one(out, "heads_max", "gauge", "Room for request heads.", HEADS_MAX * tables);
	one(out, "late_verdicts_total", "counter", "Verdicts on packets that were gone.",
	    sum_of(l, offsetof(struct shm, late_verdicts)));
	one(out, "odd_messages_total", "counter", "Messages of the kernel that made no sense.",
	    sum_of(l, offsetof(struct shm, odd_messages)));
	one(out, "lost_segments_total", "counter", "Segments of the gate that could not be sent.",
	    sum_of(l, offsetof(struct shm, lost_segments)));
	one(out, "judge_silent_total", "counter", "Questions the judge did not answer.",
	    judge_silent(l));
	one(out, "events_total", "counter", "Decisions worth a line.", lanes_decisions(l));
}

static void write_daemon(const struct metrics *m, FILE *out)
{
	static const char *const modes[] = { "monitor", "enforce", "block" };

	begin(out, "build_info", "gauge", "The version that runs.");
	fputs("cwmpgate_build_info{version=\"" VERSION "\"} 1\n", out);
	begin(out, "mode", "gauge", "1 for the mode the gate is in.");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(out, "cwmpgate_mode{mode=\"%s\"} %d\n", modes[i],
			strcmp(m->mode, modes[i]) == 0);
	one(out, "serving", "gauge", "1 while guard and judge of each queue run.", m->serving);
	one(out, "uptime_seconds", "gauge", "How long the daemon runs.", m->uptime_ms / 1000);
	one(out, "restarts_total", "counter", "Unasked restarts of guard and judge.", m->restarts);
	one(out, "acs_prefixes", "gauge", "Addresses and prefixes that may ask.", m->acs);
	one(out, "acs_sources_wrong", "gauge", "Names and files without a good answer at present.",
	    m->acs_wrong);
	one(out, "credentials", "gauge", "Credentials that are accepted.", m->credentials);
	one(out, "last_reload_successful", "gauge", "0 if the latest reload was refused.",
	    !m->reload_failed);
}

static void write_kmod(const struct kmod_state *k, FILE *out)
{
	one(out, "module_used", "gauge", "1 while the kernel module has a configuration.",
	    k->configured);
	if (!k->configured)
		return;
	one(out, "module_sources", "gauge", "Sources the kernel module keeps a budget for.",
	    k->sources);
	begin(out, "module_packets_total", "counter",
	      "Packets for guarded ports by what the kernel module thought of them.");
	for (int i = 0; i < k->n_counters; i++)
		fprintf(out, "cwmpgate_module_packets_total{reason=\"%s\"} %" PRIu64 "\n",
			k->counter[i].name, k->counter[i].packets);
}

static void write_kernel(const struct metrics *m, FILE *out)
{
	struct queue_state queue;

	one(out, "rules_present", "gauge", "1 while the kernel has our rules.",
	    m->n_counters > 0);
	one(out, "bans", "gauge", "Sources that are banned now.", (uint64_t)m->bans);
	if (m->n_counters)
		begin(out, "rules_packets_total", "counter",
		      "Packets that the rules counted, since they were loaded.");
	for (int i = 0; i < m->n_counters; i++)
		fprintf(out, "cwmpgate_rules_packets_total{counter=\"%s\"} %" PRIu64 "\n",
			m->counter[i].name, m->counter[i].packets);
	if (!metrics_queue_sum(m, &queue))
		return;
	one(out, "queue_waiting", "gauge", "Packets that wait for a verdict.", queue.waiting);
	one(out, "queue_dropped_total", "counter", "Packets that found the queue full.",
	    queue.dropped);
	one(out, "queue_user_dropped_total", "counter",
	    "Packets that found the daemon's socket full.", queue.user_dropped);
}

void metrics_write(const struct metrics *m, FILE *out)
{
	one(out, "up", "gauge", "1 while the daemon runs.", m->lanes.n > 0);
	if (m->lanes.n) {
		write_daemon(m, out);
		write_reasons(m, out);
	}
	write_kernel(m, out);
	write_kmod(&m->kmod, out);
}

bool metrics_write_file(const struct metrics *m, const char *file)
{
	char	 tmp[PATH_MAX];
	FILE	*f;
	bool	 written;

	snprintf(tmp, sizeof(tmp), "%s.new", file);
	f = fopen(tmp, "we");
	if (!f)
		return false;
	metrics_write(m, f);
	/* For node_exporter, which is not root. */
	written = fchmod(fileno(f), 0644) == 0;
	written &= fclose(f) == 0;
	return written && rename(tmp, file) == 0;
}
