#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs what `make bench` compares the gate with, and what draws the plot.
# Each is worth having alone: what cannot be installed is said and left out of
# the comparison.
#
# Suricata comes from the backports of the mirror the machine has; they are
# asked this once and not added to its package sources.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

try() {
	"$@" 2>"$tmp/error" || {
		tail -n 3 "$tmp/error" >&2
		return 1
	}
}

mirror() {
	# shellcheck disable=SC2016	# a field's name, for apt-get
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
		head -n 1
}

suricata() {
	[ ! -x /usr/bin/suricata ] || return 0
	# shellcheck disable=SC1091	# the machine's own
	[ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ] || {
		"$here/../deps.sh" suricata
		return
	}
	mkdir -p "$tmp/sources" "$tmp/lists/partial"
	cp -r /etc/apt/sources.list.d/. "$tmp/sources/"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$(mirror) bookworm-backports main" >"$tmp/sources/backports.list"
	cat >"$tmp/apt.conf" <<-END
		Dir::Etc::SourceParts "$tmp/sources";
		Dir::State::Lists "$tmp/lists";
		APT::Sandbox::User "root";
	END
	export APT_CONFIG="$tmp/apt.conf"
	apt-get update -q >/dev/null
	# The rules it is measured with are the bench's own.
	"$here/../deps.sh" suricata/bookworm-backports libhtp2/bookworm-backports
}

try "$here/../deps.sh" gnuplot-nox || echo "bench: no gnuplot, so no plot" >&2
try "$here/../deps.sh" haproxy || echo "bench: no HAProxy to compare with" >&2
try "$here/../deps.sh" apache2-bin || echo "bench: no Apache httpd to compare with" >&2
try suricata || echo "bench: no Suricata to compare with" >&2
