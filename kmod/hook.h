/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets enter: PRE_ROUTING, before anything is put together or tracked. */
#ifndef CWMPGATE_HOOK_H
#define CWMPGATE_HOOK_H

struct net;

/* Process context. */
int hook_register(struct net *net);
void hook_unregister(struct net *net);

#endif /* CWMPGATE_HOOK_H */
