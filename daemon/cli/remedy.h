/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For each reason the setting that governs it and what a person can do.  The
 * command line and the manual are made of it; the daemon does without.
 *
 * A reason of why.h that has no line here, or two, does not compile.
 */
#ifndef CWMPGATE_REMEDY_H
#define CWMPGATE_REMEDY_H

#include <stddef.h>

#include "why.h"

#define HEALTHY	"nothing: this belongs to a healthy connection"
#define SENDER	"nothing here: no ACS sends this; find out who the source is"
#define BROKEN	"look for what damages packets on the way (offload, NAT, a broken middlebox)"
#define LATECOMER "nothing, unless there are many: then packets are lost or late on the way"
#define CLIENT	"capture the request (tcpdump) and see the byte; the ACS has to send it differently"

/*
 * What is looked at, in this order: a request that fails one check has passed
 * those before it, and those after it were not reached.  The rules of nft come
 * before all of them.
 */
#define STAGE_LIST(X)									\
	X(NONE,		"",		NULL,		"")				\
	X(PACKET,	"packet",	NULL,		"IP and TCP headers, checksum")	\
	X(ROOM,		"room",		"syn",		"room for the connection and its request") \
	X(CONNECTION,	"connection",	NULL,		"sequence numbers, order, end")	\
	X(TIME,		"time",		NULL,		"the request came in time")	\
	X(HEAD,		"head",		NULL,		"request line and fields")	\
	X(PATH,		"path",		"path",		"the path is a configured one")	\
	X(ATTEMPTS,	"attempts",	"attempts",	"budget for requests without proof") \
	X(DIGEST,	"digest",	"credentials",	"nonce, credentials, replay")	\
	X(REQUESTS,	"requests",	"requests",	"budget for proven requests")	\
	X(AGENT,	"agent",	"ports",	"delivered to the agent")

enum stage {
#define X(name, word, setting, doc) STAGE_##name,
	STAGE_LIST(X)
#undef X
};

enum { STAGES = STAGE_AGENT + 1 };

/*	name			check		setting		what to do */
#define REMEDY_LIST(X)										\
	X(NEXT,		NONE,		NULL,			HEALTHY)			\
	X(SYN,		NONE,		NULL,			HEALTHY)			\
	X(SYN_ACK,	NONE,		NULL,			HEALTHY)			\
	X(DEFERRED,	NONE,		NULL,			HEALTHY)			\
	X(SYN_ACK_REPEAT,	NONE,	NULL,			HEALTHY)			\
	X(ACK,		NONE,		NULL,			HEALTHY)			\
	X(FIN,		NONE,		NULL,			HEALTHY)			\
	X(RESET,	NONE,		NULL,			HEALTHY)			\
	X(REPLY,	NONE,		NULL,			HEALTHY)			\
	X(FAREWELL,	NONE,		NULL,			HEALTHY)			\
	X(LATE,		NONE,		NULL,			HEALTHY)			\
	X(FORGOTTEN,	NONE,		NULL,			HEALTHY)			\
	X(PARTIAL,	NONE,		NULL,			HEALTHY)			\
	X(REPEAT,	NONE,		NULL,			HEALTHY)			\
	X(REDELIVERED,	NONE,		NULL,			HEALTHY)			\
	X(AUTHENTICATED,	AGENT,	"credentials",		HEALTHY)			\
	X(UNCHECKED,	AGENT,		"digest",						\
	  "set digest = \"require\" and name the credentials, if they are known here")		\
	X(NO_CREDENTIALS,	DIGEST,	"digest",						\
	  "nothing, if AUTHENTICATED follows; else the ACS has no password for this device")	\
	X(DIGEST_MALFORMED,	DIGEST,	NULL,							\
	  "capture the request: the ACS writes Authorization in a way RFC 7616 does not allow")	\
	X(DIGEST_URI,	DIGEST,		NULL,							\
	  "the ACS computes the digest for another URL than it asks for; see what it has stored") \
	X(NONCE_UNKNOWN,	DIGEST,	"nonce_bind",						\
	  "if the ACS sends from changing addresses, set nonce_bind = \"any\"; after a restart of the daemon it passes by itself") \
	X(NONCE_EXPIRED,	DIGEST,	"nonce_lifetime",					\
	  "if the ACS takes longer between challenge and answer, raise nonce_lifetime")		\
	X(DIGEST_DOWNGRADE,	DIGEST,	NULL,							\
	  "the ACS answers with an algorithm or qop the agent did not offer; see its digest settings") \
	X(DIGEST_WRONG,	DIGEST,		"credentials",						\
	  "compare the credentials file with ConnectionRequestUsername and -Password of the ACS and of the agent") \
	X(REPLAYED,	DIGEST,		NULL,							\
	  "the ACS has to count nc up or ask for a new nonce; otherwise somebody repeats what he has overheard") \
	X(OVER_ATTEMPTS,	ATTEMPTS,	"attempts",					\
	  "if it is the ACS, raise attempts; each of its requests begins with an unauthenticated one") \
	X(OVER_REQUESTS,	REQUESTS,	"requests",					\
	  "if the ACS really asks that often, raise requests or all_requests")			\
	X(TRUNCATED,	PACKET,		NULL,			BROKEN)				\
	X(BAD_IP,	PACKET,		NULL,							\
	  "no ACS fragments its requests or uses IP options; see what is between it and this router") \
	X(BAD_TCP,	PACKET,		NULL,			BROKEN)				\
	X(BAD_CHECKSUM,	PACKET,		NULL,			BROKEN)				\
	X(BAD_FLAGS,	PACKET,		NULL,			SENDER)				\
	X(BAD_OPTION,	PACKET,		NULL,							\
	  "if it is the ACS, turn off TCP Fast Open, MPTCP or TCP-MD5 there, or in the middlebox before it") \
	X(URGENT,	PACKET,		NULL,			SENDER)				\
	X(SYN_DATA,	PACKET,		NULL,							\
	  "if it is the ACS, turn off TCP Fast Open there")					\
	X(NO_FLOW,	CONNECTION,	NULL,							\
	  "nothing, if it was right after a start of the daemon; otherwise a scan")		\
	X(SYN_IN_FLOW,	CONNECTION,	NULL,							\
	  "nothing: the client used its port again, and tries once more by itself")		\
	X(RST_SEQ,	CONNECTION,	NULL,							\
	  "nothing: a blind reset of somebody, or one that was overtaken")			\
	X(BAD_ACK,	CONNECTION,	NULL,			SENDER)				\
	X(BAD_TIMESTAMP,	CONNECTION,	NULL,						\
	  "if it is the ACS, something before it removes TCP timestamps in mid-connection")	\
	X(OUT_OF_WINDOW,	CONNECTION,	NULL,			LATECOMER)		\
	X(OUT_OF_ORDER,	CONNECTION,	NULL,			LATECOMER)			\
	X(TOO_EARLY,	CONNECTION,	NULL,							\
	  "look whether the agent is alive: it has not acknowledged what was delivered")	\
	X(CONFLICT,	CONNECTION,	NULL,							\
	  "nothing here: somebody tries to show two requests in one; find out who the source is") \
	X(CLOSED_EARLY,	CONNECTION,	NULL,							\
	  "nothing, if it is a port scan or a monitoring probe; else look at the ACS's log")	\
	X(PIPELINED,	CONNECTION,	NULL,							\
	  "the ACS has to wait for the answer before it asks again (TR-069)")			\
	X(AFTER_CLOSE,	CONNECTION,	NULL,							\
	  "the ACS has to heed Connection: close")						\
	X(TOO_MANY_REQUESTS,	CONNECTION,	NULL,						\
	  "the ACS has to open a new connection after eight requests")				\
	X(HEAD_TOO_LONG,	HEAD,	NULL,			CLIENT)				\
	X(LINE_TOO_LONG,	HEAD,	NULL,			CLIENT)				\
	X(TOO_MANY_LINES,	HEAD,	NULL,			CLIENT)				\
	X(BAD_BYTE,	HEAD,		NULL,							\
	  "nothing, if it is TLS or another protocol; else see the byte in a capture")		\
	X(BAD_LINE_END,	HEAD,		NULL,			CLIENT)				\
	X(TRAILING,	HEAD,		NULL,			CLIENT)				\
	X(NOT_GET,	HEAD,		NULL,							\
	  "nothing: a connection request is a GET; a POST is what attacks on these ports send")	\
	X(BAD_TARGET,	HEAD,		NULL,			CLIENT)				\
	X(WRONG_PATH,	PATH,		"path",							\
	  "compare path with the agent's ConnectionRequestURL; an agent may choose a new one at each start") \
	X(BAD_VERSION,	HEAD,		NULL,							\
	  "the ACS has to speak HTTP/1.1, as TR-069 wants")					\
	X(BAD_FIELD_NAME,	HEAD,	NULL,			CLIENT)				\
	X(FOLDED,	HEAD,		NULL,			CLIENT)				\
	X(FIELD_REPEATED,	HEAD,	NULL,			CLIENT)				\
	X(FIELD_REFUSED,	HEAD,	"unknown_fields",					\
	  "if the ACS or a proxy before it adds the field, set unknown_fields = \"strip\"")	\
	X(BAD_FIELD_VALUE,	HEAD,	NULL,			CLIENT)				\
	X(BAD_HOST,	HEAD,		NULL,			CLIENT)				\
	X(BODY,		HEAD,		NULL,							\
	  "the ACS has to send its request without a body (TR-069)")				\
	X(BAD_COOKIE,	HEAD,		NULL,			SENDER)				\
	X(NO_ROOM,	HEAD,		NULL,							\
	  "the ACS has to send a complete request; real ones are long enough")			\
	X(FIRST_BYTE_LATE,	TIME,	NULL,							\
	  "nothing, if it is a scan or a probe; else the way from the ACS is very slow")	\
	X(HEAD_LATE,	TIME,		NULL,							\
	  "if it is the ACS, look for loss on the way; otherwise somebody holds connections open") \
	X(AGENT_SILENT,	AGENT,		"ports",						\
	  "look whether the agent runs and listens on the port: cwmpgate doctor")		\
	X(IDLE,		TIME,		NULL,			"nothing: the client kept a connection it did not use") \
	X(FLOWS_FULL,	ROOM,		"syn",							\
	  "if it lasts, lower syn: many sources open more connections than they use")		\
	X(SOURCE_FULL,	ROOM,		"syn",							\
	  "lower syn, or find out why this source opens so many connections")			\
	X(HEADS_FULL,	ROOM,		"syn",							\
	  "if it lasts, lower syn: many sources begin requests and do not end them")		\
	X(EVICTED,	ROOM,		NULL,							\
	  "nothing, unless there are many: then somebody floods the port")			\
	X(JUDGE_SILENT,	HEAD,		NULL,							\
	  "see the daemon's log; the judge is started again by itself")

struct remedy {
	enum stage	stage;		/* where it is decided; NONE: no decision about a request */
	const char	*setting;	/* NULL: none governs it */
	const char	*text;
};

/* Indexed by enum why. */
extern const struct remedy remedy[WHY_COUNT];

struct stage_info {
	const char	*word;
	const char	*setting;	/* NULL: none */
	const char	*doc;
};

extern const struct stage_info stage_info[STAGES];

#endif /* CWMPGATE_REMEDY_H */
