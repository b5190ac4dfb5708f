# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2015,SC2317	# a && b || c is meant; callbacks are reached
#
# From UCI to what cwmpgated and fw4 read.  Sourced by the init script and by
# `follow`, after /lib/functions.sh; each function writes to standard output, and
# to standard error what is wrong.

# cwmpgate.conf(5)'s settings that are one text, and those that are no text.
TEXTS="mode syn unknown_fields attempts requests all_requests malformed digest on_bad_digest"
TEXTS="$TEXTS nonce_bind daemon_down overload sandbox control metrics_file kmod firewall"
TEXTS="$TEXTS acs_file acs_state log_file log_rate"
NUMBERS="allow_any path_query ban ban_max credentials_grace nonce_lifetime hide_server queue queues mark"
NUMBERS="$NUMBERS acs_refresh acs_keep"
OURS="enabled acs network port path agent credentials conffile"

has_word() {
	case " $1 " in *" $2 "*) return 0 ;; esac
	return 1
}

# option_cb and list_cb are called by config_load with each name it reads.
cwmpgate_load() {
	UNKNOWN=''
	SEEN=''
	option_cb() {
		SEEN="$SEEN $1"
		has_word "$TEXTS $NUMBERS $OURS" "$1" || UNKNOWN="$UNKNOWN $1"
	}
	list_cb() { option_cb "$1"; }
	config_load cwmpgate
	reset_cb
	[ -z "$UNKNOWN" ] || {
		echo "/etc/config/cwmpgate: unknown:$UNKNOWN" >&2
		return 1
	}
	config_get CONFFILE main conffile
	[ -z "$CONFFILE" ] || for word in $SEEN; do
		has_word "enabled conffile" "$word" || {
			echo "/etc/config/cwmpgate: '$word' does nothing beside 'conffile'; remove one" >&2
			return 1
		}
	done
}

# In libconfig's quotes.
quoted() {
	printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# LIST becomes the elements of list @1; function @2 makes a TEXT of each.
elements() {
	LIST=''
	one_element() {
		TEXT=''
		"$2" "$1"
		[ -z "$TEXT" ] || LIST="$LIST${LIST:+, }$TEXT"
	}
	config_list_foreach main "$1" one_element "$2"
}

as_is() {
	TEXT=$1
}

in_quotes() {
	TEXT=$(quoted "$1")
}

# A network that is down has no device yet; when it comes, the service is reloaded.
# Two networks may be on one device (wan and wan6).
device_of() {
	local device
	network_get_device device "$1" || return 0
	TEXT=$(quoted "$device")
	has_word "$(echo "$LIST" | tr -d ,)" "$TEXT" && TEXT=''
}

# List @2 as setting @1, if it has elements.
setting_list() {
	elements "$2" "$3"
	[ -z "$LIST" ] || printf '%s = [ %s ];\n' "$1" "$LIST"
}

# @1: the credentials file that render_credentials() has filled, or nothing
render_conf() {
	local name value
	echo "# generated from /etc/config/cwmpgate; do not edit"
	for name in $TEXTS; do
		config_get value main "$name"
		[ -z "$value" ] || printf '%s = %s;\n' "$name" "$(quoted "$value")"
	done
	for name in $NUMBERS; do
		config_get value main "$name"
		# UCI's words for a truth are more than libconfig's.
		case $name in
		allow_any | path_query | hide_server)
			[ -z "$value" ] || config_get_bool value main "$name"
			value=$(echo "$value" | sed 's/^1$/true/; s/^0$/false/')
			;;
		esac
		[ -z "$value" ] || printf '%s = %s;\n' "$name" "$value"
	done
	setting_list ports port as_is
	setting_list acs acs in_quotes
	setting_list path path in_quotes
	setting_list interfaces network device_of
	config_get value main credentials "$1"
	[ -z "$value" ] || printf 'credentials = %s;\n' "$(quoted "$value")"
	# /var is in memory; /etc/cwmpgate is flash, and kept over an upgrade.
	for name in control:/var/run/cwmpgate/control metrics_file:/var/run/cwmpgate/metrics.prom \
		acs_state:/etc/cwmpgate/acs; do
		config_get value main "${name%%:*}"
		[ -n "$value" ] || printf '%s = "%s";\n' "${name%%:*}" "${name#*:}"
	done
}

# Which agent is meant: icwmp, easycwmp, or nothing.
agent_name() {
	local agent
	config_get agent main agent auto
	case $agent in
	none) return ;;
	auto)
		if [ -e "$IPKG_INSTROOT/etc/config/cwmp" ]; then
			agent=icwmp
		elif [ -e "$IPKG_INSTROOT/etc/config/easycwmp" ]; then
			agent=easycwmp
		else
			agent=''
		fi
		;;
	esac
	echo "$agent"
}

# The agent's UCI file.
agent_file() {
	case $1 in
	icwmp) echo "$IPKG_INSTROOT/etc/config/cwmp" ;;
	easycwmp) echo "$IPKG_INSTROOT/etc/config/easycwmp" ;;
	esac
}

# The first section of type local: easycwmp.@local[0].
first_local() {
	[ -n "$LOCAL" ] || LOCAL=$1
}

# user:password of agent @1, as its ACS has set them last; 1 if there are none, 2 if
# there is no such agent.  In a shell of its own:
# config_load forgets what was loaded before.
render_credentials() (
	local user password
	case $1 in
	icwmp)
		config_load cwmp
		config_get user cpe userid
		config_get password cpe passwd
		;;
	easycwmp)
		LOCAL=''
		config_load easycwmp
		config_foreach first_local local
		config_get user "$LOCAL" username
		config_get password "$LOCAL" password
		;;
	*)
		echo "/etc/config/cwmpgate: agent: found '$1', expected auto, icwmp, easycwmp or none" >&2
		return 2
		;;
	esac
	case $user in
	*:*) password='' ;;
	esac
	[ -n "$user" ] && [ -n "$password" ] || {
		echo "$1 has no user or no password for connection requests" >&2
		return 1
	}
	printf '%s:%s\n' "$user" "$password"
)

# Without the daemon's table: what has no mark of the daemon's ends here.  Nothing
# where the settings let such packets through.
render_fw4() {
	local mode down overload mark ports devices
	config_get mode main mode monitor
	config_get down main daemon_down closed
	config_get overload main overload closed
	config_get mark main mark 0x40000000
	elements port as_is
	ports=$LIST
	elements network device_of
	devices=$LIST
	case $mode:$down:$overload in
	enforce:closed:closed | block:*) ;;
	*) return ;;
	esac
	[ "$mode" = enforce ] && mark="meta mark & $mark == 0 " || mark=''
	cat <<-END
		# generated from /etc/config/cwmpgate; do not edit
		table inet cwmpgate_closed
		delete table inet cwmpgate_closed
		table inet cwmpgate_closed {
			chain input {
				type filter hook input priority filter - 4; policy accept;
				${devices:+iifname { $devices \} }tcp dport { ${ports:-7547, 30005} } ${mark}drop
			}
		}
	END
}
