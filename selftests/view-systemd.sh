#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# A container's own view of the machine, in a Debian system with systemd and procps.

. "$(dirname "$0")/view-lib.sh"

runs() {
	modprobe cloison_view
	cloisonctl --quiet create 900 --ostemplate debian-13
	cloisonctl --quiet set 900 --save --ram 256M --swap 0 --cpumask 0
	cloisonctl --quiet start 900 --wait
	[[ $(in900 systemctl is-system-running --wait) == running ]]
}

programs() {
	[[ $(in900 free -k | awk '/^Mem:/ { print $2 }') == 262144 ]]
	[[ $(in900 nproc) == 1 && $(in900 getconf _NPROCESSORS_ONLN) == 1 && $(in900 getconf _NPROCESSORS_CONF) == 1 ]]
	in900 uptime -p | grep -q '^up '
	in900 'top -b -n 1 -E k' >"$KTAP_TMP/top"
	grep -E '^KiB Mem : +262144(\.0)? total' "$KTAP_TMP/top"
	grep -E '^%Cpu' "$KTAP_TMP/top"
	in900 vmstat 1 2 >"$KTAP_TMP/vmstat"
	[[ $(wc -l <"$KTAP_TMP/vmstat") == 4 ]]
	in900 ps -eo pid,etimes,args >"$KTAP_TMP/ps"
}

# Services with a /proc of their own must go on; and what is mounted anew is the kernel's, not ours.
services() {
	in900 'systemd-run -q --wait --pipe -p ProtectProc=invisible -p ProtectKernelTunables=yes \
		-p ProtectControlGroups=yes -p DynamicUser=yes cat /proc/self/status' | grep -q '^Name:'
	in900 'systemd-run -q --wait --pipe -p ProcSubset=pid cat /proc/self/status' | grep -q '^Name:'
	in900 'systemd-run -q --wait --pipe -p PrivateTmp=yes -p ProtectSystem=strict head -n 1 /proc/meminfo' |
		grep -q ' 262144 kB'
	in900 mount -o remount,hidepid=2 /proc
	in900 grep -q ' 262144 kB' /proc/meminfo
}

ktap_plan 3
ktap_run "comes up" runs
ktap_run "free, top, uptime, nproc, vmstat" programs
ktap_run "services that hide processes" services
ktap_finish
