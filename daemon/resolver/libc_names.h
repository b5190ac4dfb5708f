/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glibc resolves names by plug-ins (nsswitch.conf): shared objects that it loads
 * when asked, and that speak to further daemons.  Two of them are in the libc
 * itself, are what musl has, and do not go beyond the filter.
 */
#ifndef CWMPGATE_LIBC_NAMES_H
#define CWMPGATE_LIBC_NAMES_H

#ifdef __GLIBC__

#include <nss.h>

static inline void libc_names_plain(void)
{
	__nss_configure_lookup("hosts", "files dns");
}

#else

static inline void libc_names_plain(void)
{
}

#endif

#endif /* CWMPGATE_LIBC_NAMES_H */
