# SPDX-License-Identifier: GPL-2.0-only
# What the tests of cloison_net share. A container of these tests is an entry of the core's with a network namespace
# "ctID", without processes of its own.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=core-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/core-lib.sh"

# shellcheck disable=SC2154 # the core's tests have it
net=$here/nl/net_test

# start_net: the modules, and the host's end.
start_net() {
	start_core
	if ! modprobe cloison_net; then
		echo "Bail out! no module cloison_net"
		exit "$KTAP_FAIL"
	fi
	host_up
}

host_up() {
	ip link set venet0 up
	sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# net_check NAME FUNCTION: one test case; nothing is left of it.
net_check() {
	ktap_run "$1" net_cleanly "$2"
}

net_cleanly() {
	trap 'trap - ERR; set +e; net_clean >/dev/null 2>&1' EXIT
	"$1"
}

net_clean() {
	"$net" host-set shortcut=0
	ip -all netns delete
	ip link delete nettest
	clean
	ip route flush dev venet0
	ip -6 route flush dev venet0
}

# ns ID: its namespace, as a file.
ns() {
	echo "/run/netns/ct$1"
}

# in_ct ID COMMAND... In the background, to be killed: ip netns exec "ctID" COMMAND...
in_ct() {
	ip netns exec "ct$1" "${@:2}"
}

# ct ID ADDRESS[/PREFIX]...: a container with a device and addresses of its own. A prefix is delegated; the first
# address after the one that names it is what the container uses of it.
ct() {
	local id=$1
	shift
	new "$id"
	ip netns add "ct$id"
	"$net" bind "id=$id" "netns=$(ns "$id")"
	ct_link "$id"
	while [[ $# -gt 0 ]]; do
		own "$id" "$1"
		shift
	done
}

# ct_link ID: the device inside, up, and where it leads.
ct_link() {
	in_ct "$1" ip link add venet0 type venet
	in_ct "$1" ip link set venet0 up
	in_ct "$1" ip link set lo up
	in_ct "$1" ip route add default dev venet0
	in_ct "$1" ip -6 route add default via fe80::1 dev venet0
}

# give ID ADDRESS[/PREFIX]: the table, and the host's route.
give() {
	local plen=()
	[[ $2 != */* ]] || plen=("plen=${2#*/}")
	"$net" add "id=$1" "ip=${2%/*}" "${plen[@]}"
	if [[ $2 == *:* ]]; then
		ip route add "$2" via fe80::1 dev venet0
	else
		ip route add "$2" dev venet0
	fi
}

# own ID ADDRESS[/PREFIX]: given by the host and used inside. Of a prefix, which ends in 0 or ::, the address 1.
own() {
	local address=${2%/*}
	give "$@"
	if [[ $2 == *.*/* ]]; then
		address=${address%0}1
	elif [[ $2 == */* ]]; then
		address+=1
	fi
	in_ct "$1" ip addr add "$address" dev venet0
}

# no_line REGEX COMMAND...: it succeeds, and no line of its output matches.
no_line() {
	local output
	output=$("${@:2}") || return
	not grep -E -e "$1" <<<"$output"
}

# count ID FIELD: of the container's counters, 0 without it.
count() {
	"$net" get "id=$1" | tr ' ' '\n' | awk -v name="$2" '$1 == name { getline; n = $1 } END { print n + 0 }'
}

# count_is ID FIELD NUMBER
count_is() {
	[[ $(count "$1" "$2") == "$3" ]]
}

# count_from ID FIELD NUMBER: that or more
count_from() {
	[[ $(count "$1" "$2") -ge $3 ]]
}

# host_count FIELD
host_count() {
	"$net" host-get | tr ' ' '\n' | awk -v name="$1" '$1 == name { getline; n = $1 } END { print n + 0 }'
}

# pings ADDRESS [OPTION...]: one packet, and its answer. From a container: in_ct ID ping $once ADDRESS
once="-n -q -c 1 -W 5"
pings() {
	# shellcheck disable=SC2086 # several words
	ping $once "${@:2}" "$1"
}

# ct_pings ID ADDRESS [OPTION...]
ct_pings() {
	# shellcheck disable=SC2086
	in_ct "$1" ping $once "${@:3}" "$2"
}

# no_answer COMMAND...: a ping that waits for one second only.
no_answer() {
	not "$@" -W 1
}

# host_address ADDRESS...: for containers to speak to, on a device of the test's own.
host_address() {
	ip link add nettest type dummy
	ip link set nettest up
	local address
	for address; do
		if [[ $address == *:* ]]; then
			ip addr add "$address" dev nettest nodad
		else
			ip addr add "$address" dev nettest
		fi
	done
}

# sniff FILE DEVICE COUNT SECONDS [cooked]: in the background, once it misses nothing; in a container with "in_ct ID"
# in $where.
where=()
sniff() {
	start_until "$1" ready "${where[@]}" "$here/net/packet" sniff "${@:2}"
}
