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

ktap_plan 2
ktap_run "refused" refused
run_case "settings" settings
ktap_finish
