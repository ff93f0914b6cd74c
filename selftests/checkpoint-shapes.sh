#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.12
# timeout: 900
# What processes may have and be is the same after a suspend and resume: each shape of checkpoint/shapes is one thing, and says
# so itself. What cannot be dumped is refused, and the container runs on. PROCESSES=N is of how many the largest is (200).

. "$(dirname "$0")/checkpoint/lib.sh"

processes=${PROCESSES:-200}
trap 'clean >/dev/null 2>&1; sysctl -q vm.nr_hugepages=0; rm -rf "$tmp" "$KTAP_TMP"' EXIT

starts() {
	modprobe -a cloison cloison_net
	modprobe fuse
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2 --ram 512M --devnodes fuse:rw
	cloisonctl start $ct --wait
	cp "$here/checkpoint/shapes" "$fs/root/"
	sysctl -q vm.nr_hugepages=8
}

# begins DIRECTORY PROCESSES [SHAPE...]: all are set up.
begins() {
	inside mkdir "/root/$1"
	inside "/root/shapes /root/$* </dev/null >/root/$1/output 2>&1 &"
	wait_for test -e "$fs/root/$1/ready" || cat "$fs/root/$1"/{output,result.new}
	[[ -e $fs/root/$1/ready ]]
}

# all_is_well DIRECTORY: all look, and nothing is wrong.
all_is_well() {
	inside kill -USR1 "$(<"$fs/root/$1/ready")"
	wait_for test -e "$fs/root/$1/result" || cat "$fs/root/$1/result.new"
	cat "$fs/root/$1/result"
	grep -x '[1-9][0-9]* have looked' "$fs/root/$1/result"
	[[ $(wc -l <"$fs/root/$1/result") -eq 1 ]]
	wait_for none_runs
}

none_runs() {
	not pgrep -x shapes
}

# What lies in a tmpfs is packed by what is quick.
by_zstd() {
	[[ $(tail -c +4097 "$dumps/Dump.$ct" | tar --zstd -xO --wildcards '*tmpfs-*' | head -c 4 | od -An -tx1 | tr -d ' ') == 28b52ffd ]]
}

unmoved() {
	begins unmoved 20
	all_is_well unmoved
}

moved() {
	begins moved 20
	suspend_it
	by_zstd
	resume_it
	suspend_it
	resume_it
	all_is_well moved
}

many() {
	begins many "$processes" many
	suspend_it
	resume_it
	all_is_well many
}

# refuses SHAPE WORDS
refuses() {
	begins "$1" 0 "$1"
	expect_exit 16 cloisonctl suspend $ct
	expect_out "$2" cloisonctl suspend $ct
	is running
	all_is_well "$1"
}

refused() {
	refuses landlock 'landlock-ruleset'
	refuses credentials 'Control messages in queue'
	refuses unheard-connection 'on an in-flight socket'
	refuses fuse 'mounted is mounted by FUSE'
	refuses pid-namespace 'pid namespace of its own'
	all_well
}

ktap_plan 6
check "start" starts
check "where nothing happens all is well" unmoved
check "suspend and resume, twice" moved
check "$processes processes" many
check "what cannot be dumped runs on" refused
check "nothing is left" ends
ktap_finish
