#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Ethernet interfaces of containers, in a bridge of the host's:
#
#	900, eth0	901, eth0
#	10.0.50.2	10.0.50.3
#	    |		    |
#	veth900.0	veth901.0
#	    +------ br0 ----+
#		10.0.50.1

. "$(dirname "$0")/net-bridge-lib.sh"

packet=$here/net/packet

two() {
	make_running 900 --netif_add eth0,,,,br0
	make_running 901 --netif_add eth0,,,,br0
	cloisonctl exec 900 'ip addr add 10.0.50.2/24 dev eth0'
	cloisonctl exec 901 'ip addr add 10.0.50.3/24 dev eth0'
}

bridged() {
	two
	ping -c 1 -W 5 10.0.50.2 >/dev/null
	ct_pings 900 10.0.50.1
	ct_pings 900 10.0.50.3
	ct_pings 901 10.0.50.2
	[[ $(cloisonctl exec 900 'cat /sys/class/net/eth0/address') == "$(of 900 mac)" ]]
	[[ $(</sys/class/net/veth900.0/address) == "$(of 900 host_mac)" ]]
	[[ $(of 900 mac) != "$(of 901 mac)" && $(of 900 mac) == 02:* ]]
	cloisonctl restart 900 --wait
	[[ $(cloisonctl exec 900 'cat /sys/class/net/eth0/address') == "$(of 900 mac)" ]]
	cloisonctl stop 900 --fast
	[[ ! -e /sys/class/net/veth900.0 ]]
	ping -c 1 -W 5 10.0.50.3 >/dev/null
	# and without a word from anybody
	kill -9 "$(init_of 901)"
	wait_for is_down 901
	cloisonctl start 901
	[[ -e /sys/class/net/veth901.0 ]]
}

# count_others ID: the frames for the address 02:00:00:00:00:77 that come in there; others_seen ID says how many.
count_others() {
	nsenter -t "$(init_of "$1")" -n nft -f - <<-EOT
		table netdev seen {
			chain in {
				type filter hook ingress device eth0 priority 0;
				ether daddr 02:00:00:00:00:77 counter
			}
		}
	EOT
}

others_seen() {
	nsenter -t "$(init_of "$1")" -n nft list table netdev seen | sed -n 's/.* packets \([0-9]*\) .*/\1/p'
}

saw_others() {
	[[ $(others_seen "$1") -ge 3 ]]
}

filtered() {
	two
	ct_pings 900 10.0.50.3
	# a neighbour's address, or any other
	cloisonctl exec 900 'ip link set eth0 address 02:00:00:00:00:66'
	not ct_pings 900 10.0.50.3
	cloisonctl exec 900 "ip link set eth0 address $(of 900 mac)"
	ct_pings 900 10.0.50.3
	# what the bridge floods because it knows no port for it
	ip neigh replace 10.0.50.9 lladdr 02:00:00:00:00:77 dev br0
	count_others 901
	not ping -c 3 -i 0.2 -W 1 10.0.50.9 >/dev/null
	ct_pings 901 10.0.50.1
	[[ $(others_seen 901) == 0 ]]
	# unless the operator wants it
	cloisonctl set 901 --ifname eth0 --mac_filter off --save
	grep -q 'mac_filter=off' "$etc/conf/901.conf"
	# the link has stayed, with all that is on it
	cloisonctl exec 901 'ip addr show dev eth0' | grep -q 10.0.50.3
	not ping -c 3 -i 0.2 -W 1 10.0.50.9 >/dev/null
	wait_for saw_others 901
	cloisonctl exec 901 'ip link set eth0 address 02:00:00:00:00:66'
	ct_pings 901 10.0.50.2
}

# What is not a machine's to say on a network: who is the router, what switches say, tags, and frames of 802.3; with and without
# a limit.
unheard() {
	local mac rate
	two
	mac=$(of 900 mac)
	mac=${mac//:/}
	for rate in none 50M; do
		cloisonctl set 900 --rate "$rate"
		in_ct 901 nft -f - <<-EOT
			add table netdev seen
			delete table netdev seen
			table netdev seen {
				chain in {
					type filter hook ingress device eth0 priority 0;
					icmpv6 type { nd-router-advert, nd-redirect, mld-listener-query } counter
					igmp type membership-query counter
					@ll,96,16 < 0x0600 counter
					ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter
					vlan id 5 counter
					ether type 0x88b5 counter
				}
			}
		EOT
		for type in 82 86 89; do
			in_ct 900 "$packet" send eth0 0x86dd "333300000001${mac}86dd6000000000103afffe800000000000000000000000000001\
ff020000000000000000000000000001${type}000000000000000000000000000000"
		done
		# the second of them once more, in LLC
		in_ct 900 "$packet" send eth0 0x0004 "333300000001${mac}0040aaaa0300000086dd6000000000103aff\
fe800000000000000000000000000001ff02000000000000000000000000000186000000000000000000000000000000"
		in_ct 900 "$packet" send eth0 0x0800 "01005e000001${mac}08004500001c0000000001029ddd0a003202e0000001\
1164ee9b00000000"
		in_ct 900 "$packet" send eth0 0x0004 "0180c2000000${mac}000742420300000000000000"
		in_ct 900 "$packet" send eth0 0x8100 "ffffffffffff${mac}8100000588b500000000"
		in_ct 900 "$packet" send eth0 0x88b5 "ffffffffffff${mac}88b500000000" 3
		wait_for heard_something
		[[ $(in_ct 901 nft list table netdev seen | grep -c 'packets 0 ') == 5 ]]
	done
	[[ $(</sys/class/net/veth900.0/brport/root_block) == 1 ]]
	[[ $(</sys/class/net/veth900.0/brport/multicast_router) == 0 ]]
}

heard_something() {
	in_ct 901 nft list table netdev seen | grep -q 'packets [1-9]'
}

while_it_runs() {
	local index
	make_running 900
	cloisonctl set 900 --netif_add eth0,02:00:00:00:09:00,host900,02:00:00:00:09:01,br0 --save
	[[ $(cloisonctl exec 900 'cat /sys/class/net/eth0/address') == 02:00:00:00:09:00 ]]
	[[ $(</sys/class/net/host900/address) == 02:00:00:00:09:01 ]]
	index=$(</sys/class/net/host900/ifindex)
	cloisonctl set 900 --netif_add eth1 --save
	# one that did not change is not touched
	[[ $(</sys/class/net/host900/ifindex) == "$index" ]]
	[[ -e /sys/class/net/veth900.0 && ! -e /sys/class/net/veth900.0/master ]]
	cloisonctl set 900 --ifname eth1 --bridge br0 --mac 02:00:00:00:09:02 --save
	[[ $(readlink -f /sys/class/net/veth900.0/master) == */br0 ]]
	[[ $(cloisonctl exec 900 'cat /sys/class/net/eth1/address') == 02:00:00:00:09:02 ]]
	[[ $(</sys/class/net/host900/ifindex) == "$index" ]]
	# bridge and filter are changed where they are
	index=$(</sys/class/net/veth900.0/ifindex)
	cloisonctl set 900 --ifname eth1 --bridge '' --mac_filter off --save
	[[ ! -e /sys/class/net/veth900.0/master && $(sysctl -n net.ipv6.conf.veth900/0.disable_ipv6) == 0 ]]
	not grep -q veth900.0 <(nft list table netdev cloison_900)
	cloisonctl set 900 --ifname eth1 --bridge br0 --mac_filter on --save
	[[ $(readlink -f /sys/class/net/veth900.0/master) == */br0 ]]
	grep -q veth900.0 <(nft list table netdev cloison_900)
	cloisonctl set 900 --netif_del eth0 --save
	[[ ! -e /sys/class/net/host900 && $(</sys/class/net/veth900.0/ifindex) == "$index" ]]
	not cloisonctl exec 900 'ls -d /sys/class/net/eth0' 2>/dev/null
	# together with addresses
	cloisonctl set 900 --ipadd 10.0.100.2 --ifname eth1 --mac_filter off --save
	ping -c 1 -W 5 10.0.100.2 >/dev/null
	cloisonctl set 900 --netif_add eth0 --ipdel all --save
	[[ -e /sys/class/net/veth900.1 ]]
	cloisonctl set 900 --netif_del eth1 --save
	[[ ! -e /sys/class/net/veth900.0 && -e /sys/class/net/veth900.1 ]]
	cloisonctl set 900 --netif_del all --save
	[[ ! -e /sys/class/net/veth900.1 && $(grep ^NETIF "$etc/conf/900.conf") == 'NETIF=""' ]]
}

bad_input() {
	local a
	make 900 --netif_add eth0,,,,br0
	for a in '' ',' eth0 eth0,,,,br0 eth1,xx eth1,01:00:00:00:00:01 eth1,00:00:00:00:00:00 eth1,,a/b eth1,,,,br0,x venet0,,,,br0 eth1,,,,br0,1,1 'et h1' \
		veryverylongname 'eth1;ifname=eth2' ..; do
		expect_exit 21 cloisonctl set 900 --netif_add "$a" --save
	done
	expect_exit 21 cloisonctl set 900 --netif_del eth1 --save
	expect_exit 21 cloisonctl set 900 --ifname eth1 --bridge br0 --save
	expect_exit 21 cloisonctl set 900 --bridge br0 --save
	expect_exit 21 cloisonctl set 900 --ifname eth0 --mac_filter maybe --save
	[[ $(grep -c ifname= "$etc/conf/900.conf") == 1 ]]
	# a bridge that is not there, or is none; a name that the host has
	for a in eth1,,,,br9 eth1,,,,eth0 eth1,,eth0,,br0 eth1,,br0; do
		cloisonctl create 901 --ostemplate busybox --netif_add eth0,,,,br0 --netif_add "$a"
		expect_exit 130 cloisonctl start 901
		is_down 901
		[[ ! -e /sys/class/net/veth901.0 && ! -e /sys/fs/cgroup/cloison/901 && -e /sys/class/net/eth0 ]]
		cloisonctl destroy 901
	done
	cloisonctl start 900
	expect_exit 130 cloisonctl set 900 --netif_add eth1,,,,br9 --save
	[[ $(grep -c ifname= "$etc/conf/900.conf") == 1 && -e /sys/class/net/veth900.0 && ! -e /sys/class/net/veth900.1 ]]
	expect_out 'nothing is left' cloisonctl check remains
	sed -i 's/^NETIF=.*/NETIF="eth0"/' "$etc/conf/900.conf"
	cloisonctl stop 900 --fast
	expect_exit 21 cloisonctl start 900
	expect_out 'NETIF: "eth0" is no interface' cloisonctl start 900
	is_down 900
}

# Neighbours on one bridge that are not on one network.
vlans() {
	ip link set br0 type bridge vlan_filtering 1
	two
	cloisonctl set 900 --ifname eth0 --vlan 7 --save
	make_running 902 --netif_add eth0,,,,br0,7
	cloisonctl exec 902 'ip addr add 10.0.50.4/24 dev eth0'
	ct_pings 900 10.0.50.4
	not ct_pings 900 10.0.50.3
	not ct_pings 902 10.0.50.1
	ct_pings 901 10.0.50.1
	# nor by a tag that he puts himself (where the host has the module)
	modprobe 8021q
	cloisonctl exec 902 'ip link add link eth0 name eth0.1 type vlan id 1 && ip link set eth0.1 up && ip addr flush dev eth0 &&
		ip addr add 10.0.50.4/24 dev eth0.1'
	not ct_pings 902 10.0.50.3
	not ct_pings 902 10.0.50.1
	bridge -c vlan show dev veth900.0 | grep -q '7 PVID Egress Untagged'
	not grep -qw 1 <(bridge vlan show dev veth902.0 | sed 's/veth902.0//')
	bridge vlan add dev veth900.0 vid 9
	expect_out '^mended +container 900: ' cloisonctl check --repair
	not grep -qw 9 <(bridge vlan show dev veth900.0)
	expect_exit 21 cloisonctl set 900 --ifname eth0 --vlan 4095
	expect_exit 21 cloisonctl set 900 --ifname eth0 --vlan x
	# back to the bridge's own
	cloisonctl set 900 --ifname eth0 --vlan 0 --save
	not grep -q vlan= "$etc/conf/900.conf"
	not grep -qw 7 <(bridge vlan show dev veth900.0)
	ct_pings 900 10.0.50.3
	ip link set br0 type bridge vlan_filtering 0
	expect_exit 130 cloisonctl set 900 --ifname eth0 --vlan 7 --save
	expect_out 'vlan_filtering 1' cloisonctl set 900 --ifname eth0 --vlan 7 --save
	expect_exit 130 cloisonctl set 900 --ifname eth0 --bridge '' --vlan 7 --save
}

# Somebody loaded his firewall anew, or removed a link.
mended() {
	local mac
	# the bridge has the address of a port, and not of one that comes and goes
	ip link add d0 address 52:54:00:00:00:10 type dummy
	ip link set d0 master br0 up
	mac=$(</sys/class/net/br0/address)
	two
	[[ $(</sys/class/net/br0/address) == "$mac" ]]
	ip link del d0
	expect_out 'nothing is left' cloisonctl check remains
	nft flush ruleset
	expect_out '^hint +container 900: ' cloisonctl check remains
	expect_out '^mended +container 901: ' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check remains
	cloisonctl exec 900 'ip link set eth0 address 02:00:00:00:00:66'
	not ct_pings 900 10.0.50.3
	ip link set veth900.0 down
	ip link set veth901.0 nomaster
	cloisonctl check --repair >"$KTAP_TMP/mended" 2>&1 || true
	[[ $(grep -cE '^mended +container 90[01]: ' "$KTAP_TMP/mended") == 2 ]]
	ip link del veth901.0
	nft delete table bridge cloison_ports
	expect_out '^mended +container 901: ' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check remains
	# by what mended its own
	nft list table bridge cloison_ports | grep -q 'veth900.0'
	[[ $(readlink -f /sys/class/net/veth901.0/master) == */br0 ]]
	# no advertisement from a container sets up the host
	[[ $(sysctl -n net.ipv6.conf.veth901/0.accept_ra) == 0 ]]
}

# A link that is not ours stays, whatever its name.
of_others() {
	make_running 900 --netif_add eth0,,,,br0
	ip link del veth900.0
	ip link add veth900.0 type dummy
	cloisonctl stop 900 --fast
	[[ -e /sys/class/net/veth900.0 ]]
	expect_exit 130 cloisonctl start 900
	[[ -e /sys/class/net/veth900.0 ]]
	ip link del veth900.0
	cloisonctl start 900
	# the file of another one, copied
	make 901
	grep ^NETIF= "$etc/conf/900.conf" | sed 's/,mac=/,host_ifname=veth900.0,mac=/' >>"$etc/conf/901.conf"
	expect_exit 130 cloisonctl start 901
	[[ -e /sys/class/net/veth900.0 ]]
	# killed at any moment, the next command finds its way
	for delay in 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
		timeout -s KILL "$delay" cloisonctl set 900 --netif_add "eth9,,,,br0" --save || true
		wait_for cloisonctl set 900 --netif_del all --save
		[[ ! -e /sys/class/net/veth900.0 && ! -e /sys/class/net/veth900.1 ]]
	done
}

ktap_plan 8
run_case "in a bridge" with_bridge bridged
run_case "MAC addresses of others" with_bridge filtered
run_case "what is not heard" with_bridge unheard
run_case "made and removed while it runs" with_bridge while_it_runs
run_case "VLANs" with_bridge vlans
run_case "check --repair" with_bridge mended
run_case "bad input" with_bridge bad_input
run_case "links of others, and commands that are killed" with_bridge of_others
ktap_finish
