#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Software that drives vzctl and vzlist finds what it knows: names, options, lines, exit statuses.

. "$(dirname "$0")/cli-lib.sh"

mkdir "$KTAP_TMP/bin"
for name in vzctl vzlist vzpid vzubc vzcpucheck vzmemcheck vzcfgvalidate vzsplit \
	vzmigrate; do
	ln -s "$(command -v cloisonctl)" "$KTAP_TMP/bin/$name"
done
PATH=$KTAP_TMP/bin:$PATH

is() {
	[[ $1 == "$2" ]] || {
		echo "got \"$1\", wanted \"$2\""
		return 1
	}
}

names_and_statuses() {
	[[ $(vzctl --version) =~ ^vzctl\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	is "$(vzctl --help | head -n 1)" "$(vzctl --version)"
	expect_exit 20 vzctl
	expect_out '^Usage: vzctl' vzctl
	expect_exit 20 vzctl frobnicate 900
	is "$(vzctl frobnicate 900 2>&1)" "Bad command: frobnicate"
	expect_exit 21 vzctl start
	is "$(vzctl start 2>&1)" "CT ID missing"
	expect_exit 21 vzctl start 9x
	is "$(vzctl start 9x 2>&1)" "Bad CT ID 9x"
	expect_exit 14 vzctl start 900
	expect_exit 0 vzctl status 900
	is "$(vzctl status 900)" "CTID 900 deleted unmounted down"
	is "$(vzctl --quiet --verbose --skiplock status 900)" "CTID 900 deleted unmounted down"
	# the tool's own name stays what it is
	[[ $(cloisonctl --version) == "cloisonctl version "* ]]
}

# Options that few know, in the places where OpenVZ's users have them.
odd_options() {
	make 900
	vzctl set 900 --cpuweight 250 --save
	grep -qx 'CPUUNITS="2000"' "$etc/conf/900.conf"
	expect_exit 21 vzctl set 900 --cpuweight 0 --save
	# a script whose options are none
	cp "$etc/conf/900.conf" "$KTAP_TMP/before"
	is "$(vzctl set 900 --save)" "No changes in CT configuration, not saving"
	expect_exit 0 vzctl set 900 --offline-resize --save
	cmp "$KTAP_TMP/before" "$etc/conf/900.conf"
	expect_exit 20 vzctl set 900
	expect_exit 20 cloisonctl set 900 --save
	expect_exit 0 vzctl set 900 --diskspace 1G --offline-resize --save
	expect_exit 0 vzctl set 900 --diskspace 1G --offline --save
	expect_exit 0 vzctl quotaon 900
	expect_exit 0 vzctl quotaoff 900
	expect_exit 0 vzctl quotainit 900
}

# What Pacemaker's agent ocf:heartbeat:ManageVE does.
manageve_monitor() {
	local line exists running
	line=$(vzctl status 900 2>/dev/null) || return 1
	exists=$(awk '{ print $3 }' <<<"$line")
	running=$(awk '{ print $5 }' <<<"$line")
	[[ $exists == exist ]] || return 5
	case $running in
	running) return 0 ;;
	down) return 7 ;;
	*) return 1 ;;
	esac
}

pacemaker() {
	expect_exit 5 manageve_monitor
	make 900
	expect_exit 7 manageve_monitor
	vzctl start 900
	expect_exit 0 manageve_monitor
	expect_exit 32 vzctl start 900
	vzctl stop 900
	expect_exit 7 manageve_monitor
	expect_exit 0 vzctl stop 900
}

# Panels and inventories: lists in many ways, then commands by number.
panel() {
	local id
	expect_exit 0 vzctl create 900 --ostemplate busybox --config basic --hostname one.example.org
	vzctl set 900 --ram 64M --swap 32M --cpuunits 1000 --save
	is "$(vzctl start 900 --wait 2>/dev/null | grep ^Setting)" 'Setting CPU units: 1000'
	make 901
	is "$(vzlist)" "$(printf '      CTID      NPROC STATUS    IP_ADDR         HOSTNAME\n       900          1 running   -               one.example.org')"
	is "$(vzlist -H -o ctid,status -a)" "$(printf '       900 running\n       901 stopped')"
	is "$(vzlist -Ho veid)" "       900"
	is "$(vzlist -a1)" "$(printf '       900\n       901')"
	is "$(vzlist -ovpsid,status -H 901)" "       901 stopped"
	is "$(vzlist -S -H -octid)" "       901"
	for id in $(vzlist -a1); do
		[[ $(vzctl status "$id") == "CTID $id exist "* ]]
	done
	# what is said of CPUs, with their numbers, is read by scripts
	is "$(vzctl set 900 --cpuunits 1000 --cpulimit 150 --cpus 1 2>/dev/null | grep ^Setting)" \
		$'Setting CPU units: 1000\nSetting CPU limit: 150\nSetting CPUs: 1'
	is "$(vzctl set 900 --cpus 0 --cpulimit 0 2>/dev/null | grep ^Setting)" 'Setting CPU limit: 0'
	is "$(vzctl --quiet set 900 --cpuunits 1000 2>/dev/null)" ''
	is "$(vzlist -H -o physpages.l,swappages.l,cpuunits 900)" "     16384       8192    1000"
	vzlist -a -j | python3 -c 'import json, sys
d = {c["ctid"]: c for c in json.load(sys.stdin)}
assert d[900]["status"] == "running" and d[901]["status"] == "stopped"
assert d[900]["physpages"]["limit"] == 16384 and d[900]["hostname"] == "one.example.org"
assert d[900]["numproc"]["held"] == 1'
	is "$(vzctl exec 900 cat /proc/1/comm)" init
	expect_exit 8 vzctl exec 900 false
	expect_exit 3 vzctl exec2 900 exit 3
	vzctl stop 900 --fast
	vzctl destroy 900
	is "$(vzctl status 900)" "CTID 900 deleted unmounted down"
}

# All failures of vzlist are 1, and it knows no state but OpenVZ's.
vzlist_habits() {
	expect_exit 0 vzlist
	expect_exit 0 vzlist -a -h nothing
	is "$(vzlist 2>&1)" "Container(s) not found"
	expect_exit 1 vzlist 900
	is "$(vzlist 900 2>&1)" "Container(s) not found"
	expect_exit 1 vzlist -j 900
	is "$(vzlist -j 2>/dev/null)" "[]"
	expect_exit 1 vzlist -o nosuch
	is "$(vzlist -o nosuch 2>&1)" "Unknown field: nosuch"
	expect_exit 1 vzlist --nosuch
	expect_exit 1 vzlist nobody
	is "$(vzlist nobody 2>&1)" "CT ID nobody is invalid."
	expect_exit 1 setpriv --reuid 1000 --clear-groups vzlist
	is "$(setpriv --reuid 1000 --clear-groups vzlist 2>&1)" "This program can only be run under root."
	expect_exit 0 vzlist -L
	make_running 900
	echo 1 >/sys/fs/cgroup/cloison/900/cgroup.freeze
	wait_for grep -q 'frozen 1' /sys/fs/cgroup/cloison/900/cgroup.events
	is "$(vzlist -H -o status)" running
	is "$(vzctl status 900)" "CTID 900 exist mounted running"
	echo 0 >/sys/fs/cgroup/cloison/900/cgroup.freeze
}

small_tools() {
	local init units
	make_running 900 --ram 64M --swap 64M --cpuunits 3000
	make_running 901 --ram 128M --swap 0 --cpuunits 500
	init=$(init_of 900)
	is "$(vzpid "$init" $$ 99999999)" "$(printf 'Pid\tCTID\tName\n%d\t900\tinit\n%d\t0\tcompat-vz.sh' "$init" $$)"
	is "$(echo "$init" | vzpid -p -)" "$(printf 'Pid\tCT/Pid\tCTID\tName\n%d\t1\t900\tinit' "$init")"
	expect_exit 1 vzpid
	vzcpucheck -v >"$KTAP_TMP/cpu"
	is "$(sed -n 's/^Current CPU utilization: //p' "$KTAP_TMP/cpu")" 3500
	units=$(awk '/^bogomips/ { sum += $3 } END { print int(sum * 25) }' /proc/cpuinfo)
	is "$(sed -n 's/^Power of the node: //p' "$KTAP_TMP/cpu")" "$units"
	grep -qx "$(printf '900\t\t3000')" "$KTAP_TMP/cpu"
	expect_exit 2 vzcpucheck -x
	diff <(cloisonctl cpucheck -v) "$KTAP_TMP/cpu"
	vzmemcheck -A >"$KTAP_TMP/mem"
	is "$(head -n 1 "$KTAP_TMP/mem")" "Output values in Mbytes"
	is "$(wc -l <"$KTAP_TMP/mem")" 5
	# MemSwap commit is the RAM of both, allocation RAM and swap; without vm_overcommit there is no limit
	is "$(awk 'NR == 4 { print $5, $7, $8 }' "$KTAP_TMP/mem")" "192.00 256.00 inf"
	[[ $(awk 'NR == 4 { print ($1 > 0 && $3 > 0 && $4 >= $3) }' "$KTAP_TMP/mem") == 1 ]]
	vzmemcheck -v >"$KTAP_TMP/mem"
	grep -qE '^901 +' "$KTAP_TMP/mem"
	grep -q '^Summary:' "$KTAP_TMP/mem"
	cloisonctl cpucheck --json | UNITS=$units python3 -c 'import json, os, sys
d = json.load(sys.stdin)
assert d["utilization"] == 3500 and d["power"] == int(os.environ["UNITS"])
assert d["overcommitted"] == (3500 > d["power"])
assert d["containers"] == [{"ctid": 900, "cpuunits": 3000}, {"ctid": 901, "cpuunits": 500}]'
	cloisonctl memcheck --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["sum"]["memswap_commit"] == 192 << 20 and d["sum"]["alloc_commit"] == 256 << 20
assert d["sum"]["alloc_limit"] is None and d["host"]["ram_util"] > 192 << 20
assert [c["ctid"] for c in d["containers"]] == [900, 901]
assert sum(c["ram_util"] for c in d["containers"]) == d["sum"]["ram_util"] > 0'
	cloisonctl vzpid --json "$init" $$ 99999999 | INIT=$init python3 -c 'import json, os, sys
d = json.load(sys.stdin)
assert d[0] == {"pid": int(os.environ["INIT"]), "ctid": 900, "ct_pid": 1, "name": "init"}
assert d[1]["ctid"] == 0 and d[1]["pid"] == d[1]["ct_pid"] and len(d) == 2'
	expect_exit 2 vzcpucheck --nosuch
	expect_exit 0 cloisonctl vzpid 1
	modprobe cloison_acct
	expect_exit 0 vzubc -q -qh 0.5 -qm 0.8 -c -v
	expect_exit 1 vzubc -x
	vzsplit -n 4 >"$KTAP_TMP/sample"
	expect_exit 0 vzcfgvalidate "$KTAP_TMP/sample"
	expect_exit 1 vzcfgvalidate "$KTAP_TMP/nosuch"
}

ktap_plan 6
run_case "vzctl: version, help, what is missing or wrong" names_and_statuses
run_case "options that few know" odd_options
run_case "a cluster's resource agent" pacemaker
run_case "a panel" panel
run_case "vzlist's habits" vzlist_habits
run_case "vzpid, vzcpucheck, vzmemcheck" small_tools
ktap_finish
