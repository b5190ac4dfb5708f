// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate-replay: what the gate says to a packet capture.
 *
 * The gate and the judge are the daemon's own; the clock is the capture's.  A
 * capture from a router on which the gate enforced also holds what the gate
 * sent by itself: that is known by what the gate sends now, and left out.  Of
 * the rules acs, the bans and the fragments are played; the budget syn is not.
 */

#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acsmatch.h"
#include "capture.h"
#include "checksum.h"
#include "gate.h"
#include "judge.h"
#include "lesson.h"
#include "record.h"
#include "say.h"
#include "show.h"

enum {
	BEGIN_MS	= 1000,		/* the gate's clock at the first packet */
	QUIET_MS	= 60000,	/* after so long every deadline has passed */
	OWN_MAX		= 256,
	BANS_MAX	= 64,
	PACKET_MAX	= 65535 + 40,
	NOBODY		= 65534,
	TCP_SUM_AT	= 16,
};

/* A segment the gate has sent, as it is known again in the capture. */
struct own {
	struct addr	src, dst;
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint8_t		flags;
	size_t		len;
};

static struct lesson lesson;

static struct replay {
	struct cli		 cli;
	struct credentials	 credentials;
	struct policy		 policy;
	struct judge		*judge;
	struct gate		*gate;
	bool			 verbose, learning;
	uint64_t		 count[WHY_COUNT];
	uint64_t		 said, packets, not_acs, banned, fragment, bad_sum, own_seen, cut, other;
	uint64_t		 first_wall, now_ms;
	size_t			 n_own, n_bans;
	struct own		 own[OWN_MAX];
	struct { struct addr source; uint64_t until_ms; } ban[BANS_MAX];
	struct outcome		 outcome;
} r;

static uint64_t wall_now(void)
{
	return r.first_wall + r.now_ms - BEGIN_MS;
}

static bool is_guarded(uint16_t port)
{
	for (size_t i = 0; i < r.cli.conf.n_ports; i++)
		if (r.cli.conf.port[i] == port)
			return true;
	return false;
}

static bool is_banned(const struct addr *a)
{
	struct addr source = addr_source(a);

	for (size_t i = 0; i < BANS_MAX; i++)
		if (r.ban[i].until_ms > r.now_ms && addr_equal(&r.ban[i].source, &source))
			return true;
	return false;
}

static struct own name_of(const struct packet *p)
{
	struct own o;

	memset(&o, 0, sizeof(o));		/* compared as a whole */
	o.src = p->src;
	o.dst = p->dst;
	o.sport = p->sport;
	o.dport = p->dport;
	o.seq = p->seq;
	o.ack = p->flags & TCP_ACK ? p->ack : 0;
	o.flags = p->flags;
	o.len = p->payload.len;
	return o;
}

static void remember_sent(void)
{
	struct packet p;

	for (size_t i = 0; i < r.outcome.n_send; i++) {
		const struct segment *s = &r.outcome.send[i];

		if (packet_decode(&p, (struct bytes){ s->at, s->len }) == WHY_NEXT)
			r.own[r.n_own++ % OWN_MAX] = name_of(&p);
	}
}

/* Each is met once. */
static bool is_own(const struct packet *p)
{
	struct own o = name_of(p);

	for (size_t i = 0; i < OWN_MAX; i++)
		if (memcmp(&r.own[i], &o, sizeof(o)) == 0) {
			memset(&r.own[i], 0, sizeof(r.own[i]));
			return true;
		}
	return false;
}

/* The path that was asked for stands in what the agent would get. */
static void learn(const struct decision *d)
{
	struct packet	p;
	struct bytes	target;

	if (!why_is_event(d->why))
		return;
	lesson_take(&lesson, &r.cli.conf, d);
	if (!r.outcome.replaced || !lesson_is_proof(&r.policy, d->why) ||
	    packet_decode(&p, (struct bytes){ r.outcome.packet.at, r.outcome.packet.len }))
		return;
	target = p.payload;
	if (bytes_skip(&target, sizeof("GET ") - 1))
		lesson_take_path(&lesson, target);
}

static void finish(void)
{
	const struct outcome	*o = &r.outcome;
	struct decision		 d = decision_of(o, r.now_ms, wall_now());

	remember_sent();
	if (r.learning) {
		learn(&d);
		return;
	}
	if (o->ban_ms) {
		r.ban[r.n_bans % BANS_MAX].source = addr_source(&o->client);
		r.ban[r.n_bans++ % BANS_MAX].until_ms = r.now_ms + o->ban_ms;
	}
	if (r.verbose || why_is_event(o->why))
		show_decision(&r.cli, &r.policy, r.said++, &d, stdout);
}

/* The guard's clock, from tick to tick; in a long silence all deadlines pass early. */
static void pass_time(uint64_t until_ms)
{
	uint64_t quiet_ms = r.now_ms + QUIET_MS;

	for (; r.now_ms < until_ms && r.now_ms < quiet_ms; r.now_ms += TICK_MS)
		while (gate_tick(r.gate, r.now_ms, &r.outcome))
			finish();
	r.now_ms = until_ms;
}

/*
 * Captured before the network card would have computed it: then the sum of the
 * pseudo header stands there.  The queue gets such packets with the right one.
 */
static void mend_checksum(struct packet *p, uint8_t *raw)
{
	size_t		 addrs = p->v6 ? 32 : 8;
	uint8_t		*at = raw + p->ip.len + TCP_SUM_AT;
	uint64_t	 sum = IPPROTO_TCP + p->tcp.len + p->payload.len;
	uint16_t	 right;

	sum = checksum_add(sum, (struct bytes){ p->ip.at + p->ip.len - addrs, addrs });
	if ((uint16_t)~checksum_fold(sum) != (at[0] << 8 | at[1]))
		return;
	at[0] = at[1] = 0;
	sum = checksum_add(sum, p->tcp);
	right = checksum_fold(checksum_add(sum, p->payload));
	at[0] = (uint8_t)(right >> 8);
	at[1] = (uint8_t)right;
}

/* As nft has it: an IPv4 address in an IPv6 packet is no IPv4 address. */
static bool is_allowed(const struct packet *p)
{
	return acs_match(&r.cli.conf, &p->src) && p->v6 != addr_is4(&p->src);
}

static void from_client(const struct packet *p, struct bytes raw)
{
	if (!r.learning && !is_allowed(p)) {
		r.not_acs++;
	} else if (is_banned(&p->src)) {
		r.banned++;
	} else {
		gate_packet(r.gate, FROM_CLIENT, raw, r.now_ms, &r.outcome);
		finish();
	}
}

/* The ports stand at the same place even in what does not decode. */
static bool get_ports(struct bytes raw, struct packet *p)
{
	size_t hlen = raw.at[0] >> 4 == 6 ? IP6_HLEN : (size_t)(raw.at[0] & 15) * 4;

	if (raw.len < hlen + 4 || hlen < IP4_HLEN ||
	    (hlen == IP6_HLEN && raw.at[0] >> 4 == 6 ? raw.at[6] : raw.at[9]) != IPPROTO_TCP)
		return false;
	p->sport = (uint16_t)(raw.at[hlen] << 8 | raw.at[hlen + 1]);
	p->dport = (uint16_t)(raw.at[hlen + 2] << 8 | raw.at[hlen + 3]);
	p->v6 = raw.at[0] >> 4 == 6;
	if (p->v6)
		memcpy(p->src.b, raw.at + 8, 16);
	else
		p->src = addr_from4(raw.at + 12);
	return true;
}

/* None is ever put together: the rules drop the first one, and the rest is too little. */
static bool is_fragment(struct bytes raw)
{
	return raw.at[0] >> 4 == 4 && ((raw.at[6] << 8 | raw.at[7]) & 0x3fff);
}

/* The kernel drops it before anybody sees it.  0: not computed yet where it was captured. */
static bool has_bad_sum(struct bytes raw)
{
	struct bytes header = { raw.at, (size_t)(raw.at[0] & 15) * 4 };

	return raw.at[0] >> 4 == 4 && (raw.at[10] || raw.at[11]) &&
	       checksum_fold(checksum_add(0, header)) != 0;
}

static void take(struct bytes captured)
{
	static uint8_t	copy[PACKET_MAX];
	struct bytes	raw = { copy, captured.len };
	struct packet	p;
	bool		decoded;

	if (captured.len > sizeof(copy))
		return;
	memcpy(copy, captured.at, captured.len);
	decoded = packet_decode(&p, raw) == WHY_NEXT;
	if (!decoded && !get_ports(raw, &p)) {
		r.other++;
		return;
	}
	if (!is_guarded(p.dport) && !is_guarded(p.sport)) {
		r.other++;
		return;
	}
	r.packets++;
	if (has_bad_sum(raw)) {
		r.bad_sum++;
		return;
	}
	if (is_fragment(raw)) {
		r.fragment++;
		return;
	}
	if (decoded && is_own(&p)) {
		r.own_seen++;
		return;
	}
	if (is_guarded(p.dport)) {
		if (decoded && !packet_checksum_ok(&p))
			mend_checksum(&p, copy);
		from_client(&p, raw);
	} else {
		gate_packet(r.gate, FROM_AGENT, raw, r.now_ms, &r.outcome);
		finish();
	}
}

static bool play(struct capture *c)
{
	struct bytes	ip;
	uint64_t	wall;

	r.now_ms = BEGIN_MS;
	for (;;) {
		enum captured got = capture_next(c, &ip, &wall);

		/* What is unfinished then stays so: nobody knows how it went on. */
		if (got == CAPTURED_END || got == CAPTURED_BROKEN)
			return got == CAPTURED_END;
		if (!r.first_wall)
			r.first_wall = wall;
		/* Captures from two cards are not always in order. */
		if (wall - r.first_wall + BEGIN_MS > r.now_ms && wall > r.first_wall)
			pass_time(wall - r.first_wall + BEGIN_MS);
		if (got == CAPTURED_IP)
			take(ip);
		else if (got == CAPTURED_CUT)
			r.cut++;
		else
			r.other++;
	}
}

static void say_sum(void)
{
	printf("\n%" PRIu64 " packets for guarded ports or from them", r.packets);
	printf("; %" PRIu64 " others\n", r.other);
	if (r.cut)
		printf("%" PRIu64 " were captured in part only and left out (tcpdump -s 0)\n", r.cut);
	if (r.own_seen)
		printf("%10" PRIu64 "  as the gate sends them by itself, left out\n", r.own_seen);
	if (r.not_acs)
		printf("%10" PRIu64 "  not_acs            dropped by the rules: the source is in no "
		       "prefix of acs\n", r.not_acs);
	if (r.bad_sum)
		printf("%10" PRIu64 "  with a wrong IP checksum, dropped by the kernel\n", r.bad_sum);
	if (r.fragment)
		printf("%10" PRIu64 "  fragment           dropped by the rules\n", r.fragment);
	if (r.banned)
		printf("%10" PRIu64 "  banned             dropped by the rules: the source is "
		       "banned\n", r.banned);
	for (size_t i = 0; i < WHY_COUNT; i++)
		if (r.count[i])
			printf("%10" PRIu64 "  %-18s %s\n", r.count[i], why_info[i].name,
			       why_info[i].doc);
}

/* The last line of the JSON ones. */
static void json_sum(void)
{
	const char *sep = "";

	printf("{\"event_type\":\"stats\",\"packets\":%" PRIu64 ",\"others\":%" PRIu64
	       ",\"cut\":%" PRIu64 ",\"own\":%" PRIu64 ",\"not_acs\":%" PRIu64
	       ",\"banned\":%" PRIu64 ",\"fragment\":%" PRIu64 ",\"bad_sum\":%" PRIu64
	       ",\"reasons\":{", r.packets, r.other, r.cut, r.own_seen, r.not_acs, r.banned,
	       r.fragment, r.bad_sum);
	for (size_t i = 0; i < WHY_COUNT; i++)
		if (r.count[i]) {
			printf("%s\"%s\":%" PRIu64, sep, why_info[i].name, r.count[i]);
			sep = ",";
		}
	puts("}}");
}

/* What comes from the network in the file is read without any right. */
static bool drop_rights(void)
{
	if (geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static bool prepare(void)
{
	static const struct siphash_key	key;
	struct conf			*c = &r.cli.conf;

	if (!conf_load(c, r.cli.conf_file, stderr) ||
	    (*c->credentials_file &&
	     !conf_credentials(&r.credentials, c->credentials_file, stderr)))
		return false;
	r.policy = c->policy;
	r.policy.observe = false;	/* it cannot touch anything here */
	/* Who asks, and for what, is to be found out. */
	r.policy.paths.any |= r.learning;
	r.judge = judge_new(&r.policy, &r.credentials, &key);
	r.gate = r.judge ? gate_new(&r.policy, r.judge, &key, r.count) : NULL;
	if (!r.gate)
		perror("cwmpgate-replay");
	return r.gate;
}

/* The rest of the command line, as tcpdump takes it. */
static char *join(int argc, char *argv[])
{
	char	*text = NULL;
	size_t	 len;
	FILE	*f = argc ? open_memstream(&text, &len) : NULL;

	if (!f)
		return NULL;
	for (int i = 0; i < argc; i++)
		fprintf(f, "%s%s", i ? " " : "", argv[i]);
	fclose(f);
	return text;
}

static bool parse_options(int argc, char *argv[])
{
	int o;

	r.cli.conf_file = "/etc/cwmpgate/cwmpgate.conf";
	while ((o = getopt(argc, argv, "+c:jlv")) != -1) {
		if (o == 'c')
			r.cli.conf_file = optarg;
		else if (o == 'j')
			r.cli.json = true;
		else if (o == 'l')
			r.learning = true;
		else if (o == 'v')
			r.verbose = true;
		else
			return false;
	}
	return optind < argc;
}

static enum status run(int argc, char *argv[])
{
	char		*filter = join(argc - 1, argv + 1);
	struct capture	*c = capture_open(argv[0], filter, stderr);
	bool		 whole;

	free(filter);
	if (!c)
		return STATUS_FAILED;
	lesson_begin(&lesson, &r.cli);
	if (!drop_rights()) {
		perror("cwmpgate-replay");
		return STATUS_FAILED;
	}
	whole = play(c);
	capture_close(c);
	if (r.learning)
		lesson_write(&lesson, &r.cli, argv[0]);
	else if (r.cli.json)
		json_sum();
	else
		say_sum();
	return whole ? STATUS_OK : STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	enum status status;

	if (!parse_options(argc, argv)) {
		fputs("usage: cwmpgate replay [-v] CAPTURE [FILTER]\n", stderr);
		return STATUS_USAGE;
	}
	if (!prepare())
		return STATUS_USAGE;
	status = run(argc - optind, argv + optind);
	gate_free(r.gate);
	judge_free(r.judge);
	return (int)status;
}
