// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packet decoder and the segment builder: one good packet of each family,
 * spoiled byte by byte; cut everywhere; built and decoded again.
 */

#include "test.h"

#include "checksum.h"
#include "packet.h"
#include "segment.h"

/* 192.0.2.1:1025 > 192.0.2.2:7547, ACK|PSH, NOP NOP timestamps, payload "hi" */
static const uint8_t good4[] =
	"\x45\0\0\x36\0\0\x40\0\x40\x06\0\0\xc0\0\2\1\xc0\0\2\2"
	"\4\1\x1d\x7b\0\0\0\1\0\0\0\2\x80\x18\1\0\0\0\0\0"
	"\1\1\x08\x0a\0\0\0\7\0\0\0\x09hi";

/* 2001:db8::1 port 1025 > 2001:db8::2 port 7547, SYN, MSS and window scale */
static const uint8_t good6[] =
	"\x60\0\0\0\0\x1c\x06\x40"
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
	"\4\1\x1d\x7b\0\0\0\1\0\0\0\0\x70\x02\1\0\0\0\0\0"
	"\2\4\5\xa0\1\3\3\7";

enum { LEN4 = sizeof(good4) - 1, LEN6 = sizeof(good6) - 1 };

static const struct {
	const char	*what;
	size_t		 off;
	uint8_t		 byte;
	enum why	 why;
} spoiled4[] = {
	{ "version 5",			 0, 0x55, WHY_BAD_IP },
	{ "IHL under 20",		 0, 0x44, WHY_BAD_IP },
	{ "IP options",			 0, 0x46, WHY_BAD_IP },
	{ "total under IHL",		 3, 0x10, WHY_BAD_IP },
	{ "total over packet",		 3, 0xff, WHY_TRUNCATED },
	{ "total under packet",		 3, 0x35, WHY_BAD_IP },
	{ "evil bit",			 6, 0xc0, WHY_BAD_IP },
	{ "more fragments",		 6, 0x20, WHY_BAD_IP },
	{ "fragment offset",		 7, 0x01, WHY_BAD_IP },
	{ "UDP",			 9, 0x11, WHY_BAD_IP },
	{ "LAND",			19, 0x01, WHY_BAD_IP },
	{ "data offset under 20",	32, 0x40, WHY_BAD_TCP },
	{ "data offset over packet",	32, 0xf0, WHY_TRUNCATED },
	{ "reserved bit",		32, 0x84, WHY_BAD_TCP },
	{ "no flags",			33, 0x00, WHY_BAD_FLAGS },
	{ "no ACK",			33, 0x08, WHY_BAD_FLAGS },
	{ "FIN alone",			33, 0x01, WHY_BAD_FLAGS },
	{ "SYN FIN",			33, 0x03, WHY_BAD_FLAGS },
	{ "SYN RST",			33, 0x06, WHY_BAD_FLAGS },
	{ "FIN RST",			33, 0x15, WHY_BAD_FLAGS },
	{ "URG",			33, 0x38, WHY_URGENT },
	{ "Christmas tree",		33, 0xff, WHY_URGENT },
	{ "data on SYN",		33, 0x02, WHY_SYN_DATA },
	{ "data on SYN-ACK",		33, 0x12, WHY_SYN_DATA },
	{ "option of length 0",		43, 0x00, WHY_BAD_OPTION },
	{ "option of length 1",		43, 0x01, WHY_BAD_OPTION },
	{ "option past the header",	43, 0x0b, WHY_BAD_OPTION },
	{ "timestamps too short",	43, 0x09, WHY_BAD_OPTION },
	{ "MSS without SYN",		42, 0x02, WHY_BAD_OPTION },
	{ "TCP MD5",			42, 0x13, WHY_BAD_OPTION },
	{ "TCP AO",			42, 0x1d, WHY_BAD_OPTION },
	{ "Fast Open",			42, 0x22, WHY_BAD_OPTION },
	{ "MPTCP",			42, 0x1e, WHY_BAD_OPTION },
	{ "unknown option",		42, 0xfd, WHY_BAD_OPTION },
	{ "something after the end of options", 40, 0x00, WHY_BAD_OPTION },
}, spoiled6[] = {
	{ "length under the header",	 5, 0x10, WHY_BAD_IP },
	{ "length over packet",		 5, 0x1d, WHY_TRUNCATED },
	{ "hop-by-hop options",		 6, 0x00, WHY_BAD_IP },
	{ "routing header",		 6, 0x2b, WHY_BAD_IP },
	{ "fragment header",		 6, 0x2c, WHY_BAD_IP },
	{ "destination options",	 6, 0x3c, WHY_BAD_IP },
	{ "PSH on SYN",			53, 0x0a, WHY_BAD_FLAGS },
	{ "window scale over 14",	67, 0x0f, WHY_BAD_OPTION },
	{ "MSS twice",			65, 0x02, WHY_BAD_OPTION },
};

static enum why decode(struct packet *p, const void *b, size_t n)
{
	return packet_decode(p, (struct bytes){ at_the_edge(b, n), n });
}

static void good_packets(void **state)
{
	struct packet p;

	(void)state;
	assert_int_equal(decode(&p, good4, LEN4), WHY_NEXT);
	assert_false(p.v6);
	assert_int_equal(p.sport, 1025);
	assert_int_equal(p.dport, 7547);
	assert_int_equal(p.seq, 1);
	assert_int_equal(p.ack, 2);
	assert_true(p.has_ts);
	assert_int_equal(p.tsval, 7);
	assert_int_equal(p.tsecr, 9);
	assert_int_equal(p.payload.len, 2);
	assert_memory_equal(p.payload.at, "hi", 2);
	assert_true(addr_is4(&p.src));

	assert_int_equal(decode(&p, good6, LEN6), WHY_NEXT);
	assert_true(p.v6);
	assert_int_equal(p.wscale, 7);
	assert_int_equal(p.payload.len, 0);
	assert_int_equal(p.src.b[15], 1);
}

static void cut_anywhere(void **state)
{
	struct packet p;

	(void)state;
	for (size_t n = 0; n < LEN4; n++)
		assert_int_equal(decode(&p, good4, n), WHY_TRUNCATED);
	for (size_t n = 0; n < LEN6; n++)
		assert_int_equal(decode(&p, good6, n), WHY_TRUNCATED);
}

static void spoiled_anywhere(void **state)
{
	struct packet	p;
	uint8_t		b[LEN6];

	(void)state;
	for (size_t i = 0; i < sizeof(spoiled4) / sizeof(*spoiled4); i++) {
		memcpy(b, good4, LEN4);
		b[spoiled4[i].off] = spoiled4[i].byte;
		if (decode(&p, b, LEN4) != spoiled4[i].why)
			fail_msg("%s", spoiled4[i].what);
	}
	for (size_t i = 0; i < sizeof(spoiled6) / sizeof(*spoiled6); i++) {
		memcpy(b, good6, LEN6);
		b[spoiled6[i].off] = spoiled6[i].byte;
		if (decode(&p, b, LEN6) != spoiled6[i].why)
			fail_msg("%s", spoiled6[i].what);
	}
}

/* Every value of every byte: whatever comes, the views stay inside. */
static void every_byte(void **state)
{
	struct packet	p;
	uint8_t		b[LEN4];

	(void)state;
	for (size_t off = 0; off < LEN4; off++)
		for (unsigned v = 0; v < 256; v++) {
			memcpy(b, good4, LEN4);
			b[off] = (uint8_t)v;
			if (decode(&p, b, LEN4) == WHY_NEXT)
				assert_int_equal(p.ip.len + p.tcp.len + p.payload.len, LEN4);
		}
}

/* RFC 1071 section 3, and its property: a finished header sums to zero. */
static void checksum(void **state)
{
	static const uint8_t rfc1071[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	static const uint8_t odd[] = { 0x01, 0x02, 0x03 };

	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, (struct bytes){ rfc1071, 8 })),
			 (uint16_t)~0xddf2);
	assert_int_equal(checksum_fold(checksum_add(0, (struct bytes){ odd, 3 })),
			 (uint16_t)~(0x0102 + 0x0300));
}

static void built_and_decoded(void **state)
{
	struct segment_spec spec = {
		.sport = 7547, .dport = 1025, .seq = 0xfffffffe, .ack = 3, .window = 500,
		.flags = TCP_ACK | TCP_PSH, .payload = BYTES("odd"),
	};
	struct segment	s;
	struct packet	p;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (int ts = 0; ts < 2; ts++) {
			spec.v6 = v6;
			spec.has_ts = ts;
			spec.tsval = 77;
			spec.src = addr_from4((const uint8_t[]){ 192, 0, 2, 2 });
			spec.dst = addr_from4((const uint8_t[]){ 192, 0, 2, 1 });
			if (v6)
				spec.src.b[0] = spec.dst.b[0] = 0x20;
			segment_build(&s, &spec);
			assert_int_equal(decode(&p, s.at, s.len), WHY_NEXT);
			assert_true(packet_checksum_ok(&p));
			assert_int_equal(p.seq, spec.seq);
			assert_int_equal(p.has_ts, ts);
			assert_true(addr_equal(&p.dst, &spec.dst));
			assert_memory_equal(p.payload.at, "odd", 3);
			s.at[s.len - 1] ^= 1;
			assert_false(packet_checksum_ok(&p) &&
				     (decode(&p, s.at, s.len), packet_checksum_ok(&p)));
		}
}

static void rewritten(void **state)
{
	struct segment	s;
	struct packet	p, q;

	(void)state;
	assert_int_equal(decode(&p, good4, LEN4), WHY_NEXT);
	segment_rewrite(&s, &p, 1000, TCP_ACK, BYTES("other bytes"));
	assert_int_equal(packet_decode(&q, (struct bytes){ s.at, s.len }), WHY_NEXT);
	assert_true(packet_checksum_ok(&q));
	assert_int_equal(q.seq, 1000);
	assert_int_equal(q.tsval, 7);		/* its options stay */
	assert_int_equal(q.payload.len, 11);
	assert_int_equal(checksum_fold(checksum_add(0, q.ip)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_packets),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(spoiled_anywhere),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(checksum),
		cmocka_unit_test(built_and_decoded),
		cmocka_unit_test(rewritten),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
