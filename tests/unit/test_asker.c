// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes over the judge's socket, and when. */

#include "test.h"

#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asker.h"
#include "bytes.h"

static struct shm	shm;
static struct judge	judge;
static struct question	question;
static struct answer	answer;
static int		there;		/* the judge's end of the socket */

static int set_up(void **state)
{
	const struct timeval	soon = { .tv_usec = 20000 };
	int			fd[2];

	(void)state;
	memset(&judge, 0, sizeof(judge));
	memset(&shm, 0, sizeof(shm));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	judge.fd = fd[0];
	judge.shm = &shm;
	there = fd[1];
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(judge.fd);
	close(there);
	return 0;
}

static void put(enum ask ask, size_t len, uint8_t byte)
{
	question.ask = ask;
	question.len = (uint16_t)len;
	memset(question.bytes, byte, len);
}

/* The next message of the guard in @in; its length, 0: there is none. */
static size_t hear(uint8_t *in, size_t room)
{
	ssize_t n = recv(there, in, room, MSG_DONTWAIT | MSG_TRUNC);

	assert_true(n < 0 || (size_t)n <= room);
	return n < 0 ? 0 : (size_t)n;
}

static void check_next(struct bytes *left, enum ask ask, size_t len, uint8_t byte)
{
	static struct question	q;

	assert_true(bytes_copy(left, &q, offsetof(struct question, bytes)));
	assert_int_equal(q.ask, ask);
	assert_int_equal(q.len, len);
	assert_true(bytes_copy(left, q.bytes, q.len));
	for (size_t i = 0; i < len; i++)
		assert_int_equal(q.bytes[i], byte);
}

/* The answer lies ready before it is asked for. */
static void prepare_answer(uint32_t serial)
{
	struct answer a = { .serial = serial, .why = WHY_WRONG_PATH, .act = ACT_REFUSE };

	assert_int_equal(send(there, &a, offsetof(struct answer, bytes), 0),
			 offsetof(struct answer, bytes));
}

static void told_with_the_next_question(void **state)
{
	static uint8_t	in[sizeof(judge.out)];
	struct bytes	left;

	(void)state;
	put(TELL_REPLY, 100, 'a');
	judge_tell(&judge, &question);
	put(TELL_REPLY, 0, 'b');
	judge_tell(&judge, &question);
	assert_int_equal(hear(in, sizeof(in)), 0);

	prepare_answer(1);
	put(ASK_REQUEST, HEAD_MAX, 'c');
	judge_ask(&judge, &question, &answer);
	assert_int_equal(answer.why, WHY_WRONG_PATH);
	left = (struct bytes){ in, hear(in, sizeof(in)) };
	check_next(&left, TELL_REPLY, 100, 'a');
	check_next(&left, TELL_REPLY, 0, 'b');
	check_next(&left, ASK_REQUEST, HEAD_MAX, 'c');
	assert_int_equal(left.len, 0);

	prepare_answer(2);
	put(ASK_BLANK, 1, 'd');
	judge_ask(&judge, &question, &answer);
	left = (struct bytes){ in, hear(in, sizeof(in)) };
	check_next(&left, ASK_BLANK, 1, 'd');
	assert_int_equal(left.len, 0);
}

/* All of it arrives, in order, and there is always room for a question. */
static void told_more_than_waits(void **state)
{
	static uint8_t	in[sizeof(judge.out)];
	struct bytes	left = { NULL, 0 };

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		put(TELL_REPLY, REPLY_MAX, i);
		judge_tell(&judge, &question);
		assert_true(judge.told <= TOLD_MAX);
	}
	prepare_answer(1);
	put(ASK_REQUEST, HEAD_MAX, 20);
	judge_ask(&judge, &question, &answer);
	assert_false(judge.silent);
	for (uint8_t i = 0; i <= 20; i++) {
		if (!left.len)
			left = (struct bytes){ in, hear(in, sizeof(in)) };
		check_next(&left, i < 20 ? TELL_REPLY : ASK_REQUEST, i < 20 ? REPLY_MAX : HEAD_MAX,
			   i);
	}
	assert_int_equal(left.len, 0);
}

static void silence(void **state)
{
	static uint8_t	in[sizeof(judge.out)];

	(void)state;
	put(ASK_REQUEST, 10, 'x');
	judge_ask(&judge, &question, &answer);		/* 20 ms */
	assert_int_equal(answer.why, WHY_JUDGE_SILENT);
	assert_int_equal(answer.act, ACT_REFUSE);
	assert_int_equal(shm.judge_silent, 1);
	assert_true(hear(in, sizeof(in)) > 0);

	/* Late, it is no answer; and it is not spoken to again. */
	prepare_answer(2);
	judge_tell(&judge, &question);
	judge_ask(&judge, &question, &answer);
	assert_int_equal(answer.why, WHY_JUDGE_SILENT);
	assert_int_equal(hear(in, sizeof(in)), 0);
}

static void wrong_answers(void **state)
{
	(void)state;
	prepare_answer(7);		/* to another question */
	put(ASK_REQUEST, 10, 'x');
	judge_ask(&judge, &question, &answer);
	assert_int_equal(answer.why, WHY_JUDGE_SILENT);
}

/* The judge stands still while agents answer: nothing waits for it. */
static void told_to_nobody(void **state)
{
	(void)state;
	put(TELL_REPLY, REPLY_MAX, 'x');
	for (int i = 0; i < 2000; i++)
		judge_tell(&judge, &question);
	assert_false(judge.silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_with_the_next_question, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_more_than_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_to_nobody, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
