#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# The verbs on containers that do what they should.

. "$(dirname "$0")/cli-lib.sh"

whole_life() {
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
	cloisonctl create 900 --ostemplate busybox --hostname one
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	cloisonctl start 900 --wait
	[[ $(status 900) == "CTID 900 exist mounted running" ]]
	[[ $(cloisonctl exec 900 hostname) == one ]]
	cloisonctl restart 900 --wait
	[[ $(status 900) == "CTID 900 exist mounted running" ]]
	cloisonctl stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	cloisonctl destroy 900
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
	[[ ! -e $state/private/900 && ! -e $etc/conf/900.conf && -e $etc/conf/900.conf.destroyed ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

messages() {
	expect_out '^Creating container private area \(busybox\)$' cloisonctl create 900 --ostemplate busybox
	expect_out '^Starting container\.\.\.$' cloisonctl start 900
	expect_out '^Stopping container \.\.\.$' cloisonctl stop 900 --fast
	cloisonctl --quiet start 900 --wait >"$KTAP_TMP/out"
	cloisonctl --quiet stop 900 >>"$KTAP_TMP/out"
	[[ ! -s $KTAP_TMP/out ]]
}

list_formats() {
	make_running 900 --hostname one
	make 901 --hostname two
	cloisonctl list >"$KTAP_TMP/list"
	[[ $(head -n 1 "$KTAP_TMP/list") == "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME" ]]
	grep -qE '^ +900 +1 running +- +one$' "$KTAP_TMP/list"
	not grep -q 901 "$KTAP_TMP/list"
	not grep -q ' $' "$KTAP_TMP/list"
	[[ $(cloisonctl list -a -1) == $'900\n901' ]]
	[[ $(cloisonctl list -S -1) == 901 ]]
	[[ $(cloisonctl list -aHo ctid,status 901) =~ ^\ +901\ stopped$ ]]
	[[ $(cloisonctl list -aHohostname 901) == two ]]
	expect_exit 21 cloisonctl list -o nosuch
	expect_exit 1 cloisonctl list 999
	expect_out 'not found' cloisonctl list 999
	# one bad file does not hide the others
	echo 'X="' >>"$etc"/conf/901.conf
	[[ $(cloisonctl list -a -1 2>/dev/null) == $'900\n901' ]]
	echo >"$etc"/conf/901.conf
}

exec_status_and_io() {
	make_running 900
	expect_exit 0 cloisonctl exec 900 true
	expect_exit 8 cloisonctl exec 900 exit 3
	expect_exit 3 cloisonctl exec2 900 exit 3
	expect_exit 137 cloisonctl exec2 900 'kill -9 $$'
	expect_exit 20 cloisonctl exec 900
	[[ $(cloisonctl exec 900 echo a '|' tr a b) == b ]]
	[[ $(echo 'echo from stdin' | cloisonctl exec 900 -) == "from stdin" ]]
	[[ $(echo data | cloisonctl exec 900 cat) == data ]]
	[[ $(cloisonctl exec 900 'echo err >&2' 2>&1 >/dev/null) == err ]]
	[[ $(cloisonctl exec 900 pwd) == /root ]]
	# much more than a pipe holds, both ways
	[[ $(head -c 3000000 /dev/zero | cloisonctl exec 900 cat | wc -c) == 3000000 ]]
	# nobody takes it: whoever writes is told
	expect_exit 141 timeout 60 sh -c 'cloisonctl exec2 900 yes >/dev/full'
	# who writes on and on after the program has ended holds nobody
	expect_exit 3 timeout 60 sh -c 'cloisonctl exec2 900 "yes & exit 3" >/dev/null'
	# nothing of the tool stays, and what a command leaves in the background does not hold it
	cloisonctl exec 900 'sleep 1000 >/dev/null 2>&1 &'
	not pgrep -x cloisonctl
}

# A terminal is relayed, not given: script(1) is the operator's.
terminals() {
	make_running 900 --hostname one
	echo 'hostname; tty; exit 5' >"$KTAP_TMP/typed"
	expect_exit 5 cloisonctl enter 900 <"$KTAP_TMP/typed"
	cloisonctl enter 900 <"$KTAP_TMP/typed" | tr -d '\r' >"$KTAP_TMP/out"
	grep -qx one "$KTAP_TMP/out"
	grep -qx /dev/pts/0 "$KTAP_TMP/out"
	grep -qx 'exited from CT 900' "$KTAP_TMP/out"
	script -qec 'stty rows 33 cols 77; cloisonctl enter 900' /dev/null <<<'stty size; exit' >"$KTAP_TMP/out"
	grep -q '33 77' "$KTAP_TMP/out"
	# exec with a terminal: not a terminal inside, but the output comes
	script -qec 'cloisonctl exec 900 "tty; echo finished"' /dev/null </dev/null | tr -d '\r' >"$KTAP_TMP/out"
	grep -qx 'not a tty' "$KTAP_TMP/out"
	grep -qx finished "$KTAP_TMP/out"
}

init_ends_by_itself() {
	make_running 900
	# it may take that very command along
	cloisonctl exec 900 halt || true
	wait_for is_down 900
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	expect_exit 31 cloisonctl exec 900 true
	cloisonctl start 900 --wait
	is_running 900
	# from outside, with kill
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	cloisonctl stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

init_that_fails() {
	make 900
	printf '#!/bin/sh\nexit 7\n' >"$state"/private/900/fs/sbin/rcfail
	chmod 755 "$state"/private/900/fs/sbin/rcfail
	ln -sf rcfail "$state"/private/900/fs/sbin/init
	expect_exit 133 cloisonctl start 900 --wait
	expect_out 'init ended: status 7' cloisonctl start 900 --wait
	is_down 900
	expect_exit 0 cloisonctl start 900
	wait_for is_down 900
	rm "$state"/private/900/fs/sbin/init
	expect_exit 61 cloisonctl start 900
	expect_out "Cannot run the container's /sbin/init: No such file" cloisonctl start 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

init_that_ignores() {
	make_running 900
	# a container without halt(8)
	rm "$state/private/900/fs/sbin/halt"
	expect_out 'killing it' cloisonctl stop 900
	is_down 900
	# one that never ends: the time is over, whatever the customer's program does
	printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"$state/private/900/fs/sbin/halt"
	chmod 755 "$state/private/900/fs/sbin/halt"
	echo 'STOP_TIMEOUT="2"' >>"$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	SECONDS=0
	expect_out 'do not end; killing it' cloisonctl stop 900
	is_down 900
	[[ $SECONDS -lt 60 ]]
	not pgrep -x cloisonctl
}

configuration_survives() {
	make 900
	sed -i '1i # mine\nVENDOR_KEY="kept"' "$etc"/conf/900.conf
	cloisonctl --quiet set 900 --ram 300M --cpus 2 --hostname h --save
	grep -qx '# mine' "$etc"/conf/900.conf
	grep -qx 'VENDOR_KEY="kept"' "$etc"/conf/900.conf
	grep -qx 'PHYSPAGES="0:300M"' "$etc"/conf/900.conf
	[[ $(sh -c ". $etc/conf/900.conf; echo \$CPUS\$HOSTNAME") == 2h ]]
	# an administrator's file without a private area is used, not overwritten
	sed 's/LOCAL_.*//' "$etc"/conf/900.conf >"$etc"/conf/901.conf
	cloisonctl --quiet create 901 --ostemplate busybox --cpus 1
	grep -qx 'VENDOR_KEY="kept"' "$etc"/conf/901.conf
	grep -qx 'CPUS="1"' "$etc"/conf/901.conf
}

own_ids() {
	local id
	for id in 900 901 902 903; do
		make "$id" &
	done
	wait
	[[ $(grep -h ^LOCAL_UID "$etc"/conf/90?.conf | sort -u | wc -l) == 4 ]]
	[[ $(stat -c %u "$state"/private/900/fs/bin) == "$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/900.conf)" ]]
	[[ $(stat -c %a%u "$state"/private/900) == 7000 ]]
}

ktap_plan 10
run_case "create, start, restart, stop, destroy" whole_life
run_case "vzctl's messages, and silence with --quiet" messages
run_case "list" list_formats
run_case "exec and exec2: status, input, output" exec_status_and_io
run_case "terminals are relayed" terminals
run_case "an init that ends by itself" init_ends_by_itself
run_case "an init that fails or is missing" init_that_fails
run_case "a container that does not stop is killed" init_that_ignores
run_case "a rewritten configuration keeps what is not ours" configuration_survives
run_case "ids of its own for each, also when made at once" own_ids
ktap_finish
