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

/*	name			setting			what to do */
#define REMEDY_LIST(X)									\
	X(NEXT,			NULL,			HEALTHY)			\
	X(SYN,			NULL,			HEALTHY)			\
	X(SYN_ACK,		NULL,			HEALTHY)			\
	X(DEFERRED,		NULL,			HEALTHY)			\
	X(SYN_ACK_REPEAT,	NULL,			HEALTHY)			\
	X(ACK,			NULL,			HEALTHY)			\
	X(FIN,			NULL,			HEALTHY)			\
	X(RESET,		NULL,			HEALTHY)			\
	X(REPLY,		NULL,			HEALTHY)			\
	X(FAREWELL,		NULL,			HEALTHY)			\
	X(LATE,			NULL,			HEALTHY)			\
	X(FORGOTTEN,		NULL,			HEALTHY)			\
	X(PARTIAL,		NULL,			HEALTHY)			\
	X(REPEAT,		NULL,			HEALTHY)			\
	X(REDELIVERED,		NULL,			HEALTHY)			\
	X(AUTHENTICATED,	"credentials",		HEALTHY)			\
	X(UNCHECKED,		"digest",						\
	  "set digest = \"require\" and name the credentials, if they are known here")	\
	X(NO_CREDENTIALS,	"digest",						\
	  "nothing, if AUTHENTICATED follows; else the ACS has no password for this device")	\
	X(DIGEST_MALFORMED,	NULL,							\
	  "capture the request: the ACS writes Authorization in a way RFC 7616 does not allow")	\
	X(DIGEST_URI,		NULL,							\
	  "the ACS computes the digest for another URL than it asks for; see what it has stored")	\
	X(NONCE_UNKNOWN,	"nonce_bind",						\
	  "if the ACS sends from changing addresses, set nonce_bind = \"any\"; after a restart of the daemon it passes by itself")	\
	X(NONCE_EXPIRED,	"nonce_lifetime",					\
	  "if the ACS takes longer between challenge and answer, raise nonce_lifetime")	\
	X(DIGEST_DOWNGRADE,	NULL,							\
	  "the ACS answers with an algorithm or qop the agent did not offer; see its digest settings")	\
	X(DIGEST_WRONG,		"credentials",						\
	  "compare the credentials file with ConnectionRequestUsername and -Password of the ACS and of the agent")	\
	X(REPLAYED,		NULL,							\
	  "the ACS has to count nc up or ask for a new nonce; otherwise somebody repeats what he has overheard")	\
	X(OVER_ATTEMPTS,	"attempts",						\
	  "if it is the ACS, raise attempts; each of its requests begins with an unauthenticated one")	\
	X(OVER_REQUESTS,	"requests",						\
	  "if the ACS really asks that often, raise requests or all_requests")		\
	X(TRUNCATED,		NULL,			BROKEN)				\
	X(BAD_IP,		NULL,							\
	  "no ACS fragments its requests or uses IP options; see what is between it and this router")	\
	X(BAD_TCP,		NULL,			BROKEN)				\
	X(BAD_CHECKSUM,		NULL,			BROKEN)				\
	X(BAD_FLAGS,		NULL,			SENDER)				\
	X(BAD_OPTION,		NULL,							\
	  "if it is the ACS, turn off TCP Fast Open, MPTCP or TCP-MD5 there, or in the middlebox before it")	\
	X(URGENT,		NULL,			SENDER)				\
	X(SYN_DATA,		NULL,							\
	  "if it is the ACS, turn off TCP Fast Open there")				\
	X(NO_FLOW,		NULL,							\
	  "nothing, if it was right after a start of the daemon; otherwise a scan")	\
	X(SYN_IN_FLOW,		NULL,							\
	  "nothing: the client used its port again, and tries once more by itself")	\
	X(RST_SEQ,		NULL,							\
	  "nothing: a blind reset of somebody, or one that was overtaken")		\
	X(BAD_ACK,		NULL,			SENDER)				\
	X(BAD_TIMESTAMP,	NULL,							\
	  "if it is the ACS, something before it removes TCP timestamps in mid-connection")	\
	X(OUT_OF_WINDOW,	NULL,			LATECOMER)			\
	X(OUT_OF_ORDER,		NULL,			LATECOMER)			\
	X(TOO_EARLY,		NULL,							\
	  "look whether the agent is alive: it has not acknowledged what was delivered")	\
	X(CONFLICT,		NULL,							\
	  "nothing here: somebody tries to show two requests in one; find out who the source is")	\
	X(CLOSED_EARLY,		NULL,							\
	  "nothing, if it is a port scan or a monitoring probe; else look at the ACS's log")	\
	X(PIPELINED,		NULL,							\
	  "the ACS has to wait for the answer before it asks again (TR-069)")		\
	X(AFTER_CLOSE,		NULL,							\
	  "the ACS has to heed Connection: close")					\
	X(TOO_MANY_REQUESTS,	NULL,							\
	  "the ACS has to open a new connection after eight requests")			\
	X(HEAD_TOO_LONG,	NULL,			CLIENT)				\
	X(LINE_TOO_LONG,	NULL,			CLIENT)				\
	X(TOO_MANY_LINES,	NULL,			CLIENT)				\
	X(BAD_BYTE,		NULL,							\
	  "nothing, if it is TLS or another protocol; else see the byte in a capture")	\
	X(BAD_LINE_END,		NULL,			CLIENT)				\
	X(TRAILING,		NULL,			CLIENT)				\
	X(NOT_GET,		NULL,							\
	  "nothing: a connection request is a GET; a POST is what attacks on these ports send")	\
	X(BAD_TARGET,		NULL,			CLIENT)				\
	X(WRONG_PATH,		"path",							\
	  "compare path with the agent's ConnectionRequestURL; an agent may choose a new one at each start")	\
	X(BAD_VERSION,		NULL,							\
	  "the ACS has to speak HTTP/1.1, as TR-069 wants")				\
	X(BAD_FIELD_NAME,	NULL,			CLIENT)				\
	X(FOLDED,		NULL,			CLIENT)				\
	X(FIELD_REPEATED,	NULL,			CLIENT)				\
	X(FIELD_REFUSED,	"unknown_fields",					\
	  "if the ACS or a proxy before it adds the field, set unknown_fields = \"strip\"")	\
	X(BAD_FIELD_VALUE,	NULL,			CLIENT)				\
	X(BAD_HOST,		NULL,			CLIENT)				\
	X(BODY,			NULL,							\
	  "the ACS has to send its request without a body (TR-069)")			\
	X(BAD_COOKIE,		NULL,			SENDER)				\
	X(NO_ROOM,		NULL,							\
	  "the ACS has to send a complete request; real ones are long enough")		\
	X(FIRST_BYTE_LATE,	NULL,							\
	  "nothing, if it is a scan or a probe; else the way from the ACS is very slow")	\
	X(HEAD_LATE,		NULL,							\
	  "if it is the ACS, look for loss on the way; otherwise somebody holds connections open")	\
	X(AGENT_SILENT,		"ports",						\
	  "look whether the agent runs and listens on the port: cwmpgate doctor")	\
	X(IDLE,			NULL,			"nothing: the client kept a connection it did not use")	\
	X(FLOWS_FULL,		"syn",							\
	  "if it lasts, lower syn: many sources open more connections than they use")	\
	X(SOURCE_FULL,		"syn",							\
	  "lower syn, or find out why this source opens so many connections")		\
	X(HEADS_FULL,		"syn",							\
	  "if it lasts, lower syn: many sources begin requests and do not end them")	\
	X(EVICTED,		NULL,							\
	  "nothing, unless there are many: then somebody floods the port")		\
	X(JUDGE_SILENT,		NULL,							\
	  "see the daemon's log; the judge is started again by itself")

struct remedy {
	const char	*setting;	/* NULL: none governs it */
	const char	*text;
};

/* Indexed by enum why. */
extern const struct remedy remedy[WHY_COUNT];

#endif /* CWMPGATE_REMEDY_H */
