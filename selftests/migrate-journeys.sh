#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# A container that travels: it has what it had in memory after each journey, and nothing of it is left on either host, however
# often. JOURNEYS=N, there and back; 3 without.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

journeys=${JOURNEYS:-3}

# What a host has because of containers, as it is now.
belongings() {
	echo "mounts $(grep -c . /proc/self/mountinfo)"
	ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/link \1/' | sort
	ip -o addr show scope global | awk '{ print "address", $2, $4 }' | sort
	ip route | sort
	ip neigh show proxy | sort
	find /sys/fs/cgroup/cloison -type d 2>/dev/null | sort
	pgrep -l -x 'cloisonctl|criu|rsync|tar|zstd' | cut -d ' ' -f 2 | sort
	losetup -n -O BACK-FILE
	cloisonctl list -a -H -o ctid,status
	find /run/cloison /var/lib/cloison /etc/cloison -maxdepth 3 ! -path '*/fs/*' ! -path '*/tree/*' | sort
	grep -E '^(cloison|nft|nf_conntrack|loop|overlay)' /proc/modules | cut -d ' ' -f 1,3 | sort
	ls /sys/fs/bpf
}

on_both() {
	local node
	for node in 1 2; do
		on "$node" bash -c "$(declare -f belongings); belongings" >"$KTAP_TMP/$1.$node"
	done
}

# Three programs; each says again and again what it has in memory, which is no other's.
begins() {
	local n
	ssh node2 modprobe -a cloison cloison_net
	make_running 900 --ipadd 10.99.0.100 --ram 64M --name traveller
	printf '#!/bin/sh\nv=$(head -c 3000000 /dev/urandom | base64)\nn=0\nwhile :; do n=$((n + 1)); echo $n $(echo "$v" | md5sum) >/root/tmp.$1; mv /root/tmp.$1 /root/said.$1; sleep 1; done\n' \
		>"$state/private/900/fs/root/hold"
	chmod 755 "$state/private/900/fs/root/hold"
	for n in 1 2 3; do
		cloisonctl exec 900 "setsid /root/hold $n </dev/null >/dev/null 2>&1 &"
		wait_for cloisonctl exec 900 test -s "/root/said.$n"
	done
	said 1 2 >"$KTAP_TMP/sums"
	[[ $(sort -u "$KTAP_TMP/sums" | wc -l) -eq 3 ]]
}

# said NODE FIELD: how often, or what; a line for each
said() {
	on "$1" cloisonctl exec 900 "cut -d ' ' -f $2 /root/said.1 /root/said.2 /root/said.3"
}

# says_more NODE BEFORE: all have been heard since.
says_more() {
	paste <(said "$1" 1) "$2" | awk '$1 <= $2 { exit 1 } END { exit NR != 3 }'
}

# remembers NODE: asked now, it says what it was at first.
remembers() {
	said "$1" 1 >"$KTAP_TMP/counts"
	wait_for says_more "$1" "$KTAP_TMP/counts"
	said "$1" 2 | diff "$KTAP_TMP/sums" -
}

journey() {
	cloisonctl --quiet migrate --live node2 900
	remembers 2
	ping -n -q -c 1 -W 5 10.99.0.100
	ssh node2 cloisonctl --quiet migrate --live node1 900
	remembers 1
	ssh node2 ping -n -q -c 1 -W 5 10.99.0.100
}

travels() {
	local i
	# what is made once stays: notes of who had it, modules
	journey
	on_both before
	for ((i = 1; i <= journeys; i++)); do
		echo "journey $i"
		journey
	done
	on_both after
	diff "$KTAP_TMP/before.1" "$KTAP_TMP/after.1"
	diff "$KTAP_TMP/before.2" "$KTAP_TMP/after.2"
	nowhere_left 2 900
}

ktap_plan 2
ktap_run "a container with memory" begins
ktap_run "there and back" travels
ktap_finish
