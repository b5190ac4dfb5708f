#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs what building, the tests and the demo need on Debian 12, from the
# package sources the machine has; or the packages that are named.  Does
# nothing, and needs no root, when all of it is there.
set -eu

PACKAGES="gcc make pkg-config libc6-dev
	libmnl-dev libnetfilter-queue-dev libssl-dev libconfig-dev libcmocka-dev libseccomp-dev libcap-ng-dev libpcap-dev
	valgrind
	nftables iptables ipset iproute2 procps
	curl lighttpd nmap strace tcpdump mandoc man-db
	debootstrap
	slowhttptest hping3 masscan dnsmasq-base systemd logrotate
	prometheus prometheus-node-exporter tmux
	wget python3-requests libwww-perl nodejs default-jdk-headless apache2-bin
	gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
	shellcheck busybox lua5.1 musl-tools binutils util-linux
	python3 python3-pytest python3-scapy
	qemu-system-x86 kmod cpio sparse"

[ $# -eq 0 ] || PACKAGES=$*

missing=
for p in $PACKAGES; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps.sh: to be installed as root:$missing" >&2
	exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# RUNLEVEL=1: a package that brings a service (lighttpd) does not start it.
quietly() {
	if ! DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@" >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		return 1
	fi
}

echo "deps.sh: installing$missing" >&2
# A stale package index is the usual reason for a failure: once more with a new one.
# shellcheck disable=SC2086	# a list of words
quietly apt-get install -y -q --no-install-recommends $missing 2>/dev/null || {
	quietly apt-get update -q
	quietly apt-get install -y -q --no-install-recommends $missing
}

# Only started where somebody asks for it: demo and tests run their own, in namespaces.
for p in lighttpd haproxy suricata prometheus prometheus-node-exporter; do
	if [ -d /run/systemd/system ] && [ -z "${missing##* "$p"*}" ]; then
		systemctl disable --now "$p.service" >/dev/null 2>&1 || true
	fi
done
