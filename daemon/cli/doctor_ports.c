// SPDX-License-Identifier: GPL-2.0-or-later

#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN = 0x0a, LISTENERS_MAX = 256, FALLBACK_PORT = 7548 };

struct listener {
	uint16_t	port;
	bool		loopback, any;
	unsigned long	inode;
};

struct listeners {
	size_t		n;
	struct listener	of[LISTENERS_MAX];
};

/* ::1, ::ffff:127.0.0.1 and 127.x.y.z, as the kernel prints them on either kind of machine. */
static bool is_loopback(const char *hex)
{
	static const char *const	ends[] = { "00000001", "01000000" };
	size_t				n = strlen(hex);
	const char			*last = hex + (n >= 8 ? n - 8 : 0);

	if (n == 32 && strspn(hex, "0") >= 24)
		return strcmp(last, ends[0]) == 0 || strcmp(last, ends[1]) == 0;
	return strncmp(last, "7F", 2) == 0 || strcmp(last + 6, "7F") == 0;
}

static void read_table(const char *path, struct listeners *l)
{
	FILE		*f = fopen(path, "re");
	char		 line[256], addr[40];
	unsigned	 port, state;
	unsigned long	 inode;

	while (f && l->n < LISTENERS_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*u: %39[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %lu", addr, &port,
			   &state, &inode) == 4 && state == LISTEN)
			l->of[l->n++] = (struct listener){
				(uint16_t)port, is_loopback(addr),
				strspn(addr, "0") == strlen(addr), inode };
	if (f)
		fclose(f);
}

static bool holds(const char *pid, const char *socket)
{
	char		 path[600], to[64];
	DIR		*d;
	struct dirent	*e;
	ssize_t		 n;
	bool		 found = false;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, e->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = '\0';
		found = strcmp(to, socket) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

/* Whose socket it is: the first process that holds it. */
static void name_owner(unsigned long inode, char name[64])
{
	char		 socket[64], path[300];
	DIR		*d = opendir("/proc");
	struct dirent	*e;
	FILE		*f;

	strcpy(name, "a process that cannot be seen");
	snprintf(socket, sizeof(socket), "socket:[%lu]", inode);
	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]) || !holds(e->d_name, socket))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(name, 64, f))
			name[strcspn(name, "\n")] = '\0';
		if (f)
			fclose(f);
		break;
	}
	if (d)
		closedir(d);
}

static bool look_at_port(struct doctor *d, const struct listeners *l, uint16_t port)
{
	const struct listener	*found = NULL;
	char			 name[64];

	for (size_t i = 0; i < l->n; i++)
		if (l->of[i].port == port && (!found || found->loopback))
			found = &l->of[i];
	if (!found)
		return false;
	name_owner(found->inode, name);
	if (found->loopback)
		doctor_say(d, FOUND_ODD, "let the agent listen on the WAN's address",
			   "%s listens on port %u of the loopback only", name, port);
	else
		doctor_say(d, FOUND_GOOD, NULL, "%s listens on port %u%s", name, port,
			   found->any ? " of every address" : " of one address");
	return true;
}

static bool is_guarded(const struct conf *c, uint16_t port)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->port[i] == port)
			return true;
	return false;
}

void doctor_ports(struct doctor *d)
{
	static struct listeners	l;
	bool			any = false;

	l.n = 0;
	read_table("/proc/self/net/tcp", &l);
	read_table("/proc/self/net/tcp6", &l);
	for (size_t i = 0; i < d->conf->n_ports; i++)
		any |= look_at_port(d, &l, d->conf->port[i]);
	if (!any && d->conf->mode != MODE_BLOCK)
		doctor_say(d, FOUND_ODD, "start the agent, or set ports to where it listens",
			   "nobody listens on a guarded port");
	/* Where icwmp goes when its port is taken. */
	if (!is_guarded(d->conf, FALLBACK_PORT))
		for (size_t i = 0; i < l.n; i++)
			if (l.of[i].port == FALLBACK_PORT && !l.of[i].loopback) {
				doctor_say(d, FOUND_BAD, "add 7548 to ports, or free 7547 for it",
					   "port 7548, to which agents fall back, is open and not "
					   "guarded");
				break;
			}
}
