#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# kernels: newest 6.12
# A Debian container with systemd goes through dump and restore, twice.

. "$(dirname "$0")/criu/lib.sh"

starts() {
	start debian-13
	cat >"$fs/etc/systemd/system/work.service" <<-'EOF'
		[Service]
		ExecStart=/bin/sh -c 'while :; do echo at work; sleep 1; done'
		MemoryMax=64M
		ProtectHostname=yes
		PrivateTmp=yes
	EOF
	inside 'systemctl daemon-reload && systemctl start work'
	wait_for logs_more 2
	inside 'systemctl is-system-running' | grep -x running
	inside 'systemctl show -P MainPID work' >"$tmp/main"
}

logged() {
	inside 'journalctl -q -u work -g "^at work" | wc -l'
}

logs_more() {
	[[ $(logged) -gt $1 ]]
}

# The same process, still watched, and heard.
works() {
	register
	[[ -x $nl ]] || return 0
	inside 'systemctl is-system-running' | grep -x running
	[[ $(inside 'systemctl show -P MainPID work') == "$(<"$tmp/main")" ]]
	[[ $(inside 'systemctl show -P NRestarts work') == 0 ]]
	wait_for logs_more "$(logged)"
}

restarts() {
	[[ -x $nl ]] || return 0
	inside 'systemctl restart work systemd-logind'
	inside 'systemctl show -P MainPID work' >"$tmp/main"
	inside 'grep -qx 67108864 /sys/fs/cgroup/system.slice/work.service/memory.max'
	wait_for logs_more "$(logged)"
	inside 'systemctl is-system-running' | grep -x running
	inside 'systemd-run -q --wait -p MemoryMax=10M true'
	[[ $(inside 'systemctl --failed -q | wc -l') == 0 ]]
}

# A manager whose watches were not restored runs in circles.
idle() {
	local before after
	before=$(awk '/^usage_usec/ { print $2 }' "$cgroup/init.scope/cpu.stat")
	sleep 5
	after=$(awk '/^usage_usec/ { print $2 }' "$cgroup/init.scope/cpu.stat")
	echo "$(((after - before) / 1000)) ms of 5000"
	[[ $((after - before)) -lt 1500000 ]]
}

ktap_plan 14
check "start" starts
for time in "" ", again"; do
	check "dump$time" dump
	check "restore$time" restore
	check "clock goes on$time" clock_goes_on
	check "system is running$time" works
	check "services restart$time" restarts
	check "init is idle$time" idle
done
check "nothing is left" ends
ktap_finish
