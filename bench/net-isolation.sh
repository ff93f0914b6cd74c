#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Three containers answer over TCP, each with a quarter of the processor, and a fourth one takes its own: by computing,
# or by sending as many small packets as it can, or it is sent to by a process in its share. What these cost must be at
# its own expense.

here=$(dirname "$0")
ids="101 102 103 104"
. "$here/parts/net-lib.sh"

# in_share ID COMMAND...: with that container's part of the processor
in_share() {
	echo "$BASHPID" >"/sys/fs/cgroup/bench/$1/cgroup.procs"
	exec "${@:2}"
}

# shellcheck disable=SC2329 # called by name
compute() {
	in_share 104 bash -c 'while :; do :; done'
}

# shellcheck disable=SC2329
flood() {
	in_share 104 "$traffic" flood /run/netns/ct104 - 10.0.0.1 1000
}

# shellcheck disable=SC2329
flood_back() {
	in_share 104 "$traffic" flood - /run/netns/ct104 10.0.104.2 1000
}

# packets tx|rx: how many the fourth one sent, or got
packets() {
	ip netns exec ct104 cat "/sys/class/net/eth0/statistics/$1_packets"
}

# answers NEIGHBOUR: the mean time of a transaction of the three, in us
answers() {
	local id neighbour victims=()
	"$1" &
	neighbour=$!
	sleep 1
	for id in 101 102 103; do
		in_share $id "$traffic" rr - "/run/netns/ct$id" "10.0.$id.2" 2000 >"$words.$id" &
		victims+=($!)
	done
	wait "${victims[@]}"
	kill "$neighbour"
	wait "$neighbour" || true
	cat "$words".10[123] | awk '{ n += $1 } END { printf "%.1f", n / NR / 1000 }'
}

mkdir -p /sys/fs/cgroup/bench
echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
echo +cpu >/sys/fs/cgroup/bench/cgroup.subtree_control
sleep 30	# what the boot has started is done then
network venet
mkdir -p /sys/fs/cgroup/bench/10{1,2,3,4}
y=$(answers compute)
# beside NAME NEIGHBOUR tx|rx
beside() {
	local x before
	before=$(packets "$3")
	x=$(answers "$2")
	echo "$(($(packets "$3") - before)) packets in the meantime"
	[[ $(packets "$3") -gt $((before + 10000)) ]]
	result "$1" "$x" "$y" "a neighbour that computes" us lower 1.03
}

beside net.isolation.sends flood tx
beside net.isolation.gets flood_back rx
finish
