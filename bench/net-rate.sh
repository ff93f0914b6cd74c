#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What limits of some cost the others: packets of two containers without limits, when 1000 addresses of a third one have a
# limit, against none. And what one pays itself whose limit it never reaches.

here=$(dirname "$0")
. "$here/parts/net-lib.sh"

# all NAME: rr and pps between all places, in ns
all() {
	local places
	for places in ct_host host_ct ct_ct; do
		us[$1.rr.$places]=$(flow $places rr 400)
		us[$1.pps_64.$places]=$(flow $places pps 960)
	done
}

# compare NAME
compare() {
	local kind places
	for kind in rr pps_64; do
		for places in ct_host host_ct ct_ct; do
			result "net.rate.$1.$kind.$places" "${us[$1.$kind.$places]}" "${us[none.$kind.$places]}" "no limits" ns lower
		done
	done
}

# limit ID ADDRESS...: as cloisonctl does it
limit() {
	local id=$1 way
	for way in i o; do
		ip link add "rate$id$way" type ifb
		ip link set "rate$id$way" up
		tc qdisc add dev "rate$id$way" root handle 1: tbf rate 100gbit burst 100mb limit 100mb
		tc qdisc add dev "rate$id$way" parent 1:1 fq_codel flows 128
	done
	shift
	printf '%s\n' "$@" | sed "s|.*|filter add dev venet0 egress pref 50004 protocol ip flower dst_ip &/32 action mirred egress redirect dev rate${id}i\n\
filter add dev venet0 ingress pref 50004 protocol ip flower src_ip &/32 action mirred egress redirect dev rate${id}o|" | tc -batch -
}
declare -A us

sleep 30	# what the boot has started is done then
network venet
all none
modprobe ifb numifbs=0
tc qdisc add dev venet0 clsact
# shellcheck disable=SC2046 # many words
limit 103 $(for ((i = 1; i <= 1000; i++)); do echo "10.1.$((i >> 8)).$((i & 255))"; done)
all others
limit 101 10.0.101.2
limit 102 10.0.102.2
all own
compare others
compare own
finish
