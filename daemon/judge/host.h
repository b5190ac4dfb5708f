/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of the Host field (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */
#ifndef CWMPGATE_HOST_H
#define CWMPGATE_HOST_H

#include "bytes.h"

/*
 * A name, an IPv4 address or a bracketed IPv6 address, and perhaps a port.
 * Syntax only: requests reach the agent under names and addresses that the
 * gate does not know (NAT, port forwarding).
 */
must_check bool host_is_valid(struct bytes host);

#endif /* CWMPGATE_HOST_H */
