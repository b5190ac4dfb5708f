/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a packet got the verdict it got.
 *
 * Every step of the path answers with one of these and with nothing else.
 * The reason fixes what is done with the packet and its connection; it is the
 * index of a counter, a word in the log and a line in the manual.  There is
 * no way to refuse a packet without saying why.
 */
#ifndef CWMPGATE_WHY_H
#define CWMPGATE_WHY_H

#include <stdbool.h>

/*
 * What is done.
 *
 *	NONE	the step is content; the next one decides
 *	PASS	the packet goes on as it is (never with a client's payload)
 *	BLANK	the agent's packet goes on with its Server field blanked
 *	TRIM	a client's packet goes on as a bare acknowledgement
 *	DELIVER	the canonical head goes to the agent in the packet's place
 *	ABSORB	the packet is dropped, its bytes are kept; the gate acknowledges
 *	DROP	the packet is dropped; its connection does not change
 *	REFUSE	the connection is closed towards the agent and the client
 *	BUSY	as REFUSE, but the client is told 503 (TR-069 3.2.2.2)
 */
enum act {
	ACT_NONE, ACT_PASS, ACT_BLANK, ACT_TRIM, ACT_DELIVER, ACT_ABSORB,
	ACT_DROP, ACT_REFUSE, ACT_BUSY,
};

/*
 * Who is blamed: only what no client sends by accident, on a connection whose
 * handshake was completed, is charged to the source's budget `malformed`.
 *
 *	name			act		blame	what was seen
 */
#define WHY_LIST(X)									\
	X(NEXT,			ACT_NONE,	NONE,	"nothing against it so far")		\
	/* handshake, acknowledgements, closing */					\
	X(SYN,			ACT_PASS,	NONE,	"connection attempt of an allowed source")	\
	X(SYN_ACK,		ACT_PASS,	NONE,	"the agent's kernel answered a connection attempt")	\
	X(DEFERRED,		ACT_DROP,	NONE,	"handshake completed; the agent will see it with the request")	\
	X(SYN_ACK_REPEAT,	ACT_DROP,	NONE,	"SYN-ACK repeated for a handshake the gate has completed")	\
	X(ACK,			ACT_PASS,	NONE,	"acknowledgement on a checked connection")	\
	X(FIN,			ACT_PASS,	NONE,	"orderly end on a checked connection")	\
	X(RESET,		ACT_PASS,	NONE,	"client reset the connection at the exact sequence number")	\
	X(REPLY,		ACT_PASS,	NONE,	"packet of the agent")			\
	X(FAREWELL,		ACT_DROP,	NONE,	"client closes a connection the gate has answered")	\
	X(LATE,			ACT_DROP,	NONE,	"packet for a connection that is over")	\
	X(FORGOTTEN,		ACT_DROP,	NONE,	"finished or never completed connection was forgotten")	\
	/* request heads */								\
	X(PARTIAL,		ACT_ABSORB,	NONE,	"request head is not complete yet")	\
	X(REPEAT,		ACT_ABSORB,	NONE,	"bytes the gate has already")		\
	X(REDELIVERED,		ACT_DELIVER,	NONE,	"checked request sent again, not yet acknowledged")	\
	X(AUTHENTICATED,	ACT_DELIVER,	NONE,	"request with a valid digest, delivered with it")	\
	X(UNCHECKED,		ACT_DELIVER,	NONE,	"digest = \"off\": request delivered, digest left to the agent")	\
	X(NO_CREDENTIALS,	ACT_DELIVER,	NONE,	"request without credentials, delivered bare to be challenged")	\
	X(DIGEST_MALFORMED,	ACT_DELIVER,	NONE,	"Authorization is not a digest of the allowed form; delivered bare")	\
	X(DIGEST_URI,		ACT_DELIVER,	NONE,	"digest is for another uri; delivered bare")	\
	X(NONCE_UNKNOWN,	ACT_DELIVER,	NONE,	"nonce was not issued by the agent to this source; delivered bare")	\
	X(NONCE_EXPIRED,	ACT_DELIVER,	NONE,	"nonce is older than its lifetime; delivered bare")	\
	X(DIGEST_DOWNGRADE,	ACT_DELIVER,	NONE,	"digest form was not offered by the agent; delivered bare")	\
	X(DIGEST_WRONG,		ACT_DELIVER,	NONE,	"digest does not match any credentials; delivered bare")	\
	X(REPLAYED,		ACT_DELIVER,	NONE,	"digest was delivered before; delivered bare")	\
	X(OVER_ATTEMPTS,	ACT_REFUSE,	NONE,	"source makes too many unauthenticated requests")	\
	X(OVER_REQUESTS,	ACT_BUSY,	NONE,	"source makes too many authenticated requests")	\
	/* IP and TCP */								\
	X(TRUNCATED,		ACT_DROP,	NONE,	"packet ends inside a header")		\
	X(BAD_IP,		ACT_DROP,	NONE,	"IP header is malformed, optioned or fragmented")	\
	X(BAD_TCP,		ACT_DROP,	NONE,	"TCP header contradicts itself")	\
	X(BAD_CHECKSUM,		ACT_DROP,	NONE,	"TCP checksum is wrong")		\
	X(BAD_FLAGS,		ACT_DROP,	NONE,	"TCP flags make no sense together")	\
	X(BAD_OPTION,		ACT_DROP,	NONE,	"TCP option is malformed, repeated or unknown")	\
	X(URGENT,		ACT_DROP,	NONE,	"urgent data")				\
	X(SYN_DATA,		ACT_DROP,	NONE,	"data on a SYN")			\
	X(NO_FLOW,		ACT_DROP,	NONE,	"packet without a connection")		\
	X(SYN_IN_FLOW,		ACT_DROP,	NONE,	"SYN inside a connection")		\
	X(RST_SEQ,		ACT_DROP,	NONE,	"RST not at the exact sequence number")	\
	X(BAD_ACK,		ACT_DROP,	NONE,	"acknowledges what was never sent")	\
	X(BAD_TIMESTAMP,	ACT_DROP,	NONE,	"TCP timestamp is missing or old")	\
	X(OUT_OF_WINDOW,	ACT_DROP,	NONE,	"segment is outside the window")	\
	X(OUT_OF_ORDER,		ACT_ABSORB,	NONE,	"segment is not the next one")		\
	X(TOO_EARLY,		ACT_DROP,	NONE,	"the agent has not acknowledged the request yet")	\
	X(CONFLICT,		ACT_REFUSE,	MALFORMED,	"repeated segment has different bytes")	\
	X(CLOSED_EARLY,		ACT_REFUSE,	NONE,	"client closed before the request was complete")	\
	X(PIPELINED,		ACT_REFUSE,	MALFORMED,	"next request before the answer to the last one")	\
	X(AFTER_CLOSE,		ACT_REFUSE,	NONE,	"request after one side has closed")	\
	X(TOO_MANY_REQUESTS,	ACT_REFUSE,	NONE,	"too many requests on one connection")	\
	/* HTTP, RFC 9112; the detail names the byte */					\
	X(HEAD_TOO_LONG,	ACT_REFUSE,	MALFORMED,	"request head is longer than the limit")	\
	X(LINE_TOO_LONG,	ACT_REFUSE,	MALFORMED,	"line of the request head is longer than the limit")	\
	X(TOO_MANY_LINES,	ACT_REFUSE,	MALFORMED,	"request head has too many lines")	\
	X(BAD_BYTE,		ACT_REFUSE,	MALFORMED,	"control or 8-bit byte in the request head")	\
	X(BAD_LINE_END,		ACT_REFUSE,	MALFORMED,	"line does not end in CRLF")		\
	X(TRAILING,		ACT_REFUSE,	MALFORMED,	"bytes after the request head")		\
	X(NOT_GET,		ACT_REFUSE,	MALFORMED,	"request is not a GET")			\
	X(BAD_TARGET,		ACT_REFUSE,	MALFORMED,	"request-target is malformed")		\
	X(WRONG_PATH,		ACT_REFUSE,	MALFORMED,	"request-target is not the configured path")	\
	X(BAD_VERSION,		ACT_REFUSE,	MALFORMED,	"version is not HTTP/1.1")		\
	X(BAD_FIELD_NAME,	ACT_REFUSE,	MALFORMED,	"field name is malformed")		\
	X(FOLDED,		ACT_REFUSE,	MALFORMED,	"folded field line")			\
	X(FIELD_REPEATED,	ACT_REFUSE,	MALFORMED,	"field is repeated")			\
	X(FIELD_REFUSED,	ACT_REFUSE,	MALFORMED,	"field has no place in a connection request")	\
	X(BAD_FIELD_VALUE,	ACT_REFUSE,	MALFORMED,	"field value is malformed")		\
	X(BAD_HOST,		ACT_REFUSE,	MALFORMED,	"Host is missing or malformed")		\
	X(BODY,			ACT_REFUSE,	MALFORMED,	"request announces a body")		\
	X(BAD_COOKIE,		ACT_REFUSE,	MALFORMED,	"cookie of the kind that breaks agents (CVE-2014-9222)")	\
	X(NO_ROOM,		ACT_REFUSE,	NONE,	"request is too terse to be rewritten at its length")	\
	/* time and room */								\
	X(FIRST_BYTE_LATE,	ACT_REFUSE,	NONE,	"no request after the handshake")	\
	X(HEAD_LATE,		ACT_REFUSE,	NONE,	"request head did not complete in time")	\
	X(AGENT_SILENT,		ACT_REFUSE,	NONE,	"the agent did not acknowledge the request")	\
	X(IDLE,			ACT_REFUSE,	NONE,	"connection was idle too long")		\
	X(FLOWS_FULL,		ACT_DROP,	NONE,	"no room for another connection")	\
	X(SOURCE_FULL,		ACT_REFUSE,	NONE,	"source has too many connections")	\
	X(HEADS_FULL,		ACT_REFUSE,	NONE,	"no room for another request head")	\
	X(EVICTED,		ACT_REFUSE,	NONE,	"made room for a newer connection")	\
	X(JUDGE_SILENT,		ACT_REFUSE,	NONE,	"the judge gave no usable answer in time")

enum why {
#define X(name, act, blame, doc) WHY_##name,
	WHY_LIST(X)
#undef X
	WHY_COUNT
};

/* What was looked at: a packet of one of the two, or a deadline that has passed. */
enum from { FROM_CLIENT, FROM_AGENT, FROM_CLOCK };

enum blame { BLAME_NONE, BLAME_MALFORMED };

struct why_info {
	const char	*name;	/* the word in logs and metrics */
	enum act	 act;
	enum blame	 blame;
	const char	*doc;
};

/* Indexed by enum why. */
extern const struct why_info why_info[WHY_COUNT];

/* Worth a line; the packets of a healthy connection are counted, and that is all. */
bool why_is_event(enum why why);

#endif /* CWMPGATE_WHY_H */
