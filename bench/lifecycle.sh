#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A busybox container against crun, with the same root file system, ids, namespaces, mounts, masks, limits, device
# filter and system call filter (parts/config.json).
#
# crun has it easier in two points: it cannot set the clocks of a time namespace below a user namespace, and there is
# no mount of the container's files in the host's tree, to which the host's systemd would react.

here=$(dirname "$0")
. "$here/parts/lib.sh"

rounds=10
bundle=$(mktemp -d)

ours_start() { cloisonctl --quiet start 900; }
ours_stop() { cloisonctl --quiet stop 900 --fast; }
ours_exec() { cloisonctl exec 900 true; }
crun_start() { crun run --detach --bundle "$bundle" bench; }
crun_stop() { crun delete --force bench; }
crun_exec() { crun exec bench true; }

ours_round() { ours_start && ours_stop; }
crun_round() { crun_start && crun_stop; }

# walls PID: what keeps the process in, as far as the host can see it.
walls() (
	local ns
	for ns in /proc/self/ns/*; do
		[[ $(readlink "$ns") == $(readlink "/proc/$1/ns/${ns##*/}") ]] || echo "namespace ${ns##*/}"
	done
	grep -E '^(CapBnd|NoNewPrivs|Seccomp|Seccomp_filters):' "/proc/$1/status"
	sort "/proc/$1/uid_map" "/proc/$1/gid_map"
	# crun cannot leave the container its own network's settings
	cut -d ' ' -f 5 "/proc/$1/mountinfo" | grep -vx /proc/sys/net | sort
	cd "/sys/fs/cgroup/$2" && grep . memory.max memory.swap.max pids.max cpu.weight
)

once cloisonctl create 900 --ostemplate busybox --ram 64M --swap 0 --numproc 100 --cpuunits 390
# The comparison is worth nothing if one side does less; the first start has the views mounted.
once ours_start
crun_bundle "$bundle" 900
once crun_start
walls "$(head -n 1 /sys/fs/cgroup/cloison/900/init.scope/cgroup.procs)" cloison/900 >"$words.ours"
walls "$(crun state bench | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')" cloison-bench/900 >"$words.crun"
diff "$words.ours" "$words.crun"

x=$(measure $rounds ours_exec)
y=$(measure $rounds crun_exec)
result lifecycle.exec "$x" "$y" crun us lower

once ours_stop
once crun_stop
x=$(measure $rounds ours_round)
y=$(measure $rounds crun_round)
result lifecycle.start_stop "$x" "$y" crun us lower 1.0
finish
