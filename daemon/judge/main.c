// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cwmpgate-judge: the process that reads text from the network.
 *
 * It is started by cwmpgated with one socket, takes its orders from it, gives
 * up everything else, and answers questions.  It can do nothing but answer.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "inherit.h"
#include "judge.h"
#include "sandbox.h"

/* receive, send, end; and what the C library needs to return from a signal */
static const struct allowed allowed[] = {
	{ SYS_recvfrom,		JUDGE_SOCKET },
	{ SYS_sendto,		JUDGE_SOCKET },
	{ SYS_exit_group,	ANY_FD },
	{ SYS_rt_sigreturn,	ANY_FD },
	{ SYS_restart_syscall,	ANY_FD },
};

static union message {
	uint32_t			kind;	/* enum ask or enum order */
	uint8_t				questions[TOLD_MAX + sizeof(struct question)];
	struct order_setup		setup;
	struct order_credentials	credentials;
} in;

static struct policy		policy;
static bool			sandbox_optional;
static struct siphash_key	key;
static struct credentials	credentials;
static struct question		question;
static struct answer		answer;

static void fatal(const char *what)
{
	fprintf(stderr, "cwmpgate-judge: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

/* The supervisor or the guard is gone when nothing can be received any more. */
static size_t must_receive(void)
{
	ssize_t n;

	do
		n = recv(JUDGE_SOCKET, &in, sizeof(in), 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(EXIT_SUCCESS);
	return (size_t)n;
}

static void must_be_set_up(void)
{
	if (must_receive() != sizeof(in.setup) || in.kind != ORDER_SETUP)
		_exit(EXIT_FAILURE);
	policy = in.setup.policy;
	key = in.setup.key;
	sandbox_optional = in.setup.sandbox_optional;
	if (must_receive() != sizeof(in.credentials) || in.kind != ORDER_CREDENTIALS)
		_exit(EXIT_FAILURE);
	credentials = in.credentials.credentials;
	explicit_bzero(&in, sizeof(in));
}

/* An answer nobody asked for says that we are ready. */
static void tell_ready(void)
{
	send(JUDGE_SOCKET, &answer, offsetof(struct answer, bytes), MSG_NOSIGNAL);
}

static bool take_question(struct bytes *left)
{
	return bytes_copy(left, &question, offsetof(struct question, bytes)) &&
	       question.len <= HEAD_MAX && bytes_copy(left, question.bytes, question.len);
}

static void answer_one(struct judge *judge)
{
	judge_ask(judge, &question, &answer);
	answer.serial = question.serial;
	send(JUDGE_SOCKET, &answer, offsetof(struct answer, bytes) + answer.len, MSG_NOSIGNAL);
}

/* What the guard had to tell, and what it asks. */
static void hear(struct judge *judge, struct bytes left)
{
	while (left.len) {
		if (!take_question(&left))
			_exit(EXIT_FAILURE);
		switch (question.ask) {
		case ASK_REQUEST:
		case ASK_BLANK:
			answer_one(judge);
			break;
		case TELL_REPLY:
			judge_tell(judge, &question);
			break;
		}
	}
}

static void serve(struct judge *judge)
{
	tell_ready();
	for (;;) {
		size_t n = must_receive();

		switch (in.kind) {
		case ASK_REQUEST:
		case ASK_BLANK:
		case TELL_REPLY:
			hear(judge, (struct bytes){ in.questions, n });
			break;
		case ORDER_CREDENTIALS:
			if (n != sizeof(in.credentials))
				_exit(EXIT_FAILURE);
			judge_replace_credentials(judge, &in.credentials.credentials,
						  in.credentials.now_ms);
			explicit_bzero(&in, sizeof(in));
			break;
		default:
			_exit(EXIT_FAILURE);
		}
	}
}

int main(int argc, char *argv[])
{
	struct judge	*judge;
	unsigned	 uid;

	if (argc != 2 || sscanf(argv[1], "%u", &uid) != 1) {
		fputs("cwmpgate-judge is started by cwmpgated\n", stderr);
		return EXIT_FAILURE;
	}
	must_be_set_up();
	judge = judge_new(&policy, &credentials, &key);
	if (!judge)
		fatal("judge");
	explicit_bzero(&credentials, sizeof(credentials));

	sandbox_enter("cwmpgate-judge", uid, false, allowed, sizeof(allowed) / sizeof(*allowed),
		      sandbox_optional);
	/* Text from the network is read below this line. */
	serve(judge);
}
