/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the service manager how we are (sd_notify(3)).  Our own, because
 * OpenWrt has no libsystemd; without NOTIFY_SOCKET nothing is sent.
 */
#ifndef CWMPGATE_NOTIFY_H
#define CWMPGATE_NOTIFY_H

/* Lines such as "READY=1\nSTATUS=...".  Failing to tell is no failure. */
void notify(const char *lines);

#endif /* CWMPGATE_NOTIFY_H */
