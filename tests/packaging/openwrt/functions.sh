# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A STUB of OpenWrt's /lib/functions.sh, /lib/functions/network.sh and procd.sh, as
# far as cwmpgate's scripts use them.  It reads real UCI files and writes what procd
# is told, a line each, to $IPKG_INSTROOT/procd.  The names and what they mean are
# OpenWrt's; the code is not.

_var() {
	echo "CONFIG_$1" | tr -c 'A-Za-z0-9_\n' _
}

config() {
	_section=${2:-cfg$((_anonymous += 1))}
	_sections="$_sections $_section:$1"
}

option() {
	eval "$(_var "${_section}_$1")=\$2"
	option_cb "$1" "$2"
}

list() {
	local name
	name=$(_var "${_section}_$1")
	eval "$name=\"\${$name:+\$$name$(printf '\037')}\$2\""
	list_cb "$1" "$2"
}

reset_cb() {
	option_cb() { :; }
	list_cb() { :; }
}
reset_cb

config_load() {
	local name
	for name in $(set | sed -n 's/^\(CONFIG_[A-Za-z0-9_]*\)=.*/\1/p'); do
		unset "$name"
	done
	_sections='' _anonymous=0
	[ -e "$IPKG_INSTROOT/etc/config/$1" ] || return 1
	# UCI's words are quoted as the shell's.
	# shellcheck source=/dev/null
	. "$IPKG_INSTROOT/etc/config/$1"
}

config_get() {
	eval "$1=\${$(_var "$2_$3"):-\$4}"
}

config_get_bool() {
	config_get "$@"
	case $(eval "echo \$$1") in
	1 | on | true | yes | enabled) eval "$1=1" ;;
	0 | off | false | no | disabled) eval "$1=0" ;;
	*) eval "$1=\$4" ;;
	esac
}

config_foreach() {
	local item
	for item in $_sections; do
		[ "${item#*:}" != "$2" ] || "$1" "${item%%:*}"
	done
}

config_list_foreach() {
	local section=$1 name=$2 function=$3 rest item
	shift 3
	config_get rest "$section" "$name"
	while [ -n "$rest" ]; do
		item=${rest%%"$(printf '\037')"*}
		[ "$item" = "$rest" ] && rest='' || rest=${rest#*"$(printf '\037')"}
		"$function" "$item" "$@"
	done
}

# wan and wan6 are up, on one device; every other network is down.
network_get_device() {
	case $2 in
	wan | wan6) eval "$1=eth0.2" ;;
	*) return 1 ;;
	esac
}

for _name in procd_open_instance procd_set_param procd_close_instance procd_open_data \
	procd_close_data procd_add_reload_trigger procd_add_reload_interface_trigger \
	procd_set_config_changed json_add_array json_add_object json_add_string \
	json_close_object json_close_array logger; do
	eval "$_name() { echo \"$_name \$*\" >>\"\$IPKG_INSTROOT/procd\"; }"
done
