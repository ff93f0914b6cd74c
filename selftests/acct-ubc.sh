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
	bomb 900
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

# One look after the other.
looks() {
	local file
	rm -rf /run/cloison/ubc
	bomb 900
	[[ $(cloisonctl ubc -r 900 | awk '$2 == "numproc" { print $NF }') -gt 0 ]]
	is "$(cloisonctl ubc --relative 900 | awk '$1 == "numproc" || $2 == "numproc" { print $NF }')" 0
	bomb 900
	[[ $(cloisonctl ubc -rd /run/cloison/ubc 900 | awk '$2 == "numproc" { print $NF }') -gt 0 ]]
	is "$(cloisonctl ubc -rc; ls /run/cloison/ubc)" ""
	[[ $(cloisonctl ubc -r 900 | awk '$2 == "numproc" { print $NF }') -gt 0 ]]
	cloisonctl ubc -i 900 >"$KTAP_TMP/ubc"
	is "$(awk 'NR == 2 { print $NF }' "$KTAP_TMP/ubc")" change
	hold file 30
	[[ $(cloisonctl ubc -i 900 | awk '$1 == "numfile" || $2 == "numfile" { print $NF }') == +[1-9]* ]]
	hold drop
	[[ $(cloisonctl ubc -i --json 900 | python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["beancounters"]["numfile"]["change"])') -lt 0 ]]
	cloisonctl ubc -ic
	is "$(ls /run/cloison/ubc)" failcnt.900
	# what cannot be what was written is told, not guessed at
	echo nonsense >/run/cloison/ubc/failcnt.900
	expect_exit 21 cloisonctl ubc -r 900
	rm -r /run/cloison/ubc
	# bounds that are nearer
	hold file 30
	[[ $(cloisonctl ubc -qh 0.2 900) == *"* numfile"* ]]
	[[ $(cloisonctl ubc -qh 20 900) == *"* numfile"* ]]
	[[ $(cloisonctl ubc -q 900) != *"* numfile"* ]]
	hold drop
	[[ $(cloisonctl ubc -qm 0.2 900) == *numfile* ]]
	expect_exit 21 cloisonctl ubc -qh 200
	expect_exit 21 cloisonctl ubc -wn never
	cloisonctl ubc -wn 0.5 900 >"$KTAP_TMP/ubc" &
	looked_twice() { [[ $(grep -c '^CTID 900' "$KTAP_TMP/ubc") -ge 2 ]]; }
	wait_for looked_twice
	kill "$!"
	wait "$!" || true
	not grep -q "$(printf '\033')" "$KTAP_TMP/ubc"
}

# Of another host, without the module.
from_file() {
	local file=$KTAP_TMP/copy
	{
		printf 'Version: 2.5\n       uid  resource                     held              maxheld              barrier                limit              failcnt\n'
		printf '%10s  %-12s %20s %20s %20s %20s %20s\n' 101: kmemsize 5000 6000 10000 11000 0 '' numproc 39 40 40 40 3 \
			'' dummy 0 0 0 0 0 102: numproc 5 6 9223372036854775807 9223372036854775807 0
	} >"$file"
	cloisonctl ubc -f - <"$file" >"$KTAP_TMP/other"
	cloisonctl ubc -f "$file" >"$KTAP_TMP/ubc"
	cmp "$KTAP_TMP/other" "$KTAP_TMP/ubc"
	is "$(grep -c ^CTID "$KTAP_TMP/ubc")" 2
	is "$(cloisonctl ubc -q -f "$file" 101 | awk 'NR > 2 { print $1, $2, $NF }')" "! numproc 3"
	expect_exit 14 cloisonctl ubc --file "$file" 103
	expect_exit 3 cloisonctl ubc -f "$KTAP_TMP/nosuch"
	echo '  a b' >>"$file"
	expect_exit 21 cloisonctl ubc -f "$file"
	expect_out 'copy: line 7' cloisonctl ubc -f "$file"
	# what the kernel shows itself
	[[ ! -e /proc/user_beancounters ]] || is "$(cloisonctl ubc -f /proc/user_beancounters 900 | awk '$2 == "numproc" { print $1, $2 }')" "! numproc"
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

ktap_plan 7
holder 900 --ram 64M --numproc 40 --numfile 100:120 2>/dev/null
ktap_run "table" table
ktap_run "what stands out" stands_out
ktap_run "JSON" json
ktap_run "one look after the other" looks
ktap_run "a file" from_file
ktap_run "errors, and without the module" errors
ktap_run "start and set load the module" by_itself
ktap_finish
