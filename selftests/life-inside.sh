#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# What the host runs inside: runscript, console, the start and stop scripts.
# shellcheck disable=SC2094 # the output is waited for while it is written

. "$(dirname "$0")/cli-lib.sh"

# script NAME BODY: an action script
script() {
	printf '#!/bin/sh\n%s\n' "$2" >"$etc/conf/$1"
	chmod 755 "$etc/conf/$1"
}

clean_scripts() {
	rm -f "$etc"/conf/9*.{start,stop}
}

script_case() {
	run_case "$@"
	clean_scripts
}

runs_in_a_running_one() {
	make_running 900 --hostname one
	printf '#!/bin/sh\nhostname\ncat\necho err >&2\nexit 7\n' >"$KTAP_TMP/script"
	expect_exit 7 cloisonctl runscript 900 "$KTAP_TMP/script"
	[[ $(echo input | cloisonctl runscript 900 "$KTAP_TMP/script" 2>/dev/null) == $'one\ninput' ]]
	[[ $(cloisonctl runscript 900 "$KTAP_TMP/script" 2>&1 </dev/null) == $'one\nerr' ]]
	is_running 900
}

# It has the files, the ids and the confinement of the container; nobody sees it run.
runs_in_a_stopped_one() {
	make 900 --numproc 50
	cat >"$KTAP_TMP/script" <<'END'
		id -u
		cat /proc/self/uid_map | tr -s " " | cut -d " " -f 3
		cat /sys/fs/cgroup/cgroup.max.depth 2>/dev/null || echo no
		mknod /root/sda b 8 0 2>/dev/null || echo refused
		ip link show 2>/dev/null | grep -c UP
		cat
		echo kept >/root/kept
		exit 5
END
	echo in | cloisonctl runscript 900 "$KTAP_TMP/script" >"$KTAP_TMP/out" 2>&1 || [[ $? == 5 ]]
	grep -qx 0 "$KTAP_TMP/out"
	grep -qx "$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/900.conf")" "$KTAP_TMP/out"
	grep -qx refused "$KTAP_TMP/out"
	grep -qx in "$KTAP_TMP/out"
	expect_exit 5 cloisonctl runscript 900 "$KTAP_TMP/script"
	[[ $(<"$state/private/900/fs/root/kept") == kept ]]
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	# what was mounted stays so
	cloisonctl --quiet mount 900
	expect_exit 5 cloisonctl runscript 900 "$KTAP_TMP/script"
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	cloisonctl --quiet umount 900
	# what it leaves behind ends with it
	echo 'sleep 1000 & exit 0' >"$KTAP_TMP/script"
	expect_exit 0 cloisonctl runscript 900 "$KTAP_TMP/script"
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

nobody_else_meanwhile() {
	local tool
	make 900
	echo 'echo begun; sleep 1000' >"$KTAP_TMP/script"
	start_until "$KTAP_TMP/out" begun cloisonctl runscript 900 "$KTAP_TMP/script"
	tool=$!
	is_down 900
	expect_exit 9 cloisonctl start 900
	expect_exit 9 cloisonctl destroy 900
	expect_exit 31 cloisonctl exec 900 true
	kill -INT "$tool"
	wait "$tool" || [[ $? == 137 ]]
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	# killed, it leaves what the next command sweeps, or a repair, which does not take it for a container that runs
	local next
	for next in "check --repair 900" "--quiet start 900 --wait"; do
		start_until "$KTAP_TMP/out" begun cloisonctl runscript 900 "$KTAP_TMP/script"
		tool=$!
		kill -9 "$tool"
		wait "$tool" || true
		is_down 900
		# shellcheck disable=SC2086 # several words
		cloisonctl $next
		[[ $next == *start* || ! -e /sys/fs/cgroup/cloison/900 ]]
	done
	not cloisonctl exec 900 'pidof sleep'
}

bad_scripts() {
	make 900
	expect_exit 20 cloisonctl runscript 900
	expect_exit 21 cloisonctl runscript 900 /nonexistent
	expect_exit 21 cloisonctl runscript 900 /etc
	head -c 200000 /dev/zero | tr '\0' '#' >"$KTAP_TMP/script"
	expect_exit 21 cloisonctl runscript 900 "$KTAP_TMP/script"
	printf 'true\0\n' >"$KTAP_TMP/script"
	expect_exit 21 cloisonctl runscript 900 "$KTAP_TMP/script"
	expect_exit 14 cloisonctl runscript 901 /etc/profile
	echo 'exit 3' >"$KTAP_TMP/script"
	rm "$state/private/900/fs/bin/sh"
	expect_exit 8 cloisonctl runscript 900 "$KTAP_TMP/script"
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

# What is typed comes after the prompt, or login would throw it away.
consoles() {
	make_running 900 --hostname one
	{
		wait_for grep -q 'login:' "$KTAP_TMP/out"
		printf 'root\r'
		wait_for grep -q '#' "$KTAP_TMP/out"
		printf 'tty; echo is $((40 + 2)); exit 4\r'
		wait_for grep -q 'is 42' "$KTAP_TMP/out"
	} | cloisonctl console 900 >"$KTAP_TMP/out" || [[ $? == 4 ]]
	grep -q 'one login:' "$KTAP_TMP/out"
	grep -q /dev/pts/0 "$KTAP_TMP/out"
	grep -q 'is 42' "$KTAP_TMP/out"
	# Esc and a dot leave, and its terminal is hung up
	: >"$KTAP_TMP/out"
	{
		wait_for grep -q 'login:' "$KTAP_TMP/out"
		printf 'root\r'
		wait_for grep -q '#' "$KTAP_TMP/out"
		printf '\033'
		sleep 0.2
		printf '.'
		wait_for grep -q 'Detached' "$KTAP_TMP/out"
	} | timeout 50 cloisonctl console 900 2 >"$KTAP_TMP/out"
	grep -q 'Detached from CT 900' "$KTAP_TMP/out"
	wait_for not cloisonctl exec 900 'ls /dev/pts/0'
	# a login that closes its terminal and opens it anew, as login(1) does
	cat >"$KTAP_TMP/login" <<-'END'
		#!/bin/busybox sh
		tty=$(tty)
		exec <&- >&- 2>&-
		sleep 1
		exec <>"$tty" >&0 2>&0
		echo anew
		read -r line
		echo "opened $line"
	END
	# the shell that would run login; busybox's has one built in
	cloisonctl exec 900 'rm /bin/sh; cat >/bin/sh; chmod 755 /bin/sh' <"$KTAP_TMP/login"
	: >"$KTAP_TMP/out"
	{
		wait_for grep -q 'anew' "$KTAP_TMP/out"
		printf 'again\r'
		wait_for grep -q 'opened again' "$KTAP_TMP/out"
	} | timeout 50 cloisonctl console 900 >"$KTAP_TMP/out"
	grep -q 'opened again' "$KTAP_TMP/out"
	expect_exit 21 cloisonctl console 900 one
	expect_exit 20 cloisonctl console 900 1 2
	cloisonctl --quiet stop 900 --fast
	expect_exit 31 cloisonctl console 900
}

start_and_stop_scripts() {
	make 900
	script 900.start 'hostname >/root/started; echo "$VEID $0" >>/root/started; echo said'
	script 900.stop 'echo stopped >/root/stopped; exit 3'
	expect_out '^said$' cloisonctl start 900
	[[ $(head -n 1 "$state/private/900/fs/root/started") == "$(cloisonctl exec 900 hostname)" ]]
	grep -q '^900 ' "$state/private/900/fs/root/started"
	# a customer's shell may fail it: the container stops all the same
	expect_out 'failed in the container with status 3' cloisonctl stop 900
	[[ $(<"$state/private/900/fs/root/stopped") == stopped ]]
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	rm "$state/private/900/fs/root/stopped"
	cloisonctl --quiet start 900
	cloisonctl --quiet stop 900 --fast
	[[ ! -e $state/private/900/fs/root/stopped ]]
	script 900.start 'exit 3'
	expect_exit 79 cloisonctl start 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	# one that is not root's own is not fed to anybody
	chmod 777 "$etc/conf/900.start"
	expect_exit 79 cloisonctl start 900
	is_down 900
}

# stops_soon TIMEOUT SCRIPT TEXT: with that script at its stop, of which that is said.
stops_soon() {
	echo "STOP_TIMEOUT=\"$1\"" >>"$etc/conf/900.conf"
	script 900.stop "$2"
	cloisonctl --quiet start 900 --wait
	SECONDS=0
	expect_out "$3" cloisonctl stop 900
	[[ $SECONDS -lt 60 ]]
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

# Time is bounded, whatever the container does with the script.
scripts_that_hang() {
	make 900
	stops_soon 1 'sleep 1000' 'did not end in time'
}

# Killed, it does not end before whoever traces it lets go.
scripts_that_are_held() {
	make 900
	install -m 755 "$here/walls/escape" "$state/private/900/fs/escape"
	stops_soon 8 '/escape hold $$ >/held & until grep -q held /held; do sleep 1; done' \
		'a process of the container traces it'
}

ktap_plan 8
script_case "runscript in a running container" runs_in_a_running_one
script_case "runscript in a stopped container" runs_in_a_stopped_one
script_case "a stopped container that is visited is locked" nobody_else_meanwhile
script_case "scripts that cannot be run" bad_scripts
script_case "console" consoles
script_case "start and stop scripts" start_and_stop_scripts
script_case "scripts that hang" scripts_that_hang
script_case "scripts that are held" scripts_that_are_held
ktap_finish
