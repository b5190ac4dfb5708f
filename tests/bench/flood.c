// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile load for the benchmarks, bounded in rate and in time.
 *
 *	flood packets syn|ack|mix -i INTERFACE -m MAC -r RATE -t SECONDS \
 *	      -s FIRST -S COUNT ADDRESS PORT
 *	flood connections unauthenticated|malformed|slow|hold -r RATE -t SECONDS \
 *	      -s FIRST -S COUNT ADDRESS PORT
 *
 * Packets are written to INTERFACE as they are, RATE a second: SYNs, bare ACKs,
 * or both and data, from COUNT sources (endpoint.h) and ever new ports.  Who sends
 * them need not exist.  Connections are those of this kernel, RATE a second, each
 * from the next source, at most OPEN_MAX at once and for at most HOLD:
 *
 *	unauthenticated	GET without credentials; ends with the 401
 *	malformed	what is no connection request, of several kinds
 *	slow		a head that comes byte by byte and does not end
 *	hold		as unauthenticated, but stays after the 401
 *
 * Prints a JSON object: what was begun or sent, how long it took, and how many
 * connections got an answer.
 */

#include "endpoint.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FRAMES = 4096, FRAME_MAX = 256, BURST = 64, OPEN_MAX = 2000, EVENTS = 64 };

#define SECOND		1000000000ULL
#define HOLD		(6 * SECOND)
#define SLOWNESS	(SECOND / 5)		/* between two bytes */

static struct {
	const char	*kind, *interface, *mac;
	uint64_t	length;
	double		rate;
	unsigned	sources;
	struct endpoint	to, first;
} how;

static uint64_t begin, n_begun, n_answered;

/* ---- Packets --------------------------------------------------------------- */

struct frame {
	unsigned	len;
	unsigned char	byte[FRAME_MAX];
};

static struct frame frame[FRAMES];

/* RFC 1071, over what @sum holds already. */
static uint16_t checksum(uint32_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint16_t tcp_checksum(const void *from, const void *to, size_t address_len,
			     const void *segment, size_t len)
{
	unsigned char	pseudo[2 * sizeof(struct in6_addr)];
	uint32_t	sum;

	memcpy(pseudo, from, address_len);
	memcpy(pseudo + address_len, to, address_len);
	sum = (uint16_t)~ntohs(checksum(0, pseudo, 2 * address_len));
	return checksum(sum + IPPROTO_TCP + (uint32_t)len, segment, len);
}

static size_t put_tcp(unsigned char *at, unsigned n)
{
	static const unsigned char	mss[] = { TCPOPT_MAXSEG, TCPOLEN_MAXSEG, 5, 180 };
	static const char		words[] = "GET /cr HTTP/1.1\r\n\r\n";
	const unsigned			kind = !strcmp(how.kind, "syn") ? 0 :
					       !strcmp(how.kind, "ack") ? 1 : n % 3;
	struct tcphdr			h = {
		.source = htons((uint16_t)(1024 + random() % 60000)), .dest = how.to.in.sin_port,
		.seq = (uint32_t)random(), .window = htons(65535),
		.doff = kind == 0 ? 6 : 5, .syn = kind == 0, .ack = kind != 0, .psh = kind == 2,
	};

	memcpy(at, &h, sizeof(h));
	if (kind == 0)
		memcpy(at + sizeof(h), mss, sizeof(mss));
	if (kind == 2)
		memcpy(at + sizeof(h), words, sizeof(words) - 1);
	return sizeof(h) + (kind == 0 ? sizeof(mss) : kind == 2 ? sizeof(words) - 1 : 0);
}

static size_t put_ip4(unsigned char *at, const struct endpoint *from, unsigned n)
{
	const size_t	len = put_tcp(at + sizeof(struct iphdr), n);
	struct iphdr	ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
		.tot_len = htons((uint16_t)(sizeof(ip) + len)), .id = (uint16_t)random(),
		.saddr = from->in.sin_addr.s_addr, .daddr = how.to.in.sin_addr.s_addr,
	};
	const uint16_t	sum = tcp_checksum(&ip.saddr, &ip.daddr, 4, at + sizeof(ip), len);

	ip.check = checksum(0, &ip, sizeof(ip));
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip) + offsetof(struct tcphdr, check), &sum, sizeof(sum));
	return sizeof(ip) + len;
}

static size_t put_ip6(unsigned char *at, const struct endpoint *from, unsigned n)
{
	const size_t	len = put_tcp(at + sizeof(struct ip6_hdr), n);
	struct ip6_hdr	ip = {
		.ip6_src = from->in6.sin6_addr, .ip6_dst = how.to.in6.sin6_addr,
	};
	const uint16_t	sum = tcp_checksum(&ip.ip6_src, &ip.ip6_dst, 16, at + sizeof(ip), len);

	ip.ip6_flow = htonl(6U << 28);
	ip.ip6_plen = htons((uint16_t)len);
	ip.ip6_nxt = IPPROTO_TCP;
	ip.ip6_hlim = 64;
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip) + offsetof(struct tcphdr, check), &sum, sizeof(sum));
	return sizeof(ip) + len;
}

static void make_frames(const struct ether_header *link)
{
	for (unsigned n = 0; n < FRAMES; n++) {
		const struct endpoint	from = endpoint_after(&how.first, n % how.sources);
		unsigned char		*at = frame[n].byte + sizeof(*link);
		size_t			len;

		memcpy(frame[n].byte, link, sizeof(*link));
		len = from.any.sa_family == AF_INET ? put_ip4(at, &from, n) : put_ip6(at, &from, n);
		frame[n].len = (unsigned)(sizeof(*link) + len);
	}
}

static int open_link(struct ether_header *link)
{
	struct sockaddr_ll	on = { .sll_family = AF_PACKET };
	struct ifreq		interface = { 0 };
	int			fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	unsigned		mac[ETH_ALEN];

	snprintf(interface.ifr_name, sizeof(interface.ifr_name), "%s", how.interface);
	on.sll_ifindex = (int)if_nametoindex(how.interface);
	if (fd < 0 || !on.sll_ifindex || bind(fd, (struct sockaddr *)&on, sizeof(on)) < 0 ||
	    ioctl(fd, SIOCGIFHWADDR, &interface) < 0)
		die(how.interface);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (sscanf(how.mac, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5]) != ETH_ALEN)
		exit(2);
	memcpy(link->ether_shost, interface.ifr_hwaddr.sa_data, ETH_ALEN);
	for (int i = 0; i < ETH_ALEN; i++)
		link->ether_dhost[i] = (unsigned char)mac[i];
	link->ether_type = htons(how.to.any.sa_family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	return fd;
}

static void send_burst(int fd, unsigned n)
{
	struct mmsghdr	message[BURST] = { 0 };
	struct iovec	iov[BURST];
	int		sent;

	for (unsigned i = 0; i < n; i++) {
		struct frame *f = &frame[(n_begun + i) % FRAMES];

		iov[i] = (struct iovec){ .iov_base = f->byte, .iov_len = f->len };
		message[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	sent = sendmmsg(fd, message, n, 0);
	n_begun += sent > 0 ? (unsigned)sent : 0;
}

/* How many should have begun by now and have not. */
static unsigned due(uint64_t now, unsigned most)
{
	const double n = (double)(now - begin) / (double)SECOND * how.rate - (double)n_begun;

	return n < 0 ? 0 : n > most ? most : (unsigned)n;
}

static void send_packets(void)
{
	struct ether_header	link;
	int			fd = open_link(&link);
	uint64_t		now;
	unsigned		n;

	srandom((unsigned)clock_ns());	/* several floods do not share their ports */
	make_frames(&link);
	begin = clock_ns();
	while ((now = clock_ns()) < begin + how.length) {
		n = due(now, BURST);
		if (n)
			send_burst(fd, n);
		if (n < BURST)
			nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
}

/* ---- Connections ----------------------------------------------------------- */

struct connection {
	int		fd;		/* -1: none */
	bool		connected;
	const char	*words;		/* what is still to be said */
	uint64_t	begun, said;
};

static struct connection	connection[OPEN_MAX];
static int			epoll_fd;

#define BARE	"GET /cr HTTP/1.1\r\nHost: x\r\n\r\n"

static const char *const malformed[] = {
	"POST /cr HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /other HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /cr HTTP/1.1\nHost: x\n\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	(BARE BARE),
	"GET /cr HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
};

static const char *words(void)
{
	if (!strcmp(how.kind, "malformed"))
		return malformed[n_begun % (sizeof(malformed) / sizeof(*malformed))];
	return BARE;
}

static bool slow(void)
{
	return !strcmp(how.kind, "slow");
}

static void drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
}

static void open_connection(struct connection *c, uint64_t now)
{
	const struct endpoint	from = endpoint_after(&how.first, (uint32_t)(n_begun % how.sources));
	struct epoll_event	e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	*c = (struct connection){ .fd = connect_from(&how.to, &from), .words = words(),
				  .begun = now };
	n_begun++;
	if (c->fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl");
}

static void say(struct connection *c, size_t n, uint64_t now)
{
	if (send(c->fd, c->words, n, MSG_NOSIGNAL) != (ssize_t)n) {
		drop(c);
		return;
	}
	c->words += n;
	c->said = now;
}

static void go_on(struct connection *c, uint32_t events, uint64_t now)
{
	char	answer[4096];
	ssize_t	n;

	if (c->fd < 0)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		drop(c);
		return;
	}
	if (!c->connected && (events & EPOLLOUT)) {
		c->connected = true;
		say(c, slow() ? 1 : strlen(c->words), now);
		return;
	}
	n = recv(c->fd, answer, sizeof(answer), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	n_answered += n > 0;
	if (n <= 0 || strcmp(how.kind, "hold"))
		drop(c);
}

/* Slow words go on, and nobody stays longer than HOLD.  The last byte of a head is
 * never said. */
static void look_after(uint64_t now)
{
	for (struct connection *c = connection; c < connection + OPEN_MAX; c++) {
		if (c->fd < 0)
			continue;
		if (now > c->begun + HOLD)
			drop(c);
		else if (slow() && c->connected && c->words[1] && now > c->said + SLOWNESS)
			say(c, 1, now);
	}
}

static void open_due(uint64_t now)
{
	static struct connection	*next = connection;
	unsigned			n = due(now, BURST);

	for (unsigned looked = 0; n && looked < OPEN_MAX; looked++) {
		if (next->fd < 0) {
			open_connection(next, now);
			n--;
		}
		next = next + 1 < connection + OPEN_MAX ? next + 1 : connection;
	}
}

static void make_connections(void)
{
	struct rlimit		files = { .rlim_cur = OPEN_MAX + 64, .rlim_max = OPEN_MAX + 64 };
	struct epoll_event	event[EVENTS];
	uint64_t		now, next_look = 0;

	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		die("start");
	for (unsigned i = 0; i < OPEN_MAX; i++)
		connection[i].fd = -1;
	begin = clock_ns();
	while ((now = clock_ns()) < begin + how.length) {
		int n;

		open_due(now);
		n = epoll_wait(epoll_fd, event, EVENTS, 2);
		for (int i = 0; i < n; i++)
			go_on(event[i].data.ptr, event[i].events, now);
		if (now > next_look) {
			look_after(now);
			next_look = now + SLOWNESS / 4;
		}
	}
}

/* ---- Start ----------------------------------------------------------------- */

/* Returns what is to be done; ends the program if that is not clear. */
static void (*options(int argc, char **argv))(void)
{
	const bool	packets = argc > 2 && !strcmp(argv[1], "packets");
	const char	*first = NULL;
	int		c;

	if (argc < 3)
		exit(2);
	how.kind = argv[2];
	optind = 3;
	while ((c = getopt(argc, argv, "i:m:r:t:s:S:")) != -1) {
		switch (c) {
		case 'i': how.interface = optarg; break;
		case 'm': how.mac = optarg; break;
		case 'r': how.rate = atof(optarg); break;
		case 't': how.length = (uint64_t)(atof(optarg) * (double)SECOND); break;
		case 's': first = optarg; break;
		case 'S': how.sources = (unsigned)atoi(optarg); break;
		default: exit(2);
		}
	}
	if (argc - optind != 2 || how.rate <= 0 || !how.length || !first || !how.sources ||
	    (packets && (!how.interface || !how.mac)))
		exit(2);
	how.to = endpoint(argv[optind], (uint16_t)atoi(argv[optind + 1]));
	how.first = endpoint(first, 0);
	return packets ? send_packets : make_connections;
}

int main(int argc, char **argv)
{
	void (*run)(void) = options(argc, argv);

	prctl(PR_SET_TIMERSLACK, 1);
	run();
	printf("{\"begun\": %llu, \"seconds\": %.3f, \"answered\": %llu}\n",
	       (unsigned long long)n_begun, (double)(clock_ns() - begin) / (double)SECOND,
	       (unsigned long long)n_answered);
	return 0;
}
