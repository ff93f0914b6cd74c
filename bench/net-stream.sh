#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A TCP stream between a container and the host, and between two containers: venet against the other ways to connect a
# network namespace. Whole: packets of up to 64 KiB pass, as the devices offer to cut them. Cut: the sender's device does
# not, so that each packet has the MTU, 1500 bytes; an ipvlan device cannot be told to.

here=$(dirname "$0")
. "$here/parts/net-lib.sh"

declare -A mbit

# sender NETWORK: the host's device that sends to ct101
sender() {
	case $1 in
	venet | shortcut) echo venet0 ;;
	veth | netkit) echo port101 ;;
	*) echo host ;;
	esac
}

# segmentation on|off NETWORK
segmentation() {
	once ip netns exec ct101 "$selftests/net/offload" eth0 "$1" segmentation
	once "$selftests/net/offload" "$(sender "$2")" "$1" segmentation
}

# passed PLACES: bytes and packets that the device of ct101 has sent, or received
passed() {
	local way=tx
	[[ $1 != host_ct ]] || way=rx
	ip netns exec ct101 cat "/sys/class/net/eth0/statistics/${way}_bytes" "/sys/class/net/eth0/statistics/${way}_packets"
}

# streamed NETWORK PLACES whole|cut: MBit/s, and whether the packets were as large as they should be
streamed() {
	local before after size
	mapfile -t before < <(passed "$2")
	mbit[$1.$2.$3]=$(flow "$2" stream 4)
	mapfile -t after < <(passed "$2")
	size=$(((after[0] - before[0]) / (after[1] - before[1])))
	echo "$1 $2 $3: ${mbit[$1.$2.$3]} MBit/s, $size bytes a packet"
	[[ $3 == cut && $size -le 1514 || $3 == whole && $size -gt 10000 ]] || {
		echo "these are not the packets to be measured"
		exit 1
	}
}

sleep 30	# what the boot has started is done then
for name in venet shortcut $peers; do
	network "$name"
	for how in whole cut; do
		[[ $how != cut || $name != ipvlan ]] || continue
		[[ $how == whole ]] || segmentation off "$name"
		for places in ct_host host_ct ct_ct; do
			[[ $name != shortcut || $places == ct_ct ]] || continue
			streamed "$name" $places $how
		done
	done
done
no_network

for how in whole cut; do
	suffix=
	[[ $how == whole ]] || suffix=_cut
	for places in ct_host host_ct ct_ct ct_ct_shortcut; do
		name=venet
		[[ $places != *_shortcut ]] || name=shortcut
		for peer in $peers; do
			[[ $how != cut || $peer != ipvlan ]] || continue
			result "net.tcp_stream$suffix.$places" "${mbit[$name.${places%_shortcut}.$how]}" \
				"${mbit[$peer.${places%_shortcut}.$how]}" "${who[$peer]}" MBit/s higher
		done
	done
done
finish
