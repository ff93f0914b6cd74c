# SPDX-License-Identifier: GPL-2.0-only
# Networks of a host and containers, two unless $ids has others: ours, and those of the peers, each set up the usual
# way. A container is a network namespace, ct101 and so on, with the address 10.0.101.2; the host has 10.0.0.1.
# shellcheck shell=bash

# shellcheck source=bench/parts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

selftests=/usr/lib/cloison/selftests
net=$selftests/nl/net_test
traffic=$selftests/net/traffic
ids=${ids:-101 102}

# host_ip DEVICE
host_ip() {
	ip link set "$1" up
	ip addr add 10.0.0.1/32 dev "$1"
}

# up_in ID DEVICE [PREFIX]
up_in() {
	ip -n "ct$1" link set lo up
	ip -n "ct$1" link set "$2" up
	ip -n "ct$1" addr add "10.0.$1.2/${3:-32}" dev "$2"
}

# Each NAME_net gives every container a device eth0.

venet_net() {
	local id
	modprobe cloison_net
	ip link set venet0 up
	sysctl -q net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.venet0.send_redirects=0
	ip link add host type dummy
	host_ip host
	for id in $ids; do
		mkdir -p "/sys/fs/cgroup/bench/$id"
		"$selftests/nl/nl_test" new "id=$id" "cgroup=$(stat -c %i "/sys/fs/cgroup/bench/$id")"
		"$net" bind "id=$id" "netns=/run/netns/ct$id"
		"$net" add "id=$id" "ip=10.0.$id.2"
		ip -n "ct$id" link add eth0 type venet
		up_in "$id" eth0
		ip -n "ct$id" route add default dev eth0
		ip route add "10.0.$id.2" dev venet0
	done
	"$net" host-set shortcut=0
}

shortcut_net() {
	venet_net
	"$net" host-set shortcut=1
}

# The host is one of the bridge's stations.
bridge_net() {
	local id
	ip link add host type bridge
	ip link set host up
	ip addr add 10.0.0.1/16 dev host
	for id in $ids; do
		ip link add "port$id" type veth peer eth0 netns "ct$id"
		ip link set "port$id" up master host
		up_in "$id" eth0 16
		ip -n "ct$id" route add default via 10.0.0.1
	done
}

# What Docker and Kubernetes set, so that the host's firewall sees what passes.
filtered_net() {
	bridge_net
	modprobe br_netfilter
	sysctl -q net.bridge.bridge-nf-call-iptables=1
}

# The address of the gateway is the same for all.
veth_net() {
	local id
	ip link add host type dummy
	host_ip host
	ip addr add 169.254.1.1/32 dev host
	for id in $ids; do
		ip link add "port$id" type veth peer eth0 netns "ct$id"
		ip link set "port$id" up
		ip route add "10.0.$id.2" dev "port$id"
		up_in "$id" eth0
		ip -n "ct$id" route add 169.254.1.1 dev eth0
		ip -n "ct$id" route add default via 169.254.1.1
	done
}

# The master's own namespace cannot speak to them but by one more of them.
ipvlan_net() {
	local id
	ip link add parent type dummy
	ip link set parent up
	ip link add link parent host type ipvlan mode l3
	host_ip host
	for id in $ids; do
		ip link add link parent name eth0 netns "ct$id" type ipvlan mode l3
		up_in "$id" eth0
		ip -n "ct$id" route add default dev eth0
		ip route add "10.0.$id.2" dev host
	done
}

netkit_net() {
	local id
	ip link add host type dummy
	host_ip host
	for id in $ids; do
		ip link add "port$id" type netkit mode l3 peer name eth0 netns "ct$id"
		ip link set "port$id" up
		ip route add "10.0.$id.2" dev "port$id"
		up_in "$id" eth0
		ip -n "ct$id" route add default dev eth0
	done
}

# shellcheck disable=SC2034 # for the scripts
declare -A who=(
	[bridge]=veth+bridge [filtered]=veth+bridge+br_netfilter [veth]="routed veth" [ipvlan]="ipvlan L3" [netkit]=netkit
)
# shellcheck disable=SC2034
peers="bridge filtered veth ipvlan netkit"

# network NAME: takes away the last one, makes this one.
network() {
	local id
	no_network
	for id in $ids; do
		ip netns add "ct$id"
	done
	sysctl -q net.ipv4.ip_forward=1
	"$1_net"
	# udev and systemd have a look at every new device; idle time costs nothing here
	sleep 3
	is_through "$1"
}

no_network() {
	local id
	[[ ! -d /sys/module/br_netfilter ]] || rmmod br_netfilter
	for id in $ids; do
		[[ ! -d /sys/module/cloison ]] || "$selftests/nl/nl_test" del "id=$id" >/dev/null 2>&1 || true
	done
	ip -all netns delete
	for id in host parent port${ids// / port}; do
		ip link delete "$id" 2>/dev/null || true
	done
	[[ ! -d /sys/module/cloison_net ]] || ip route flush dev venet0
}

# seen: packets that came in by the host's devices of that network
seen() {
	(cat /sys/class/net/{venet0,port*}/statistics/rx_packets 2>/dev/null || true) | awk '{ n += $1 } END { print n + 0 }'
}

# is_through NAME: everybody answers, and what passes between containers takes the way that the comparison is about.
is_through() {
	local before
	once ping -n -q -c 1 -W 5 10.0.101.2
	once ping -n -q -c 1 -W 5 10.0.102.2
	once ip netns exec ct101 ping -n -q -c 1 -W 5 10.0.0.1
	once ip netns exec ct101 ping -n -q -c 1 -W 5 10.0.102.2
	before=$(seen)
	once ip netns exec ct101 ping -n -q -i 0.01 -c 100 -W 5 10.0.102.2
	before=$(($(seen) - before))
	case $1 in
	shortcut | ipvlan) [[ $before -lt 10 ]] ;;
	*) [[ $before -ge 200 && $before -lt 250 ]] ;;
	esac || {
		echo "$1: $before packets of 200 between containers were seen on the host"
		exit 1
	}
}

# flow PLACES KIND COUNT: see selftests/net/traffic.c; PLACES are ct_host, host_ct, ct_ct or lo
flow() {
	local a=/run/netns/ct101 b=/run/netns/ct102
	case $1 in
	ct_host) "$traffic" "$2" "$a" - 10.0.0.1 "$3" ;;
	host_ct) "$traffic" "$2" - "$a" 10.0.101.2 "$3" ;;
	ct_ct) "$traffic" "$2" "$a" "$b" 10.0.102.2 "$3" ;;
	lo) "$traffic" "$2" - - 127.0.0.1 "$3" ;;
	esac
}
