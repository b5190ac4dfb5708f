// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the Host field: no user information, no list, no escapes, nothing
 * empty where a name or a port has to be.
 */

#include "host.h"

#include <arpa/inet.h>

#include "chars.h"
#include "limit.h"

/* RFC 3986 port, without leading zeros, 1 to 65535. */
static bool is_port(struct bytes b)
{
	uint32_t	port = 0;
	uint8_t		c;

	if (b.len > 5 || !bytes_peek(&b, &c) || c == '0')
		return false;
	while (bytes_u8(&b, &c)) {
		if (!is_digit(c))
			return false;
		port = port * 10 + c - '0';
	}
	return port <= UINT16_MAX;
}

/* Letters, digits, '-' and '_' in labels that are not empty. */
static bool is_label(struct bytes b)
{
	uint8_t c;

	if (b.len == 0)
		return false;
	while (bytes_u8(&b, &c))
		if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	return true;
}

static bool is_name(struct bytes b)
{
	struct bytes label;

	while (bytes_until(&b, '.', &label)) {
		if (!is_label(label))
			return false;
		if (b.len == 0)
			return true;		/* the root's dot */
	}
	return is_label(b);
}

static bool is_ip6(struct bytes b)
{
	char		text[INET6_ADDRSTRLEN];
	struct in6_addr	a;
	size_t		n = b.len;

	if (n >= sizeof(text) || !bytes_copy(&b, text, n))
		return false;
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &a) == 1;
}

bool host_is_valid(struct bytes host)
{
	struct bytes	name;
	uint8_t		c;

	if (host.len > HOST_MAX || has_authorization_text(host) || !bytes_peek(&host, &c))
		return false;
	if (c == '[') {
		if (!bytes_skip(&host, 1) || !bytes_until(&host, ']', &name) || !is_ip6(name))
			return false;
		return host.len == 0 ||
		       (bytes_u8(&host, &c) && c == ':' && is_port(host));
	}
	if (bytes_until(&host, ':', &name))
		return is_name(name) && is_port(host);
	return is_name(host);
}
