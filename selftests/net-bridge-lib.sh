# SPDX-License-Identifier: GPL-2.0-only
# What the tests of interfaces in a bridge share: 10.0.50.1 is the host's address in br0.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

with_bridge() {
	ip link del br0 2>/dev/null || true
	ip link add br0 type bridge
	# which gives it an address of its own, late on a busy machine
	udevadm settle
	ip addr add 10.0.50.1/24 dev br0
	ip link set br0 up
	"$@"
	# what a container leaves would be found by the next case
	clean
	ip link del br0
	not grep -q veth <(ip link)
	not grep -q cloison_ <(nft list tables)
	diff <(ls /run/cloison/net 2>/dev/null) /dev/null
}

ct_pings() {
	cloisonctl exec "$1" "ping -c 1 -W 5 $2" >/dev/null
}

# of CTID KEY: what NETIF of its file says.
of() {
	grep ^NETIF= "$etc/conf/$1.conf" | tr '",;' '\n' | sed -n "s/^$2=//p"
}

in_ct() {
	nsenter -t "$(init_of "$1")" -n "${@:2}"
}
