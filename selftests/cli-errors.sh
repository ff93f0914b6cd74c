#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Bad input: the exit status that scripts for vzctl expect, and a message that says what to do. Nothing is changed.

. "$(dirname "$0")/cli-lib.sh"

bad_command_line() {
	expect_exit 20 cloisonctl
	expect_exit 20 cloisonctl frobnicate 101
	expect_out '^Bad command: frobnicate$' cloisonctl frobnicate 101
	expect_exit 20 cloisonctl --frobnicate
	make 900
	expect_exit 20 cloisonctl start 900 --frobnicate
	is_down 900
	expect_exit 20 cloisonctl create 901 --frobnicate 1
	expect_exit 20 cloisonctl list --frobnicate
	expect_exit 20 cloisonctl template
	expect_exit 20 cloisonctl template burn busybox
	expect_out '^cloisonctl version [0-9]' cloisonctl --version
	expect_out '^cloisonctl version [0-9]' cloisonctl version
	expect_out 'create CTID' cloisonctl --help
}

bad_ctid() {
	local id
	for id in 0 -1 x 1x '' 2147483645 99999999999 '1 2' ../1; do
		expect_exit 21 cloisonctl start "$id"
		expect_exit 21 cloisonctl status "$id"
		expect_exit 21 cloisonctl create "$id"
	done
	expect_out '^Bad CT ID x$' cloisonctl start x
	expect_exit 21 cloisonctl start
	expect_out '^CT ID missing$' cloisonctl start
}

no_configuration() {
	local verb
	for verb in start stop restart destroy enter; do
		expect_exit 14 cloisonctl "$verb" 900
	done
	expect_exit 14 cloisonctl exec 900 true
	expect_exit 14 cloisonctl set 900 --ram 1G
	expect_out '^Container config file does not exist' cloisonctl start 900
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
}

bad_values() {
	make 900
	cp "$etc"/conf/900.conf "$KTAP_TMP/before"
	expect_exit 21 cloisonctl set 900 --ram lots --save
	expect_out '^Bad value for --ram: lots; it takes' cloisonctl set 900 --ram lots --save
	expect_exit 21 cloisonctl set 900 --ram 256M --cpuunits 1 --save
	expect_exit 21 cloisonctl set 900 --hostname 'a b' --save
	expect_exit 21 cloisonctl set 900 --ram 0 --save
	expect_exit 21 cloisonctl set 900 --numproc 0 --save
	expect_exit 20 cloisonctl set 900 --save
	expect_exit 20 cloisonctl set 900 --ram
	cmp "$etc"/conf/900.conf "$KTAP_TMP/before"
	echo 'CPUUNITS="many"' >>"$etc"/conf/900.conf
	expect_exit 21 cloisonctl start 900
	expect_out 'CPUUNITS="many"' cloisonctl start 900
	echo 'BROKEN="' >>"$etc"/conf/900.conf
	expect_exit 21 cloisonctl start 900
	expect_out '900.conf: line [0-9]+: a quote is not closed' cloisonctl start 900
	cp "$KTAP_TMP/before" "$etc"/conf/900.conf
	# what is behind a NUL byte is not forgotten
	printf '\0\0\0\nDESCRIPTION="behind"\n' >>"$etc"/conf/900.conf
	cp "$etc"/conf/900.conf "$KTAP_TMP/nul"
	expect_exit 21 cloisonctl set 900 --cpuunits 500 --save
	expect_out '900.conf has NUL bytes' cloisonctl start 900
	cmp "$etc"/conf/900.conf "$KTAP_TMP/nul"
	expect_exit 0 cloisonctl list -a
	cp "$KTAP_TMP/before" "$etc"/conf/900.conf
}

wrong_state() {
	make 900
	expect_exit 44 cloisonctl create 900 --ostemplate busybox
	expect_exit 31 cloisonctl exec 900 true
	expect_exit 31 cloisonctl enter 900
	expect_exit 0 cloisonctl stop 900
	expect_out 'container is not running' cloisonctl stop 900
	cloisonctl --quiet start 900 --wait
	expect_exit 32 cloisonctl start 900
	expect_out '^Container is already running$' cloisonctl start 900
	expect_exit 32 cloisonctl destroy 900
	expect_exit 32 cloisonctl umount 900
	expect_exit 32 cloisonctl set 900 --private /srv/900 --save
	is_running 900
}

bad_template() {
	expect_exit 29 cloisonctl create 900
	expect_exit 91 cloisonctl create 900 --ostemplate nosuch
	expect_exit 21 cloisonctl create 900 --ostemplate ../../etc/passwd
	expect_exit 82 cloisonctl create 900 --ostemplate busybox --config nosuch
	expect_exit 82 cloisonctl create 900 --ostemplate busybox --config ../basic
	expect_exit 91 cloisonctl template remove nosuch
	expect_exit 91 cloisonctl template build nosuch
	expect_exit 21 cloisonctl template build ../x
	[[ ! -e $etc/conf/900.conf && ! -e $state/private/900 ]]
	# what the file there has and what the sample has is not mixed
	echo 'HOSTNAME="mine"' >"$etc/conf/900.conf"
	expect_exit 82 cloisonctl create 900 --ostemplate busybox --config basic
	expect_out '900.conf is there already.*--applyconfig' cloisonctl create 900 --ostemplate busybox --config basic
	[[ $(<"$etc/conf/900.conf") == 'HOSTNAME="mine"' && ! -e $state/private/900 ]]
	expect_exit 0 cloisonctl create 900 --ostemplate busybox
	expect_exit 44 cloisonctl create 900 --ostemplate busybox --config basic
}

not_loaded() {
	make 900
	unload
	expect_exit 5 cloisonctl start 900
	expect_out 'modprobe cloison' cloisonctl start 900
	expect_exit 5 cloisonctl check
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	expect_out '^ +900 ' cloisonctl list -a
	cloisonctl --quiet destroy 900
	modprobe cloison
	expect_exit 0 cloisonctl check
}

not_root() {
	make_running 900
	expect_exit 12 setpriv --reuid 1000 --clear-groups cloisonctl list
	expect_exit 0 setpriv --reuid 1000 --clear-groups cloisonctl version
	# root of a user namespace is not root of the host
	expect_exit 12 unshare --user --map-root-user cloisonctl list
	is_running 900
}

no_global_configuration() {
	mv "$etc"/cloison.conf "$KTAP_TMP/"
	expect_exit 10 cloisonctl list
	mv "$KTAP_TMP/cloison.conf" "$etc"/
}

locked() {
	make 900
	(
		exec {fd}>/run/cloison/lock/900.lck
		flock "$fd"
		expect_exit 9 cloisonctl start 900
		expect_exit 9 cloisonctl destroy 900
		expect_exit 9 cloisonctl set 900 --ram 1G --save
		expect_out '^CTID 900 exist' cloisonctl status 900
	)
	cloisonctl --quiet start 900
}

disabled() {
	make 900
	echo 'DISABLED="yes"' >>"$etc"/conf/900.conf
	expect_exit 105 cloisonctl start 900
	expect_exit 105 cloisonctl restart 900
	expect_exit 0 cloisonctl start 900 --force --wait
	is_running 900
	expect_exit 0 cloisonctl restart 900 --fast
}

# The registry is out of sight there: nothing may take that for "nothing runs".
other_network_namespace() {
	make_running 900
	expect_exit 5 unshare --net cloisonctl destroy 900
	expect_exit 5 unshare --net cloisonctl list
	expect_exit 5 unshare --net cloisonctl set 900 --ram 1G
	expect_out "network namespace" unshare --net cloisonctl status 900
	is_running 900
	[[ -e $state/private/900/fs/bin/busybox ]]
}

# A file spoilt while the container runs: it can be seen, entered and stopped.
spoilt_while_running() {
	make_running 900
	cp "$etc/conf/900.conf" "$KTAP_TMP/good"
	echo 'BROKEN="' >>"$etc/conf/900.conf"
	[[ $(cloisonctl status 900 2>/dev/null) == "CTID 900 exist mounted running" ]]
	[[ $(cloisonctl list -1 2>/dev/null) == 900 ]]
	[[ $(cloisonctl exec2 900 echo alive 2>/dev/null) == alive ]]
	# others are not held up
	make 901
	rm "$etc/conf/900.conf"
	[[ $(cloisonctl list -1) == 900 ]]
	expect_exit 0 cloisonctl stop 900
	expect_exit 14 cloisonctl stop 900
	cp "$KTAP_TMP/good" "$etc/conf/900.conf"
}

# What cannot be told is an error: half a list is not taken for a whole one.
full_output() {
	local words
	make 900
	for words in "list -a" "list -a -j" "status 900" "version"; do
		not sh -c "cloisonctl $words >/dev/full"
	done
	expect_exit 3 sh -c 'cloisonctl list -a >/dev/full'
	# what was done was done
	sh -c 'cloisonctl start 900 >/dev/full'
	is_running 900
}

ktap_plan 14
run_case "unknown verbs and options" bad_command_line
run_case "bad container ids" bad_ctid
run_case "no configuration" no_configuration
run_case "bad values change nothing" bad_values
run_case "the wrong state for the verb" wrong_state
run_case "missing and bad templates" bad_template
run_case "module not loaded" not_loaded
run_case "not root, or root of a user namespace only" not_root
run_case "no global configuration" no_global_configuration
run_case "locked by another command" locked
run_case "disabled containers" disabled
run_case "from another network namespace" other_network_namespace
run_case "output that does not arrive" full_output
run_case "a file spoilt while the container runs" spoilt_while_running
ktap_finish
