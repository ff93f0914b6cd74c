#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What passes between host, containers and the world behind a router, and what does not.
#
#	   ct101			   ct102				world
#	10.0.101.2 fd00::101		10.0.102.0/28 2001:db8:1::/64	10.9.0.2 fd09::2
#	   venet0			   venet0			    far
#	      |				      |				   |
#	      +-------------+-----------------+				   |
#	                  venet0					   |
#	                   host   10.0.0.1 fd00::1, near 10.9.0.1 fd09::1 -+

. "$(dirname "$0")/net-lib.sh"

numbers=$here/net/numbers
packet=$here/net/packet

topology() {
	ct 101 10.0.101.2 fd00::101
	ct 102 10.0.102.0/28 2001:db8:1::/64
	host_address 10.0.0.1 fd00::1
	ip netns add world
	ip link add near type veth peer far netns world
	ip addr add 10.9.0.1/24 dev near
	ip addr add fd09::1/64 dev near nodad
	ip link set near up
	ip -n world addr add 10.9.0.2/24 dev far
	ip -n world addr add fd09::2/64 dev far nodad
	ip -n world link set far up
	ip -n world route add default via 10.9.0.1
	ip -n world route add default via fd09::1
}

everybody_answers() {
	topology
	local from to
	for to in 10.0.101.2 fd00::101 10.0.102.1 2001:db8:1::1; do
		pings "$to"
		pings "$to" -s 1472
		ip netns exec world ping -q -c 1 -W 5 "$to"
	done
	for from in 101 102; do
		for to in 10.0.0.1 fd00::1 10.0.101.2 fd00::101 10.0.102.1 2001:db8:1::1 10.9.0.2 fd09::2; do
			ct_pings "$from" "$to"
		done
	done
	count_is 101 from.spoofed 0
	count_is 102 from.spoofed 0
}

# The whole of a delegated prefix is the container's, also what lies behind it.
prefix() {
	topology
	in_ct 102 ip addr add 10.0.102.15 dev venet0
	in_ct 102 ip addr add 2001:db8:1:0:ffff::1 dev venet0
	pings 10.0.102.15
	ct_pings 101 2001:db8:1:0:ffff::1
	in_ct 102 sysctl -q net.ipv4.ip_forward=1
	ip netns add behind
	ip link add in netns ct102 type veth peer out netns behind
	in_ct 102 ip link set in up
	in_ct 102 ip route add 10.0.102.9 dev in
	in_ct 102 ip addr add 10.0.102.2 dev in
	ip -n behind addr add 10.0.102.9 dev out
	ip -n behind link set out up
	ip -n behind route add default dev out
	in_ct 102 sysctl -q net.ipv4.conf.in.proxy_arp=1
	pings 10.0.102.9
}

# tcp FROM TO ADDRESS COUNT: FROM and TO are containers, or "host"
tcp() {
	local take=() give=()
	[[ $2 == host ]] || take=(ip netns exec "ct$2")
	[[ $1 == host ]] || give=(ip netns exec "ct$1")
	start_until "$tmp/tcp" ready "${take[@]}" "$numbers" tcp-from 7000
	"${give[@]}" timeout 60 "$numbers" tcp-to "$3" 7000 "$4" 0
	wait $!
	grep -x "received $4 wrong 0" "$tmp/tcp"
}

streams() {
	topology
	local n=500000
	tcp host 101 10.0.101.2 "$n"
	tcp host 101 fd00::101 "$n"
	tcp 101 host 10.0.0.1 "$n"
	tcp 101 host fd00::1 "$n"
	tcp 101 102 10.0.102.1 "$n"
	tcp 101 102 2001:db8:1::1 "$n"
	"$net" host-set shortcut=1
	tcp 102 101 10.0.101.2 "$n"
	tcp 102 101 fd00::101 "$n"
}

# A packet larger than any MTU was never cut on its way, nor its checksum computed.
carried_whole() {
	topology
	where=(ip netns exec ct102)
	sniff "$tmp/whole" venet0 60 60
	tcp 101 102 10.0.102.1 200000
	wait $!
	awk '$1 == "in" && $3 > 9000 { n++ } END { exit !n }' "$tmp/whole"
	where=()
}

without_offloads() {
	topology
	local end
	for end in "" "in_ct 101" "in_ct 102"; do
		$end "$here/net/offload" venet0 off
	done
	where=(ip netns exec ct102)
	sniff "$tmp/cut" venet0 60 60
	where=()
	tcp 101 102 10.0.102.1 100000
	wait $!
	awk '$3 > 1500 { print; exit 1 }' "$tmp/cut"
	"$here/net/offload" venet0 on
}

datagrams() {
	topology
	start_until "$tmp/udp" ready in_ct 102 "$numbers" udp-from 7000 200 60
	in_ct 101 "$numbers" udp-to 2001:db8:1::1 7000 200 1000
	wait $!
	grep -x "received 200 lost 0 late 0" "$tmp/udp"
}

# Both families, both ways, larger than any buffer of one page.
fragments() {
	topology
	pings 10.0.101.2 -s 20000
	pings fd00::101 -s 20000
	ct_pings 101 10.0.102.1 -s 20000
	ct_pings 101 2001:db8:1::1 -s 20000
	ct_pings 101 10.9.0.2 -s 20000
}

# ICMP errors find their way to a container, from the host and from beyond.
errors() {
	topology
	ip -n world link set far mtu 1400
	ip link set near mtu 1400
	expect_out 'mtu = 1400' in_ct 101 ping -c 1 -W 2 -M "do" -s 1420 10.9.0.2
	expect_out 'mtu = 1400|mtu=1400' in_ct 101 ping -c 1 -W 2 -M "do" -s 1420 fd09::2
	tcp 101 host 10.0.0.1 10000
	expect_out '[Uu]nreachable' in_ct 101 ping -c 1 -W 5 10.9.0.77
	ip route add unreachable 10.66.0.0/16
	expect_out '[Uu]nreachable' in_ct 101 ping -c 1 -W 5 10.66.0.1
	ip route del unreachable 10.66.0.0/16
	expect_out 'Time to live exceeded' in_ct 101 ping -c 1 -W 5 -t 1 10.9.0.2
	expect_out 'Hop limit|Time exceeded' in_ct 101 ping -c 1 -W 5 -t 1 fd09::2
	# From a port that nobody has, a refusal.
	expect_out 'refused' in_ct 101 "$numbers" tcp-to 10.0.102.1 9999 1 0
	in_ct 101 timeout 30 bash -c 'exec 3>/dev/udp/10.0.102.1/9999; while echo >&3; do :; done' 2>/dev/null
	timeout 30 bash -c 'exec 3>/dev/udp/10.0.102.1/9999; while echo >&3; do :; done' 2>/dev/null
}

# The way between two containers is narrower than their devices: they are told, and TCP, whose packets of many segments
# are larger than both, does as it is told.
narrow() {
	topology
	ip link set venet0 mtu 1400
	expect_out 'mtu = 1400' in_ct 101 ping -c 1 -W 2 -M "do" -s 1420 10.0.102.1
	expect_out 'mtu = 1400|mtu=1400' in_ct 101 ping -c 1 -W 2 -M "do" -s 1420 2001:db8:1::1
	in_ct 101 ip route flush cache
	tcp 101 102 10.0.102.1 100000
	tcp 101 102 2001:db8:1::1 100000
	in_ct 101 ip route get 10.0.102.1 | grep 'mtu 1400'
	# Cut into fragments on the way if the sender allows that.
	ct_pings 101 10.0.102.1 -s 1450 -M dont
}

# A raw socket sets any source; it does not help.
spoofed() {
	topology
	local source sent=0
	sniff "$tmp/spoofed" venet0 1000 8
	local sniffer=$!
	for source in 10.0.102.1 10.0.0.1 10.9.0.2 10.0.101.3 127.0.0.1 224.0.0.1; do
		in_ct 101 "$packet" spoof "$source" 10.0.0.1
		sent=$((sent + 1))
	done
	for source in 2001:db8:1::1 fd00::1 fd00::102 ::1 ::; do
		in_ct 101 "$packet" spoof "$source" fd00::1
		sent=$((sent + 1))
	done
	count_is 101 from.spoofed "$sent"
	in_ct 101 "$packet" spoof fe80::1 fd00::1
	count_is 101 from.scope 1
	# One's own IPv4 in the clothes of IPv6.
	in_ct 101 "$packet" spoof ::ffff:10.0.101.2 fd00::1
	count_is 101 from.invalid 1
	count_is 101 from.packets 0
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1
	in_ct 101 "$packet" spoof fd00::101 fd00::1
	count_is 101 from.packets 2
	not wait "$sniffer"
	no_line '^in ' grep -v ' 10.0.101.2 10.0.0.1$\| fd00::101 fd00::1$' "$tmp/spoofed"
	dmesg | grep 'container 101 sent from 10.0.102.1, which is not its own, to 10.0.0.1$'
	dmesg | grep 'container 101 sent from 2001:db8:1::1, which is not its own, to fd00::1$'
}

# Nor from container to container without the host: neither an address that nobody has, nor that of a third one or of the
# receiver himself.
spoofed_short() {
	topology
	local source sent=0 sniffer
	ct 103 10.0.103.2 fd00::103
	"$net" host-set shortcut=1
	where=(ip netns exec ct102)
	sniff "$tmp/spoofed" venet0 1000 8
	sniffer=$!
	where=()
	for source in 10.0.101.3 10.0.103.2 10.0.102.1 10.0.0.1; do
		in_ct 101 "$packet" spoof "$source" 10.0.102.1
		sent=$((sent + 1))
	done
	for source in fd00::102 fd00::103 2001:db8:1::1 2001:db8:1::2 fd00::1; do
		in_ct 101 "$packet" spoof "$source" 2001:db8:1::1
		sent=$((sent + 1))
	done
	count_is 101 from.spoofed "$sent"
	count_is 101 from.packets 0
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.102.1
	in_ct 101 "$packet" spoof fd00::101 2001:db8:1::1
	not wait "$sniffer"
	diff <(grep '^in ' "$tmp/spoofed" | cut -d ' ' -f 4-) - <<-EOF
		10.0.101.2 10.0.102.1
		fd00::101 2001:db8:1::1
	EOF
}

# What others say to each other a third one does not hear, the short cut or not.
overheard() {
	topology
	local short sniffer
	ct 103 10.0.103.2 fd00::103
	for short in 0 1; do
		"$net" host-set "shortcut=$short"
		where=(ip netns exec ct103)
		sniff "$tmp/third" venet0 99 600
		sniffer=$!
		where=()
		ct_pings 101 10.0.102.1
		ct_pings 101 2001:db8:1::1
		ct_pings 102 10.0.101.2
		ct_pings 102 fd00::101
		tcp 101 102 10.0.102.1 50000
		tcp 102 101 fd00::101 50000
		ct_pings 101 10.0.103.2
		ct_pings 102 fd00::103
		wait_for grep -q '^out .*fd00::103 2001:db8:1::1$' "$tmp/third"
		kill "$sniffer"
		wait "$sniffer" || true
		diff <(grep -v 10.99.0.1 "$tmp/third" | cut -d ' ' -f 1,4-) - <<-EOF
			ready
			in 10.0.101.2 10.0.103.2
			out 10.0.103.2 10.0.101.2
			in 2001:db8:1::1 fd00::103
			out fd00::103 2001:db8:1::1
		EOF
	done
}

lines() {
	dmesg | grep -c "container $1 sent from"
}

# One that floods the log does not silence another.
log_is_limited() {
	ct 103 10.0.103.2
	ct 104 10.0.104.2
	in_ct 103 "$packet" spoof 10.0.104.2 10.0.0.1 1000
	in_ct 104 "$packet" spoof 10.0.103.2 10.0.0.1
	count_is 103 from.spoofed 1000
	[[ $(lines 103) -ge 1 && $(lines 103) -le 30 ]]
	[[ $(lines 104) == 1 ]]
}

# Nobody hears it, neither the host nor another container.
multicast() {
	topology
	sniff "$tmp/multicast" venet0 1 4
	local sniffer=$! to
	for to in 224.0.0.1 239.1.2.3 255.255.255.255; do
		in_ct 101 "$packet" spoof 10.0.101.2 "$to" || true
	done
	for to in ff02::1 ff0e::1 fe80::1; do
		in_ct 101 "$packet" spoof fd00::101 "$to" || true
	done
	not wait "$sniffer"
	[[ $(<"$tmp/multicast") == ready ]]
	local drops
	drops=$(count 101 from.scope)
	[[ $drops -ge 5 ]]
	drops=$(host_count scope)
	ip route add 239.0.0.0/8 dev venet0
	no_answer pings 239.1.2.3
	[[ $(host_count scope) == $((drops + 1)) ]]
	count_is 101 to.packets 0
}

# Bytes that are no packet, from a packet socket.
garbage() {
	topology
	local n=0
	send() {
		in_ct 101 "$packet" send venet0 "$@"
		n=$((n + 1))
	}
	send 0x0800 00
	send 0x0800 45000014
	send 0x0800 "$(printf 'ff%.0s' {1..60})"
	send 0x0800 "$(printf '60%.0s' {1..60})"
	send 0x86dd "$(printf '45%.0s' {1..60})"
	send 0x86dd 6000000000
	send 0x0806 "$(printf '00%.0s' {1..28})"
	send 0x8100 "$(printf '45%.0s' {1..60})"
	send 0x88cc "$(printf '45%.0s' {1..60})"
	count_is 101 from.invalid "$n"
	# The right source, all else wrong: that is for the receiver to refuse, who does.
	in_ct 101 "$packet" send venet0 0x0800 "4f00ffff0000ffff40fe00000a0065020a000001$(printf 'ff%.0s' {1..40})" 50
	in_ct 101 "$packet" send venet0 0x86dd \
		"6000ffff0000ff40fd000000000000000000000000000101fd000000000000000000000000000001"
	pings 10.0.101.2
	ct_pings 101 10.0.0.1
}

# What packet sockets, and so tcpdump, see on both ends: a packet that begins with its IP header.
seen() {
	topology
	local how
	for how in "" cooked; do
		where=(ip netns exec ct101)
		sniff "$tmp/inside" venet0 2 30 ${how:+"$how"}
		local inside=$!
		where=()
		sniff "$tmp/outside" venet0 2 30 ${how:+"$how"}
		local outside=$!
		pings 10.0.101.2 -I 10.0.0.1
		wait "$inside"
		wait "$outside"
		diff "$tmp/outside" - <<-EOF
			ready
			out 0800 84 10.0.0.1 10.0.101.2
			in 0800 84 10.0.101.2 10.0.0.1
		EOF
		diff "$tmp/inside" - <<-EOF
			ready
			in 0800 84 10.0.0.1 10.0.101.2
			out 0800 84 10.0.101.2 10.0.0.1
		EOF
	done
}

# The host's rules hold between containers, unless the short cut passes by them.
netfilter() {
	topology
	nft -f - <<-EOF
		table inet nettest {
			chain forward {
				type filter hook forward priority 0;
				iifname venet0 oifname venet0 drop
			}
			chain prerouting {
				type filter hook prerouting priority -300;
				iifname venet0 meta mark 0 ct state new accept
				iifname venet0 meta mark != 0 drop
			}
		}
	EOF
	in_ct 101 nft -f - <<-EOF
		table inet nettest {
			chain output {
				type route hook output priority 0;
				meta mark set 7
			}
		}
	EOF
	not ct_pings 101 10.0.102.1 -W 1
	# The container's mark stays inside.
	ct_pings 101 10.0.0.1
	"$net" host-set shortcut=1
	ct_pings 101 10.0.102.1
	ct_pings 101 2001:db8:1::1
	# It leads to others, not back to the sender: of its prefix it does not use all.
	local before
	before=$(</sys/class/net/venet0/statistics/rx_packets)
	in_ct 102 "$packet" spoof 10.0.102.1 10.0.102.9 3
	[[ $(</sys/class/net/venet0/statistics/rx_packets) == $((before + 3)) ]]
	# Its sources are checked all the same, and the host is reached.
	in_ct 101 "$packet" spoof 10.0.0.1 10.0.102.1
	count_is 101 from.spoofed 1
	ct_pings 101 10.0.0.1
	# One at either end for whom there is none.
	for id in 101 102; do
		"$net" set "id=$id" shortcut=0
		"$net" get "id=$id" | grep ' shortcut 0 '
		not ct_pings 101 10.0.102.1 -W 1
		"$net" set "id=$id" shortcut=1
		ct_pings 101 10.0.102.1
	done
	"$net" host-set shortcut=0
	not ct_pings 101 10.0.102.1 -W 1
	nft delete table inet nettest
}

# Who sends is told when a packet was sent, once, wherever it goes from there: or, if it waits, when the link had it.
timestamps() {
	topology
	"$here/net/timestamp" venet0 10.0.101.2
	in_ct 101 "$here/net/timestamp" venet0 10.0.0.1
	in_ct 101 "$here/net/timestamp" venet0 10.0.102.1
	"$net" host-set shortcut=1
	in_ct 101 "$here/net/timestamp" venet0 10.0.102.1
	"$net" hold id=101
	in_ct 101 "$here/net/timestamp" venet0 10.0.0.1
}

clean_more() {
	nft delete table inet nettest
	ip link delete near
	ip link set venet0 mtu 1500
	ip route del unreachable 10.66.0.0/16
} >/dev/null 2>&1

unloads() {
	rmmod cloison_net
}

start_net
ktap_plan 19
for case in "everybody answers:everybody_answers" "a delegated prefix:prefix" "TCP:streams" \
	"GSO packets are carried whole:carried_whole" "without offloads:without_offloads" "UDP:datagrams" \
	"fragments:fragments" "ICMP errors:errors" "a narrow way:narrow" "spoofed sources:spoofed" \
	"spoofed sources and the short cut:spoofed_short" "what others say:overheard" "the log is limited:log_is_limited" \
	"multicast, broadcast, link-local:multicast" "garbage:garbage" "what tcpdump sees:seen" \
	"netfilter and the short cut:netfilter" "timestamps of what is sent:timestamps"; do
	net_check "${case%:*}" "${case#*:}"
	clean_more
done
net_check "the module unloads" unloads
ktap_finish
