#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# mount, umount, pause, unpause, enter --exec, exec, exec3, --skiplock.

. "$(dirname "$0")/cli-lib.sh"

mounts() {
	local root=$state/root/900
	expect_exit 14 cloisonctl mount 900
	make 900
	expect_exit 40 cloisonctl umount 900
	expect_out '^Container is mounted$' cloisonctl mount 900
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	[[ $(cloisonctl list -aHo status 900) =~ ^mounted$ ]]
	[[ -x $root/bin/busybox ]]
	findmnt -no OPTIONS "$root" | grep -q 'nosuid.*nodev'
	expect_exit 41 cloisonctl mount 900
	expect_exit 41 cloisonctl destroy 900
	# it is used as it is
	(cd "$root/etc" && cloisonctl --quiet start 900 --wait)
	[[ $(findmnt -rno TARGET | grep -c "^$root") == 1 ]]
	expect_exit 41 cloisonctl mount 900
	expect_exit 32 cloisonctl umount 900
	is_running 900
	# who sits there keeps it from being unmounted, which is said
	(cd "$root/etc" && expect_out "it is in use" cloisonctl stop 900 --fast)
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	expect_out '^Container is unmounted$' cloisonctl umount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	expect_exit 40 cloisonctl umount 900
	mv "$state"/private/900 "$state"/private/900.away
	expect_exit 43 cloisonctl mount 900
	mv "$state"/private/900.away "$state"/private/900
	mkdir -p "$KTAP_TMP/file" && rmdir "$root" && touch "$root"
	expect_exit 50 cloisonctl mount 900
	rm "$root"
}

# A failed start leaves what mount made, and takes away what it made itself.
mount_and_failed_start() {
	make 900
	rm "$state"/private/900/fs/sbin/init
	cloisonctl --quiet mount 900
	expect_exit 61 cloisonctl start 900
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	cloisonctl --quiet umount 900
	expect_exit 61 cloisonctl start 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

umount_of_a_dead_one() {
	make_running 900
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	cloisonctl --quiet umount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

# set-uid files are nothing to the host and something to the container's users
setuid() {
	make 900
	cp "$state"/private/900/fs/bin/busybox "$state"/private/900/fs/bin/sucat
	chown "$(stat -c %u "$state"/private/900/fs/bin)" "$state"/private/900/fs/bin/sucat
	chmod 4755 "$state"/private/900/fs/bin/sucat
	cloisonctl --quiet start 900 --wait
	not grep -q nosuid <(cloisonctl exec 900 'grep " / " /proc/mounts')
	cloisonctl exec 900 'grep " / " /proc/mounts' | grep -q nodev
}

pauses() {
	local count
	expect_exit 14 cloisonctl pause 900
	make 900
	expect_exit 31 cloisonctl pause 900
	expect_exit 31 cloisonctl unpause 900
	cloisonctl --quiet start 900 --wait
	cloisonctl exec 900 'i=0; while :; do i=$((i + 1)); echo $i >/root/count; done >/dev/null 2>&1 &'
	wait_for test -s "$state/private/900/fs/root/count"
	expect_exit 20 cloisonctl pause 900 now
	expect_out '^Container is paused$' cloisonctl pause 900
	expect_exit 0 cloisonctl pause 900
	[[ $(status 900) == "CTID 900 exist mounted running paused" ]]
	[[ $(cloisonctl list -Ho status 900) == paused ]]
	count=$(<"$state/private/900/fs/root/count")
	sleep 0.3
	[[ $(<"$state/private/900/fs/root/count") == "$count" ]]
	# nothing waits for it
	expect_exit 31 timeout 20 cloisonctl exec 900 true
	expect_out 'cloisonctl unpause 900' timeout 20 cloisonctl exec 900 true
	expect_exit 31 timeout 20 cloisonctl enter 900
	expect_exit 32 timeout 20 cloisonctl start 900
	expect_exit 0 timeout 20 cloisonctl set 900 --cpuunits 2000
	expect_exit 31 timeout 20 cloisonctl set 900 --hostname paused
	expect_exit 31 timeout 20 cloisonctl set 900 --userpasswd root:x
	expect_exit 32 cloisonctl destroy 900
	expect_out '^Container runs again$' cloisonctl unpause 900
	expect_exit 0 cloisonctl unpause 900
	[[ $(status 900) == "CTID 900 exist mounted running" ]]
	not cloisonctl exec 900 'echo 1 >/sys/fs/cgroup/cgroup.freeze'
}

stops_when_paused() {
	make_running 900
	mkdir -p "$state/private/900/fs/etc/rc.d"
	printf '#!/bin/sh\necho $1 >/root/rc\n' >"$state/private/900/fs/etc/rc.d/mark"
	chmod 755 "$state/private/900/fs/etc/rc.d/mark"
	cloisonctl --quiet pause 900
	timeout 60 cloisonctl --quiet stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ $(<"$state/private/900/fs/root/rc") == stop ]]
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet pause 900
	timeout 60 cloisonctl --quiet stop 900 --fast
	is_down 900
	cloisonctl --quiet start 900 --wait
	[[ $(status 900) == "CTID 900 exist mounted running" ]]
	cloisonctl --quiet pause 900
	timeout 60 cloisonctl --quiet restart 900 --wait
	[[ $(cloisonctl exec2 900 echo alive) == alive ]]
}

# An exec that is under way waits with the rest.
exec_across_a_pause() {
	make_running 900
	mkfifo "$KTAP_TMP/in"
	exec 5<>"$KTAP_TMP/in"
	start_until "$KTAP_TMP/out" waiting cloisonctl exec2 900 'echo waiting; read line; echo "$line"; exit 6' <&5
	cloisonctl --quiet pause 900
	echo through >&5
	sleep 1
	[[ $(<"$KTAP_TMP/out") == waiting ]]
	cloisonctl --quiet unpause 900
	wait $! || [[ $? == 6 ]]
	[[ $(<"$KTAP_TMP/out") == waiting$'\n'through ]]
}

nothing_runs() {
	[[ -z $(cat "/sys/fs/cgroup/cloison/$1/cloison-exec/cgroup.procs") ]]
}

enters() {
	mkfifo "$KTAP_TMP/silence"
	exec 4<>"$KTAP_TMP/silence"
	make_running 900 --hostname one
	echo 'echo "then $HOSTNAME$(hostname)"; exit 5' >"$KTAP_TMP/typed"
	expect_exit 5 cloisonctl enter 900 --exec 'tty; echo first' <"$KTAP_TMP/typed"
	cloisonctl enter 900 --exec echo "it's" first '>/root/f; cat /root/f; tty' <"$KTAP_TMP/typed" |
		tr -d '\r' >"$KTAP_TMP/out" || true
	grep -qx "its first" "$KTAP_TMP/out" || grep -q "unterminated" "$KTAP_TMP/out"
	cloisonctl enter 900 --exec 'tty; echo only; exit 3' </dev/null | tr -d '\r' >"$KTAP_TMP/out" || true
	grep -qx /dev/pts/0 "$KTAP_TMP/out"
	grep -qx only "$KTAP_TMP/out"
	# a shell ends with its input, when it has set up its terminal too
	expect_exit 0 timeout 60 cloisonctl enter 900 </dev/null
	# and who ends the tool is not kept by what ignores that, nor is it left behind
	expect_exit 124 timeout 2 cloisonctl enter 900 --exec 'trap "" TERM; touch /root/on; while :; do read x || sleep 1; done' <"$KTAP_TMP/silence"
	wait_for nothing_runs 900
	expect_exit 20 cloisonctl enter 900 --exec
	expect_exit 20 cloisonctl enter 900 tty
}

execs_by_a_shell() {
	make_running 900
	[[ $(cloisonctl exec 900 printf "'<%s>'" a "" b) == "<a><><b>" ]]
	expect_exit 8 cloisonctl exec 900 ""
	cloisonctl enter 900 --exec printf "'<%s>'" "" b '; exit' </dev/null >"$KTAP_TMP/out"
	grep -q '<><b>' "$KTAP_TMP/out"
	[[ $(echo 'echo "$0 $#"' | cloisonctl exec 900 -) == "/bin/sh 0" ]]
	# of two the better one
	cloisonctl exec 900 'cat >/bin/bash; chmod 755 /bin/bash' <<-'EOF'
		#!/bin/busybox sh
		echo "bash $#"
		exec busybox sh "$@"
	EOF
	[[ $(cloisonctl exec 900 echo one) == "bash 2"$'\n'"one" ]]
	[[ $(echo 'echo two' | cloisonctl exec2 900 -) == "bash 0"$'\n'"two" ]]
	expect_exit 5 cloisonctl exec2 900 exit 5
	# one that does not run is none
	cloisonctl exec 900 'echo nothing >/bin/bash; chmod 644 /bin/bash'
	[[ $(cloisonctl exec 900 'echo "$0"') == /bin/sh ]]
}

execs_without_a_shell() {
	make_running 900
	[[ $(cloisonctl exec3 900 echo '$HOME' '|' cat) == '$HOME | cat' ]]
	expect_exit 3 cloisonctl exec3 900 sh -c 'exit 3'
	expect_exit 8 cloisonctl exec3 900 'echo one word'
	expect_exit 20 cloisonctl exec3 900
}

skips_the_lock() {
	make 900
	(
		exec {fd}>/run/cloison/lock/900.lck
		flock "$fd"
		expect_exit 9 cloisonctl start 900
		expect_exit 0 cloisonctl --skiplock start 900 --wait
		expect_exit 0 cloisonctl --quiet --skiplock stop 900
	)
	not grep -q skiplock <(cloisonctl --help)
}

ktap_plan 11
run_case "mount and umount" mounts
run_case "a failed start leaves the mount as it was" mount_and_failed_start
run_case "umount of one that died" umount_of_a_dead_one
run_case "set-uid and devices" setuid
run_case "pause and unpause" pauses
run_case "a paused container stops" stops_when_paused
run_case "a command that is paused goes on" exec_across_a_pause
run_case "enter --exec" enters
run_case "exec by the better shell, with empty words" execs_by_a_shell
run_case "exec3" execs_without_a_shell
run_case "--skiplock" skips_the_lock
ktap_finish
