#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets on hold: nothing passes and nobody answers, then all flows on in order, or none does.
#
#	   ct101			   ct102
#	10.0.101.2 fd00::101		10.0.102.2
#	   venet0			   venet0
#	      |				      |
#	    queues			    queues
#	      +-------------+-----------------+
#	                  venet0
#	                   host   10.0.0.1 fd00::1

. "$(dirname "$0")/net-lib.sh"

numbers=$here/net/numbers
packet=$here/net/packet

topology() {
	ct 101 10.0.101.2 fd00::101
	ct 102 10.0.102.2
	host_address 10.0.0.1 fd00::1
}

hold() {
	"$net" hold "id=$1" "${@:2}"
}

release() {
	"$net" release "id=$1"
}

# passed ID: how many packets, in both directions
passed() {
	echo "$(count "$1" to.packets) $(count "$1" from.packets)"
}

is_free() {
	count_is "$1" from.queued 0 && count_is "$1" to.queued 0
}

# From both sides, to a port that nobody has, and to one that would refuse: silence. Then the answers.
silence() {
	local passed
	topology
	hold 101
	# a connection that the host still has to such an address may have been quicker
	passed=$(passed 101)
	ping -n -q -c 1 -W 60 10.0.101.2 >"$tmp/to4" &
	local to4=$!
	ping -n -q -c 1 -W 60 fd00::101 >"$tmp/to6" &
	local to6=$!
	in_ct 101 ping -n -q -c 1 -W 60 10.0.0.1 >"$tmp/from4" &
	local from4=$!
	wait_for count_from 101 to.queued 2
	wait_for count_is 101 from.queued 1
	# No answer is another thing than a refusal.
	expect_out '^$' timeout 2 "$numbers" tcp-to 10.0.101.2 9999 1 0
	no_answer pings 10.0.101.2
	not ct_pings 101 10.0.102.2 -W 1
	not ct_pings 102 10.0.101.2 -W 1
	[[ $(passed 101) == "$passed" ]]
	# Others do not wait.
	ct_pings 102 10.0.0.1
	release 101
	wait "$to4"
	wait "$to6"
	wait "$from4"
	wait_for is_free 101
	expect_out 'refused' "$numbers" tcp-to 10.0.101.2 9999 1 0
}

# stream FROM TO ADDRESS: numbers, while 101 is held and released again and again; none is lost nor late. The sender stays
# on one CPU: of packets from two, one overtakes another when there is no hold as well.
stream() {
	local take=() give=()
	[[ $2 == host ]] || take=(ip netns exec "ct$2")
	[[ $1 == host ]] || give=(ip netns exec "ct$1")
	start_until "$tmp/udp" ready "${take[@]}" "$numbers" udp-from 7000 1500 100
	"${give[@]}" taskset -c 0 "$numbers" udp-to "$3" 7000 1500 1000 &
	local sender=$! i
	for ((i = 0; i < 5; i++)); do
		hold 101
		sleep 0.2
		release 101
		sleep 0.05
	done
	wait "$sender"
	wait_for grep received "$tmp/udp"
	cat "$tmp/udp"
	grep -qx "received 1500 lost 0 late 0" "$tmp/udp"
}

order() {
	topology
	stream host 101 10.0.101.2
	stream 101 host fd00::1
	stream 101 102 10.0.102.2
	"$net" host-set shortcut=1
	stream 102 101 10.0.101.2
	[[ $(count 101 to.held) -gt 100 && $(count 101 from.held) -gt 100 ]]
	count_is 101 to.hold-full 0
}

# A connection at full speed lives through it. Both ends are sockets of one kind, so that a kernel that looks sees a lock of one
# end taken inside that of the other.
tcp() {
	topology
	start_until "$tmp/tcp" ready in_ct 101 "$numbers" tcp4-from 7000
	"$numbers" tcp-to 10.0.101.2 7000 60000000 0 &
	local sender=$! holds=0
	while kill -0 "$sender"; do
		hold 101
		sleep 0.2
		release 101
		sleep 0.5
		holds=$((holds + 1))
	done
	wait "$sender"
	[[ $holds -ge 3 ]]
	grep -x "received 60000000 wrong 0" "$tmp/tcp"
	count_is 101 to.hold-full 0
	wait_for is_free 101
}

held_in_all() {
	echo $(($(count 101 from.held) + $(count 101 to.held)))
}

some_held() {
	[[ $(held_in_all) -gt 0 ]]
}

# It ends though the connection does not.
tcp_goes_on() {
	topology
	start_until "$tmp/tcp" ready in_ct 101 "$numbers" tcp-from 7000
	"$numbers" tcp-to 10.0.101.2 7000 2000000000 0 &
	local sender=$! held
	sleep 0.5
	hold 101
	wait_for some_held
	release 101
	wait_for is_free 101
	held=$(held_in_all)
	sleep 1
	kill -0 "$sender"
	[[ $(held_in_all) == "$held" ]]
	kill "$sender"
}

# as ip -s link shows it
dropped=/sys/class/net/venet0/statistics/tx_dropped

bounds() {
	topology
	hold 101 packets=10
	local from to
	from=$(in_ct 101 cat "$dropped")
	to=$(<"$dropped")
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1 25
	"$numbers" udp-to 10.0.101.2 7000 30 0
	[[ $(in_ct 101 cat "$dropped") == $((from + 15)) && $(<"$dropped") == $((to + 20)) ]]
	count_is 101 from.queued 10
	count_is 101 from.hold-full 15
	count_is 101 from.held 10
	count_is 101 to.queued 10
	count_is 101 to.hold-full 20
	expect_out 'max-packets 10 ' "$net" get id=101
	# More may come now, or none at all.
	hold 101 packets=20
	"$numbers" udp-to 10.0.101.2 7000 30 0
	count_is 101 to.queued 20
	hold 101 packets=0
	"$numbers" udp-to 10.0.101.2 7000 30 0
	count_is 101 to.queued 20
	hold 101 packets=1000 bytes=100000
	"$numbers" udp-to 10.0.101.2 7000 1000 0
	local bytes
	bytes=$(count 101 to.queued-bytes)
	[[ $bytes -gt 90000 && $bytes -le 100000 ]]
	hold 101
	expect_out 'max-packets 4096 max-bytes 16777216 ' "$net" get id=101
	release 101
	wait_for is_free 101
	count_is 101 to.queued-bytes 0
	no_line 'max-' "$net" get id=101
}

discard() {
	topology
	hold 101
	"$numbers" udp-to 10.0.101.2 7000 30 0
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1 5
	"$net" discard id=101
	is_free 101
	count_is 101 to.discarded 30
	count_is 101 from.discarded 5
	no_answer pings 10.0.101.2
	count_is 101 to.queued 1
	"$net" discard id=101
	start_until "$tmp/udp" ready in_ct 101 "$numbers" udp-from 7000 100 3
	release 101
	wait $!
	grep -x 'received 0 lost 100 late 0' "$tmp/udp"
	pings 10.0.101.2
}

not_on_hold() {
	topology
	expect_out '^EALREADY: the container is not on hold$' release 101
	expect_out '^EALREADY: the container is not on hold$' "$net" discard id=101
	hold 101
	release 101
	expect_out '^EALREADY: ' release 101
	expect_out '^ENOENT: ' hold 103
}

# Who sends without copying is told that his memory is free, though the packet waits.
zerocopy() {
	topology
	hold 101
	in_ct 101 "$here/net/zerocopy" 10.0.0.1 7000
	"$here/net/zerocopy" 10.0.101.2 7000
	count_is 101 from.queued 1
	count_is 101 to.queued 1
}

# Whose address it is counts when the packet goes on.
address_goes() {
	topology
	hold 101
	"$numbers" udp-to 10.0.101.2 7000 7 0
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1 3
	"$net" del id=101 ip=10.0.101.2
	"$net" add id=102 ip=10.0.101.2
	release 101
	wait_for count_is 101 to.no-owner 7
	wait_for count_is 101 from.spoofed 3
	count_is 101 to.packets 0
	count_is 102 to.packets 0
}

# To another host: what waited goes back to this one, whose routes know where. From another container, for what the host
# itself has sent it would not take from a link.
address_leaves() {
	topology
	hold 101
	in_ct 102 "$numbers" udp-to 10.0.101.2 7000 7 0
	count_is 101 to.queued 7
	"$net" del id=101 ip=10.0.101.2
	ip addr add 10.0.101.2/32 dev nettest
	start_until "$tmp/udp" ready "$numbers" udp-from 7000 7 20
	release 101
	wait $!
	grep -x 'received 7 lost 0 late 0' "$tmp/udp"
	count_is 101 to.no-owner 0
	count_is 101 from.packets 7
	# with a route that leads here still nobody has it
	"$net" add id=101 ip=10.0.101.3
	hold 101
	ip addr del 10.0.101.2/32 dev nettest
	ip route add 10.0.101.3 dev venet0
	in_ct 102 "$numbers" udp-to 10.0.101.3 7000 5 0
	"$net" del id=101 ip=10.0.101.3
	local before
	before=$(host_count no-owner)
	release 101
	wait_for host_count_is no-owner $((before + 5))
}

host_count_is() {
	[[ $(host_count "$1") -eq $2 ]]
}

# What opens a TCP connection waits, all else passes; then all waits.
new_only() {
	topology
	start_until "$tmp/tcp" ready in_ct 101 "$numbers" tcp-from 7000
	local server=$!
	hold 101 new=1
	pings 10.0.101.2
	ct_pings 101 10.0.0.1
	pings fd00::101
	"$numbers" tcp-to 10.0.101.2 7000 1000000 0 &
	wait_for count_is 101 to.queued 1
	hold 101
	no_answer pings 10.0.101.2
	# nothing that waits is overtaken
	hold 101 new=1
	no_answer pings 10.0.101.2
	release 101
	wait "$server"
	grep -x "received 1000000 wrong 0" "$tmp/tcp"
	wait_for is_free 101
	pings 10.0.101.2
}

# With queues full: the namespace, the device, the container, the module; and one that is not bound yet.
everything_goes() {
	topology
	hold 101
	hold 102
	"$numbers" udp-to 10.0.101.2 7000 50 0
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1 50
	in_ct 102 "$packet" spoof 10.0.102.2 10.0.0.1 50
	in_ct 101 ip link delete venet0
	ip netns del ct101
	is_unbound() { no_line netns "$net" get id=101; }
	wait_for is_unbound
	count_is 101 to.queued 50
	"$nl" del id=102
	in_ct 102 ip link delete venet0
	release 101
	# And what the host answers to that.
	wait_for count_from 101 to.no-device 50
	wait_for count_is 101 from.packets 50
	hold 101
	"$numbers" udp-to 10.0.101.2 7000 50 0
	rmmod cloison_net
	modprobe cloison_net
	host_up
}

# A restored container: what came before its namespace was there.
before_binding() {
	new 101
	give 101 10.0.101.2
	hold 101
	ping -n -q -c 1 -W 60 10.0.101.2 &
	local ping=$!
	wait_for count_is 101 to.queued 1
	ip netns add ct101
	ct_link 101
	in_ct 101 ip addr add 10.0.101.2 dev venet0
	"$net" bind id=101 "netns=$(ns 101)"
	release 101
	wait "$ping"
}

under_a_flood() {
	topology
	ping -f -n -q 10.0.101.2 &
	ip netns exec ct101 ping -f -n -q 10.0.0.1 &
	ip netns exec ct101 ping -f -n -q 10.0.102.2 &
	local i
	for ((i = 0; i < 30; i++)); do
		hold 101 packets=$((i % 3 * 50))
		((i % 5)) || "$net" discard id=101
		release 101
	done
	wait_for is_free 101
	jobs -p | xargs kill
	wait || true
	pings 10.0.101.2
	ct_pings 101 10.0.102.2
}

start_net
ktap_plan 14
net_check "silence, then the answers" silence
net_check "order" order
net_check "TCP" tcp
net_check "it ends while a connection goes on" tcp_goes_on
net_check "bounds" bounds
net_check "discard" discard
net_check "not on hold" not_on_hold
net_check "memory of the sender's own" zerocopy
net_check "an address goes meanwhile" address_goes
net_check "an address leaves the host meanwhile" address_leaves
net_check "new connections only" new_only
net_check "everything goes meanwhile" everything_goes
net_check "before there is a namespace" before_binding
net_check "under a flood" under_a_flood
ktap_finish
