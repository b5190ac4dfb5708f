// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate doctor: looks for what is wrong on this machine, and says what to do.
 * It changes nothing.
 */
#include "doctor.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "show.h"

static void say_finding(const struct doctor *d, enum finding f, const char *text,
			const char *remedy)
{
	static const char *const	word[] = { "good", "odd ", "BAD " };
	static const enum colour	colour[] = { GREEN, YELLOW, RED };

	printf("%s%s%s  %s\n", paint(d->cli, colour[f]), word[f], paint(d->cli, PLAIN), text);
	if (remedy)
		printf("      -> %s\n", remedy);
}

static void json_finding(const struct doctor *d, enum finding f, const char *text,
			 const char *remedy)
{
	static const char *const word[] = { "good", "odd", "bad" };

	printf("%s{\"result\":\"%s\",\"text\":", d->n ? "," : "", word[f]);
	json_text(stdout, text);
	fputs(",\"remedy\":", stdout);
	json_text(stdout, remedy ? remedy : "");
	putchar('}');
}

void doctor_say(struct doctor *d, enum finding f, const char *remedy, const char *fmt, ...)
{
	char	text[512];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->cli->json)
		json_finding(d, f, text, remedy);
	else
		say_finding(d, f, text, remedy);
	d->n++;
	d->bad += f == FOUND_BAD;
	d->odd += f == FOUND_ODD;
}

static void look_at_conf(struct doctor *d)
{
	const struct conf *c = d->conf;

	if (!d->cli->conf_good) {
		doctor_say(d, FOUND_BAD, "cwmpgate check shows every error",
			   "%s cannot be used", d->cli->conf_file);
		return;
	}
	doctor_say(d, FOUND_GOOD, NULL, "%s can be used", d->cli->conf_file);
	if (c->n_prefixes == 0 && c->n_names == 0 && !*c->acs_file && c->mode != MODE_BLOCK)
		doctor_say(d, FOUND_ODD, "set acs to the addresses the ACS sends from",
			   "acs is empty: nobody may ask");
	if (c->mode == MODE_MONITOR)
		doctor_say(d, FOUND_ODD, "when events show what you expect, set mode = \"enforce\"",
			   "mode is \"monitor\": nothing is protected yet");
	if (c->policy.paths.any)
		doctor_say(d, FOUND_ODD, "set path to the path of ConnectionRequestURL",
			   "any path is accepted");
	if (c->policy.digest == DIGEST_OFF)
		doctor_say(d, FOUND_ODD, "set credentials and digest = \"require\"",
			   "digest is \"off\": passwords are left to the agent");
}

static void look_at_users(struct doctor *d)
{
	static const char *const names[] = {
		"_cwmpgate", "_cwmpgate-judge", "_cwmpgate-resolver",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!getpwnam(names[i]))
			doctor_say(d, FOUND_ODD, "packages make it; a number is used meanwhile",
				   "there is no user %s", names[i]);
}

/* The system call filter of a child: 2 is what it should be. */
static void look_at_sandbox(struct doctor *d, size_t lane, const char *which, const char *name)
{
	char		 path[64], line[128], key[32];
	uint64_t	 pid = client_number(&d->facts->reply,
					     client_pid_key(which, lane, key));
	int		 seccomp = -1;
	FILE		*f;

	if (!pid)
		return;
	snprintf(path, sizeof(path), "/proc/%u/status", (unsigned)pid);
	f = fopen(path, "re");
	while (f && seccomp < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "Seccomp: %d", &seccomp) != 1)
			seccomp = -1;
	if (f)
		fclose(f);
	if (seccomp == 2)
		doctor_say(d, FOUND_GOOD, NULL, "%s is in its sandbox", name);
	else
		doctor_say(d, FOUND_ODD, "use a kernel with CONFIG_SECCOMP_FILTER",
			   "%s runs without a system call filter", name);
}

static void look_at_daemon(struct doctor *d)
{
	const struct facts *f = d->facts;

	if (f->status != STATUS_OK) {
		doctor_say(d, FOUND_BAD, "start cwmpgated", "%.*s",
			   (int)strcspn(f->reply.text, "\n"), f->reply.text);
	} else if (strcmp(f->mode, "block") != 0 && !f->m.serving) {
		doctor_say(d, FOUND_BAD, "see its log", "guard and judge do not run");
	} else {
		doctor_say(d, FOUND_GOOD, NULL, "the daemon runs, mode \"%s\"", f->mode);
		if (f->m.restarts)
			doctor_say(d, FOUND_ODD, "see the daemon's log",
				   "guard and judge were started again %u times",
				   (unsigned)f->m.restarts);
		if (f->m.reload_failed)
			doctor_say(d, FOUND_BAD, "cwmpgate check shows why",
				   "the latest reload was refused");
	}
	for (size_t i = 0; i < f->m.n_queues; i++) {
		look_at_sandbox(d, i, "guard", "cwmpgate-guard");
		look_at_sandbox(d, i, "judge", "cwmpgate-judge");
	}
	if (f->m.n_counters == 0)
		doctor_say(d, FOUND_BAD, "the daemon loads them; or cwmpgate rules load",
			   "the rules are not in the kernel");
}

/* Open is what monitor is for; in enforce somebody has written it down. */
static void look_at_fail_mode(struct doctor *d)
{
	const struct facts	*f = d->facts;
	bool			 enforce = strcmp(f->mode, "enforce") == 0;
	bool			 down = enforce && strcmp(f->daemon_down, "open") == 0;
	bool			 full = enforce && strcmp(f->overload, "open") == 0;

	doctor_say(d, down ? FOUND_ODD : FOUND_GOOD, down ? "daemon_down = \"closed\"" : NULL,
		   "without a daemon: %s", facts_without_daemon(f));
	doctor_say(d, full ? FOUND_ODD : FOUND_GOOD, full ? "overload = \"closed\"" : NULL,
		   "when the queue is full: %s", facts_when_full(f));
}

enum status cmd_doctor(struct cli *c, int argc, char *argv[])
{
	static struct facts	facts;
	struct doctor		d = { .cli = c, .conf = &c->conf, .facts = &facts };

	(void)argv;
	if (argc)
		return wrong_usage();
	if (geteuid() != 0) {
		fputs("cwmpgate: doctor has to be run by root\n", stderr);
		return STATUS_DENIED;
	}
	facts_get(c, &facts);
	if (c->json)
		fputs("{\"findings\":[", stdout);
	look_at_conf(&d);
	doctor_passwords(&d);
	look_at_users(&d);
	look_at_daemon(&d);
	look_at_fail_mode(&d);
	doctor_kernel(&d);
	doctor_rules(&d);
	doctor_ports(&d);
	if (c->json)
		printf("],\"bad\":%u,\"odd\":%u}\n", d.bad, d.odd);
	else
		printf("%u bad, %u odd\n", d.bad, d.odd);
	return d.bad ? STATUS_FAILED : STATUS_OK;
}
