// SPDX-License-Identifier: GPL-2.0-or-later

#include "say.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <time.h>

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t wall_clock_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

const char *say_addr(const struct addr *a, char text[INET6_ADDRSTRLEN])
{
	if (addr_is4(a))
		return inet_ntop(AF_INET, a->b + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a->b, text, INET6_ADDRSTRLEN);
}

const char *say_time(uint64_t wall, bool rfc3339, char text[40])
{
	time_t		seconds = (time_t)(wall / 1000);
	struct tm	tm;
	size_t		n;

	if (rfc3339)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	n = strftime(text, 40, rfc3339 ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text + n, 40 - n, ".%03u%s", (unsigned)(wall % 1000), rfc3339 ? "Z" : "");
	return text;
}

const char *say_span(uint64_t ms, char text[24])
{
	uint64_t s = ms / 1000;

	if (s < 120)
		snprintf(text, 24, "%" PRIu64 " s", s);
	else if (s < 120 * 60)
		snprintf(text, 24, "%" PRIu64 " min", s / 60);
	else if (s < 48 * 3600)
		snprintf(text, 24, "%" PRIu64 " h", s / 3600);
	else
		snprintf(text, 24, "%" PRIu64 " days", s / 86400);
	return text;
}

/* Delivered, but without the digest that came with it. */
static bool is_bad_digest(enum why why)
{
	return why_info[why].act == ACT_DELIVER && why != WHY_AUTHENTICATED &&
	       why != WHY_UNCHECKED && why != WHY_NO_CREDENTIALS && why != WHY_REDELIVERED;
}

bool is_refusal(enum why why)
{
	switch (why_info[why].act) {
	case ACT_REFUSE:
	case ACT_BUSY:
	case ACT_DROP:
		return true;
	case ACT_DELIVER:
		return is_bad_digest(why);
	case ACT_NONE:
	case ACT_PASS:
	case ACT_BLANK:
	case ACT_TRIM:
	case ACT_ABSORB:
		break;
	}
	return false;
}

const char *say_act(const struct policy *p, enum why why)
{
	bool refused = is_bad_digest(why) && p->on_bad_digest == BAD_DIGEST_RESET;

	switch (refused ? ACT_REFUSE : why_info[why].act) {
	case ACT_REFUSE:
		return "refused";
	case ACT_BUSY:
		return "told 503";
	case ACT_DROP:
		return "dropped";
	case ACT_DELIVER:
		return is_bad_digest(why) ? "delivered bare" : "delivered";
	case ACT_ABSORB:
		return "kept";
	case ACT_NONE:
	case ACT_PASS:
	case ACT_BLANK:
	case ACT_TRIM:
		break;
	}
	return "passed";
}

bool has_offset(const struct decision *d)
{
	return is_refusal(d->why) &&
	       (d->offset || (d->why >= WHY_HEAD_TOO_LONG && d->why <= WHY_BAD_COOKIE));
}

void json_decision(const struct policy *p, uint64_t id, const struct decision *d, FILE *out)
{
	static const char *const direction[] = {
		[FROM_CLIENT] = "to_server", [FROM_AGENT] = "to_client", [FROM_CLOCK] = "none",
	};
	char when[40], who[INET6_ADDRSTRLEN];

	fprintf(out, "\"timestamp\":\"%s\",\"event_type\":\"verdict\",\"id\":%" PRIu64
		",\"src_ip\":\"%s\",\"src_port\":%u,\"dest_port\":%u,\"proto\":\"TCP\",",
		say_time(d->wall_ms, true, when), id, say_addr(&d->client, who), d->cport, d->aport);
	fprintf(out, "\"direction\":\"%s\",\"reason\":\"%s\",\"action\":\"%s\",\"enforced\":%s,"
		"\"offset\":%u,\"ban_ms\":%" PRIu32 ",\"message\":",
		direction[d->from], why_info[d->why].name, say_act(p, d->why),
		p->observe ? "false" : "true", d->offset, d->ban_ms);
	json_text(out, why_info[d->why].doc);
	fputs(",\"request\":", out);
	json_text(out, d->excerpt);
}

void json_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			putc(*text, out);
	}
	putc('"', out);
}
