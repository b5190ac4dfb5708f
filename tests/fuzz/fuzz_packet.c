// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever the bytes are: the views stay inside them and cover them. */

#include "fuzz.h"
#include "packet.h"
#include "segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct segment	s;
	struct packet		p, q;

	if (packet_decode(&p, (struct bytes){ data, len }))
		return 0;
	PROMISE(p.ip.at == data);
	PROMISE(p.tcp.at == data + p.ip.len);
	PROMISE(p.payload.at == p.tcp.at + p.tcp.len);
	PROMISE(p.ip.len + p.tcp.len + p.payload.len == len);

	/* What the gate makes of it decodes again, at the new number. */
	segment_rewrite(&s, &p, 7, p.flags & TCP_SYN ? p.flags : TCP_ACK, (struct bytes){ 0 });
	PROMISE(packet_decode(&q, (struct bytes){ s.at, s.len }) == WHY_NEXT);
	PROMISE(packet_checksum_ok(&q) && q.seq == 7);
	return 0;
}
