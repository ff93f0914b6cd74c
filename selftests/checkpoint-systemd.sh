#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# kernels: newest 6.12
# A Debian container with systemd is suspended and resumed, twice.

. "$(dirname "$0")/checkpoint/lib.sh"

starts() {
	modprobe -a cloison cloison_net cloison_view
	cloisonctl create $ct --ostemplate debian-13 --ipadd 10.0.101.2
	cloisonctl start $ct --wait
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

# suspends [OPTION...]: a service that is just starting has a namespace of its own for a moment; a message may be on its way.
suspends() {
	wait_for cloisonctl suspend $ct "$@"
	is down suspended
}

# The same process, still watched, and heard.
resumes() {
	cloisonctl resume $ct
	inside 'systemctl is-system-running' | grep -x running
	[[ $(inside 'systemctl show -P MainPID work') == "$(<"$tmp/main")" ]]
	[[ $(inside 'systemctl show -P NRestarts work') == 0 ]]
	wait_for logs_more "$(logged)"
	inside 'grep -qx 67108864 /sys/fs/cgroup/system.slice/work.service/memory.max'
}

restarts() {
	inside 'systemctl restart work systemd-logind'
	inside 'systemctl show -P MainPID work' >"$tmp/main"
	wait_for logs_more "$(logged)"
	inside 'systemctl is-system-running' | grep -x running
	inside 'systemd-run -q --wait -p MemoryMax=10M true'
	[[ $(inside 'systemctl --failed -q | wc -l') == 0 ]]
}

# A manager whose watches were not restored runs in circles.
idle() {
	local before after start time
	before=$(awk '/^usage_usec/ { print $2 }' "$cgroup/init.scope/cpu.stat")
	start=${EPOCHREALTIME/./}
	sleep 5
	after=$(awk '/^usage_usec/ { print $2 }' "$cgroup/init.scope/cpu.stat")
	time=$((${EPOCHREALTIME/./} - start))
	echo "$((after - before)) us of $time"
	[[ $((after - before)) -lt $((time * 3 / 10)) ]]
}

ends() {
	cloisonctl stop $ct
	cloisonctl destroy $ct
	[[ ! -e $cgroup ]]
}

ktap_plan 9
check "start" starts
for time in "" ", again"; do
	check "suspend$time" suspends ${time:+--prove}
	check "resume$time" resumes
	check "services restart$time" restarts
done
check "init is idle" idle
check "nothing is left" ends
ktap_finish
