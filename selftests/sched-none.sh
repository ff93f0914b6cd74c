#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 6.12
# Without sched_ext: a clear word, and the kernel's own scheduler goes on with the same settings.

. "$(dirname "$0")/cli-lib.sh"

refused() {
	expect_exit 5 cloisonctl sched enable
	expect_out 'no sched_ext' cloisonctl sched enable
	expect_exit 0 cloisonctl sched enable --auto
	expect_exit 0 cloisonctl sched disable
	expect_out '^in charge: kernel \(unsupported\)$' cloisonctl sched status
	expect_out '"state": *"unsupported"' cloisonctl sched status --json
}

settings() {
	make_running 900 --cpus 1 --cpuunits 3000
	[[ $(cgroup_file 900 cpu.max) == "100000 100000" && $(cgroup_file 900 cpu.weight) == 300 ]]
}

# together WEIGHT: of all containers, beside the host's groups of 100
together() {
	[[ $(cat /sys/fs/cgroup/cloison/cpu.weight) == "$1" ]]
}

# Each of them stands beside the host as its own units do, whether there are few or many.
beside_host() {
	make_running 900 --cpuunits 3000
	together 300
	make_running 901
	together 400
	cloisonctl set 901 --cpuunits 2000
	together 500
	configure VE0CPUUNITS 500
	cloisonctl --quiet stop 900 --fast
	together 400
	cloisonctl set 901 --cpuunits 500000
	together 10000
	configure VE0CPUUNITS
	cloisonctl set 901 --cpuunits 8
	together 1
}

# Kept for a kernel that can, and said.
policy() {
	make 900
	cloisonctl --quiet set 900 --sched batch --save
	cloisonctl --quiet start 900 --wait 2>"$KTAP_TMP/err"
	grep -q 'SCHED="batch" of container 900 counts while .*: this kernel has no sched_ext' "$KTAP_TMP/err"
	expect_exit 0 cloisonctl set 900 --sched latency
	expect_out 'latency" of container 900 counts while .*: this kernel has no sched_ext' cloisonctl set 900 --sched latency
	[[ $(cloisonctl list -Ho sched 900) == latency* ]]
	expect_exit 21 cloisonctl set 900 --sched fast
	grep -qx 'SCHED="batch"' "$etc/conf/900.conf"
}

ktap_plan 4
ktap_run "refused" refused
run_case "settings" settings
run_case "all together, beside the host" beside_host
run_case "a policy" policy
ktap_finish
