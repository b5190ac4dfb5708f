// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judge on a pipe, for tests that ask it by the hundred thousand.
 *
 * Numbers are in network byte order.  On stdin first the credentials,
 *
 *	u8 how many; for each: u16 length, user, u16 length, password
 *
 * then questions until the end,
 *
 *	u8 enum ask, u64 now_ms, 16 bytes client, u32 ticket, u16 length, bytes
 *
 * and on stdout, for each that is answered,
 *
 *	u8 length, name of the reason, u8 1: deliver, u32 ticket, u16 length, bytes
 */

#include <stdio.h>
#include <stdlib.h>

#include "judge.h"

static struct policy		policy;
static struct credentials	credentials;
static struct question		question;
static struct answer		answer;

static void fail(const char *what)
{
	fprintf(stderr, "judge_pipe: %s\n", what);
	exit(1);
}

static void read_bytes(void *to, size_t n)
{
	if (fread(to, 1, n, stdin) != n)
		fail("input ends inside a record");
}

static uint64_t read_number(size_t n)
{
	uint8_t		b[8];
	uint64_t	v = 0;

	read_bytes(b, n);
	for (size_t i = 0; i < n; i++)
		v = v << 8 | b[i];
	return v;
}

static uint16_t read_text(void *to, size_t room)
{
	size_t n = read_number(2);

	if (n > room)
		fail("text is too long");
	read_bytes(to, n);
	return (uint16_t)n;
}

static void write_number(uint64_t v, size_t n)
{
	while (n--)
		putchar((int)(v >> (8 * n) & 0xff));
}

static void read_credentials(void)
{
	size_t n = read_number(1);

	if (n > CREDENTIALS_MAX)
		fail("too many credentials");
	for (struct credential *c = credentials.of; c < credentials.of + n; c++) {
		c->user_len = read_text(c->user, sizeof(c->user));
		c->password_len = read_text(c->password, sizeof(c->password));
	}
	credentials.n = n;
}

static bool read_question(void)
{
	int ask = getchar();

	if (ask == EOF)
		return false;
	question.ask = ask == TELL_REPLY ? TELL_REPLY : ASK_REQUEST;
	question.now_ms = read_number(8);
	read_bytes(question.client.b, sizeof(question.client.b));
	question.ticket = (uint32_t)read_number(4);
	question.len = read_text(question.bytes, sizeof(question.bytes));
	return true;
}

static void write_answer(void)
{
	const char	*why = why_info[answer.why].name;
	bool		 deliver = answer.act == ACT_DELIVER;
	size_t		 len = deliver ? answer.len : 0;

	write_number(strlen(why), 1);
	fwrite(why, 1, strlen(why), stdout);
	write_number(deliver, 1);
	write_number(answer.ticket, 4);
	write_number(len, 2);
	fwrite(answer.bytes, 1, len, stdout);
}

int main(void)
{
	const struct siphash_key	key = { { 1, 2 } };
	const struct rate		plenty = { 1000000, 1000, 1000000 };
	struct judge			*judge;

	read_credentials();
	policy.nonce_life_ms = NONCE_LIFE_MS;
	policy.paths.any = policy.paths.query = true;
	policy.attempts = policy.requests = policy.all_requests = policy.malformed = plenty;
	judge = judge_new(&policy, &credentials, &key);
	if (!judge)
		fail("no judge");
	while (read_question()) {
		if (question.ask == TELL_REPLY) {
			judge_tell(judge, &question);
			continue;
		}
		judge_ask(judge, &question, &answer);
		write_answer();
	}
	judge_free(judge);
	return fflush(stdout) ? 1 : 0;
}
