// SPDX-License-Identifier: GPL-2.0-or-later

#include "capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum {
	ETHER_ADDRS	= 12,
	ETHER_IP4	= 0x0800,
	ETHER_IP6	= 0x86dd,
	ETHER_VLAN	= 0x8100,
	ETHER_SVLAN	= 0x88a8,
	ETHER_PPPOE	= 0x8864,
	PPP_IP4		= 0x0021,
	PPP_IP6		= 0x0057,
};

struct capture {
	pcap_t	*pcap;
	FILE	*err;
};

struct capture *capture_open(const char *file, const char *filter, FILE *err)
{
	struct capture		*c = calloc(1, sizeof(*c));
	char			 text[PCAP_ERRBUF_SIZE];
	struct bpf_program	 program;

	if (!c)
		return NULL;
	c->err = err;
	c->pcap = pcap_open_offline(file, text);
	if (!c->pcap) {
		fprintf(err, "%s\n", text);
		free(c);
		return NULL;
	}
	if (!filter)
		return c;
	if (pcap_compile(c->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
		if (pcap_setfilter(c->pcap, &program) == 0) {
			pcap_freecode(&program);
			return c;
		}
		pcap_freecode(&program);
	}
	fprintf(err, "filter: %s\n", pcap_geterr(c->pcap));
	capture_close(c);
	return NULL;
}

void capture_close(struct capture *c)
{
	if (c)
		pcap_close(c->pcap);
	free(c);
}

/* From the Ethernet type on: tags, PPPoE, IP. */
static bool strip_type(struct bytes *b)
{
	uint16_t type;

	while (bytes_be16(b, &type)) {
		switch (type) {
		case ETHER_IP4:
		case ETHER_IP6:
			return true;
		case ETHER_VLAN:
		case ETHER_SVLAN:
			if (!bytes_skip(b, 2))
				return false;
			continue;
		case ETHER_PPPOE:
			return bytes_skip(b, 6) && bytes_be16(b, &type) &&
			       (type == PPP_IP4 || type == PPP_IP6);
		}
		return false;
	}
	return false;
}

static bool strip_link(int link, struct bytes *b)
{
	struct bytes type;

	switch (link) {
	case DLT_EN10MB:
		return bytes_skip(b, ETHER_ADDRS) && strip_type(b);
	case DLT_LINUX_SLL:
		return bytes_skip(b, 14) && strip_type(b);
	case DLT_LINUX_SLL2:
		return bytes_take(b, 2, &type) && bytes_skip(b, 18) &&
		       (type.at[0] << 8 | type.at[1]) != 0 && strip_type(&type);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return true;
	case DLT_NULL:
	case DLT_LOOP:
		return bytes_skip(b, 4);
	}
	return false;
}

/* Short Ethernet frames are padded: the IP header knows where the packet ends. */
static enum captured trim(struct bytes *b)
{
	size_t len;

	if (b->len < 20)
		return CAPTURED_OTHER;
	switch (b->at[0] >> 4) {
	case 4:
		len = (size_t)(b->at[2] << 8 | b->at[3]);
		break;
	case 6:
		len = 40u + (size_t)(b->at[4] << 8 | b->at[5]);
		break;
	default:
		return CAPTURED_OTHER;
	}
	if (len > b->len)
		return CAPTURED_CUT;
	b->len = len;
	return CAPTURED_IP;
}

enum captured capture_next(struct capture *c, struct bytes *ip, uint64_t *wall_ms)
{
	struct pcap_pkthdr	*h;
	const u_char		*at;
	int			 r = pcap_next_ex(c->pcap, &h, &at);

	if (r == PCAP_ERROR_BREAK)
		return CAPTURED_END;
	if (r != 1) {
		fprintf(c->err, "%s\n", pcap_geterr(c->pcap));
		return CAPTURED_BROKEN;
	}
	*wall_ms = (uint64_t)h->ts.tv_sec * 1000 + (uint64_t)h->ts.tv_usec / 1000;
	*ip = (struct bytes){ at, h->caplen };
	return strip_link(pcap_datalink(c->pcap), ip) ? trim(ip) : CAPTURED_OTHER;
}
