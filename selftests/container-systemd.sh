#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# A Debian system with systemd as its init.

. "$(dirname "$0")/cli-lib.sh"

in900() {
	cloisonctl exec2 900 "$@"
}

runs() {
	cloisonctl --quiet create 900 --ostemplate debian-13 --hostname web1
	cloisonctl start 900 --wait
	in900 systemctl --failed
	[[ $(in900 systemctl is-system-running) == running ]]
	[[ $(in900 systemd-detect-virt --container) == container-other ]]
	[[ $(in900 hostname) == web1 ]]
	[[ -s $state/private/900/fs/etc/machine-id ]]
}

services() {
	in900 'printf "[Service]\nExecStart=/bin/sleep 1000\nMemoryMax=32M\nDynamicUser=yes\n" >/etc/systemd/system/x.service'
	in900 'systemctl daemon-reload && systemctl start x'
	[[ $(in900 systemctl is-active x) == active ]]
	# its limit is real: the container's systemd has the controllers
	[[ $(cgroup_file 900 system.slice/x.service/memory.max) == 33554432 ]]
	in900 'systemctl stop x'
	in900 'logger -t cloison-test hello; journalctl --sync; journalctl -t cloison-test -o cat' | grep -qx hello
}

# What would stand in the way of a checkpoint is switched off, in /run only.
prepared() {
	[[ $(in900 systemctl show -p PrivateUsers --value dbus) == no ]]
	[[ $(in900 systemctl show -p PAMName --value user@0) == "" ]]
	[[ $(in900 systemctl is-enabled dev-hugepages.mount 2>&1) == masked* ]]
	[[ -z $(find "$state"/private/900/fs/etc "$state"/private/900/fs/usr -name '*cloison.conf') ]]
}

stops() {
	# the customer's own power-off, and a reboot, end it; the registry knows how
	in900 systemctl poweroff || true
	wait_for is_down 900
	cloisonctl --quiet start 900 --wait
	[[ $(in900 systemctl is-system-running) == running ]]
	in900 journalctl --list-boots | grep -q ' 0 '
	SECONDS=0
	cloisonctl stop 900
	[[ $SECONDS -lt 90 ]]
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	cloisonctl --quiet destroy 900
}

ktap_plan 4
ktap_run "comes up and settles" runs
ktap_run "services, their limits and the log work" services
ktap_run "is prepared for checkpoints" prepared
ktap_run "shuts down from inside and outside" stops
ktap_finish
