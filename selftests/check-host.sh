#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check: it finds what is wrong, says how to mend it, and its exit status says whether containers can run.

. "$(dirname "$0")/cli-lib.sh"

# pretend FILE TEXT: the file reads so until pretend_no_more
pretended=()
pretend() {
	printf "%b" "$2" >"$KTAP_TMP/pretended.${#pretended[@]}"
	mount --bind "$KTAP_TMP/pretended.${#pretended[@]}" "$1"
	pretended+=("$1")
}

pretend_no_more() {
	local file
	for file in "${pretended[@]}"; do
		umount "$file"
	done
	pretended=()
}

# finds WHAT VERDICT REGEX: a finding matches; and unless it is ok, the line after it says what to do
finds() {
	cloisonctl check "$1" >"$KTAP_TMP/check" 2>&1 || true
	found "$2" "$3"
}

found() {
	grep -A 1 -E "^$1 +.*($2)" "$KTAP_TMP/check" >"$KTAP_TMP/found" || {
		cat "$KTAP_TMP/check"
		return 1
	}
	[[ $1 == ok ]] || grep -qE '^ {8}[^ ]' "$KTAP_TMP/found"
}

# finds_nothing WHAT REGEX
finds_nothing() {
	cloisonctl check "$1" >"$KTAP_TMP/check" 2>&1 || true
	not grep -E "$2" "$KTAP_TMP/check"
}

all_is_well() {
	make_running 900
	cloisonctl check >"$KTAP_TMP/check"
	found ok 'kernel [0-9]'
	found ok 'module cloison [0-9.]+, not signed'
	found ok 'containers running: 1'
	found ok 'the BPF LSM'
	found ok 'cgroup v2 with all controllers'
	found ok 'criu [0-9]+'
	found ok 'templates: [0-9]+'
	cloisonctl check --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["ok"] is True
for f in d["findings"]:
    assert f["verdict"] in ("ok", "hint"), f
    assert (f["mend"] is None) == (f["verdict"] == "ok"), f
assert {"kernel", "modules", "cgroups", "criu", "containers"} <= {f["check"] for f in d["findings"]}'
	expect_exit 20 cloisonctl check --nosuch
	expect_exit 0 cloisonctl check 900
	expect_exit 20 cloisonctl check nosuch
	expect_exit 21 cloisonctl check --repair nosuch
	[[ $(cloisonctl check cgroups) == "ok      cgroup v2 with all controllers" ]]
}

modules() {
	pretend /sys/module/cloison/version '9.9.9\n'
	finds modules hint 'module cloison is of version 9.9.9, the tool of'
	pretend_no_more
	unload
	finds modules FAILED 'module cloison is not loaded'
	grep -q 'modprobe cloison' "$KTAP_TMP/check"
	expect_exit 5 cloisonctl check modules
	expect_exit 5 cloisonctl check modules --json
	cloisonctl check modules --json 2>/dev/null | python3 -c 'import json, sys
assert json.load(sys.stdin)["ok"] is False'
	pretend "/lib/modules/$(uname -r)/modules.dep" ''
	finds modules FAILED 'no module cloison for the kernel'
	grep -q "linux-headers-$(uname -r)" "$KTAP_TMP/check"
	pretend_no_more
	modprobe cloison
}

signatures() {
	finds_nothing modules mokutil
	pretend /sys/module/module/parameters/sig_enforce 'Y\n'
	finds modules hint 'sig_enforce is set: at the next boot'
	grep -q 'mokutil --import' "$KTAP_TMP/check"
	pretend_no_more
	# the firmware's variable: four bytes of attributes, then the value
	mount -t tmpfs none /sys/firmware
	mkdir -p /sys/firmware/efi/efivars
	printf '\6\0\0\0\0' >/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	finds_nothing modules 'Secure Boot'
	printf '\6\0\0\0\1' >/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	finds modules hint 'Secure Boot is on'
	unload
	finds modules FAILED 'Secure Boot is on: the kernel refuses unsigned modules'
	modprobe cloison
	umount /sys/firmware
}

host() {
	sysctl -q fs.inotify.max_user_instances=128
	finds settings hint 'fs.inotify.max_user_instances is 128'
	grep -q 'sysctl -w fs.inotify.max_user_instances=8192' "$KTAP_TMP/check"
	sysctl -q fs.inotify.max_user_instances=8192
	finds_nothing settings fs.inotify.max_user_instances
	pretend "$(command -v criu)" ''
	chmod -x "$KTAP_TMP"/pretended.*
	finds criu hint 'criu.*is missing'
	grep -q 'apt install criu' "$KTAP_TMP/check"
	pretend_no_more
	sysctl -q user.max_user_namespaces=0
	finds kernel FAILED 'user.max_user_namespaces is 0'
	expect_exit 5 cloisonctl check kernel
	sysctl -q user.max_user_namespaces=10000
	pretend /sys/fs/cgroup/cgroup.controllers 'cpu memory\n'
	finds cgroups FAILED 'the pids controller'
	finds cgroups hint 'the io controller'
	pretend_no_more
}

# What a vz.conf says that means nothing here, or is misspelt.
configuration() {
	local conf=$etc/cloison.conf
	finds configuration ok "$conf"
	cp "$conf" "$KTAP_TMP/cloison.conf"
	pretend "$conf" "$(printf '%s\\n' 'VE_STOP_MODE="suspend"' VE_PARALLEL=6 'IPV6="yes"' VIRTUOZZO=yes 'NAMESERVER="1.1.1.1"' \
		CPUUNITS=1000 STOPTIMEOUT=3 VERBOSE=0 LOGFILE=/nowhere/log)"
	finds configuration hint 'cloison.conf: VE_STOP_MODE has no effect: .*host-upgrade'
	finds configuration hint 'VE_PARALLEL has no effect'
	finds configuration hint 'NAMESERVER has no effect: .*CONFIGFILE'
	finds configuration hint 'CPUUNITS has no effect: it is for the file of a container'
	finds configuration hint 'STOPTIMEOUT has no effect: it is no key'
	finds configuration hint 'nothing is logged: /nowhere/log cannot be opened: No such file'
	finds_nothing configuration '(IPV6|VIRTUOZZO|VERBOSE) has no effect'
	expect_exit 0 cloisonctl check configuration
	pretend_no_more
}

lsm() {
	local file=/sys/kernel/security/lsm
	finds kernel ok 'the BPF LSM'
	# words that only look like it
	pretend "$file" 'lockdown,capability,nobpf,bpfx'
	finds kernel hint 'the BPF LSM is off: '
	grep -q 'put lsm=lockdown,capability,nobpf,bpfx,bpf on the kernel' "$KTAP_TMP/check"
	expect_exit 0 cloisonctl check kernel
	pretend_no_more
	mount -t tmpfs none /sys/kernel/security
	finds kernel hint "cannot read $file"
	umount /sys/kernel/security
	finds kernel ok 'the BPF LSM'
}

containers() {
	local id
	make_running 900
	for id in 901 902 903; do
		make "$id"
	done
	finds containers ok 'containers described: 4'
	echo 'BROKEN="' >>"$etc/conf/901.conf"
	finds containers hint '901.conf: line [0-9]+: a quote is not closed'
	rm "$etc/conf/901.conf"
	sed -i "s/^LOCAL_.*//" "$etc/conf/902.conf"
	finds containers hint '902.conf: LOCAL_UID must be'
	grep -h '^LOCAL_' "$etc/conf/903.conf" >>"$etc/conf/902.conf"
	finds containers hint 'containers 90[23] and 90[23] share user ids'
	rm "$etc/conf/902.conf"
	echo 'HOSTNAME="x"' >"$etc/conf/904.conf"
	finds containers hint '904.conf describes a container that has no files'
	rm "$etc/conf/904.conf"
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	finds remains hint '900.*ended by itself'
	expect_exit 0 cloisonctl check --repair 900
	finds_nothing remains 'ended by itself'
	# these are hints: others run
	expect_exit 0 cloisonctl check modules containers
}

# on_terminal COMMAND: what it prints on one
on_terminal() {
	TERM=linux script -qec "$1" /dev/null </dev/null
}

colours() {
	local esc=$'\033['
	[[ $(on_terminal 'cloisonctl check cgroups') == *"${esc}32mok"* ]]
	[[ $(on_terminal 'cloisonctl check cgroups | cat') != *"$esc"* ]]
	[[ $(on_terminal 'NO_COLOR=1 cloisonctl check cgroups') != *"$esc"* ]]
	[[ $(on_terminal 'TERM=dumb cloisonctl check cgroups') != *"$esc"* ]]
	[[ $(on_terminal 'cloisonctl start 9x') == *"${esc}31mBad CT ID 9x"* ]]
	[[ $(on_terminal 'cloisonctl start 9x 2>&1 | cat') != *"$esc"* ]]
	# how far long work is
	[[ $(on_terminal 'cloisonctl create 900 --ostemplate busybox') == *"Unpacking busybox.tar"*%* ]]
	[[ $(on_terminal 'cloisonctl backup 900') == *"Backing up: "*B* ]]
	[[ $(on_terminal 'cloisonctl backup 900 2>&1 | cat') != *"Backing up: "* ]]
	[[ $(on_terminal 'cloisonctl restore-backup "$(cloisonctl backup-list 900 -H | awk "END { print \$1 }")" --ctid 903') == *"Verifying: "*%* ]]
	rm -rf "$state"/backup/9*
	[[ $(on_terminal 'cloisonctl --quiet create 901 --ostemplate busybox') != *Unpacking* ]]
	[[ $(on_terminal 'cloisonctl create 902 --ostemplate busybox 2>&1 | cat') != *Unpacking* ]]
}

ktap_plan 8
run_case "a host as it should be" all_is_well
run_case "modules that are missing or of another version" modules
run_case "signatures" signatures
run_case "settings and programs of the host" host
run_case "lines of the global file" configuration
run_case "the BPF LSM" lsm
run_case "containers" containers
run_case "colours and progress for terminals only" colours
ktap_finish
