#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a packet costs when the host's containers have 4096 addresses, against 2: in our table alone, and with the host's
# routes for them.

here=$(dirname "$0")
. "$here/parts/net-lib.sh"

# addresses: 4094 of them
addresses() {
	local i
	for ((i = 1; i <= 4094; i++)); do
		echo "10.1.$((i >> 8)).$((i & 255))"
	done
}

# all NAME: rr and pps between all places, in ns
all() {
	local places
	for places in ct_host host_ct ct_ct; do
		us[$1.rr.$places]=$(flow $places rr 400)
		us[$1.pps_64.$places]=$(flow $places pps 960)
	done
}

# compare NAME [MOST]
compare() {
	local kind places
	for kind in rr pps_64; do
		for places in ct_host host_ct ct_ct; do
			result "net.scale.$1.$kind.$places" "${us[$1.$kind.$places]}" "${us[two.$kind.$places]}" "2 addresses" \
				ns lower "${2:-}"
		done
	done
}
declare -A us

sleep 30	# what the boot has started is done then
network venet
all two
mkdir -p /sys/fs/cgroup/bench/103
once "$selftests/nl/nl_test" new id=103 "cgroup=$(stat -c %i /sys/fs/cgroup/bench/103)"
addresses | sed 's/^/add id=103 ip=/' | "$net" batch
[[ $("$net" -d addr | wc -l) -eq 4096 ]]
all table
addresses | sed 's/.*/route add & dev venet0/' | ip -batch -
all routes
compare table 1.03
compare routes
finish
