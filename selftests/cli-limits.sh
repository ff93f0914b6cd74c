#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Limits: written to the cgroup, held by the kernel, changed while the container runs.

. "$(dirname "$0")/cli-lib.sh"

as_configured() {
	make_running 900 --ram 64M --swap 16M --numproc 50 --cpuunits 2000 --cpulimit 150 --cpus 1
	[[ $(cgroup_file 900 memory.max) == 67108864 ]]
	[[ $(cgroup_file 900 memory.swap.max) == 16777216 ]]
	[[ $(cgroup_file 900 pids.max) == 50 ]]
	[[ $(cgroup_file 900 cpu.weight) == 200 ]]
	[[ $(cgroup_file 900 cpu.max) == "100000 100000" ]]
	expect_out '2000 +150 +1$' cloisonctl list -Ho cpuunits,cpulimit,cpus 900
}

unlimited() {
	make_running 900 --ram unlimited --swap unlimited --numproc unlimited
	[[ $(cgroup_file 900 memory.max) == max && $(cgroup_file 900 pids.max) == max ]]
	[[ $(cgroup_file 900 cpu.max) == "max 100000" ]]
}

memory_holds() {
	make_running 900 --ram 32M --swap 0
	expect_exit 137 cloisonctl exec2 900 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
	[[ $(cgroup_file 900 memory.events | sed -n 's/^oom_kill //p') -ge 1 ]]
	[[ $(cgroup_file 900 memory.current) -le 33554432 ]]
	is_running 900
	cloisonctl set 900 --ram 128M
	expect_exit 0 cloisonctl exec2 900 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
}

processes_hold() {
	make_running 900 --numproc 20
	expect_out "can't fork" cloisonctl exec 900 'for i in $(seq 40); do sleep 600 >/dev/null 2>&1 & done'
	[[ $(cgroup_file 900 pids.current) -le 20 ]]
	# its operator gets in all the same
	expect_out '^lo$' cloisonctl exec 900 'exec ls /sys/class/net'
	cloisonctl set 900 --numproc 60
	expect_exit 0 cloisonctl exec 900 'for i in $(seq 20); do sleep 600 >/dev/null 2>&1 & done'
}

cpu_holds() {
	local before used start time
	make_running 900 --cpulimit 20
	cloisonctl exec 900 'while :; do :; done' &
	wait_for grep -q 'nr_throttled [1-9]' /sys/fs/cgroup/cloison/900/cpu.stat
	before=$(cgroup_file 900 cpu.stat | sed -n 's/^usage_usec //p')
	start=${EPOCHREALTIME/./}
	sleep 4
	used=$(($(cgroup_file 900 cpu.stat | sed -n 's/^usage_usec //p') - before))
	# a ratio within one run: of what these seconds really took
	time=$((${EPOCHREALTIME/./} - start))
	echo "used $used us of $time"
	[[ $used -gt $((time / 10)) && $used -lt $((time * 3 / 10)) ]]
}

while_running() {
	make_running 900 --ram 64M --hostname one
	cloisonctl set 900 --ram 96M --cpuunits 500 --hostname two >"$KTAP_TMP/out" 2>&1
	grep -q 'not saved' "$KTAP_TMP/out"
	[[ $(cgroup_file 900 memory.max) == 100663296 && $(cgroup_file 900 cpu.weight) == 50 ]]
	[[ $(cloisonctl exec 900 hostname) == two ]]
	grep -q 'PHYSPAGES="0:64M"' "$etc"/conf/900.conf
	# what was set before and not saved stays
	cloisonctl --quiet set 900 --cpuunits 600 2>/dev/null
	[[ $(cgroup_file 900 memory.max) == 100663296 && $(cgroup_file 900 cpu.weight) == 60 ]]
	cloisonctl set 900 --ram 80M --save
	cloisonctl --quiet restart 900 --fast --wait
	[[ $(cgroup_file 900 memory.max) == 83886080 && $(cgroup_file 900 cpu.weight) == 100 ]]
	[[ $(cloisonctl exec 900 hostname) == one ]]
	# lower than what is held: neither kills nor blocks, the next one is refused
	cloisonctl exec 900 'for i in $(seq 10); do sleep 600 >/dev/null 2>&1 & done'
	expect_exit 0 cloisonctl set 900 --numproc 2
	[[ $(cgroup_file 900 pids.current) -ge 11 ]]
	expect_out "can't fork" cloisonctl exec 900 'true | true'
}

ktap_plan 6
run_case "as configured" as_configured
run_case "unlimited" unlimited
run_case "memory" memory_holds
run_case "processes" processes_hold
run_case "CPU time" cpu_holds
run_case "changed while it runs" while_running
ktap_finish
