// SPDX-License-Identifier: GPL-2.0-or-later

#include "show.h"

#include <inttypes.h>

#include "say.h"

const char *paint(const struct cli *c, enum colour colour)
{
	static const char *const code[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [RED] = "\033[31m",
		[GREEN] = "\033[32m", [YELLOW] = "\033[33m",
	};

	return c->colour ? code[colour] : "";
}

const char *show_place(const struct conf_place *p, char text[PATH_LEN_MAX + 16])
{
	if (p->line)
		snprintf(text, PATH_LEN_MAX + 16, "%s:%d", p->file, p->line);
	else
		snprintf(text, PATH_LEN_MAX + 16, "the default");
	return text;
}

void show_decision(const struct cli *c, const struct policy *p, uint64_t id,
		   const struct decision *d, FILE *out)
{
	char		when[40], who[INET6_ADDRSTRLEN];
	enum colour	colour = is_refusal(d->why) ? RED : GREEN;

	if (c->json) {
		putc('{', out);
		json_decision(p, id, d, out);
		fputs("}\n", out);
		return;
	}
	fprintf(out, "%s #%" PRIu64 " %s port %u to %u: %s%s%s%s %s: %s",
		say_time(d->wall_ms, false, when), id, say_addr(&d->client, who), d->cport,
		d->aport, paint(c, colour),
		p->observe ? "would be " : "", say_act(p, d->why), paint(c, PLAIN),
		why_info[d->why].name, why_info[d->why].doc);
	if (has_offset(d))
		fprintf(out, " (byte %u)", d->offset);
	if (*d->excerpt && is_refusal(d->why))
		fprintf(out, "; %s", d->excerpt);
	if (d->ban_ms)
		fprintf(out, "; banned for %" PRIu32 " s", d->ban_ms / 1000);
	putc('\n', out);
}
