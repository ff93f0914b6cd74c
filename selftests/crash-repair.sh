#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# check and check --repair: each thing they can find, made by hand.

. "$(dirname "$0")/cli-lib.sh"

nl=$here/nl/nl_test

# hinted REGEX: check says so, changes nothing, and succeeds; with --repair it is mended, and gone.
hinted() {
	expect_out "^hint +$1" cloisonctl check 900
	expect_exit 0 cloisonctl check 900
	expect_out "^mended +$1" cloisonctl check --repair
	expect_out "nothing is left" cloisonctl check --repair
}

all_well() {
	make_running 900
	make 901
	expect_out 'nothing is left' cloisonctl check remains
	expect_exit 0 cloisonctl check --repair
	expect_out '^ok +nothing is left' cloisonctl check --repair
	expect_exit 0 cloisonctl check --repair 901
	expect_exit 21 cloisonctl check --repair x
	expect_exit 20 cloisonctl check --nosuch
	is_running 900
}

temporary_file() {
	make_running 900
	echo half >"$etc/conf/900.conf.tmp"
	hinted 'container 900: a temporary configuration file'
	is_running 900
	# of a create that did not come far
	echo half >"$etc/conf/901.conf.tmp"
	expect_out '^mended +container 901: a temporary' cloisonctl check --repair
	[[ ! -e $etc/conf/901.conf.tmp && ! -e $etc/conf/901.conf ]]
}

created_half() {
	local before
	# without a file before, none is left
	mkdir -p "$state/private/900.creating/fs/bin"
	: >"$state/private/900.creating/conf.before"
	cp "$etc/conf/ve-basic.conf-sample" "$etc/conf/900.conf"
	hinted 'container 900: a create that was cut off'
	[[ ! -e $state/private/900.creating && ! -e $etc/conf/900.conf ]]
	# with one, it gets its text back
	before='# an administrator wrote this'
	mkdir -p "$state/private/900.creating"
	echo "$before" >"$state/private/900.creating/conf.before"
	cp "$etc/conf/ve-basic.conf-sample" "$etc/conf/900.conf"
	hinted 'container 900: a create that was cut off'
	[[ ! -e $state/private/900.creating && $(<"$etc/conf/900.conf") == "$before" ]]
	# cut off before that was written, or in the undoing after it was removed: the file is the administrator's
	mkdir "$state/private/900.creating"
	hinted 'container 900: a create that was cut off'
	[[ ! -e $state/private/900.creating && $(<"$etc/conf/900.conf") == "$before" ]]
	# where the file says, too
	echo "VE_PRIVATE=$KTAP_TMP/elsewhere/" >"$etc/conf/900.conf"
	mkdir "$KTAP_TMP/elsewhere.creating"
	: >"$KTAP_TMP/elsewhere.creating/conf.before"
	hinted 'container 900: a create that was cut off'
	[[ ! -e $KTAP_TMP/elsewhere.creating && ! -e $etc/conf/900.conf ]]
}

destroyed_half() {
	make 900
	mv "$state/private/900" "$state/private/900.destroyed"
	hinted 'container 900: a destroy that was cut off'
	[[ -z $(ls -A "$state/private") && ! -e $etc/conf/900.conf && -e $etc/conf/900.conf.destroyed ]]
	# one that was made anew is not touched
	make 900
	mkdir "$state/private/900.destroyed"
	hinted 'container 900: a destroy that was cut off'
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	# destroy itself goes on as well, with and without the file
	mv "$state/private/900" "$state/private/900.destroyed"
	mv "$etc/conf/900.conf" "$etc/conf/900.conf.destroyed"
	cloisonctl --quiet destroy 900
	[[ -z $(ls -A "$state/private") ]]
	expect_exit 14 cloisonctl destroy 900
	# what cannot be removed now is found later, in a place of its own too
	make 900 --private "$state/other"
	chattr +i "$state/other/fs/bin/busybox"
	expect_exit 52 cloisonctl destroy 900
	chattr -i "$state/other.destroyed/fs/bin/busybox"
	hinted 'container 900: a destroy that was cut off'
	[[ ! -e $state/other.destroyed && ! -e $etc/conf/900.conf ]]
}

ended_by_itself() {
	make_running 900
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	hinted 'container 900: it ended by itself'
	[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

cgroup_or_entry_alone() {
	make 900
	mkdir -p /sys/fs/cgroup/cloison/900/init.scope
	hinted 'container 900: cgroup, registration or mount'
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	# an entry whose cgroup somebody removed
	mkdir -p /sys/fs/cgroup/cloison/900
	"$nl" new id=900 "cgroup=$(stat -c %i /sys/fs/cgroup/cloison/900)"
	rmdir /sys/fs/cgroup/cloison/900
	hinted 'container 900: cgroup, registration or mount'
	not "$nl" get id=900
	# of no container at all
	mkdir -p /sys/fs/cgroup/cloison/950 "$state/root/951"
	expect_out '^mended +container 950: cgroup' cloisonctl check --repair
	[[ ! -e /sys/fs/cgroup/cloison/950 && ! -e $state/root/951 ]]
}

mounts() {
	make 900
	# by mount: that is no fault
	cloisonctl --quiet mount 900
	expect_out 'nothing is left' cloisonctl check --repair
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	# with the cgroup of a killed start it is
	mkdir -p /sys/fs/cgroup/cloison/900
	hinted 'container 900: cgroup, registration or mount'
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	# killed between scripts
	cloisonctl --quiet mount 900
	touch "$state/private/900/mounting"
	hinted 'container 900: a mount or umount, with its scripts'
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	# of no container
	mkdir -p "$state/root/950"
	mount --bind "$state/private" "$state/root/950"
	expect_out '^mended +container 950: a mount of no container' cloisonctl check --repair
	[[ ! -e $state/root/950 ]]
}

registry_lost_it() {
	local init
	make_running 900 --hostname one
	init=$(init_of 900)
	"$nl" del id=900
	is_down 900
	# what is swept is what does not run
	expect_exit 32 cloisonctl start 900
	expect_exit 32 cloisonctl set 900 --userpasswd root:x
	echo true >"$KTAP_TMP/script"
	expect_out 'check --repair' cloisonctl runscript 900 "$KTAP_TMP/script"
	hinted 'container 900: it runs, but the kernel'
	is_running 900
	[[ $(init_of 900) == "$init" && $(cloisonctl exec2 900 hostname) == one ]]
	cloisonctl --quiet stop 900 --fast
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

# Whose init cannot be told for certain is left as it is, and said.
registry_lost_it_in_doubt() {
	make_running 900
	"$nl" del id=900
	# a process of the host's, and an init with other ids
	sed -i 's/^LOCAL_UID=.*/LOCAL_UID="1900000000"/; s/^LOCAL_GID=.*/LOCAL_GID="1900000000"/' "$etc/conf/900.conf"
	expect_exit 3 cloisonctl check --repair 900
	expect_out '^FAILED +container 900: it runs.* left alone.*cloisonctl stop 900' cloisonctl check --repair 900
	grep -q 'populated 1' /sys/fs/cgroup/cloison/900/cgroup.events
	cloisonctl --quiet stop 900
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	# two that could be it
	cloisonctl --quiet destroy 900
	mkdir -p /sys/fs/cgroup/cloison/900
	make 900
	sleep 1000 &
	echo $! >/sys/fs/cgroup/cloison/900/cgroup.procs
	expect_exit 3 cloisonctl check --repair 900
	kill $!
}

template_build() {
	echo half >"$state/template/cache/.nosuch.tar.zst"
	expect_out '^hint +nosuch: a build' cloisonctl check remains
	[[ -e $state/template/cache/.nosuch.tar.zst ]]
	expect_out '^mended +nosuch: a build' cloisonctl check --repair
	[[ ! -e $state/template/cache/.nosuch.tar.zst ]]
}

names() {
	make 900 --name alpha
	ln -s ../conf/900.conf "$etc/names/beta"
	ln -s ../conf/950.conf "$etc/names/gamma"
	ln -s ../conf/900.conf "$etc/names/.900"
	expect_out '^hint +beta: a name that no container has' cloisonctl check remains
	cloisonctl check --repair >"$KTAP_TMP/out"
	[[ $(grep -c '^mended .*: a name that no container has: removed it' "$KTAP_TMP/out") -eq 3 ]]
	[[ $(ls -A "$etc/names") == alpha ]]
	expect_exit 0 cloisonctl status alpha
	cloisonctl --quiet destroy alpha
	[[ -z $(ls -A "$etc/names") ]]
}

bad_file() {
	make 900
	echo 'X="' >"$etc/conf/900.conf"
	expect_exit 3 cloisonctl check --repair 900
	expect_out 'FAILED .*900.conf: line 1: a quote is not closed' cloisonctl check --repair 900
	[[ -e $state/private/900/fs && $(<"$etc/conf/900.conf") == 'X="' ]]
	echo >"$etc/conf/900.conf"
}

slashes() {
	make 900
	mv "$state/private/900" "$KTAP_TMP/900"
	echo "VE_PRIVATE=\"$KTAP_TMP/900///\"" >>"$etc/conf/900.conf"
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	cloisonctl --quiet destroy 900
	not ls -d "$KTAP_TMP"/900*
	printf 'VE_PRIVATE="%s/900/"\n' "$KTAP_TMP" >"$etc/conf/900.conf"
	cloisonctl --quiet create 900 --ostemplate busybox
	[[ -x $KTAP_TMP/900/fs/bin/busybox && ! -e $KTAP_TMP/900/.creating ]]
	cloisonctl --quiet destroy 900
	# in the global file: what lies there is found by its place
	cp "$etc/cloison.conf" "$KTAP_TMP/conf"
	echo "VE_PRIVATE=\"$KTAP_TMP/\$VEID/\"" >>"$KTAP_TMP/conf"
	mount --bind "$KTAP_TMP/conf" "$etc/cloison.conf"
	trap 'umount "$etc/cloison.conf"' EXIT
	mkdir "$KTAP_TMP/900.creating"
	cloisonctl check --repair
	[[ ! -e $KTAP_TMP/900.creating ]]
}

ids_that_differ() {
	make 900
	sed -i 's/^LOCAL_GID=.*/LOCAL_GID="1900000000"/' "$etc/conf/900.conf"
	expect_exit 21 cloisonctl start 900
	expect_out 'LOCAL_GID must be the same' cloisonctl start 900
}

ktap_plan 14
run_case "where all is well" all_well
run_case "a temporary configuration file" temporary_file
run_case "a create that was cut off" created_half
run_case "a destroy that was cut off" destroyed_half
run_case "a container that ended by itself" ended_by_itself
run_case "a cgroup or an entry alone" cgroup_or_entry_alone
run_case "mounts" mounts
run_case "a container that the registry lost" registry_lost_it
run_case "one whose init cannot be told" registry_lost_it_in_doubt
run_case "a template's build" template_build
run_case "names" names
run_case "a file that cannot be read is left to people" bad_file
run_case "slashes at the end of VE_PRIVATE" slashes
run_case "users and groups have one range" ids_that_differ
ktap_finish
