#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ubc: what stands out, JSON, and its errors.

. "$(dirname "$0")/acct-lib.sh"

table() {
	cloisonctl ubc >"$KTAP_TMP/ubc"
	is "$(head -n 1 "$KTAP_TMP/ubc")" "CTID 900"
	is "$(awk 'NR == 2 { print NF } NR > 2 { n++ } END { print n }' "$KTAP_TMP/ubc" | xargs)" "8 21"
	is "$(awk '$1 == "numproc" { print $6, $7 }' "$KTAP_TMP/ubc")" "40 40"
	is "$(awk '$1 == "physpages" { print $7 }' "$KTAP_TMP/ubc")" 64.0M
	is "$(awk '$1 == "numiptent" { print $2, $3, $6 }' "$KTAP_TMP/ubc")" "? ? ?"
}

# marks ID: RESOURCE MARK of those that stand out
marks() {
	cloisonctl ubc --near "$1" | sed -nE 's/^([!*+]) ([a-z]+).*/\2 \1/p' | xargs
}

stands_out() {
	is "$(marks 900)" ""
	hold file 85
	is "$(marks 900)" "numfile *"
	hold drop
	is "$(marks 900)" "numfile +"
	not cloisonctl exec2 900 'i=0; while [ $i -lt 80 ]; do sleep 1000 & i=$((i + 1)); done'
	cloisonctl exec2 900 killall sleep
	is "$(marks 900)" "numproc ! numfile +"
	# where there is no colour but at a terminal
	not grep -q "$(printf '\033')" <<<"$(cloisonctl ubc)"
}

json() {
	cloisonctl ubc --json | python3 -c '
import json, os, sys
d, = json.load(sys.stdin)
assert d["ctid"] == 900
b = d["beancounters"]
assert len(b) == 21
f = b["numfile"]
assert 0 < f["held"] < 85 <= f["maxheld"] and (f["barrier"], f["limit"], f["failcnt"]) == (100, 120, 0)
assert f["unit"] == "number" and f["accounted"] and not f["near"]
assert f["enforced"] == (not f["sampled"]) == os.path.exists("/sys/kernel/btf/cloison_acct")
k = b["kmemsize"]
assert k["unit"] == "bytes" and k["sampled"] and k["accounted"] and not k["enforced"]
p = b["physpages"]
assert p["unit"] == "pages" and not p["sampled"] and p["enforced"] and p["limit"] == 16384
assert b["numproc"]["failcnt"] > 0 and b["numproc"]["maxheld"] == 40
n = b["numiptent"]
assert n["held"] is n["maxheld"] is n["failcnt"] is None and not n["accounted"]
'
}

errors() {
	expect_exit 14 cloisonctl ubc nobody
	expect_exit 31 cloisonctl ubc 901
	expect_exit 20 cloisonctl ubc --what
	expect_exit 0 cloisonctl ubc 900 900
	# not while it holds a limit
	cloisonctl --quiet stop 900 --fast
	wait_for rmmod cloison_acct
	configure LOAD_ACCT no
	expect_out 'hint .*cloison_acct is not loaded: ' cloisonctl check modules
	expect_out 'The limit numfile is recorded only: ' cloisonctl start 900 --wait
	expect_exit 5 cloisonctl ubc
	expect_out 'modprobe cloison_acct' cloisonctl ubc 900
	# lists have what they had without it
	[[ $(cloisonctl list -Ho physpages 900) -gt 0 ]]
	is "$(cloisonctl list -Ho numtcpsock,numfile.l 900 | xargs)" "- 120"
	cloisonctl --quiet set 900 --numflock 10 2>/dev/null
	expect_out '^hint .*container 900: the limit num[a-z]+ is recorded only' cloisonctl check containers
	configure LOAD_ACCT
}

can_enforce() {
	[[ -e /sys/kernel/btf/cloison_acct ]]
}

# A limit that only the module can hold has it loaded, without what makes a host look like one of OpenVZ's.
by_itself() {
	[[ ! -e /sys/module/cloison_acct ]]
	expect_out '^ok .*cloison_acct is not loaded: start does that' cloisonctl check modules
	# what it has to do with nothing
	cloisonctl --quiet set 900 --ram 65M
	[[ ! -e /sys/module/cloison_acct ]]
	cloisonctl --quiet set 900 --numpty 4:5 2>/dev/null
	[[ -e /sys/module/cloison_acct && ! -e /proc/bc && ! -e /proc/vz && ! -e /proc/user_beancounters ]]
	# with what was only written down before
	is "$(cloisonctl ubc --json 900 | python3 -c 'import json, sys
b = json.load(sys.stdin)[0]["beancounters"]
print(b["numfile"]["limit"], b["numfile"]["enforced"], b["numpty"]["limit"])')" "120 $(can_enforce && echo True || echo False) 5"
	if can_enforce; then
		not expect_out 'recorded only' cloisonctl check containers
	else
		expect_out '^hint .*container 900: the limit num[a-z]+ is recorded only' cloisonctl check containers
	fi
	cloisonctl --quiet stop 900 --fast
	wait_for rmmod cloison_acct
	cloisonctl --quiet start 900 --wait 2>/dev/null
	[[ -e /sys/module/cloison_acct && ! -e /proc/bc ]]
	if can_enforce; then
		not expect_out 'recorded only' cloisonctl check containers
	fi
}

ktap_plan 5
holder 900 --ram 64M --numproc 40 --numfile 100:120 2>/dev/null
ktap_run "table" table
ktap_run "what stands out" stands_out
ktap_run "JSON" json
ktap_run "errors, and without the module" errors
ktap_run "start and set load the module" by_itself
ktap_finish
