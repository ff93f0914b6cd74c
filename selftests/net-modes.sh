#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# Interfaces that are in no bridge, and a machine on the host's network, which is a network namespace:
#
#	900, eth0		901, eth0
#	    |			    |
#	veth900.0		veth901.0		routed: 10.0.60.2 fd60::2, 10.0.60.3 fd60::3
#	    +------- host ----------+
#		      |
#		    lan0 10.0.60.1 fd60::1		macvlan, ipvlan: 900 and 901 are on lan0, or on lan0.7
#		      |
#	      lan: eth0 10.0.60.9 fd60::9, eth0.7 10.0.70.9 fd70::9

. "$(dirname "$0")/cli-lib.sh"

packet=$here/net/packet

in_lan() {
	ip netns exec lan "$@"
}

# in_ct ID COMMAND...: of the host's, as root there would: for the network it is the same.
in_ct() {
	nsenter -t "$(init_of "$1")" -n "${@:2}"
}

lan_pings() {
	in_lan ping -n -q -c 1 -W 5 "$1"
}

ct_pings() {
	cloisonctl exec "$1" "ping -c 1 -W 5 $2" >/dev/null
}

# ct_mute ID ADDRESS: it gets no answer.
ct_mute() {
	not cloisonctl exec "$1" "ping -c 1 -W 1 $2" >/dev/null
}

with_lan() {
	ip netns add lan
	ip link add lan0 type veth peer name eth0 netns lan
	ip addr add 10.0.60.1/24 dev lan0
	ip addr add fd60::1/64 dev lan0 nodad
	ip link set lan0 up
	in_lan sysctl -q net.ipv6.conf.default.accept_dad=0
	in_lan ip addr add 10.0.60.9/24 dev eth0
	in_lan ip addr add fd60::9/64 dev eth0 nodad
	in_lan ip link set lo up
	in_lan ip link set eth0 up
	in_lan ip link add link eth0 name eth0.7 type vlan id 7
	in_lan ip link set eth0.7 up
	in_lan ip addr add 10.0.70.9/24 dev eth0.7
	in_lan ip addr add fd70::9/64 dev eth0.7 nodad
	sed -i '/^NEIGHBOUR_DEVS/d; /^SKIP_ARPDETECT/d' "$etc/cloison.conf"
	printf '%s\n' 'NEIGHBOUR_DEVS="lan0"' 'SKIP_ARPDETECT="yes"' >>"$etc/cloison.conf"
	nft add table netdev mine
	"$@"
	clean
	sed -i '/^NEIGHBOUR_DEVS/d; /^SKIP_ARPDETECT/d' "$etc/cloison.conf"
	# nothing of ours is left, and what is others' is there
	nothing_left
	nft delete table netdev mine
	none cloison_ nft list tables
}

# with_lan's, if it came so far
undo_lan() {
	clean
	ip netns del lan
	ip link del lan0
	nft delete table netdev mine
	nft delete table inet mine
} 2>/dev/null

lan_case() {
	run_case "$1" with_lan "$2"
	undo_lan
}

# none REGEX COMMAND...: no line of its output matches.
none() {
	local lines
	lines=$("${@:2}" | grep -E -e "$1") || return 0
	echo "left: $lines"
	return 1
}

nothing_left() {
	none 'proto (67|cloison)' ip route
	none 'proto (67|cloison)' ip -6 route
	none . ip neigh show proxy
	none 'veth90|lan[0-9]\.' ip -o link
	diff <(ls /run/cloison/net 2>/dev/null) /dev/null
}

two_routed() {
	make_running 900 --netif_add 'eth0,type=routed,ip=10.0.60.2 fd60::2'
	make_running 901 --netif_add eth0,type=routed,ip=10.0.60.3,ip=fd60::3
}

# heard FAMILY MATCH: how many packets the machine on the network has had that match, of a counter that count made.
count() {
	in_lan nft -f - <<-EOT
		add table netdev seen
		add chain netdev seen in { type filter hook ingress device "$1" priority 0; }
		$(for m in "${@:2}"; do echo "add rule netdev seen in $m counter comment \"${m//[\" ]/_}\""; done)
	EOT
}

heard() {
	in_lan nft list table netdev seen | grep -F "comment \"${1//[\" ]/_}\"" | sed 's/.*packets \([0-9]*\) .*/\1/'
}

is_heard() {
	[[ $(heard "$1") -gt 0 ]]
}

# sent ID OWN OTHER TARGET: from its own address packets arrive there; from another one, sent before them, none does.
sent() {
	local family=ip
	[[ $2 != *:* ]] || family=ip6
	count "${LAN_DEV:-eth0}" "$family saddr $2 udp dport 9" "$family saddr $3 udp dport 9"
	in_ct "$1" "$packet" spoof "$3" "$4" 3
	in_ct "$1" "$packet" spoof "$2" "$4" 3
	wait_for is_heard "$family saddr $2 udp dport 9"
	[[ $(heard "$family saddr $3 udp dport 9") == 0 ]]
	in_lan nft delete table netdev seen
}

routed() {
	local index
	# the operator answers for one himself
	ip neigh add proxy 10.0.60.3 dev lan0
	two_routed
	for a in 10.0.60.2 10.0.60.3 fd60::2 fd60::3; do
		lan_pings "$a"
	done
	ping -c 1 -W 5 10.0.60.2
	ct_pings 900 10.0.60.9
	ct_pings 900 fd60::9
	ct_pings 900 10.0.60.3
	ct_pings 901 fd60::2
	ct_pings 901 10.0.60.1
	# addresses of others, of the network's and of none
	sent 900 10.0.60.2 10.0.60.3 10.0.60.9
	sent 900 10.0.60.2 10.0.60.77 10.0.60.9
	sent 900 fd60::2 fd60::3 fd60::9
	# nor does a limit, which takes packets past the filter, let them by
	cloisonctl set 900 --rate out=50M
	sent 900 10.0.60.2 10.0.60.77 10.0.60.9
	sent 900 fd60::2 fd60::3 fd60::9
	[[ $(</sys/class/net/rate900o/statistics/tx_packets) -ge 6 ]]
	# nor those that it had
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.2 10.0.60.7 fd60::2'
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.2 fd60::2'
	sent 900 10.0.60.2 10.0.60.7 10.0.60.9
	cloisonctl set 900 --rate none
	# his own MAC address is his own business
	cloisonctl exec 900 'ip link set eth0 address 02:00:00:00:00:66'
	ct_pings 900 10.0.60.9
	# the host believes the old one for some seconds
	wait_for lan_pings fd60::2
	# while it runs, on the same link
	index=$(</sys/class/net/veth900.0/ifindex)
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.2 10.0.60.4 fd61:60::/64' --save
	[[ $(</sys/class/net/veth900.0/ifindex) == "$index" ]]
	lan_pings 10.0.60.4
	lan_pings 10.0.60.2
	not in_lan ping -n -q -c 1 -W 1 fd60::2
	cloisonctl exec 900 'ip addr add fd61:60::5 dev eth0'
	ping -c 1 -W 5 fd61:60::5
	not grep -q fd60::2 <(cloisonctl exec 900 'ip addr'; ip neigh show proxy; ip -6 route)
	cloisonctl restart 900 --wait
	lan_pings 10.0.60.4
	ct_pings 900 10.0.60.9
	# another container's, the host's
	expect_exit 78 cloisonctl set 901 --ifname eth0 --netif_set 'ip=10.0.60.3 10.0.60.4'
	expect_exit 78 cloisonctl set 901 --ifname eth0 --netif_set 'ip=10.0.60.3 10.0.60.1'
	make_running 902 --ipadd 10.0.60.5
	expect_exit 78 cloisonctl set 901 --ifname eth0 --netif_set 'ip=10.0.60.3 10.0.60.5'
	expect_exit 78 cloisonctl set 902 --ipadd 10.0.60.4
	lan_pings 10.0.60.3
	lan_pings 10.0.60.4
	lan_pings 10.0.60.5
	expect_out 'nothing is left' cloisonctl check remains
	# out of a prefix of another one's, or one around his address, whichever way they are given
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.4 10.0.61.0/28'
	cloisonctl set 902 --ipadd 10.0.62.0/28
	for a in 10.0.61.5 10.0.62.5 10.0.60.4/30; do
		expect_exit 78 cloisonctl set 901 --ifname eth0 --netif_set "ip=10.0.60.3 $a"
	done
	expect_exit 78 cloisonctl set 902 --ipadd 10.0.61.5
	expect_exit 78 cloisonctl set 902 --ipadd 10.0.60.4/30
	expect_out 'nothing is left' cloisonctl check remains
	# who has taken a dead one's address is not cut off when that is cleared away
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	wait_for not test -e /sys/class/net/veth900.0
	cloisonctl set 901 --ifname eth0 --netif_set 'ip=10.0.60.3 10.0.60.4' --save
	cloisonctl check --repair || true
	in_lan ip neigh flush dev eth0
	lan_pings 10.0.60.4
	cloisonctl stop 901 --fast
	cloisonctl stop 902 --fast
	[[ $(ip neigh show proxy) == "10.0.60.3 dev lan0"* ]]
	ip neigh del proxy 10.0.60.3 dev lan0
	nothing_left
}

# The default route is venet's as long as it has an address, then that of the interface that is left.
instead() {
	make_running 900 --ipadd 10.0.60.5 --ipadd fd60::5
	cloisonctl set 900 --ipdel all --netif_add 'eth0,type=routed,ip=10.0.60.2 fd60::2'
	ct_pings 900 10.0.60.9
	ct_pings 900 fd60::9
	in_ct 900 ip route show default | grep -q 'dev eth0'
	in_ct 900 ip -6 route show default | grep -q 'dev eth0'
}

# is_listened ADDRESS: as ss prints it.
is_listened() {
	ss -Hltn sport = :8022 | grep -qF "$1:8022"
}

# listen ADDRESS: a program of the host's at port 8022, instead of the one before.
listen() {
	[[ -z ${listens:-} ]] || kill "$listens" 2>/dev/null || true
	python3 -c 'import socket, sys, time
s = socket.create_server((sys.argv[1], 8022), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
time.sleep(900)' "$1" &
	listens=$!
	wait_for is_listened "${1/::/[::]}"
}

# Ports of the host's at which programs wait lead nowhere else.
listens() {
	make_running 900
	# the address that it leads to, and the port, at once
	cloisonctl set 900 --ipadd 10.0.100.2 --port_add tcp:8024:22 --save
	listen 10.0.60.1
	expect_exit 78 cloisonctl set 900 --port_add tcp:8022:22
	cloisonctl set 900 --port_add udp:8022:22
	listen ::
	expect_exit 78 cloisonctl set 900 --port_add tcp:8022:22
	# to which no port leads
	listen 127.0.0.1
	cloisonctl set 900 --port_add tcp:8022:22 --save
	kill "$listens"
	# it is its own, whoever waits there by now
	listen 10.0.60.1
	cloisonctl set 900 --port_add tcp:8023:22
	kill "$listens"
}

# A link with the host alone: what he sends is from where the host would send back to.
alone() {
	make_running 900 --netif_add eth1
	ip addr add 10.0.52.1/24 dev veth900.0
	ip addr add fd52::1/64 dev veth900.0 nodad
	in_ct 900 ip addr add 10.0.52.2/24 dev eth1
	in_ct 900 ip addr add fd52::2/64 dev eth1 nodad
	in_ct 900 ip route add default via 10.0.52.1
	in_ct 900 ip -6 route add default via fd52::1
	in_lan ip route add 10.0.52.0/24 via 10.0.60.1
	in_lan ip route add fd52::/64 via fd60::1
	sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for rate in none 50M; do
		cloisonctl set 900 --rate "$rate"
		sent 900 10.0.52.2 10.0.60.77 10.0.60.9
		sent 900 fd52::2 fd60::77 fd60::9
	done
}

# What is said on the network about an address.
asked() {
	sed -i '/^SKIP_ARPDETECT/d' "$etc/cloison.conf"
	make 900 --netif_add eth0,type=routed,ip=10.0.60.9
	expect_exit 78 cloisonctl start 900
	cloisonctl set 900 --ifname eth0 --netif_set ip=fd60::9 --save
	expect_out 'Address fd60::9: another machine on lan0' cloisonctl start 900
	is_down 900
	nothing_left
	# what came over a router is not from there: RFC 4861 7.1.2
	in_lan nft -f - <<-EOT
		add table ip6 far
		add chain ip6 far out { type filter hook output priority 0; }
		add rule ip6 far out icmpv6 type nd-neighbor-advert ip6 hoplimit set 64
	EOT
	cloisonctl start 900
	is_running 900
}

repaired() {
	two_routed
	ip route flush proto 67
	ip neigh del proxy 10.0.60.2 dev lan0
	nft flush ruleset
	nft add table netdev mine
	expect_out '^hint +container 900: ' cloisonctl check remains
	expect_out '^mended +container 901: ' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check remains
	lan_pings 10.0.60.2
	lan_pings fd60::3
	sent 900 10.0.60.2 10.0.60.3 10.0.60.9
	ip link del veth901.0
	expect_out '^mended +container 901: ' cloisonctl check --repair
	lan_pings 10.0.60.3
	# a command that is killed: before what it moves from one interface to another is at its new place
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.6 fd60::6' --netif_add eth1,type=routed,ip=10.0.60.2
	sed -i 's/10.0.60.6 fd60::6/10.0.60.2 fd60::2/' /run/cloison/net/900.netif
	expect_out '^mended +container 900: ' cloisonctl check --repair 900
	lan_pings 10.0.60.2
	[[ $(ip -4 route show proto 67) == *"10.0.60.2 dev veth900.0"* && ! -e /sys/class/net/veth900.1 ]]
	# or of what is new only a part
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.6 fd60::6' --netif_add 'eth1,type=routed,ip=10.0.60.2 10.0.60.8'
	sed -i 's/10.0.60.6 fd60::6/10.0.60.2 fd60::2/' /run/cloison/net/900.netif
	expect_out '^mended +container 900: ' cloisonctl check --repair 900
	lan_pings 10.0.60.2
	[[ $(ip -4 route show proto 67) == *"10.0.60.8 dev veth900.1"* ]]
	not grep -q 10.0.60.2 <(in_ct 900 ip addr show eth1)
	# and anywhere
	for delay in 0.03 0.06 0.1 0.2; do
		timeout -s KILL "$delay" cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.60.6 fd60::6' --netif_add eth1,type=routed,ip=10.0.60.2 || true
		wait_for cloisonctl check --repair 900
		expect_out 'nothing is left' cloisonctl check --repair
		timeout -s KILL "$delay" cloisonctl set 900 --netif_del all || true
		wait_for cloisonctl check --repair 900
		expect_out 'nothing is left' cloisonctl check --repair
	done
	cloisonctl set 900 --netif_del all
	not grep -qE '10.0.60.[26]|fd60::[26]' <(ip route; ip neigh show proxy)
	[[ ! -e /run/cloison/net/900.routed ]]
	# the link has another name when it ends; older kernels want it down for that
	if ! ip link set lan0 name lan9; then
		ip link set lan0 down
		ip link set lan0 name lan9
		ip link set lan9 up
	fi
	kill -9 "$(init_of 901)"
	wait_for is_down 901
	cloisonctl check --repair || true
	[[ -z $(ip neigh show proxy) ]]
	ip link set lan9 down
	ip link set lan9 name lan0
}

# A VLAN of lan0 for containers only.
macvlan() {
	local mac
	make 900 --netif_add eth0,type=macvlan,link=lan0
	expect_exit 130 cloisonctl start 900
	expect_out 'mac_filter=off' cloisonctl start 900
	cloisonctl set 900 --ifname eth0 --vlan 7 --save
	cloisonctl start 900 --wait
	[[ -e /sys/class/net/lan0.7 ]]
	# a neighbour there could take what is for him
	make 901 --netif_add eth0,type=macvlan,link=lan0,vlan=7
	expect_out 'another container has a macvlan on lan0.7' cloisonctl start 901
	cloisonctl set 901 --ifname eth0 --netif_set type=ipvlan --netif_set ip=10.0.70.3/24 --save
	expect_out 'the type must be the same' cloisonctl start 901
	is_down 901
	cloisonctl destroy 901
	cloisonctl exec 900 'ip addr add 10.0.70.2/24 dev eth0; ip addr add fd70::2/64 dev eth0'
	ct_pings 900 10.0.70.9
	wait_for ct_pings 900 fd70::9
	mac=$(cloisonctl exec 900 'cat /sys/class/net/eth0/address')
	# another address, and another interface that he makes
	cloisonctl exec 900 'ip link set eth0 address 02:00:00:00:00:66'
	ct_mute 900 10.0.70.9
	cloisonctl exec 900 "ip link set eth0 address $mac"
	ct_pings 900 10.0.70.9
	count eth0.7 "ether saddr 02:00:00:00:00:67 ether type 0x88b5" "ether saddr $mac ether type 0x88b5"
	in_ct 900 ip link add link eth0 name eth9 address 02:00:00:00:00:67 type macvlan
	in_ct 900 ip link set eth9 up
	# who sends is told that it was dropped
	in_ct 900 "$packet" send eth9 0x88b5 "ffffffffffff02000000006788b500000000" || true
	in_ct 900 "$packet" send eth0 0x88b5 "ffffffffffff${mac//:/}88b500000000" 3
	wait_for is_heard "ether saddr $mac ether type 0x88b5"
	[[ $(heard "ether saddr 02:00:00:00:00:67 ether type 0x88b5") == 0 ]]
	expect_out 'nothing is left' cloisonctl check remains
	nft flush ruleset
	nft add table netdev mine
	expect_out '^mended +container 900: ' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check remains
	nft list table netdev cloison_lan0.7 | grep -q "$mac"
	cloisonctl restart 900 --wait
	cloisonctl exec 900 'ip addr add 10.0.70.2/24 dev eth0'
	ct_pings 900 10.0.70.9
	# one that was given another name is not found by its own, which is said; the VLAN goes with its last user
	in_ct 900 ip link set eth0 down
	in_ct 900 ip link set eth0 name mine
	expect_out '^Warning: Inside the container: there is no interface eth0' cloisonctl set 900 --netif_del eth0 --save
	[[ ! -e /sys/class/net/lan0.7 ]]
	not in_ct 900 ip link show mine
	cloisonctl set 900 --netif_add eth0,type=macvlan,link=lan0,vlan=7
	[[ -e /sys/class/net/lan0.7 ]]
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	cloisonctl check --repair || true
	[[ ! -e /sys/class/net/lan0.7 ]]
	# the operator's own VLAN is not ours to filter or to remove
	ip link add link lan0 name lan0.8 type vlan id 8
	make 902 --netif_add eth0,type=macvlan,link=lan0,vlan=8
	expect_exit 130 cloisonctl start 902
	cloisonctl set 902 --ifname eth0 --vlan 0 --netif_set link=lan0.8 --mac_filter off --save
	cloisonctl start 902
	cloisonctl stop 902 --fast
	ip link del lan0.8
	expect_exit 130 cloisonctl start 902
	cloisonctl set 902 --ifname eth0 --netif_set link=lan0 --save
	expect_out '^Warning: Interface eth0: root .* can take away' cloisonctl start 902 --wait
	cloisonctl exec 902 'ip addr add 10.0.60.8/24 dev eth0'
	ct_pings 902 10.0.60.9
	# one address twice, at once after one another
	cloisonctl restart 902 --wait
	cloisonctl exec 902 'ip addr add 10.0.60.8/24 dev eth0'
	ct_pings 902 10.0.60.9
	cloisonctl stop 902 --fast
}

ipvlan() {
	local lan_mac mac protocol a
	make 900 --netif_add eth0,type=ipvlan,link=lan0,vlan=7
	expect_exit 130 cloisonctl start 900
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.70.2/24 fd70::2/64' --save
	cloisonctl start 900 --wait
	ct_pings 900 10.0.70.9
	ct_pings 900 fd70::9
	lan_mac=$(in_lan cat /sys/class/net/eth0/address)
	# the machine asks for it, link-local and not
	in_lan ip -6 neigh flush dev eth0.7
	lan_pings fd70::2
	cloisonctl exec 900 'ip addr add 10.0.70.4/24 dev eth0; ip addr add fd70::4/64 dev eth0 && ip route flush cache'
	LAN_DEV=eth0.7 sent 900 10.0.70.2 10.0.70.4 10.0.70.9
	LAN_DEV=eth0.7 sent 900 fd70::2 fd70::4 fd70::9
	in_lan ip neigh flush dev eth0.7
	not in_lan ping -n -q -c 1 -W 1 10.0.70.4
	not in_lan ping -n -q -c 1 -W 1 fd70::4
	lan_pings 10.0.70.2
	# he says that he has the address of another one
	in_ct 900 "$packet" send eth0 0x0806 "$(arp_of "$(</sys/class/net/lan0.7/address)" 10.0.70.77 "$lan_mac" 10.0.70.9)" || true
	lan_pings 10.0.70.2
	[[ -z $(in_lan ip neigh show 10.0.70.77) ]]
	# an advertisement of a router as what it is not, from an address in which his own is where ARP has its sender's
	mac=$(</sys/class/net/lan0.7/address)
	count eth0.7 'icmpv6 type nd-router-advert' 'arp daddr ip 10.0.70.88'
	for protocol in 0x86dd 0x0806; do
		in_ct 900 "$packet" send eth0 "$protocol" "333300000001${mac//:/}86dd6000000000103aff$V6_SOURCE$RA" 3 || true
	done
	# to all as well: what is for all is sent in its order
	in_ct 900 "$packet" send eth0 0x0806 "$(arp_of "$mac" 10.0.70.2 ff:ff:ff:ff:ff:ff 10.0.70.88)"
	wait_for is_heard 'arp daddr ip 10.0.70.88'
	[[ $(heard 'icmpv6 type nd-router-advert') == 0 ]]
	in_lan nft delete table netdev seen
	# the host is no machine on that link: for what is sent to its own MAC address, and for others there
	nft -f - <<-EOT
		add table inet mine
		add chain inet mine in { type filter hook input priority 0; }
		add rule inet mine in iifname lan0.7 counter
		add chain inet mine on { type filter hook forward priority 0; }
		add rule inet mine on iifname lan0.7 counter
	EOT
	in_ct 900 ip neigh replace 10.0.70.1 lladdr "$mac" dev eth0 nud permanent
	in_ct 900 ip route add 10.0.60.0/24 via 10.0.70.1
	in_ct 900 "$packet" spoof 10.0.60.77 10.0.60.1 3 || true
	in_ct 900 "$packet" spoof 10.0.70.2 10.0.60.1 3 || true
	in_ct 900 "$packet" spoof 10.0.70.2 10.0.60.9 3 || true
	in_lan ip neigh replace 10.0.70.1 lladdr "$mac" dev eth0.7 nud permanent
	in_lan "$packet" spoof 10.0.60.77 10.0.70.1 3
	in_lan ip route add 10.0.61.1/32 via 10.0.70.1
	ip addr add 10.0.61.1/32 dev lan0
	count eth0.7 'arp operation reply arp saddr ip 10.0.61.1'
	for a in 0.0.0.0 10.0.70.9; do
		in_lan "$packet" send eth0.7 0x0806 "$(arp_of "$lan_mac" "$a" ff:ff:ff:ff:ff:ff 10.0.61.1)"
	done
	not in_lan ping -n -q -c 1 -W 1 10.0.61.1
	[[ $(heard 'arp operation reply arp saddr ip 10.0.61.1') == 0 ]]
	in_lan nft delete table netdev seen
	ip addr del 10.0.61.1/32 dev lan0
	in_lan ip route del 10.0.61.1/32
	none 'counter packets [1-9]' nft list table inet mine
	nft delete table inet mine
	# several containers, and a link that is made anew
	make_running 901 --netif_add eth0,type=ipvlan,link=lan0,vlan=7,ip=10.0.70.3/24
	ct_pings 901 10.0.70.9
	ip link del lan0.7
	expect_out '^mended +container 901: ' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check remains
	ct_pings 900 10.0.70.9
	ct_pings 901 10.0.70.9
	nft flush chain netdev cloison_lan0.7 out
	cloisonctl stop 901 --fast
	ct_pings 900 10.0.70.9
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.70.4/24' --save
	ct_pings 900 10.0.70.9
	cloisonctl stop 900 --fast
	nothing_left
	cloisonctl destroy 900
	cloisonctl destroy 901
	gone_from_under
	# on the host's own link, by the operator's word
	make 901 --netif_add eth0,type=ipvlan-l3,link=lan0,ip=10.0.61.2,mac_filter=off
	cloisonctl start 901 --wait
	in_lan ip route add 10.0.61.2 via 10.0.60.1
	ct_pings 901 10.0.60.9
	cloisonctl restart 901 --wait
	ct_pings 901 10.0.60.9
}

# from fe80:0:0:a00:4602::1 to ff02::1
V6_SOURCE=fe80000000000a004602000000000001
RA=ff02000000000000000000000000000186000000000000000000000000000000

# The link of containers' VLANs goes, or gets another name: they can be stopped.
gone_from_under() {
	local what
	for what in "del lan1" "set lan1 name lan9"; do
		ip link add lan1 type dummy
		ip link set lan1 up
		make_running 900 --netif_add eth0,type=ipvlan,link=lan1,vlan=7,ip=10.0.71.2/24
		make_running 901 --netif_add eth0,type=ipvlan,link=lan1,vlan=7,ip=10.0.71.3/24
		# older kernels want it so for another name
		ip link set lan1 down
		# shellcheck disable=SC2086 # words
		ip link $what
		cloisonctl stop 900 --fast
		cloisonctl stop 901 --fast
		nothing_left
		cloisonctl destroy 900
		cloisonctl destroy 901
	done
	ip link del lan9
}

# arp_of MAC IP TO_MAC TO_IP: a question, as bytes.
arp_of() {
	printf '%s%s08060001080006040001%s' "${3//:/}" "${1//:/}" "${1//:/}"
	# shellcheck disable=SC2046,SC2183 # four numbers
	printf '%02x%02x%02x%02x000000000000' $(tr . ' ' <<<"$2")
	# shellcheck disable=SC2046,SC2183
	printf '%02x%02x%02x%02x' $(tr . ' ' <<<"$4")
}

bad_input() {
	local a
	make 900
	for a in type=veth eth1,type=bridge eth1,ip=10.0.0 eth1,link=a/b eth1,type=routed,br0 eth1,br=0 eth1,ifname=,vlan=1; do
		expect_exit 21 cloisonctl set 900 --netif_add "$a" --save
	done
	expect_exit 21 cloisonctl set 900 --netif_set type=routed --save
	cloisonctl set 900 --netif_add eth0 --save
	for a in type type=x ifname=eth1 ip=fe80::1 vlan=5000 =; do
		expect_exit 21 cloisonctl set 900 --ifname eth0 --netif_set "$a" --save
	done
	cloisonctl set 900 --netif_del eth0 --save
	# what does not fit together, or is not there
	for a in type=routed type=routed,ip=10.0.60.2,bridge=br0 type=macvlan type=macvlan,link=lan9,vlan=7 type=macvlan,link=lan9,mac_filter=off \
		type=ipvlan,link=lan0,vlan=7 type=ipvlan-l3,link=lan0,ip=10.0.61.2 type=macvlan,link=lan0,vlan=7,ip=10.0.60.2 link=lan0; do
		cloisonctl create 901 --ostemplate busybox --netif_add "eth0,$a"
		expect_exit 130 cloisonctl start 901
		expect_out '^Interface eth0: .' cloisonctl start 901
		is_down 901
		cloisonctl destroy 901
	done
	nothing_left
}

ktap_plan 9
lan_case "routed" routed
lan_case "routed: neighbours are asked" asked
lan_case "ports of the host's" listens
lan_case "a link with the host alone" alone
lan_case "routed instead of venet" instead
lan_case "routed: check --repair" repaired
lan_case "macvlan" macvlan
lan_case "ipvlan" ipvlan
lan_case "bad input" bad_input
ktap_finish
