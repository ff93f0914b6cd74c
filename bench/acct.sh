#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What processes pay for being in a container whose resources are accounted: the same program in a container with all
# modules loaded, in one of crun's like it (parts/config.json) and in a cgroup with the same limits and nothing else,
# both without any module. And what a container pays to read its own /proc/meminfo: against the kernel's own file, and
# against lxcfs, which answers from a process by FUSE. A second series is with all modules and with limits of files and
# sockets, which BPF programs hold: each of them is counted when it comes and when it goes.

here=$(dirname "$0")
. "$here/parts/lib.sh"

things=(fork_exec ctx_switch page_fault tcp_connect open_close)
declare -A rounds=([fork_exec]=100 [ctx_switch]=3000 [page_fault]=25600 [tcp_connect]=1000 [open_close]=10000)
cgroup=/sys/fs/cgroup/plain
bundle=$(mktemp -d)

# limits GROUP: as container 900 has them
limits() {
	echo 64M >"$1/memory.max"
	echo 0 >"$1/memory.swap.max"
	echo 100 >"$1/pids.max"
	echo 39 >"$1/cpu.weight"
}

# in_cgroup COMMAND...: as deep as the container's processes are
in_cgroup() {
	(
		echo "$BASHPID" >"$cgroup/900/inside/cgroup.procs"
		"$@"
	)
}

ours() { cloisonctl exec 900 /work "$@"; }
crun_does() { crun exec bench /work "$@"; }
plain() { in_cgroup "$root/work" "$@"; }

once cloisonctl create 900 --ostemplate busybox --ram 64M --swap 0 --numproc 100 --cpuunits 390
root=/var/lib/cloison/private/900/fs
install -m 755 /usr/lib/cloison/selftests/acct/work "$root/work"
crun_bundle "$bundle" 900
mkdir -p "$cgroup/900/inside"
for group in "${cgroup%/*}" "$cgroup" "$cgroup/900"; do
	echo '+cpu +memory +pids' >"$group/cgroup.subtree_control"
done
limits "$cgroup/900"

declare -A x
once modprobe -a cloison cloison_net cloison_acct cloison_view
once cloisonctl start 900
for thing in "${things[@]}"; do
	x[$thing]=$(least 5 ours "$thing" "${rounds[$thing]}")
done
x[meminfo]=$(least 5 ours read 500 /proc/meminfo)
# each time long after the last one, so that nothing of that is used
x[late]=$(least 5 ours read_late 10 /proc/meminfo)
once modprobe cloison_sched
once cloisonctl set 900 --numfile 1000 --numtcpsock 100 --save
# held, or there would be nothing to measure
[[ $(cloisonctl ubc --json 900 | grep -A 12 -E '"num(file|tcpsock)"' | grep -c '"enforced": true') == 2 ]]
for thing in "${things[@]}"; do
	x[limits.$thing]=$(least 5 ours "$thing" "${rounds[$thing]}")
done
once cloisonctl stop 900 --fast

# the tool's own mount of the views, and the last of a container, which may still be about to go
once umount -a -t cloisonview
for _ in {1..100}; do
	modprobe -r cloison_view cloison_acct cloison_sched cloison_net cloison 2>"$words" && break
	sleep 0.1
done
[[ ! -e /sys/module/cloison ]] || { cat "$words" && exit 1; }
for thing in "${things[@]}"; do
	# a system call filter has its price, which crun's containers pay too; and two runs differ by 2%
	most=1.05
	[[ $thing != open_close ]] || most=
	y=$(least 5 plain "$thing" "${rounds[$thing]}")
	result "acct.$thing" "${x[$thing]}" "$y" cgroup ns lower "$most"
	result "acct.limits.$thing" "${x[limits.$thing]}" "$y" cgroup ns lower
done
once crun run --detach --bundle "$bundle" bench
for thing in "${things[@]}"; do
	result "acct.$thing" "${x[$thing]}" "$(least 5 crun_does "$thing" "${rounds[$thing]}")" crun ns lower
done
once crun delete --force bench

result acct.meminfo_read "${x[meminfo]}" "$(least 5 plain read 500 /proc/meminfo)" kernel ns lower
mkdir -p /var/lib/lxcfs
lxcfs /var/lib/lxcfs >"$words" 2>&1 &
until [[ -e /var/lib/lxcfs/proc/meminfo ]]; do
	kill -0 $! || { cat "$words" && exit 1; }
	sleep 0.1
done
# It answers for the cgroup of the reader.
[[ $(in_cgroup sed -n 's/^MemTotal: *//p' /var/lib/lxcfs/proc/meminfo) == "65536 kB" ]]
result acct.meminfo_read "${x[meminfo]}" "$(least 5 plain read 200 /var/lib/lxcfs/proc/meminfo)" lxcfs ns lower 0.1
result acct.meminfo_read_late "${x[late]}" "$(least 5 plain read_late 10 /var/lib/lxcfs/proc/meminfo)" lxcfs ns lower 0.1
umount /var/lib/lxcfs
finish
