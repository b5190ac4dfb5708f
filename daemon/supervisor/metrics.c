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
void metrics_look(struct metrics *m, uint16_t num)
{
	struct nft_ban none;

	m->has_queue = queuelook(num, &m->queue);
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

static void write_reasons(const struct shm *shm, FILE *out)
{
	begin(out, "verdicts_total", "counter", "Reasons given, one for each packet or deadline.");
	for (size_t i = WHY_NEXT + 1; i < WHY_COUNT; i++) {
		fprintf(out, "cwmpgate_verdicts_total{action=\"%s\",reason=\"",
			act_name[why_info[i].act]);
		lower(out, why_info[i].name);
		fprintf(out, "\"} %" PRIu64 "\n", shm->count[i]);
	}
	begin(out, "connections", "gauge", "Connections that the gate knows.");
	fprintf(out, "cwmpgate_connections{state=\"live\"} %u\n", shm->use.live);
	fprintf(out, "cwmpgate_connections{state=\"embryo\"} %u\n", shm->use.embryos);
	fprintf(out, "cwmpgate_connections{state=\"over\"} %u\n", shm->use.over);
	begin(out, "connections_max", "gauge", "Room for connections.");
	fprintf(out, "cwmpgate_connections_max{state=\"live\"} %d\n", LIVE_MAX);
	fprintf(out, "cwmpgate_connections_max{state=\"embryo\"} %d\n", EMBRYOS_MAX);
	one(out, "heads", "gauge", "Request heads that are held.", shm->use.heads);
	one(out, "heads_max", "gauge", "Room for request heads.", HEADS_MAX);
	one(out, "late_verdicts_total", "counter", "Verdicts on packets that were gone.",
	    shm->late_verdicts);
	one(out, "odd_messages_total", "counter", "Messages of the kernel that made no sense.",
	    shm->odd_messages);
	one(out, "lost_segments_total", "counter", "Segments of the gate that could not be sent.",
	    shm->lost_segments);
	one(out, "judge_silent_total", "counter", "Questions the judge did not answer.",
	    atomic_load(&shm->judge_silent));
	one(out, "events_total", "counter", "Decisions worth a line.",
	    atomic_load(&shm->n_decisions));
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
	one(out, "serving", "gauge", "1 while guard and judge run.", m->serving);
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
	one(out, "rules_present", "gauge", "1 while the kernel has our rules.",
	    m->n_counters > 0);
	one(out, "bans", "gauge", "Sources that are banned now.", (uint64_t)m->bans);
	if (m->n_counters)
		begin(out, "rules_packets_total", "counter",
		      "Packets that the rules counted, since they were loaded.");
	for (int i = 0; i < m->n_counters; i++)
		fprintf(out, "cwmpgate_rules_packets_total{counter=\"%s\"} %" PRIu64 "\n",
			m->counter[i].name, m->counter[i].packets);
	if (!m->has_queue)
		return;
	one(out, "queue_waiting", "gauge", "Packets that wait for a verdict.", m->queue.waiting);
	one(out, "queue_dropped_total", "counter", "Packets that found the queue full.",
	    m->queue.dropped);
	one(out, "queue_user_dropped_total", "counter",
	    "Packets that found the daemon's socket full.", m->queue.user_dropped);
}

void metrics_write(const struct metrics *m, FILE *out)
{
	one(out, "up", "gauge", "1 while the daemon runs.", m->shm != NULL);
	if (m->shm) {
		write_daemon(m, out);
		write_reasons(m->shm, out);
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
