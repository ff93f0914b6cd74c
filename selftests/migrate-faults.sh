#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# The link between the hosts goes away during a migration, or the target's disk is full: it goes on, or the container does, where it was.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

# moves_slowly RATE [OPTION]: 900, and there is time to do something to it; by the process $tool.
moves_slowly() {
	cloisonctl migrate --bandwidth "$1" "${@:2}" node2 900 &
	tool=$!
	wait_for receives
}

# cut_link SECONDS: as a cable that is pulled; what the kernel has for the link stays. What leaves is led elsewhere: of what
# is dropped TCP would know, and give up after eight seconds if nothing was on its way.
cut_link() {
	ip link add void up type dummy
	nft -f - <<-'EOF'
		table netdev cut {
			chain in { type filter hook ingress device eth0 priority 0; policy drop; }
			chain out { type filter hook egress device eth0 priority 0; fwd to "void"; }
		}
	EOF
	sleep "$1"
	nft delete table netdev cut
	ip link delete void
}

# outlives SECONDS
outlives() {
	local tool life
	remembering
	moves_slowly 100K --live
	cut_link "$1"
	wait "$tool"
	nowhere_left 1 900
	[[ $(ssh node2 cloisonctl exec 900 pidof sleep) == "$life" ]]
}

# The source gives it up before the link is there again; the target does not know yet.
is_cut_off() {
	local tool life begun=$SECONDS
	remembering
	moves_slowly 20K --live
	cut_link 60
	fails_with 4
	echo "$((SECONDS - begun)) s"
	cloisonctl migrate --settle 900
	wait_for nowhere_left 2 900
	[[ ! -e /var/lib/cloison/migrate/900 ]]
	cloisonctl --quiet migrate --live node2 900
	[[ $(ssh node2 cloisonctl exec 900 pidof sleep) == "$life" ]]
}

is_full() {
	local tool life
	remembering
	ssh node2 'mkdir -p /mnt/small; mount -t tmpfs -o size=100m small /mnt/small; echo VE_PRIVATE=/mnt/small/\$VEID >>/etc/cloison/cloison.conf'
	moves_slowly 100K --live
	ssh node2 'head -c 200M /dev/zero >/mnt/small/ballast 2>/dev/null' || true
	fails_with 6
	wait_for nowhere_left 2 900
	[[ $(ssh node2 ls -A /mnt/small) == ballast ]]
	ssh node2 'sed -i /small/d /etc/cloison/cloison.conf; umount /mnt/small'
}

ktap_plan 4
run_case "the link goes away for 1 s" outlives 1
run_case "the link goes away for 10 s" outlives 10
run_case "the link goes away for 60 s" is_cut_off
run_case "the target's disk is full" is_full
ktap_finish
