#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Addresses of containers, given by the tool on one host:
#
#	 900: 10.0.100.2 fd00::100		901: 10.0.101.2 fd00::101
#	      |						|
#	    venet0				     venet0
#	      +------------------ venet0 ---------------+
#				   host
#				   eth0: 10.99.0.1 fd99::1

. "$(dirname "$0")/cli-lib.sh"

# The network of the machine has no other machines here, and asking it takes a second.
sed -i '/^SKIP_ARPDETECT/d' "$etc/cloison.conf"
echo 'SKIP_ARPDETECT="yes"' >>"$etc/cloison.conf"

pings() {
	ping -c 1 -W 5 "$1" >/dev/null
}

ct_pings() {
	cloisonctl exec "$1" "ping -c 1 -W 5 $2" >/dev/null
}

# nothing_left ADDRESS...: the host does nothing for them.
nothing_left() {
	local a
	for a in "$@"; do
		not grep -qF "$a" <(ip route; ip -6 route; ip neigh show proxy; cat /run/cloison/net/* 2>/dev/null)
	done
}

two() {
	make_running 900 --ipadd 10.0.100.2 --ipadd fd00::100
	make_running 901 --ipadd 10.0.101.2 --ipadd fd00::101
}

reach() {
	two
	pings 10.0.100.2
	pings fd00::100
	pings 10.0.101.2
	ct_pings 900 10.99.0.1
	ct_pings 900 fd99::1
	ct_pings 900 10.0.101.2
	ct_pings 901 fd00::100
	[[ $(ip neigh show proxy | grep -c 'dev eth0') == 4 ]]
	[[ $(cloisonctl list -H -o ip 900) == 10.0.100.2* ]]
	[[ $(cloisonctl list -j -o ip 900) == *10.0.100.2*fd00::100* ]]
	# the page of a server there, over both families
	cloisonctl exec 901 'mkdir -p /www; echo page of 901 >/www/index.html; httpd -h /www'
	[[ $(cloisonctl exec 900 wget -q -O - http://10.0.101.2/) == "page of 901" ]]
	[[ $(cloisonctl exec 900 wget -q -O - "http://[fd00::101]/") == "page of 901" ]]
	[[ $(printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 10.0.101.2 80 | tail -n 1) == "page of 901" ]]
	cloisonctl stop 900 --fast
	nothing_left 10.0.100.2 fd00::100
	pings fd00::101
	cloisonctl stop 901 --fast
	nothing_left 10.0.101.2 fd00::101
}

# to_many PREFIX: a packet to each of many addresses.
to_many() {
	local i
	for ((i = 2; i < 50; i++)); do
		echo >"/dev/udp/$1$i/9"
	done
}
export -f to_many

# neighbours [COMMAND...]: how many venet0 has, run by the command.
neighbours() {
	"$@" ip -6 neigh show dev venet0 nud all | wc -l
}

# However many they speak to: the kernel has 1024 neighbours for all of IPv6, all containers and the host together.
few_neighbours() {
	local inside before
	make_running 900 --ipadd fd00::100 --ipadd fd00:100::/64
	inside=(nsenter -t "$(init_of 900)" -n)
	pings fd00::100
	"${inside[@]}" bash -c 'to_many 2001:db8::'
	[[ $(neighbours "${inside[@]}") == 1 ]]
	before=$(neighbours)
	to_many fd00:100::
	[[ $(neighbours) -le $before ]]
}

# What the customer sets himself does not count.
not_his_own() {
	two
	cloisonctl exec 900 'ip addr add 10.0.101.2 dev venet0; ip addr add 10.0.100.3 dev venet0'
	not cloisonctl exec 900 'ping -c 1 -W 2 -I 10.0.100.3 10.99.0.1' >/dev/null
	not cloisonctl exec 900 'ping -c 1 -W 2 -I 10.0.101.2 10.99.0.1' >/dev/null
	cloisonctl exec 900 'ip addr del 10.0.101.2/32 dev venet0'
	ct_pings 900 10.0.101.2
	dmesg | grep -q 'cloison_net: .*900.*10.0.100.3'
}

while_it_runs() {
	make_running 900
	not pings 10.0.100.2
	[[ $(cloisonctl list -H -o ip 900) == - ]]
	expect_out '^Adding IP address\(es\): 10.0.100.2 fd00::100$' cloisonctl set 900 --ipadd 10.0.100.2 --ipadd fd00::100
	[[ $(cloisonctl list -H -o ip 900) == "10.0.100.2 fd00::100" ]]
	pings 10.0.100.2
	pings fd00::100
	# once more is no error, and changes nothing
	cloisonctl set 900 --ipadd 10.0.100.2 --save
	[[ $(grep ^IP_ADDRESS "$etc/conf/900.conf") == 'IP_ADDRESS="10.0.100.2"' ]]
	pings fd00::100
	# one that was not saved can be taken away
	expect_out '^Deleting IP address\(es\): fd00::100$' cloisonctl set 900 --ipdel fd00::100
	not pings fd00::100
	nothing_left fd00::100
	pings 10.0.100.2
	# in the order of the options
	cloisonctl set 900 --ipadd 10.0.100.9 --ipdel all --ip 10.0.100.3 --save
	[[ $(grep ^IP_ADDRESS "$etc/conf/900.conf") == 'IP_ADDRESS="10.0.100.3"' ]]
	pings 10.0.100.3
	nothing_left 10.0.100.2 10.0.100.9
	[[ $(cloisonctl exec 900 'ip -4 -o addr show dev venet0' | wc -l) == 1 ]]
	cloisonctl restart 900 --wait
	pings 10.0.100.3
	cloisonctl set 900 --ipadd fd00::100
	cloisonctl exec 900 'ip -6 route' | grep -q '^default via fe80::1 dev venet0'
	cloisonctl set 900 --ipdel all --save
	nothing_left 10.0.100.3 fd00::100
	# nor is a route left inside that would be in the way of another interface's
	not grep -q default <(cloisonctl exec 900 'ip route; ip -6 route')
	[[ $(grep ^IP_ADDRESS "$etc/conf/900.conf") == 'IP_ADDRESS=""' ]]
}

# Netmasks are the container's business; the kernel removes all of a subnet with its first address.
masks() {
	make_running 900 --ipadd 10.0.100.2/24 --ipadd 10.0.100.3/255.255.255.0 --ipadd fd00::100/64
	cloisonctl exec 900 'ip addr' | grep -q 'inet 10.0.100.2/24 '
	cloisonctl exec 900 'ip addr' | grep -q 'inet 10.0.100.3/24 '
	cloisonctl exec 900 'ip addr' | grep -q 'inet6 fd00::100/64 '
	[[ $(cloisonctl list -H -o ip 900) == "10.0.100.2 10.0.100.3 fd00::100" ]]
	cloisonctl set 900 --ipdel 10.0.100.2
	not grep -qF 10.0.100.2 <(cloisonctl exec 900 'ip addr')
	pings 10.0.100.3
	pings fd00::100
	cloisonctl set 900 --ipadd 10.0.100.4
	[[ $(cloisonctl exec 900 'ip -4 -o addr show dev venet0' | grep -c 'inet 10.0.100.3') == 1 ]]
	cloisonctl exec 900 'ip addr' | grep -q 'inet 10.0.100.3/24 '
}

# Root in the container is in the way: the host's part is done all the same.
hindered() {
	two
	# it is not loaded for him
	modprobe dummy numdummies=0
	cloisonctl exec 900 'ip link set venet0 down; ip link set venet0 name mine; ip link set mine up; ip link add venet0 type dummy'
	expect_out '^Warning: Inside the container' cloisonctl set 900 --ipdel 10.0.100.2 --save
	nothing_left 10.0.100.2
	not grep -q 10.0.100.2 "$etc/conf/900.conf"
	not pings 10.0.100.2
	expect_exit 78 cloisonctl set 900 --ipadd 10.0.101.2 --ipadd 10.0.100.5
	nothing_left 10.0.100.5
	cloisonctl check --repair >/dev/null
	cloisonctl exec 900 'ip link del venet0; ip link set mine down; ip link set mine name venet0'
	cloisonctl set 900 --ipadd 10.0.100.2
	pings 10.0.100.2
	pings 10.0.101.2
}

# A prefix as a whole.
prefixes() {
	make_running 900 --ipadd 10.0.100.0/28 --ipadd fd00:100::/64
	cloisonctl exec 900 'ip addr add 10.0.100.5 dev venet0; ip addr add fd00:100::7:8 dev venet0'
	pings 10.0.100.5
	pings fd00:100::7:8
	ip route | grep -q '^10.0.100.0/28 dev venet0'
	make 901 --ipadd 10.0.100.9
	expect_exit 78 cloisonctl start 901
	expect_out 'container 900' cloisonctl start 901
	is_down 901
	[[ ! -e /sys/fs/cgroup/cloison/901 ]]
	cloisonctl set 900 --ipdel 10.0.100.0/28
	nothing_left 10.0.100.0/28
	not pings 10.0.100.5
	cloisonctl start 901
	pings 10.0.100.9
	# the customer's own address is in his way no more
	pings fd00:100::7:8
}

taken() {
	local ping init
	two
	expect_exit 78 cloisonctl set 901 --ipadd 10.0.109.2 --ipadd 10.0.100.2 --save
	# nor is one stopped that could not be started again
	init=$(init_of 901)
	cp "$etc/conf/901.conf" "$KTAP_TMP/before"
	expect_exit 78 cloisonctl set 901 --capability sys_time:on --ipadd 10.0.109.2 --ipadd 10.0.100.2 --setmode restart --save
	expect_exit 78 cloisonctl set 901 --capability sys_time:on --netif_add eth0,type=routed,ip=10.0.100.2 --setmode restart --save
	cmp "$etc/conf/901.conf" "$KTAP_TMP/before"
	[[ $(init_of 901) == "$init" && $(cloisonctl list -H -o ip 901) == "10.0.101.2 fd00::101" ]]
	cloisonctl --quiet set 901 --capability sys_time:on --ipadd 10.0.109.3 --setmode restart --save
	[[ $(init_of 901) != "$init" ]]
	pings 10.0.109.3
	expect_out 'Address 10.0.100.2: .*container 900' cloisonctl set 901 --ipadd 10.0.100.2
	# all or nothing
	nothing_left 10.0.109.2
	not grep -q 10.0.109.2 "$etc/conf/901.conf"
	not grep -qF 10.0.109.2 <(cloisonctl exec 901 'ip addr')
	pings 10.0.100.2
	pings 10.0.101.2
	# the host's own
	expect_exit 78 cloisonctl set 901 --ipadd 10.99.0.1
	expect_exit 78 cloisonctl set 901 --ipadd fd99::1
	ip addr add 10.0.107.1 dev lo
	expect_exit 78 cloisonctl set 901 --ipadd 10.0.107.0/28
	ip addr del 10.0.107.1 dev lo
	# moved while traffic flows
	# one that begins without a route ends at once
	start_until "$KTAP_TMP/pings" 'bytes from' ping -i 0.2 10.0.100.2
	ping=$!
	cloisonctl set 900 --ipdel 10.0.100.2
	cloisonctl set 901 --ipadd 10.0.100.2
	pings 10.0.100.2
	kill "$ping"
	[[ $(cloisonctl exec 901 'ip -o addr show dev venet0' | grep -c 10.0.100.2) == 1 ]]
}

bad_addresses() {
	local a
	make 900
	for a in 10.0.0 10.0.0.256 10.0.0.1/33 10.0.0.1/7 10.0.0.1/255.0.255.0 0.0.0.0 0.1.2.3 127.0.0.1 224.0.0.1 \
		255.255.255.255 :: ::1 ::ffff:10.0.0.1 fe80::1 ff02::1 fd00::1/129 fd00::1/15 fd00::/ host '' '10.0.0.1;ls'; do
		expect_exit 21 cloisonctl set 900 --ipadd "$a" --save
		expect_exit 21 cloisonctl create 902 --ostemplate busybox --ipadd "$a"
	done
	expect_exit 21 cloisonctl set 900 --ipdel everything --save
	not grep -q ^IP_ADDRESS "$etc/conf/900.conf"
	# by hand: as OpenVZ's files have it for none
	echo 'IP_ADDRESS="0.0.0.0 ::"' >>"$etc/conf/900.conf"
	cloisonctl --quiet start 900
	cloisonctl --quiet stop 900 --fast
	echo 'IP_ADDRESS="10.0.100.2 fe80::1"' >>"$etc/conf/900.conf"
	expect_exit 71 cloisonctl start 900
	expect_out 'fe80::1' cloisonctl start 900
	is_down 900
	nothing_left 10.0.100.2
	# one that another file has is no obstacle until both run
	make 901 --ipadd 10.0.100.2
	sed -i 's/ fe80::1//' "$etc/conf/900.conf"
	cloisonctl start 900
	expect_exit 78 cloisonctl start 901
	pings 10.0.100.2
}

# Whatever ends it, nothing is left.
ends() {
	two
	cloisonctl exec 901 'kill -9 -1' || true
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	cloisonctl check --repair >/dev/null || true
	nothing_left 10.0.100.2 fd00::100
	pings 10.0.101.2
	kill -9 "$(init_of 901)"
	wait_for is_down 901
	# the next start clears it away
	cloisonctl start 901
	pings 10.0.101.2
}

no_module() {
	make 900 --ipadd 10.0.100.2
	make 901
	modprobe -r cloison_net
	modprobe cloison
	echo 'install cloison_net /bin/false' >/etc/modprobe.d/walls.conf
	expect_exit 5 cloisonctl start 900
	expect_out 'modprobe cloison_net' cloisonctl start 900
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	# without addresses nobody needs it
	cloisonctl start 901
	expect_exit 5 cloisonctl set 901 --ipadd 10.0.101.2 --save
	not grep -q 10.0.101.2 "$etc/conf/901.conf"
	rm /etc/modprobe.d/walls.conf
	# the tool loads it
	cloisonctl start 900
	cloisonctl set 901 --ipadd 10.0.101.2
	pings 10.0.100.2
	pings 10.0.101.2
	# and it stays while somebody has it
	not modprobe -r cloison_net 2>/dev/null
}

# A host that was no router yet: what it has from advertisements stays.
forwarding() {
	sysctl -q net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.eth0.accept_ra=1
	make_running 900 --ipadd 10.0.100.2
	[[ $(sysctl -n net.ipv4.ip_forward) == 1 ]]
	[[ $(sysctl -n net.ipv6.conf.all.forwarding) == 0 ]]
	cloisonctl set 900 --ipadd fd00::100
	[[ $(sysctl -n net.ipv6.conf.all.forwarding) == 1 ]]
	[[ $(sysctl -n net.ipv6.conf.eth0.accept_ra) == 2 ]]
	[[ $(sysctl -n net.ipv6.conf.eth0.proxy_ndp) == 1 ]]
}

# Which links it is answered on.
neighbour_devs() {
	ip link add net0 type bridge
	ip addr add 10.0.100.1/24 dev net0
	ip link set net0 up
	make 900 --ipadd 10.0.100.2
	for devs in all detect list:net0 net0 'eth0 net0' none; do
		sed -i '/^NEIGHBOUR_DEVS/d' "$etc/cloison.conf"
		echo "NEIGHBOUR_DEVS=\"$devs\"" >>"$etc/cloison.conf"
		cloisonctl start 900
		echo "$devs: $(ip neigh show proxy | awk '{ print $3 }' | sort | tr '\n' ' ')"
		cloisonctl stop 900 --fast >/dev/null
	done >"$KTAP_TMP/proxies"
	sed -i '/^NEIGHBOUR_DEVS/d' "$etc/cloison.conf"
	ip link del net0
	grep ': ' "$KTAP_TMP/proxies" | grep -v Setting | grep -v IP >"$KTAP_TMP/seen"
	diff "$KTAP_TMP/seen" - <<-EOF
		all: eth0 net0 
		detect: net0 
		list:net0: net0 
		net0: net0 
		eth0 net0: eth0 net0 
		none: 
	EOF
}

# Which of its addresses the host speaks from.
source_address() {
	ip link add net0 type bridge
	ip addr add 10.0.90.1/24 dev net0
	ip addr add fd90::1/64 dev net0 nodad
	ip link set net0 up
	configure VE_ROUTE_SRC_DEV net0
	make_running 900 --ipadd 10.0.100.2 --ipadd fd00::100
	ip route get 10.0.100.2 | grep -q 'dev venet0 src 10.0.90.1 '
	ip -6 route get fd00::100 | grep -q ' src fd90::1 '
	pings 10.0.100.2
	pings fd00::100
	cloisonctl stop 900 --fast
	configure VE_ROUTE_SRC_DEV
	ip link del net0
	cloisonctl start 900
	ip route get 10.0.100.2 | grep -q 'src 10.99.0.1 '
	ip -6 route get fd00::100 | grep -q ' src fd99::1 '
}

# Between containers, seen or not seen by the host's netfilter
short_cut() {
	two
	nft add table ip cloison_test
	nft 'add chain ip cloison_test f { type filter hook forward priority 0; policy drop; }'
	not cloisonctl exec 900 'ping -c 1 -W 2 10.0.101.2' >/dev/null
	cloisonctl stop 901 --fast
	echo 'SHORTCUT="yes"' >>"$etc/cloison.conf"
	cloisonctl start 901
	ct_pings 900 10.0.101.2
	# who has a limit is not let by
	cloisonctl set 901 --rate 10M
	not cloisonctl exec 900 'ping -c 1 -W 2 10.0.101.2' >/dev/null
	cloisonctl stop 901 --fast
	sed -i 's/^SHORTCUT.*/SHORTCUT="maybe"/' "$etc/cloison.conf"
	expect_exit 21 cloisonctl start 901
	sed -i '/^SHORTCUT/d' "$etc/cloison.conf"
	cloisonctl start 901
	not cloisonctl exec 900 'ping -c 1 -W 2 10.0.101.2' >/dev/null
	nft delete table ip cloison_test
	ct_pings 900 10.0.101.2
}

# Somebody flushed what was ours; a set was cut off half-way.
mended() {
	two
	cloisonctl set 900 --ipadd 10.0.100.3
	ip route flush dev venet0
	ip neigh del proxy 10.0.101.2 dev eth0
	expect_out '^hint +container 900: routes to it' cloisonctl check remains
	expect_out '^mended +container 901: routes to it' cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check --repair
	pings 10.0.100.2
	pings 10.0.100.3
	pings 10.0.101.2
	ip neigh show proxy | grep -q '^10.0.101.2 dev eth0'
	ip neigh del proxy fd00::101 dev eth0
	expect_out '^mended +container 901: routes to it' cloisonctl check --repair
	ip neigh show proxy | grep -q '^fd00::101 dev eth0'
	# the same command again does what the first one was to do
	"$here/nl/net_test" add id=901 ip=10.0.109.7
	cloisonctl set 901 --ipadd 10.0.109.7
	pings 10.0.109.7
	# noted, and not in the table: a route that nobody owns
	echo "10.0.109.9 $(</sys/class/net/eth0/ifindex)" >>/run/cloison/net/900
	ip route add 10.0.109.9 dev venet0 proto 67
	ip neigh add proxy 10.0.109.9 dev eth0
	# and another way round
	"$here/nl/net_test" add id=901 ip=10.0.109.8
	expect_out '^mended +container 900: ' cloisonctl check --repair
	nothing_left 10.0.109.9
	pings 10.0.109.8
	pings 10.0.100.2
	# killed at any moment, the next command finds its way
	for delay in 0.01 0.02 0.03 0.05 0.08 0.12; do
		timeout -s KILL "$delay" cloisonctl set 901 --ipadd 10.0.102.1 --ipadd 10.0.102.2 --ipdel 10.0.101.2 || true
		wait_for cloisonctl check --repair 901
		timeout -s KILL "$delay" cloisonctl set 901 --ipdel all --ipadd 10.0.101.2 || true
		wait_for cloisonctl check --repair 901
		expect_out 'nothing is left' cloisonctl check --repair
	done
	cloisonctl set 901 --ipdel all
	nothing_left 10.0.101.2 10.0.102.1 10.0.102.2
	[[ ! -e /run/cloison/net/901 ]]
}

ktap_plan 16
run_case "reached from the host and from each other" reach
run_case "neighbours of IPv6" few_neighbours
run_case "addresses that the customer sets" not_his_own
run_case "given and taken while it runs" while_it_runs
run_case "netmasks" masks
run_case "a hindrance inside" hindered
run_case "prefixes" prefixes
run_case "an address that is taken" taken
run_case "what is no address" bad_addresses
run_case "nothing is left at the end" ends
run_case "without the module" no_module
run_case "check --repair" mended
run_case "forwarding" forwarding
run_case "links with neighbours" neighbour_devs
run_case "the source that the host has" source_address
run_case "the short cut" short_cut
ktap_finish
