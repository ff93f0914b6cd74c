#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# list: columns, their figures, states, sorting, filters, JSON. What it prints is what vzlist prints.

. "$(dirname "$0")/cli-lib.sh"

conf() {
	printf '%s="%s"\n' "$2" "$3" >>"$etc/conf/$1.conf"
}

# field ID NAME,...: figures, with one blank between
field() {
	cloisonctl list -aHt -o "$2" "$1" | sed -E 's/^ +//; s/ +/ /g'
}

is() {
	[[ $1 == "$2" ]] || {
		echo "got \"$1\", wanted \"$2\""
		return 1
	}
}

# json COMMAND...: the answer as Python sees it, in the variable d of the program on stdin
json() {
	local program
	program=$(cat)
	"$@" | python3 -c "import json, sys
d = json.load(sys.stdin)
$program"
}

configured() {
	make 900 --hostname one
	cloisonctl --quiet set 900 --name first --save
	conf 900 DESCRIPTION 'a description that is longer than its column is wide'
	conf 900 IP_ADDRESS '10.1.0.1 10.1.0.2'
	conf 900 NAMESERVER '10.0.0.1 10.0.0.2'
	conf 900 SEARCHDOMAIN 'example.org example.com'
	conf 900 CAPABILITY 'NET_ADMIN:on SYS_TIME:off'
	conf 900 FEATURES 'nfs:on'
	conf 900 ONBOOT yes
	conf 900 BOOTORDER 7
	conf 900 DISKSPACE 2G:2.2G
	conf 900 DISKINODES 1000:2000
	conf 900 KMEMSIZE 14372700:14790164
	conf 900 NUMFILE 9312
	conf 900 PHYSPAGES 0:256M
	conf 900 VM_OVERCOMMIT 1.5
	conf 900 IOPRIO 5
	is "$(field 900 name,smart_name,ip,capability)" 'first first 10.1.0.1 10.1.0.2 net_admin:on,sys_time:off'
	is "$(field 900 features,onboot,bootorder,disabled,vswap)" 'nfs:on yes 7 no yes'
	is "$(field 900 vm_overcommit,ioprio,layout,ostemplate)" '1.5 5 simfs busybox'
	is "$(field 900 diskspace,diskspace.s,diskspace.h,diskinodes.h)" '- 2097152 2306867 2000'
	is "$(field 900 kmemsize.b,kmemsize.l,numfile.l,physpages.l)" '14372700 14790164 9312 65536'
	is "$(field 900 numtcpsock.l,numproc,uptime,laverage)" '- - - -'
	is "$(field 900 private)" "$state/private/900"
	# columns: cut to their width but in the last one, and not with -t
	is "$(cloisonctl list -aH -o description,ctid 900)" "a description that is longer tha        900"
	is "$(cloisonctl list -aH -o ip,ctid 900)" "10.1.0.1               900"
	is "$(cloisonctl list -aHt -o ip,ctid 900)" "10.1.0.1 10.1.0.2        900"
	is "$(cloisonctl list -an 900)" "$(printf ' SMARTNAME      NPROC STATUS    IP_ADDR         HOSTNAME\n     first          - stopped   10.1.0.1        one')"
	# what a terminal would obey is not printed
	conf 900 DESCRIPTION $'esc\033[31m'
	is "$(field 900 description)" 'esc?[31m'
}

running() {
	local held maxheld kernel
	make_running 900 --ram 64M --swap 32M --numproc 100 --cpuunits 1500 --cpulimit 50
	is "$(field 900 numproc)" "$(cgroup_file 900 pids.current)"
	is "$(field 900 status,numproc.l,physpages.l,physpages.b,swappages.l)" 'running 100 16384 0 8192'
	is "$(field 900 cpuunits,cpulimit,numproc.f,privvmpages)" '1500 50 0 -'
	read -r held maxheld kernel < <(field 900 physpages,physpages.m,kmemsize)
	[[ $held -gt 10 && $maxheld -ge 10 && $kernel -gt 10000 ]]
	[[ $(field 900 uptime) =~ ^000d00h:0[0-9]m:[0-9]{2}s$ ]]
	# what was set without --save is what the kernel holds, not what the file says
	cloisonctl --quiet set 900 --ram 128M --cpuunits 500 --numproc 20 2>/dev/null
	is "$(field 900 physpages.l,cpuunits,numproc.l)" '32768 500 20'
	# refused forks are counted
	cloisonctl exec 900 'i=0; while [ $i -lt 30 ]; do sleep 100 & i=$((i + 1)); done' || true
	[[ $(field 900 numproc.f) -gt 0 ]]
	[[ $(field 900 numproc) -ge 15 ]]
}

states() {
	make_running 900
	make 901
	is "$(field 901 status)" stopped
	echo 1 >/sys/fs/cgroup/cloison/900/cgroup.freeze
	wait_for grep -q 'frozen 1' /sys/fs/cgroup/cloison/900/cgroup.events
	is "$(field 900 status)" paused
	is "$(cloisonctl list -1)" 900
	is "$(status 900)" "CTID 900 exist mounted running paused"
	expect_out '"paused": true' cloisonctl status 900 --json
	echo 0 >/sys/fs/cgroup/cloison/900/cgroup.freeze
	wait_for grep -q 'frozen 0' /sys/fs/cgroup/cloison/900/cgroup.events
	is "$(field 900 status)" running
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	is "$(field 900 status)" mounted
	cloisonctl --quiet stop 900
	is "$(field 900 status)" stopped
	mkdir -p "$state/dump/Dump.900"
	printf 'token\n%s\n' "$state/dump/Dump.900" >"$state/private/900/suspended"
	is "$(field 900 status)" suspended
	is "$(status 900)" "CTID 900 exist unmounted down suspended"
	expect_out '"suspended": true' cloisonctl status 900 --json
	rmdir "$state/dump/Dump.900"
	# a file alone is no container
	echo 'HOSTNAME="x"' >"$etc/conf/902.conf"
	is "$(cloisonctl list -a -1)" $'900\n901'
	expect_exit 1 cloisonctl list -a 902
}

selection() {
	local id
	for id in 900 901 902; do
		make "$id" --hostname "host$id"
	done
	cloisonctl --quiet set 900 --name zeta --save
	cloisonctl --quiet set 902 --name alpha --save
	# a name that does not lead to it is none
	conf 901 NAME alpha
	conf 901 DESCRIPTION "customer's own"
	conf 900 BOOTORDER 10
	conf 901 BOOTORDER 9
	is "$(cloisonctl list -a -1)" $'900\n901\n902'
	is "$(cloisonctl list -a -1 -s -ctid)" $'902\n901\n900'
	is "$(cloisonctl list -a -1 --sort bootorder)" $'902\n901\n900'
	is "$(cloisonctl list -a -1 -s-bootorder)" $'900\n901\n902'
	is "$(cloisonctl list -a -1 -s hostname 902 900)" $'900\n902'
	is "$(cloisonctl list -a -1 -s name)" $'901\n902\n900'
	is "$(cloisonctl list -a -1 -h 'host90[12]')" $'901\n902'
	is "$(cloisonctl list -a -1 -N '*[ea]*')" $'900\n902'
	is "$(cloisonctl list -1 alpha 900)" $'900\n902'
	is "$(cloisonctl list -a -1 --description 'customer*')" 901
	is "$(cloisonctl list -S1)" $'900\n901\n902'
	expect_exit 0 cloisonctl list
	expect_out '^Container\(s\) not found$' cloisonctl list
	expect_exit 0 cloisonctl list -a -h nothing
	expect_exit 1 cloisonctl list -a -h nothing 900
	expect_exit 21 cloisonctl list noname
	expect_out '^CT ID noname is invalid\.$' cloisonctl list noname
	expect_exit 21 cloisonctl list -o ctid,nosuch
	expect_out '^Unknown field: nosuch$' cloisonctl list -o ctid,nosuch
	expect_out '^Invalid sort field name: -nosuch$' cloisonctl list -s -nosuch
	expect_exit 20 cloisonctl list --nosuch
	expect_exit 21 cloisonctl list -j -o physpages.l
	expect_exit 0 cloisonctl list --help
}

every_field() {
	local name
	make_running 900
	[[ $(cloisonctl list -L | wc -l) -gt 140 ]]
	cloisonctl list -L | awk '{ print $1 }' >"$KTAP_TMP/fields"
	for name in ctid veid vpsid mount_opts origin_sample netfilter physpages.f numiptent.m diskinodes.s capability; do
		grep -qx "$name" "$KTAP_TMP/fields"
	done
	cloisonctl list -o "$(paste -sd , "$KTAP_TMP/fields")" >"$KTAP_TMP/all"
	is "$(wc -l <"$KTAP_TMP/all")" 2
	cloisonctl list -H -s status -o "$(paste -sd , "$KTAP_TMP/fields")" >"$KTAP_TMP/all"
	is "$(wc -l <"$KTAP_TMP/all")" 1
}

as_json() {
	make_running 900 --hostname one --ram 64M
	sed -i /^DISKSPACE=/d "$etc/conf/900.conf"
	make 901
	conf 901 IP_ADDRESS '10.1.0.1 fd00::1'
	conf 901 CAPABILITY 'NET_ADMIN:on SYS_TIME:off'
	conf 901 DISKSPACE 1G:2G
	printf 'DESCRIPTION="caf\xe9"\n' >>"$etc/conf/901.conf"
	json cloisonctl list -a -j <<-'EOF'
		assert [c["ctid"] for c in d] == [900, 901]
		a, b = d
		assert a["veid"] == a["vpsid"] == 900
		assert a["status"] == "running" and b["status"] == "stopped"
		assert a["hostname"] == "one" and b["hostname"] is None
		assert a["physpages"]["limit"] == 16384 and a["physpages"]["held"] > 0
		assert a["numproc"]["held"] == 1 and a["numproc"]["failcnt"] == 0
		assert a["privvmpages"]["held"] is None
		assert b["numproc"]["held"] is None
		assert a["uptime"] > 0 and b["uptime"] == 0
		assert a["ip"] == [] and b["ip"] == ["10.1.0.1", "fd00::1"]
		assert b["capability"] == {"net_admin": True, "sys_time": False}
		assert b["diskspace"] == {"usage": None, "softlimit": 1048576, "hardlimit": 2097152}
		assert a["diskspace"] is None and [type(x) for x in a["laverage"]] == [float] * 3
		assert b["laverage"] is None
		assert a["onboot"] is False and a["vswap"] is True and a["disabled"] is False
		assert b["description"] == "caf?"
		assert not [k for k in a if "." in k]
	EOF
	json cloisonctl list -aj -o status,ctid -s -ctid <<<'assert d == [{"status": "stopped", "ctid": 901}, {"status": "running", "ctid": 900}]'
	json cloisonctl list -j 999 <<<'assert d == []'
	is "$(cloisonctl list -j 999 2>/dev/null)" '[]'
	expect_exit 1 cloisonctl list -j 999
	json cloisonctl status 900 --json <<<'assert d["running"] is True and d["exist"] is True and d["ctid"] == 900'
	json cloisonctl status 999 --json <<<'assert d["exist"] is False and d["running"] is False'
	json cloisonctl template list --json <<<'assert [t for t in d if t["name"] == "busybox" and t["size"] > 1000 and t["built"] > 0]'
	json cloisonctl version --json <<<'assert d["version"] == d["module"]'
}

without_module() {
	make 900
	make 901
	unload
	is "$(cloisonctl list -a -1)" $'900\n901'
	is "$(field 900 status)" stopped
	is "$(field 900 physpages.l)" 131072
	modprobe cloison
}

ktap_plan 7
run_case "what is configured" configured
run_case "what the kernel says of a running one" running
run_case "states" states
run_case "sorting, filters, and what does not match" selection
run_case "every field there is" every_field
run_case "JSON" as_json
run_case "without the module" without_module
ktap_finish
