#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a packet costs between a container and the host, and between two containers: venet against the other ways to
# connect a network namespace. A transaction of TCP is counted above what it costs over loopback, which all have to pay.
# Packets come from a socket: pktgen takes no device whose type is not Ethernet.

here=$(dirname "$0")
. "$here/parts/net-lib.sh"

declare -A us=()
# the goals
declare -A most=([rr.ct_host.netkit]=1.0)
for name in $peers; do
	most[rr.ct_ct_shortcut.$name]=1.0
done

# above_lo NANOSECONDS
above_lo() {
	awk "BEGIN { printf \"%.2f\", ($1 - $lo) / 1000 }"
}

# compare KIND PLACES [shortcut]: a line for each peer
compare() {
	local peer name=$1.$2${3:+_$3}
	for peer in $peers; do
		result "net.$name" "${us[${3:-venet}.$1.$2]}" "${us[$peer.$1.$2]}" "${who[$peer]}" us lower "${most[$name.$peer]:-}"
	done
}

ip link set lo up
sleep 30	# what the boot has started is done then
lo=$(flow lo rr 400)
for name in venet shortcut $peers; do
	network "$name"
	for places in ct_host host_ct ct_ct; do
		[[ $name != shortcut || $places == ct_ct ]] || continue
		[[ $places == host_ct ]] || us[$name.rr.$places]=$(above_lo "$(flow "$places" rr 400)")
		us[$name.pps_64.$places]=$(flow "$places" pps 960 | awk '{ printf "%.2f", $1 / 1000 }')
		echo "$name $places: ${us[$name.rr.$places]:--} us over loopback, ${us[$name.pps_64.$places]} us a packet"
	done
done
no_network

compare rr ct_host
compare rr ct_ct
compare rr ct_ct shortcut
compare pps_64 ct_host
compare pps_64 host_ct
compare pps_64 ct_ct
compare pps_64 ct_ct shortcut
finish
