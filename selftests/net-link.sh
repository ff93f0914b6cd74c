#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The link "venet": what it is, that there is one in a namespace, that it goes and comes and does not move.
#
#	   ct101			   ct102
#	10.0.101.2 fd00::101		10.0.102.2
#	   venet0			   venet0
#	      |				      |
#	      +-------------+-----------------+
#	                  venet0
#	                   host

. "$(dirname "$0")/net-lib.sh"

sysfs() {
	cat "/sys/class/net/$1"
}

# CRIU dumps a device of this type and kind as one that it can make again.
what_it_is() {
	[[ $(sysfs venet0/type) == 65535 ]]
	[[ $(sysfs venet0/addr_len) == 0 ]]
	[[ $(sysfs venet0/mtu) == 1500 ]]
	expect_out '^ +venet ' ip -d link show venet0
	expect_out '<POINTOPOINT,NOARP,UP,LOWER_UP>.* qdisc noqueue' ip link show venet0
	ct 101
	[[ $(in_ct 101 ip -d -o link show type venet | wc -l) == 1 ]]
	# No addresses of its own accord.
	no_line inet in_ct 101 ip -o addr show venet0
}

one_each() {
	ct 101
	expect_out 'File exists' ip link add venet1 type venet
	expect_out 'File exists' in_ct 101 ip link add venet1 type venet
	not ip link show venet1
	not in_ct 101 ip link show venet1
}

# Neither into a namespace nor back, nor made in one for another.
does_not_move() {
	ct 101 10.0.101.2
	ip netns add other
	not ip link set venet0 netns other
	not in_ct 101 ip link set venet0 netns other
	pings 10.0.101.2
	# In another namespace from the start is fine: there it stays.
	ip link add venet7 netns other type venet
	not ip -n other link set venet7 netns 1
	# Older kernels would make it in the first one and then move it.
	ip link delete venet0
	ip netns add third
	ip link add venet8 link-netns third netns ct101 type venet || true
	ip link add venet8 link-netnsid 0 netns third type venet || true
	ip link add venet0 type venet
	host_up
	ip route add 10.0.101.2 dev venet0
	pings 10.0.101.2
}

container_deletes_it() {
	ct 101 10.0.101.2
	pings 10.0.101.2
	in_ct 101 ip link delete venet0
	no_answer pings 10.0.101.2
	count_is 101 to.no-device 1
	no_line ifindex "$net" get id=101
	in_ct 101 ip link add eth0 type venet
	in_ct 101 ip link set eth0 up
	in_ct 101 ip addr add 10.0.101.2 dev eth0
	in_ct 101 ip route add default dev eth0
	pings 10.0.101.2
}

container_renames_it() {
	ct 101 10.0.101.2
	in_ct 101 ip link set venet0 down
	no_answer pings 10.0.101.2
	in_ct 101 ip link set venet0 name eth0
	in_ct 101 ip link set eth0 up
	in_ct 101 ip route add default dev eth0
	pings 10.0.101.2
	ct_pings 101 10.0.101.2
}

host_deletes_it() {
	ct 101 10.0.101.2
	host_address 10.0.0.1
	ip link delete venet0
	not ct_pings 101 10.0.0.1 -W 1
	count_is 101 from.no-device 1
	ip link add type venet
	ip link set venet0 up
	ip route add 10.0.101.2 dev venet0
	pings 10.0.101.2
	ct_pings 101 10.0.0.1
}

# What the container sends under a larger MTU of its own the host forwards as it can.
mtu() {
	ct 101 10.0.101.2
	expect_out 'mtu' ip link set venet0 mtu 67
	expect_out 'mtu' ip link set venet0 mtu 65536
	in_ct 101 ip link set venet0 mtu 65535
	in_ct 101 ip link set venet0 mtu 68
	ip link set venet0 mtu 9000
	in_ct 101 ip link set venet0 mtu 9000
	pings 10.0.101.2 -s 8972 -M "do"
	not ping -c 1 -W 1 -s 8973 -M "do" 10.0.101.2
	ip link set venet0 mtu 1500
}

# Both ends count the same, and what is dropped.
statistics() {
	ct 101 10.0.101.2
	local tx rx dropped
	tx=$(sysfs venet0/statistics/tx_packets)
	rx=$(sysfs venet0/statistics/rx_bytes)
	dropped=$(sysfs venet0/statistics/tx_dropped)
	ping -n -q -c 5 -i 0.2 -s 100 10.0.101.2
	[[ $(sysfs venet0/statistics/tx_packets) == $((tx + 5)) ]]
	[[ $(sysfs venet0/statistics/rx_bytes) == $((rx + 5 * 128)) ]]
	in_ct 101 ip -s link show venet0 | grep -A1 RX: | grep -E '^ +640 +5 +0 +0'
	in_ct 101 ip -s link show venet0 | grep -A1 TX: | grep -E '^ +640 +5 +0 +0'
	count_is 101 from.bytes 640
	count_is 101 to.packets 5
	ip route add 10.0.9.9 dev venet0
	no_answer pings 10.0.9.9
	[[ $(sysfs venet0/statistics/tx_dropped) == $((dropped + 1)) ]]
}

# The shaping and filtering of the kernel, on the host's end.
traffic_control() {
	ct 101 10.0.101.2
	tc qdisc add dev venet0 root fq
	tc qdisc add dev venet0 clsact
	tc filter add dev venet0 ingress matchall action pass
	pings 10.0.101.2
	expect_out 'Sent 84 bytes 1 pkt' tc -s qdisc show dev venet0
	expect_out 'Sent 84 bytes 1 pkt' tc -s filter show dev venet0 ingress
	tc filter add dev venet0 egress protocol ip prio 1 u32 match ip dst 10.0.101.2 action drop
	no_answer pings 10.0.101.2
	tc qdisc del dev venet0 clsact
	pings 10.0.101.2
	tc qdisc del dev venet0 root
}

express_data_path() {
	ct 101 10.0.101.2
	"$here/net/xdp" drop /sys/fs/bpf/nettest
	ip link set dev venet0 xdpgeneric pinned /sys/fs/bpf/nettest
	no_answer pings 10.0.101.2
	ip link set dev venet0 xdpgeneric off
	pings 10.0.101.2
	# Nor does a packet pass by it that tc redirected inside, which others' devices do not look at again.
	host_address 10.0.0.1
	in_ct 101 ip link add aside type dummy
	in_ct 101 ip link set aside up
	in_ct 101 tc qdisc add dev aside clsact
	in_ct 101 tc filter add dev aside egress matchall action mirred egress redirect dev venet0
	in_ct 101 ip route add 10.0.0.1 dev aside src 10.0.101.2
	ct_pings 101 10.0.0.1
	ip link set dev venet0 xdpgeneric pinned /sys/fs/bpf/nettest
	not ct_pings 101 10.0.0.1 -W 1
	ip link set dev venet0 xdpgeneric off
	ct_pings 101 10.0.0.1
	rm /sys/fs/bpf/nettest
}

# What netpoll sends is Ethernet, and comes with interrupts off.
no_netconsole() {
	modinfo -F filename netconsole | grep -q / || return "$KTAP_SKIP"
	# some kernels load it without the target that they refuse
	modprobe netconsole netconsole=6666@10.0.0.1/venet0,6666@10.0.0.2/52:54:00:00:00:01 || true
	dmesg | grep "venet0 doesn't support polling"
	modprobe -r netconsole || true
}

# What it makes begins with an Ethernet header: it takes devices of that type only.
no_pktgen() {
	modinfo -F filename pktgen | grep -q / || return "$KTAP_SKIP"
	modprobe pktgen
	host_address 10.0.0.1
	echo "add_device nettest" >/proc/net/pktgen/kpktgend_0
	expect_out 'Invalid argument' bash -c 'echo "add_device venet0" >/proc/net/pktgen/kpktgend_0'
	dmesg | grep 'pktgen: not an ethernet or loopback device: "venet0"'
	[[ -e /proc/net/pktgen/nettest && ! -e /proc/net/pktgen/venet0 ]]
	modprobe -r pktgen
}

unloads() {
	rmmod cloison_net
	not ip link show venet0
	not ip link add venet0 type venet
	modprobe cloison_net
	host_up
}

start_net
ktap_plan 13
net_check "kind, type, flags" what_it_is
net_check "one in a namespace" one_each
net_check "it does not move" does_not_move
net_check "a container deletes it" container_deletes_it
net_check "a container renames it" container_renames_it
net_check "the host deletes it" host_deletes_it
net_check "MTU" mtu
net_check "statistics" statistics
net_check "tc" traffic_control
net_check "XDP" express_data_path
net_check "no netconsole" no_netconsole
net_check "no pktgen" no_pktgen
net_check "unloading takes it along" unloads
ktap_finish
