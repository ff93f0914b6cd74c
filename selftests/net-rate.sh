#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Limits of what containers receive and send. Never more than that must pass, in whatever time it took; and all that is
# waited for must arrive, but how soon is a loaded machine's own business: what it is beside a flood is compared with what it
# is without, by turns.
#
#	900: 10.0.100.2 fd00::100	901: 10.0.101.2 fd00::101	902: 10.0.102.2
#	  |      |			  |				  |
#	venet0  eth0, eth1 (some)	venet0				venet0
#	  |      |			  |				  |
#	  +------+-------- host ----------+-------------------------------+
#		rate900i, rate900o, rate901i, ...: what they receive and send waits there

. "$(dirname "$0")/cli-lib.sh"

sed -i '/^SKIP_ARPDETECT/d' "$etc/cloison.conf"
echo 'SKIP_ARPDETECT="yes"' >>"$etc/cloison.conf"

# end PLACE: the network namespace of a container, or of the "host"
end() {
	[[ $1 == host ]] && echo - || echo "/proc/$(init_of "$1")/ns/net"
}

# flow tcp|udp FROM TO ADDRESS AMOUNT [SIZE]: see selftests/net/rate.c
flow() {
	"$here/net/rate" "$1" "$(end "$2")" "$(end "$3")" "${@:4}"
}

# within BITS BYTES FLOW...: no more than so many bits per second after so many bytes at once
within() {
	local line
	line=$(flow "${@:3}")
	echo "# ${*:3}: bytes, packets, us: $line"
	awk -v bits="$1" -v burst="$2" '{ exit !($1 <= bits / 8 * $3 / 1e6 + burst) }' <<<"$line"
}

# unlimited ADDRESS FLOW...: nothing sends its packets to a limit
unlimited() {
	no_line "$1" tc filter show dev venet0 egress
	no_line "$1" tc filter show dev venet0 ingress
	flow "${@:2}"
}

# packets_within PPS PACKETS FLOW...
packets_within() {
	local line
	line=$(flow "${@:3}")
	echo "# ${*:3}: bytes, packets, us: $line"
	awk -v pps="$1" -v burst="$2" '{ exit !($2 <= pps * $3 / 1e6 + burst) }' <<<"$line"
}

pings() {
	ping -c 1 -W 5 "$1" >/dev/null
}

# nothing_left CTID...: of their limits
nothing_left() {
	local id
	for id; do
		[[ ! -e /sys/class/net/rate${id}i && ! -e /sys/class/net/rate${id}o && ! -e /run/cloison/net/$id.rate ]]
	done
}

# without_hook: nobody on venet0 pays for limits
without_hook() {
	no_line clsact tc qdisc show dev venet0
}

no_line() {
	local output
	output=$("${@:2}")
	not grep -q -e "$1" <<<"$output"
}

# filters WHERE LINK NUMBER: that many lead to it
filters() {
	[[ $(tc filter show dev venet0 "$1" | awk -v to="to device $2)" 'index($0, to) { n++ } END { print n + 0 }') == "$3" ]]
}

mbit=1000000
burst=65536

limits() {
	make_running 900 --ipadd 10.0.100.2 --ipadd fd00::100 --rate in=4M,out=6M
	within $((4 * mbit)) "$burst" tcp host 900 10.0.100.2 300000
	within $((4 * mbit)) "$burst" tcp host 900 fd00::100 300000
	within $((6 * mbit)) "$burst" tcp 900 host 10.99.0.1 300000
	within $((6 * mbit)) "$burst" tcp 900 host fd99::1 300000
	within $((4 * mbit)) "$burst" udp host 900 fd00::100 200000
	within $((4 * mbit)) "$burst" udp host 900 10.0.100.2 200000
	within $((6 * mbit)) "$burst" udp 900 host 10.99.0.1 200000
	within $((6 * mbit)) "$burst" udp 900 host fd99::1 200000
	cloisonctl stop 900 --fast
	nothing_left 900
	without_hook
	# from the file, with a burst of its own
	cloisonctl set 900 --rate 5M,out_burst=16K --save
	cloisonctl start 900 --wait
	[[ $(</run/cloison/net/900.rate) == 5M,out_burst=16K ]]
	within $((5 * mbit)) "$burst" tcp host 900 10.0.100.2 300000
	within $((5 * mbit)) $((16 << 10)) tcp 900 host fd99::1 300000
}

# sent LINK BYTES: that or more
sent() {
	[[ $(<"/sys/class/net/$1/statistics/tx_bytes") -ge $2 ]]
}

# queued LINK: something waits there
queued() {
	not grep -q 'backlog 0b 0p' <(tc -s qdisc show dev "$1" root)
}

# What the others send and receive.
others=(
	"tcp host 901 fd00::101 200000"
	"tcp 901 host fd99::1 200000"
	"tcp host 902 10.0.102.2 20000000"
	"tcp 902 host 10.99.0.1 20000000"
)
# and the least of it that must be left beside a flood, in per cent. Who has no limit gets what the processors can do, and the
# flood has a share in these: in a queue of the flood's he would get less than one per cent, or nothing.
least=(70 70 5 5)

# fast WHEN: their bits per second
fast() {
	local i
	for i in "${!others[@]}"; do
		# shellcheck disable=SC2086 # words
		flow ${others[i]} | awk '{ print int($1 * 8 / $3 * 1e6) }' >>"$KTAP_TMP/$1.$i"
	done
}

# best WHEN I: of three
best() {
	sort -n "$KTAP_TMP/$1.$2" | tail -n 1
}

# Their rates while it floods, and while it does not, by turns: the best one counts, for the machine has its own good and
# bad moments. Processor time is not what this is about: who floods gets what the others leave of it.
intact() {
	local i
	for i in 1 2 3; do
		kill -STOP "$@"
		fast alone
		kill -CONT "$@"
		wait_for queued rate900o
		wait_for queued rate900i
		fast beside
	done
	for i in "${!others[@]}"; do
		echo "# ${others[i]}: $(best alone "$i") bits/s, beside a flood $(best beside "$i")"
		[[ $(best beside "$i") -ge $(($(best alone "$i") * least[i] / 100)) ]]
	done
}

# One floods, in both directions; one has a limit of its own, one has none.
isolated() {
	local flood
	make_running 900 --ipadd 10.0.100.2 --rate 4M
	make_running 901 --ipadd fd00::101 --rate 6M
	make_running 902 --ipadd 10.0.102.2
	nice -n 19 "$here/net/rate" udp "$(end 900)" - 10.99.0.1 1000000000 >/dev/null &
	flood=$!
	nice -n 19 "$here/net/rate" udp - "$(end 900)" 10.0.100.2 1000000000 >/dev/null &
	flood+=" $!"
	wait_for sent rate900i 100000
	wait_for sent rate900o 100000
	within $((6 * mbit)) "$burst" tcp host 901 fd00::101 300000
	within $((6 * mbit)) "$burst" tcp 901 host fd99::1 300000
	unlimited 10.0.102.2 tcp host 902 10.0.102.2 2000000
	unlimited 10.0.102.2 tcp 902 host 10.99.0.1 2000000
	cloisonctl set 901 --rate 2M
	# shellcheck disable=SC2086
	intact $flood
	# shellcheck disable=SC2086
	kill $flood
}

packets() {
	make_running 900 --ipadd 10.0.100.2 --rate in_pps=200,in_pps_burst=20,out_pps=300,out_pps_burst=30
	packets_within 200 20 udp host 900 10.0.100.2 5000 50
	packets_within 300 30 udp 900 host 10.99.0.1 5000 50
	cloisonctl set 900 --rate in_pps=500,in_pps_burst=50,in=4M
	packets_within 500 50 udp host 900 10.0.100.2 5000 50
	[[ -e /sys/class/net/rate900i && ! -e /sys/class/net/rate900o ]]
	flow udp 900 host 10.99.0.1 5000 50
}

# A connection goes on while its limit changes.
changes() {
	local flow
	make_running 900 --ipadd 10.0.100.2 --rate 2M
	flow tcp 900 host 10.99.0.1 60000000 >"$KTAP_TMP/flow" &
	flow=$!
	for rate in in=1M,out=3M,out_pps=10000 in_burst=32K,in=2M,out=1M 4M; do
		cloisonctl set 900 --rate "$rate"
		expect_out 'nothing is left' cloisonctl check --repair
		pings 10.0.100.2
	done
	within $((4 * mbit)) "$burst" tcp host 900 10.0.100.2 200000
	cloisonctl set 900 --rate none
	nothing_left 900
	without_hook
	wait "$flow"
	grep -q '^60000000 ' "$KTAP_TMP/flow"
}

bad_rates() {
	local rate
	make_running 900
	for rate in '' fast 7999 4M,5M both=4M '*:1:8000'; do
		expect_exit 21 cloisonctl set 900 --rate "$rate" --save
	done
	expect_out 'Bad value for --rate: fast; it takes BITS such as 100M' cloisonctl set 900 --rate fast
	nothing_left 900
	not grep -q ^RATE "$etc/conf/900.conf"
	cloisonctl stop 900 --fast
	echo 'RATE="fast"' >>"$etc/conf/900.conf"
	expect_exit 21 cloisonctl start 900
	is_down 900
	# Virtuozzo's
	sed -i 's/^RATE=.*/RATE="*:1:8000"/' "$etc/conf/900.conf"
	expect_out '^Warning: RATE: ' cloisonctl start 900
	nothing_left 900
	# somebody has our link's name
	ip link add rate900i type dummy
	expect_exit 1 cloisonctl set 900 --rate 4M --save
	expect_out 'rate900i' cloisonctl set 900 --rate 4M
	[[ ! -e /sys/class/net/rate900o && ! -e /run/cloison/net/900.rate && -e /sys/class/net/rate900i ]]
	ip link del rate900i
}

# Addresses come and go, and what is the operator's stays.
addresses() {
	make_running 900 --ipadd 10.0.100.2
	tc qdisc add dev venet0 clsact
	tc filter add dev venet0 ingress protocol ip pref 7 flower src_ip 10.0.100.3 action continue
	cloisonctl set 900 --rate 4M
	cloisonctl set 900 --ipadd 10.0.100.3 --ipadd fd00:100::/64
	filters ingress rate900o 3
	filters egress rate900i 3
	nsenter -t "$(init_of 900)" -n ip addr add fd00:100::7 dev venet0 nodad
	within $((4 * mbit)) "$burst" tcp host 900 fd00:100::7 200000
	within $((4 * mbit)) "$burst" tcp host 900 10.0.100.3 200000
	cloisonctl set 900 --ipdel 10.0.100.2
	filters ingress rate900o 2
	# the address is another one's, who has no limit
	make_running 901 --ipadd 10.0.100.2
	unlimited 10.0.100.2 tcp host 901 10.0.100.2 2000000
	cloisonctl set 900 --ipdel all
	filters ingress rate900o 0
	cloisonctl set 900 --rate none
	tc filter show dev venet0 ingress | grep -q 'pref 7 '
	cloisonctl stop 900 --fast
	tc filter show dev venet0 ingress | grep -q 'pref 7 '
	# and his qdisc, with nothing in it
	tc filter del dev venet0 ingress pref 7
	cloisonctl stop 901 --fast
	cloisonctl start 900
	cloisonctl set 900 --rate 4M
	cloisonctl set 900 --rate none
	tc qdisc del dev venet0 clsact
}

# Whatever ends it, and whoever removes what.
mended() {
	make_running 900 --ipadd 10.0.100.2 --rate 4M,in_pps=5000
	make_running 901 --ipadd 10.0.101.2
	expect_out 'nothing is left' cloisonctl check --repair
	for damage in "qdisc del dev venet0 clsact" "qdisc del dev rate900i root" "qdisc del dev rate900i clsact" \
		"filter del dev venet0 ingress pref 50004"; do
		# shellcheck disable=SC2086
		tc $damage
		expect_out '^mended +container 900: ' cloisonctl check --repair
		expect_out 'nothing is left' cloisonctl check --repair
	done
	# without its link nothing passes until that is there again
	ip link del rate900i
	expect_out '^mended +container 900: ' cloisonctl check --repair
	within $((4 * mbit)) "$burst" tcp host 900 10.0.100.2 200000
	within $((4 * mbit)) "$burst" tcp 900 host 10.99.0.1 200000
	# one that is cut off at any moment
	for delay in 0.01 0.02 0.03 0.05 0.08; do
		timeout -s KILL "$delay" cloisonctl set 901 --rate 4M || true
		wait_for cloisonctl check --repair 901
		timeout -s KILL "$delay" cloisonctl set 901 --rate none || true
		wait_for cloisonctl check --repair 901
		expect_out 'nothing is left' cloisonctl check --repair
	done
	cloisonctl set 901 --rate none
	nothing_left 901
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	cloisonctl check --repair >/dev/null || true
	nothing_left 900
	without_hook
}

# The limit is one for all interfaces; what the MAC filter drops is not let through by it.
interfaces() {
	ip link add br0 type bridge
	ip addr add 10.0.50.1/24 dev br0
	ip link set br0 up
	make_running 900 --netif_add eth0,,,,br0 --rate 4M
	cloisonctl exec 900 'ip addr add 10.0.50.2/24 dev eth0'
	within $((4 * mbit)) "$burst" tcp host 900 10.0.50.2 200000
	within $((4 * mbit)) "$burst" tcp 900 host 10.0.50.1 200000
	cloisonctl exec 900 'ip link set eth0 address 02:00:00:00:00:66'
	not cloisonctl exec 900 'ping -c 1 -W 1 10.0.50.1' >/dev/null
	# one that comes later, and any MAC address
	cloisonctl set 900 --rate 6M --netif_add eth1 --ifname eth1 --mac_filter off --save
	[[ $(tc filter show dev veth900.1 ingress | grep -c 'to device rate900o)') == 1 ]]
	nsenter -t "$(init_of 900)" -n ip link set eth1 address 02:00:00:00:00:77
	nsenter -t "$(init_of 900)" -n ip addr add 10.0.51.2/24 dev eth1
	ip addr add 10.0.51.1/24 dev veth900.1
	within $((6 * mbit)) "$burst" tcp 900 host 10.0.51.1 200000
	# until it is filtered again
	cloisonctl set 900 --ifname eth1 --mac_filter on
	tc filter show dev veth900.1 ingress | grep -q 'src_mac'
	not cloisonctl exec 900 'ping -c 1 -W 1 10.0.51.1' >/dev/null
	cloisonctl set 900 --ifname eth1 --mac_filter off
	no_line src_mac tc filter show dev veth900.1 ingress
	cloisonctl exec 900 'ping -c 1 -W 5 10.0.51.1' >/dev/null
	tc qdisc del dev veth900.1 clsact
	expect_out '^mended +container 900: ' cloisonctl check --repair
	[[ $(tc filter show dev veth900.1 egress | grep -c 'to device rate900i)') == 1 ]]
	cloisonctl set 900 --rate none
	not grep -q rate900 <(tc filter show dev veth900.1 egress)
	flow tcp 900 host 10.0.51.1 2000000
	cloisonctl stop 900 --fast
	ip link del br0
}

short_cut() {
	make_running 900 --ipadd 10.0.100.2 --rate 4M
	make_running 901 --ipadd 10.0.101.2
	"$here/nl/net_test" host-set shortcut=1
	within $((4 * mbit)) "$burst" tcp 901 900 10.0.100.2 200000
	within $((4 * mbit)) "$burst" tcp 900 901 10.0.101.2 200000
	"$here/nl/net_test" get id=900 | grep -q ' shortcut 0 '
	cloisonctl set 900 --rate none
	"$here/nl/net_test" get id=900 | grep -q ' shortcut 1 '
	"$here/nl/net_test" host-set shortcut=0
}

ktap_plan 9
run_case "both ways, TCP and UDP, IPv4 and IPv6" limits
run_case "one that floods" isolated
run_case "packets per second" packets
run_case "changes while traffic flows" changes
run_case "bad rates" bad_rates
run_case "addresses, and others' filters" addresses
run_case "check --repair" mended
run_case "Ethernet interfaces" interfaces
run_case "the short cut" short_cut
ktap_finish
