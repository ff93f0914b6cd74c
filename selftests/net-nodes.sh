#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# early: yes
# Containers on a network with another machine, and addresses of that network:
#
#	     900: 10.99.0.100 fd99::100
#	      |
#	    venet0
#	      |
#	node1, eth0 ------------------ eth0, node2
#	10.99.0.1 fd99::1	       10.99.0.2 fd99::2

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/cli-lib.sh"

mac=$(</sys/class/net/eth0/address)

setting() {
	sed -i "/^${1%%=*}=/d" "$etc/cloison.conf"
	echo "$1" >>"$etc/cloison.conf"
}

# neighbour ADDRESS: its MAC, as node2 knows it.
neighbour() {
	ssh node2 ip neigh show "$1" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'
}

served() {
	make_running 900 --ipadd 10.99.0.100 --ipadd fd99::100
	cloisonctl exec 900 'mkdir -p /www; echo page of 900 >/www/index.html; httpd -h /www'
	for a in 10.99.0.100 fd99::100; do
		ssh node2 ping -c 2 -W 5 "$a"
		[[ $(ssh node2 "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 $a 80 | tail -n 1") == "page of 900" ]]
		[[ $(neighbour "$a") == "$mac" ]]
	done
	cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	cloisonctl exec 900 'ping -c 1 -W 5 fd99::2'
	# on another network, by a route
	cloisonctl set 900 --ipadd 10.0.100.2
	ssh node2 ip route add 10.0.100.2 via 10.99.0.1
	ssh node2 ping -c 1 -W 5 10.0.100.2
	ssh node2 ip route del 10.0.100.2
	cloisonctl stop 900 --fast
	ssh node2 ip neigh flush dev eth0
	not ssh node2 ping -c 1 -W 2 10.99.0.100
	not ssh node2 ping -c 1 -W 2 fd99::100
}

is_here() {
	[[ $(neighbour "$1") == "$mac" ]]
}

# Who knew it elsewhere hears where it is.
announced() {
	make 900 --ipadd 10.99.0.100 --ipadd fd99::100
	for a in 10.99.0.100 fd99::100; do
		ssh node2 ip neigh replace "$a" lladdr 02:00:00:00:00:99 dev eth0 nud stale
	done
	cloisonctl start 900
	wait_for is_here 10.99.0.100
	wait_for is_here fd99::100
}

# node2_has ADDRESS COMMAND...
node2_has() {
	local status=0
	ssh node2 ip addr add "$1" dev eth0 nodad
	"${@:2}" || status=$?
	ssh node2 ip addr del "$1" dev eth0
	return "$status"
}

conflict() {
	make 900 --ipadd 10.99.0.100
	node2_has 10.99.0.100/24 expect_exit 78 cloisonctl start 900
	node2_has 10.99.0.100/24 expect_out "Address 10.99.0.100: another machine on eth0 has it \(52:54:" cloisonctl start 900
	is_down 900
	[[ -z $(ip neigh show proxy) ]]
	cloisonctl start 900
	node2_has fd99::100/64 expect_exit 78 cloisonctl set 900 --ipadd fd99::100 --ipadd 10.99.0.101 --save
	not grep -q fd99::100 "$etc/conf/900.conf"
	[[ $(ip neigh show proxy) == "10.99.0.100 dev eth0 proxy"* ]]
	node2_has fd99::100/64 expect_exit 0 cloisonctl set 900 --ipadd fd99::100 --skip_arpdetect
	cloisonctl stop 900 --fast
	node2_has 10.99.0.100/24 expect_exit 0 cloisonctl start 900 --skip_arpdetect
	cloisonctl stop 900 --fast
	setting 'ERROR_ON_ARPFAIL="no"'
	node2_has 10.99.0.100/24 expect_out 'Warning: Address 10.99.0.100: another machine' cloisonctl start 900
	is_running 900
	setting 'ERROR_ON_ARPFAIL="yes"'
}

# on_node2 WORD...: the tool there
on_node2() {
	ssh node2 cloisonctl --quiet "$@"
}

gone_there() {
	on_node2 stop 900 --fast || true
	on_node2 destroy 900
}

# Two that want one address: never do both have it.
at_once() {
	local a ours theirs delay status
	make 900
	on_node2 create 900 --ostemplate busybox
	# both hear each other, or the second one the first
	for a in 10.99.0.100 fd99::100; do
		cloisonctl --quiet set 900 --ipdel all --ipadd "$a" --save
		on_node2 set 900 --ipdel all --ipadd "$a" --save
		for delay in 0 0.5 1.5; do
			(
				status=0
				on_node2 start 900 || status=$?
				echo "$status" >"$KTAP_TMP/theirs"
			) &
			sleep "$delay"
			ours=0
			cloisonctl --quiet start 900 || ours=$?
			wait
			theirs=$(<"$KTAP_TMP/theirs")
			echo "$a: exit status $ours here, $theirs on node2"
			[[ $ours == 78 || $theirs == 78 ]]
			[[ $ours == 78 || $ours == 0 ]]
			[[ $theirs == 78 || $theirs == 0 ]]
			# who has it behind him says so
			[[ $theirs != 0 ]] || expect_exit 78 cloisonctl --quiet start 900
			cloisonctl --quiet stop 900 --fast 2>/dev/null || true
			on_node2 stop 900 --fast 2>/dev/null || true
		done
	done
	gone_there
}

is_inside() {
	"$here/nl/net_test" get id=900 | grep -q ifindex
}

# One that has asked, and does not answer yet: who asks meanwhile is told nothing, and has it.
in_between() {
	local a first fs=$state/private/900/fs
	mkdir -p "$etc/dists/scripts"
	echo 'PRE_START="waits.sh"' >"$etc/dists/busybox.conf"
	echo 'while [ ! -e /go ]; do sleep 0.1; done' >"$etc/dists/scripts/waits.sh"
	make 900
	on_node2 create 900 --ostemplate busybox
	for a in 10.99.0.100 fd99::100; do
		rm -f "$fs/go"
		cloisonctl --quiet set 900 --ipdel all --ipadd "$a" --save
		on_node2 set 900 --ipdel all --ipadd "$a" --save
		expect_exit 78 cloisonctl start 900 &
		first=$!
		wait_for is_inside
		on_node2 start 900
		touch "$fs/go"
		wait "$first"
		is_down 900
		[[ -z $(ip neigh show proxy) ]]
		ssh node2 ip neigh show proxy | grep -q "^$a "
		on_node2 stop 900 --fast
	done
	gone_there
	rm "$etc/dists/busybox.conf" "$etc/dists/scripts/waits.sh"
}

# frame_of SOURCE CHECKSUM: who has fd99::100? In hexadecimal, to whom it may be
frame_of() {
	echo "33330000000102000000006686dd6000000000183aff$1ff0200000000000000000001ff0001008700${2}00000000fd990000000000000000000000000100"
}

# A machine that looks itself whether it is free (RFC 4862), and has it not yet: it asks as nobody. Who wants to reach it does not.
wanted_elsewhere() {
	local status frame
	make 900 --ipadd fd99::100
	for status in 78 0; do
		if [[ $status == 78 ]]; then
			frame=$(frame_of 00000000000000000000000000000000 7b0e)
		else
			frame=$(frame_of fe800000000000000000000000000066 7c27)
		fi
		ssh node2 "rm -f /tmp/enough; while [ ! -e /tmp/enough ]; do $here/net/packet send eth0 0x86dd $frame; sleep 0.1; done" &
		wait_for asked
		expect_exit "$status" cloisonctl start 900
		ssh node2 touch /tmp/enough
		wait
	done
}

# asked: the frames come in
asked() {
	timeout 5 "$here/net/packet" sniff eth0 1000 2 cooked | grep -q 'in 86dd .* ff02::1:ff00:100$'
}

web() {
	cloisonctl exec "$1" "mkdir -p /www; echo page of $1 >/www/index.html; httpd -h /www"
}

# for bash -c: fetch the page of a server at an address and port
# shellcheck disable=SC2016 # that shell expands
page='exec 3<>/dev/tcp/$0/$1; printf "GET / HTTP/1.0\r\n\r\n" >&3; tail -n 1 <&3'

# Behind the host's address: node2 knows no way to 10.0.100.2, and needs none.
behind() {
	nft add table inet mine
	make_running 900 --ipadd 10.0.100.2 --ipadd fd00:100::2 --nat yes --port_add tcp:8080:80
	[[ -z $(ip neigh show proxy) ]]
	cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	cloisonctl exec 900 'ping -c 1 -W 5 fd99::2'
	not ssh node2 ping -c 1 -W 2 10.0.100.2
	web 900
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8080") == "page of 900" ]]
	[[ $(timeout 10 bash -c "$page" 10.99.0.1 8080) == "page of 900" ]]
	make_running 901 --ipadd 10.0.101.2
	[[ $(cloisonctl exec 901 wget -q -O - http://10.99.0.1:8080/) == "page of 900" ]]
	# one that has no NAT is seen as it is, and so not answered
	not cloisonctl exec 901 'ping -c 1 -W 2 10.99.0.2'
	# a port is one container's
	expect_exit 78 cloisonctl set 901 --port_add tcp:8080:80 --save
	not grep -q PORTS "$etc/conf/901.conf"
	# who is refused keeps what he has; addresses that ports lead to stay
	cloisonctl set 901 --port_add tcp:8083:80 --save
	expect_exit 78 cloisonctl set 900 --port_add tcp:8083:80
	expect_exit 21 cloisonctl set 900 --ipdel all
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8080") == "page of 900" ]]
	cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	cloisonctl set 901 --port_del all --save
	cloisonctl set 901 --port_add tcp:8081:80 --save
	web 901
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8081") == "page of 901" ]]
	# one that is killed
	for delay in 0.03 0.06 0.1; do
		timeout -s KILL "$delay" cloisonctl set 900 --port_del all --port_add tcp:8084:80 || true
		wait_for cloisonctl check --repair 900
		expect_out 'nothing is left' cloisonctl check --repair
		cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	done
	cloisonctl set 900 --port_del tcp:8080 --port_add tcp:8082:80 --save
	cloisonctl set 901 --port_add tcp:8080:80 --save
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8080") == "page of 901" ]]
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8082") == "page of 900" ]]
	# what the file says counts from the next start on
	cloisonctl set 900 --nat no --save
	cloisonctl set 901 --nat yes --save
	expect_out 'nothing is left' cloisonctl check remains
	nft flush ruleset
	nft add table inet mine
	expect_out '^mended +container 900: ' cloisonctl check --repair
	not grep -q 10.0.100.2 <(ip neigh show proxy)
	cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	not cloisonctl exec 901 'ping -c 1 -W 2 10.99.0.2'
	cloisonctl set 900 --nat yes --save
	cloisonctl set 901 --nat no --save
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8082") == "page of 900" ]]
	cloisonctl stop 900 --fast
	not ssh node2 "timeout 5 bash -c '$page' 10.99.0.1 8082" 2>/dev/null
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8080") == "page of 901" ]]
	kill -9 "$(init_of 901)"
	wait_for is_down 901
	cloisonctl start 901
	web 901
	[[ $(ssh node2 "bash -c '$page' 10.99.0.1 8081") == "page of 901" ]]
	cloisonctl stop 901 --fast
	not grep -q elements <(nft list table inet cloison)
	nft delete table inet mine
	# one of its prefix, which is usual
	cloisonctl set 900 --ipadd 10.0.100.0/28 --save
	cloisonctl start 900
	cloisonctl exec 900 'ping -c 1 -W 5 10.99.0.2'
	cloisonctl stop 900 --fast
	for a in tcp tcp:80 tcp:80:80:80 sctp:80:80 tcp:0:80 tcp:80:65536 tcp:a:b; do
		expect_exit 21 cloisonctl set 900 --port_add "$a" --save
	done
	expect_exit 21 cloisonctl set 900 --nat maybe --save
	expect_exit 21 cloisonctl set 900 --port_del tcp:80:80 --save
	cloisonctl set 900 --ipdel all --save
	expect_exit 21 cloisonctl start 900
	is_down 900
}

# send_back ID: in the background, what comes to port 53 over UDP there, with its number before it
send_back() {
	nsenter -t "$(init_of "$1")" -n python3 -c '
import signal, socket, sys
signal.alarm(300)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 53))
while True:
    data, sender = s.recvfrom(99)
    s.sendto(sys.argv[1].encode() + b" " + data, sender)' "$1" >/dev/null 2>&1 &
	wait_for bound "$1"
}

bound() {
	nsenter -t "$(init_of "$1")" -n ss -lnu | grep -q ':53 '
}

# for bash -c: what comes back from an address and port over UDP
# shellcheck disable=SC2016
question='exec 3<>/dev/udp/$0/$1; echo question >&3; timeout 10 head -n 1 <&3'

# Ports over UDP, and over IPv6: from another machine, the host itself and another container; with IPv6 addresses alone.
ports() {
	make_running 900 --ipadd 10.0.100.2 --ipadd fd00:100::2 --nat yes --port_add tcp:8080:80 --port_add udp:5353:53
	make_running 901 --ipadd 10.0.101.2 --ipadd fd00:101::2
	web 900
	send_back 900
	for a in 10.99.0.1 fd99::1; do
		[[ $(ssh node2 "bash -c '$page' $a 8080") == "page of 900" ]]
		[[ $(timeout 10 bash -c "$page" "$a" 8080) == "page of 900" ]]
		[[ $(ssh node2 "bash -c '$question' $a 5353") == "900 question" ]]
		[[ $(bash -c "$question" "$a" 5353) == "900 question" ]]
		[[ $(nsenter -t "$(init_of 901)" -n bash -c "$question" "$a" 5353) == "900 question" ]]
	done
	[[ $(cloisonctl exec 901 wget -q -O - "http://[fd99::1]:8080/") == "page of 900" ]]
	# with the short cut between containers, and from itself
	"$here/nl/net_test" host-set shortcut=1
	for a in 10.99.0.1 fd99::1; do
		for id in 900 901; do
			[[ $(nsenter -t "$(init_of "$id")" -n timeout 10 bash -c "$page" "$a" 8080) == "page of 900" ]]
		done
	done
	"$here/nl/net_test" host-set shortcut=0
	# the protocol counts, and neither what is the host's alone, nor what is not its own, is led away
	cloisonctl set 901 --port_add udp:8080:53 --save
	for a in ::1 "$(ip -6 -o addr show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')%eth0"; do
		not timeout 5 bash -c "$page" "$a" 8080 2>/dev/null
	done
	not timeout 5 bash -c "$page" fd00:101::2 8080 2>/dev/null
	# with IPv6 alone it is there for IPv6, where another one cannot have it
	cloisonctl set 901 --ipdel 10.0.101.2 --save
	not grep -q 10.0.101.2 <(nft list table inet cloison)
	send_back 901
	[[ $(ssh node2 "bash -c '$question' fd99::1 8080") == "901 question" ]]
	expect_exit 78 cloisonctl set 900 --port_add udp:8080:53 --save
	expect_out 'nft list map inet cloison ports6' cloisonctl set 900 --port_add udp:8080:53
	not grep -q udp:8080 "$etc/conf/900.conf"
	not grep -q '10.0.100.2 . 53.*8080\|udp . 8080 : 10.0' <(nft list table inet cloison)
	# the last address stays, and a prefix is none
	expect_exit 21 cloisonctl set 901 --ipdel all --ipadd fd00:101:1::/64
	[[ $(ssh node2 "bash -c '$question' fd99::1 8080") == "901 question" ]]
	# an address that comes while it runs
	cloisonctl set 901 --ipadd 10.0.101.3
	[[ $(ssh node2 "bash -c '$question' 10.99.0.1 8080") == "901 question" ]]
	expect_out 'nothing is left' cloisonctl check remains
	nft flush map inet cloison ports6
	expect_out '^mended +container 900: ' cloisonctl check --repair
	[[ $(ssh node2 "bash -c '$page' fd99::1 8080") == "page of 900" ]]
	[[ $(ssh node2 "bash -c '$question' fd99::1 8080") == "901 question" ]]
	cloisonctl set 900 --port_del udp:5353
	not grep -q 5353 <(nft list table inet cloison)
	cloisonctl stop 900 --fast
	kill -9 "$(init_of 901)"
	wait_for is_down 901
	cloisonctl check --repair || true
	not grep -q elements <(nft list table inet cloison)
	for a in udp udp:53 udp:53:53:53 UDP:53:53 udp6:53:53 udp:0:53 udp:53:65536 'udp:5 3:53' udp:-1:53 '[fd99::1]:53:53'; do
		expect_exit 21 cloisonctl set 900 --port_add "$a" --save
	done
	for a in udp udp:53:53 sctp:53 udp:0; do
		expect_exit 21 cloisonctl set 900 --port_del "$a" --save
	done
	cloisonctl set 900 --ipdel all --ipadd fd00:100::/64 --save
	expect_exit 21 cloisonctl start 900
	expect_out 'PORTS: tcp:8080:80 needs an address to lead to' cloisonctl start 900
	is_down 900
}

# Of packets that are not for it a container sees none.
overheard() {
	make_running 900 --ipadd 10.99.0.100
	make_running 901 --ipadd 10.99.0.101
	local before after
	before=$(cloisonctl exec 900 'cat /sys/class/net/venet0/statistics/rx_packets')
	ssh node2 ping -c 5 -i 0.2 10.99.0.101
	ssh node2 ping -c 5 -i 0.2 -b 10.99.0.255 || true
	ssh node2 ping -c 2 -i 0.2 ff02::1%eth0 || true
	after=$(cloisonctl exec 900 'cat /sys/class/net/venet0/statistics/rx_packets')
	[[ $before == "$after" ]]
}

ktap_plan 9
run_case "a server, seen from another machine" served
run_case "neighbours are told" announced
run_case "an address that another machine has" conflict
run_case "an address that another machine wants" wanted_elsewhere
run_case "two that want an address at once" at_once
run_case "one that asks before the other answers" in_between
run_case "behind the host" behind
run_case "ports over UDP and IPv6" ports
run_case "packets for others" overheard
ktap_finish
