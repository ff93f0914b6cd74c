#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Action scripts.

. "$(dirname "$0")/cli-lib.sh"

# script NAME BODY: an action script
script() {
	printf '#!/bin/sh\n%s\n' "$2" >"$etc/conf/$1"
	chmod 755 "$etc/conf/$1"
}

clean_scripts() {
	rm -f "$etc"/conf/vps.* "$etc"/conf/9*.{premount,mount,start,stop,umount,postumount}
	rm -rf /root/bound
}

script_case() {
	run_case "$@"
	clean_scripts
	clean
}

# log BODY...: all of the host's scripts write their name there
all_host_scripts() {
	local when
	for when in premount mount umount postumount; do
		script "vps.$when" "echo \"vps.$when \$VEID \$(ls -A \$VE_ROOT 2>/dev/null | wc -l)\" >>$KTAP_TMP/log"
		script "900.$when" "echo 900.$when >>$KTAP_TMP/log"
	done
}

order() {
	make 900
	all_host_scripts
	cloisonctl --quiet mount 900
	cloisonctl --quiet umount 900
	[[ $(sed 's/ [1-9][0-9]*$/ N/' "$KTAP_TMP/log") == "vps.premount 900 0
900.premount
vps.mount 900 N
900.mount
vps.umount 900 N
900.umount
vps.postumount 900 0
900.postumount" ]]
	: >"$KTAP_TMP/log"
	cloisonctl --quiet start 900 --wait
	[[ $(wc -l <"$KTAP_TMP/log") == 4 ]]
	cloisonctl --quiet stop 900
	[[ $(wc -l <"$KTAP_TMP/log") == 8 ]]
	# mounted before: they have run
	cloisonctl --quiet mount 900
	: >"$KTAP_TMP/log"
	cloisonctl --quiet start 900 --wait
	[[ ! -s $KTAP_TMP/log ]]
	cloisonctl --quiet stop 900
	[[ $(wc -l <"$KTAP_TMP/log") == 4 ]]
	[[ ! -e $state/private/900/mounting ]]
	# what one in the container prints drives no terminal of the host's
	script 900.start 'printf "one\\ttab\\n\\033]0;title\\007\\n"'
	cloisonctl start 900 >"$KTAP_TMP/said"
	grep -qx $'one\ttab' "$KTAP_TMP/said"
	grep -qxF '?]0;title?' "$KTAP_TMP/said"
	# nor is it waited for what goes on writing
	script 900.start 'while echo on; do :; done & exit 0'
	timeout 100 cloisonctl --quiet restart 900 --fast
	rm "$etc/conf/900.start"
}

environment() {
	make 900
	script 900.mount "env >$KTAP_TMP/env; readlink /proc/self/fd/0 >>$KTAP_TMP/env"
	SECRET=1 BASH_ENV=/tmp/x cloisonctl --quiet mount 900 </etc/passwd
	grep -qx VEID=900 "$KTAP_TMP/env"
	grep -qx "VE_CONFFILE=$etc/conf/900.conf" "$KTAP_TMP/env"
	grep -qx "VE_ROOT=$state/root/900" "$KTAP_TMP/env"
	grep -qx /dev/null "$KTAP_TMP/env"
	not grep -qE 'SECRET|BASH_ENV' "$KTAP_TMP/env"
	# as in OpenVZ's own examples
	script 900.umount '. "${VE_CONFFILE}"; [ "$LOCAL_UID" -gt 0 ]'
	cloisonctl --quiet umount 900
}

# What mount scripts are for: a directory of the host's in the container.
bind_mounts() {
	make 900
	mkdir -p /root/bound/sub && echo shared >/root/bound/file
	mkdir "$state/private/900/fs/mnt"
	script 900.mount 'mount --bind /root/bound $VE_ROOT/mnt'
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec 900 cat /mnt/file) == shared ]]
	# nobody need unmount it
	cloisonctl --quiet stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ -e /root/bound/file ]]
	not grep -q "$state/root/900" /proc/mounts
	# whose set-uid files and devices stay the host's own
	cloisonctl --quiet start 900 --wait
	cloisonctl exec 900 'grep " /mnt " /proc/mounts' | grep -q nodev
}

failures() {
	local when
	make 900
	for when in premount mount; do
		for who in vps 900; do
			all_host_scripts
			: >"$KTAP_TMP/log"
			script "$who.$when" 'exit 3'
			expect_exit 79 cloisonctl mount 900
			expect_out "Action script $etc/conf/$who.$when failed with status 3" cloisonctl start 900
			expect_exit 79 cloisonctl start 900
			[[ $(status 900) == "CTID 900 exist unmounted down" ]]
			[[ ! -e $state/private/900/mounting ]]
			[[ $(tail -n 1 "$KTAP_TMP/log") == 900.postumount ]]
		done
	done
	# one that waits for what does not come
	configure START_TIMEOUT 3
	script 900.mount 'exec sleep 1000'
	expect_out "Action script $etc/conf/900.mount: It did not end in time" cloisonctl start 900
	expect_exit 79 cloisonctl mount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	configure START_TIMEOUT
	all_host_scripts
	cloisonctl --quiet start 900 --wait
	script 900.umount 'kill -9 $$'
	expect_exit 79 cloisonctl stop 900
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	expect_out 'killed by signal 9' cloisonctl umount 900
	script 900.umount true
	script 900.postumount false
	expect_exit 79 cloisonctl umount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	script 900.postumount true
	expect_exit 0 cloisonctl stop 900
	[[ ! -e $state/private/900/mounting ]]
}

# Root runs what only root can have written.
refused() {
	make 900
	script 900.mount true
	chmod 644 "$etc/conf/900.mount"
	expect_exit 79 cloisonctl mount 900
	expect_out 'executable file that belongs to root' cloisonctl mount 900
	chmod 775 "$etc/conf/900.mount"
	expect_exit 79 cloisonctl mount 900
	chmod 755 "$etc/conf/900.mount"
	chown 1000 "$etc/conf/900.mount"
	expect_exit 79 cloisonctl mount 900
	chown 0 "$etc/conf/900.mount"
	cloisonctl --quiet mount 900
	cloisonctl --quiet umount 900
	rm "$etc/conf/900.mount"
	mkdir "$etc/conf/900.mount"
	expect_exit 79 cloisonctl mount 900
	rmdir "$etc/conf/900.mount"
	# an interpreter that is not there
	printf '#!/nonexistent\n' >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	expect_exit 79 cloisonctl mount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

# Killed between a script and the next: they are all run again, from the start.
killed_in_between() {
	make 900
	all_host_scripts
	# the script is told, and does not go on beside the next command
	script 900.mount "trap 'echo told >>$KTAP_TMP/log; exit' TERM; kill -9 \$PPID; while :; do sleep 0.1; done"
	expect_exit 137 cloisonctl mount 900
	wait_for grep -qx told "$KTAP_TMP/log"
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	all_host_scripts
	: >"$KTAP_TMP/log"
	cloisonctl --quiet start 900 --wait
	[[ $(cut -d ' ' -f 1 "$KTAP_TMP/log" | tr '\n' ' ') == "vps.umount 900.umount vps.postumount 900.postumount \
vps.premount 900.premount vps.mount 900.mount " ]]
	script 900.postumount 'kill -9 $PPID'
	expect_exit 137 cloisonctl stop 900
	all_host_scripts
	: >"$KTAP_TMP/log"
	cloisonctl --quiet stop 900
	[[ $(cut -d ' ' -f 1 "$KTAP_TMP/log" | tr '\n' ' ') == "vps.postumount 900.postumount " ]]
}

ktap_plan 6
script_case "which run, and when" order
script_case "what they are given" environment
script_case "what a mount script mounts" bind_mounts
script_case "scripts that fail" failures
script_case "scripts that are refused" refused
script_case "the tool is killed between two" killed_in_between
ktap_finish
