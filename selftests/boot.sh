#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# The host's start and shutdown: the units of systemd, and the script for others.

. "$(dirname "$0")/cli-lib.sh"

# onboot ID [OPTION...] -- LINE...: a container that starts with the host
onboot() {
	local id=$1 options=()
	shift
	while [[ $# -gt 0 && $1 != -- ]]; do
		options+=("$1")
		shift
	done
	make "$id" "${options[@]}"
	sed -i '/^ONBOOT=/d' "$etc/conf/$id.conf"
	printf '%s\n' 'ONBOOT="yes"' "${@:2}" >>"$etc/conf/$id.conf"
	mkdir -p "$state/private/$id/fs/etc/rc.d"
	printf '#!/bin/sh\necho $1 >>/root/rc\n' >"$state/private/$id/fs/etc/rc.d/mark"
	chmod 755 "$state/private/$id/fs/etc/rc.d/mark"
}

boot_case() {
	run_case "$@"
	systemctl stop cloison.service cloison-stop.service cloison-events.service 2>/dev/null
	rm -f "$etc"/conf/vps.mount "$state/host-upgrade"
	configure STOP_TIMEOUT
}

which_start() {
	onboot 900
	make 901
	onboot 902 -- 'DISABLED="yes"'
	cloisonctl boot start >"$KTAP_TMP/out"
	grep -qx '1 of 1 containers started' "$KTAP_TMP/out"
	is_running 900
	is_down 901
	is_down 902
	# what runs is left alone
	expect_out '0 of 0' cloisonctl boot start
	cloisonctl boot start --json | python3 -c 'import json, sys
assert json.load(sys.stdin) == {"containers": 0, "started": 0, "failed": 0}'
	cloisonctl --quiet start 901
	cloisonctl --quiet mount 902
	wait_for cloisonctl exec 900 test -e /run/cloison/up
	cloisonctl boot stop >"$KTAP_TMP/out"
	grep -qx '3 of 3 containers stopped' "$KTAP_TMP/out"
	for id in 900 901 902; do
		[[ $(status "$id") == "CTID $id exist unmounted down" ]]
	done
	# properly, not killed
	[[ $(<"$state/private/900/fs/root/rc") == $'start\nstop' ]]
	expect_exit 20 cloisonctl boot
	expect_exit 20 cloisonctl boot reboot
	expect_exit 20 cloisonctl boot start --xml
	cloisonctl boot stop --json | grep -q '"stopped": 0'
}

in_order() {
	onboot 900
	onboot 901 -- 'BOOTORDER="5"'
	onboot 902 -- 'BOOTORDER="10"'
	onboot 903 -- 'BOOTORDER="10"'
	printf '#!/bin/sh\necho "$VEID" >>%s\n' "$KTAP_TMP/order" >"$etc/conf/vps.mount"
	chmod 755 "$etc/conf/vps.mount"
	cp "$etc/conf/vps.mount" "$etc/conf/vps.postumount"
	cloisonctl --quiet boot start
	[[ $(sort -n <(head -n 2 "$KTAP_TMP/order") | tr '\n' ' ') == "902 903 " ]]
	[[ $(tail -n 2 "$KTAP_TMP/order" | tr '\n' ' ') == "901 900 " ]]
	: >"$KTAP_TMP/order"
	cloisonctl --quiet boot stop
	[[ $(head -n 2 "$KTAP_TMP/order" | tr '\n' ' ') == "900 901 " ]]
	rm "$etc"/conf/vps.{mount,postumount}
}

# One that fails, and one whose file is spoilt, keep nobody from starting.
one_fails() {
	onboot 900 -- 'BOOTORDER="10"'
	onboot 901
	onboot 902
	rm "$state/private/900/fs/sbin/init"
	echo 'X="' >>"$etc/conf/902.conf"
	expect_exit 7 cloisonctl boot start
	cloisonctl --quiet boot stop
	expect_out "^Container 900: Cannot run the container's /sbin/init" cloisonctl boot start
	expect_exit 7 cloisonctl boot start --json
	cloisonctl boot start --json 2>/dev/null | python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["containers"] == d["started"] + d["failed"] and d["failed"] >= 1, d'
	is_running 901
	is_down 900
	echo >"$etc/conf/902.conf"
}

# One that does not end is killed when its time is over, the others do not wait for it.
one_hangs() {
	onboot 900 -- 'STOP_TIMEOUT="3"'
	onboot 901
	# a link to /bin/busybox: from here, the host's
	rm "$state/private/900/fs/sbin/halt"
	printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"$state/private/900/fs/sbin/halt"
	chmod 755 "$state/private/900/fs/sbin/halt"
	cloisonctl --quiet boot start
	wait_for cloisonctl exec 901 test -e /run/cloison/up
	SECONDS=0
	cloisonctl --quiet boot stop 2>/dev/null
	[[ $SECONDS -lt 60 ]]
	is_down 900
	[[ $(<"$state/private/901/fs/root/rc") == $'start\nstop' ]]
	# nor for one whose lock somebody has
	configure STOP_TIMEOUT 2
	exec {held}>>/run/cloison/lock/900.lck
	flock "$held"
	expect_exit 7 timeout 120 cloisonctl boot start
	exec {held}>&-
	is_down 900
	is_running 901
}

# Of an upgrade of the host: 900 was suspended for it, and its state is gone; 901 was stopped. See host-upgrade.sh.
after_upgrade() {
	local status
	make 900
	make 901
	onboot 902
	printf '%s\n' 0123 /nowhere/Dump.900 host-upgrade >"$state/private/900/suspended"
	printf '%s\n' 'KERNEL="1.2.3"' 'BOOT="another"' 'STOPPED="901"' >"$state/host-upgrade"
	expect_out 'hint +an upgrade to Linux 1.2.3, .* was cut off' cloisonctl check upgrade
	expect_exit 7 cloisonctl boot start
	[[ ! -e $state/host-upgrade ]]
	is_running 901
	is_running 902
	is_down 900
	expect_out 'hint +container 900 was suspended for an upgrade' cloisonctl check upgrade
	cloisonctl --quiet boot stop
	# each boot tries again
	expect_out '^Container 900: Container is suspended, but its state is not there' cloisonctl boot start
	is_down 901
	is_running 902
	# somebody was quicker, and is waited for
	printf '%s\n' 'KERNEL="1.2.3"' 'BOOT="another"' 'STOPPED="901"' >"$state/host-upgrade"
	exec {held}>>/run/cloison/lock/host-upgrade.lck
	flock "$held"
	cloisonctl boot start {held}>&- &
	# flock(2)
	wait_for in_call $! 73
	exec {held}>&-
	status=0
	wait $! || status=$?
	[[ $status -eq 7 ]]
	is_running 901
	# another kernel than was wanted; and the host is on its way down
	printf '%s\n' 'KERNEL="1.2.3"' 'BOOT="another"' >"$state/host-upgrade"
	expect_out 'was to be upgraded to Linux 1.2.3, and runs' cloisonctl host-upgrade --resume
	printf '%s\n' 'KERNEL="1.2.3"' "BOOT=\"$(</proc/sys/kernel/random/boot_id)\"" 'LEAVING="yes"' >"$state/host-upgrade"
	expect_exit 9 cloisonctl boot start
	expect_out 'the host was told at .* to boot Linux 1.2.3' cloisonctl check upgrade
	expect_exit 7 cloisonctl host-upgrade --resume
	[[ -e $state/private/900/suspended && ! -e $state/host-upgrade ]]
	# what nobody can read keeps none from starting
	cloisonctl --quiet stop 902
	echo 'X="' >"$state/host-upgrade"
	expect_exit 21 cloisonctl host-upgrade --resume
	expect_out 'host-upgrade cannot be understood' cloisonctl boot start
	is_running 902
}

units() {
	local old
	onboot 900
	unload
	systemctl daemon-reload
	systemctl enable cloison
	[[ $(systemctl is-enabled cloison cloison-stop cloison-events | uniq -c) == *' 3 enabled' ]]
	systemctl start cloison
	is_running 900
	systemctl is-active cloison cloison-events
	wait_for cloisonctl exec 900 test -e /run/cloison/up
	# the service restarts what reboots
	old=$(init_of 900)
	cloisonctl exec 900 reboot
	wait_for other_init 900 "$old"
	wait_for cloisonctl exec 900 test -e /run/cloison/up
	# nothing of the container is the service's
	not grep -q "$(init_of 900)" /sys/fs/cgroup/system.slice/cloison-events.service/cgroup.procs
	systemctl restart cloison-events
	is_running 900
	[[ $(tr '\0' '\n' <"/proc/$(init_of 900)/environ" | grep -c INVOCATION_ID || true) == 0 ]]
	# a container started by hand is stopped with the others
	make_running 901
	systemctl stop cloison
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ $(status 901) == "CTID 901 exist unmounted down" ]]
	systemctl is-active cloison-events
	# with one that fails the unit is there, to stop the others
	rm "$state/private/901/fs/sbin/init"
	sed -i 's/ONBOOT=.*/ONBOOT="yes"/' "$etc/conf/901.conf"
	systemctl start cloison
	systemctl is-active cloison
	is_running 900
	journalctl -u cloison --no-pager | grep -q "Container 901: Cannot run the container's /sbin/init"
	systemctl stop cloison cloison-stop cloison-events
	is_down 900
	systemctl disable cloison
}

# Their start failed, or is not over: what a shutdown does.
stop_without_start() {
	onboot 900
	systemctl daemon-reload
	exec {held}>>/run/cloison/lock/host-upgrade.lck
	flock "$held"
	not systemctl start cloison
	exec {held}>&-
	systemctl is-active cloison-stop
	make_running 901
	systemctl stop cloison cloison-stop
	[[ $(status 901) == "CTID 901 exist unmounted down" ]]
	cloisonctl --quiet start 901 --wait
	printf '#!/bin/sh\ntouch /run/at-it\nsleep 9999\n' >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	systemctl start --no-block cloison
	wait_for test -e /run/at-it
	rm /run/at-it "$etc/conf/900.mount"
	systemctl stop cloison cloison-stop
	[[ $(status 901) == "CTID 901 exist unmounted down" ]]
	not cloisonctl exec 900 true
	cloisonctl check --repair 900
	is_down 900
}

# other_init ID OLD: it runs with another init
other_init() {
	local now
	is_running "$1" && now=$(init_of "$1") && [[ $now && $now != "$2" ]]
}

sysv() {
	onboot 900
	unload
	expect_exit 3 /etc/init.d/cloison status
	expect_out '^Cloison is stopped\.$' /etc/init.d/cloison status
	/etc/init.d/cloison start
	is_running 900
	expect_exit 0 /etc/init.d/cloison status
	ln -s /etc/init.d/cloison "$KTAP_TMP/vz"
	expect_out '^OpenVZ is running\.\.\.$' "$KTAP_TMP/vz" status
	/etc/init.d/cloison stop
	is_down 900
	expect_exit 2 /etc/init.d/cloison dance
}

ktap_plan 8
boot_case "which containers start and stop" which_start
boot_case "in the order of BOOTORDER" in_order
boot_case "one that fails" one_fails
boot_case "one that does not end" one_hangs
boot_case "after an upgrade of the host" after_upgrade
boot_case "systemd's units" units
boot_case "a start that failed, or is not over" stop_without_start
boot_case "the script for other inits" sysv
ktap_finish
