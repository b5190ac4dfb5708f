// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of field names.  Whoever misses a name here sees FIELD_REFUSED
 * with its offset in the log, and adds a line.
 */

#include "fields.h"

#include "chars.h"

/* A name that ends in '-' stands for all that begin so and stand not above it. */
static const struct {
	const char	*name;
	enum treatment	 treatment;
} fields[] = {
	/* what a connection request says */
	{ "Host",			FIELD_HOST },
	{ "Connection",			FIELD_CONNECTION },
	{ "Authorization",		FIELD_AUTHORIZATION },

	/* a body, RFC 9112 section 6 */
	{ "Content-Length",		FIELD_LENGTH },
	{ "Transfer-Encoding",		FIELD_CODING },
	{ "Trailer",			FIELD_NEVER },
	{ "Expect",			FIELD_NEVER },
	{ "Content-",			FIELD_NEVER },
	{ "SOAPAction",			FIELD_NEVER },
	{ "MIME-Version",		FIELD_NEVER },

	/* who asks, and what it would like to read */
	{ "User-Agent",			FIELD_LEFT_OUT },
	{ "From",			FIELD_LEFT_OUT },
	{ "Accept",			FIELD_LEFT_OUT },
	{ "Accept-Charset",		FIELD_LEFT_OUT },
	{ "Accept-Encoding",		FIELD_LEFT_OUT },
	{ "Accept-Language",		FIELD_LEFT_OUT },
	{ "Date",			FIELD_LEFT_OUT },
	{ "DNT",			FIELD_LEFT_OUT },
	{ "Priority",			FIELD_LEFT_OUT },
	{ "Sec-CH-",			FIELD_LEFT_OUT },
	{ "Sec-Fetch-",			FIELD_LEFT_OUT },
	{ "Sec-GPC",			FIELD_LEFT_OUT },
	{ "Cookie",			FIELD_COOKIE },
	{ "Cookie2",			FIELD_LEFT_OUT },

	/* caches */
	{ "Cache-Control",		FIELD_LEFT_OUT },
	{ "Pragma",			FIELD_LEFT_OUT },
	{ "If-",			FIELD_NEVER },
	{ "Range",			FIELD_NEVER },

	/* connections; Java offers HTTP/2 with every request */
	{ "Keep-Alive",			FIELD_LEFT_OUT },
	{ "TE",				FIELD_LEFT_OUT },
	{ "Upgrade",			FIELD_LEFT_OUT },
	{ "HTTP2-Settings",		FIELD_LEFT_OUT },
	{ "Upgrade-Insecure-Requests",	FIELD_LEFT_OUT },

	/* proxies and tracing on the way from the ACS */
	{ "Via",			FIELD_LEFT_OUT },
	{ "Forwarded",			FIELD_LEFT_OUT },
	{ "X-Forwarded-For",		FIELD_LEFT_OUT },
	{ "X-Forwarded-Host",		FIELD_LEFT_OUT },
	{ "X-Forwarded-Port",		FIELD_LEFT_OUT },
	{ "X-Forwarded-Proto",		FIELD_LEFT_OUT },
	{ "X-Real-IP",			FIELD_LEFT_OUT },
	{ "X-Request-ID",		FIELD_LEFT_OUT },
	{ "X-Correlation-ID",		FIELD_LEFT_OUT },
	{ "traceparent",		FIELD_LEFT_OUT },
	{ "tracestate",			FIELD_LEFT_OUT },
	{ "Proxy-",			FIELD_NEVER },
	{ "Max-Forwards",		FIELD_NEVER },

	/* another request than the one that was read */
	{ "Referer",			FIELD_NEVER },
	{ "Origin",			FIELD_NEVER },
	{ "X-HTTP-Method",		FIELD_NEVER },
	{ "X-HTTP-Method-Override",	FIELD_NEVER },
	{ "X-Method-Override",		FIELD_NEVER },
	{ "X-Original-URL",		FIELD_NEVER },
	{ "X-Rewrite-URL",		FIELD_NEVER },
	{ "WWW-Authenticate",		FIELD_NEVER },
};

static bool matches(struct bytes name, struct bytes entry)
{
	if (entry.at[entry.len - 1] == '-')
		return bytes_starts_nocase(name, entry);
	return bytes_equal_nocase(name, entry);
}

enum treatment fields_treatment(struct bytes name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (matches(name, bytes_of(fields[i].name)))
			return fields[i].treatment;
	return FIELD_UNKNOWN;
}
