#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# top: rates between two looks, the order, and the screen.

. "$(dirname "$0")/cli-lib.sh"

# first_of FILE: the row of the last look that stands first.
first_of() {
	awk '/ running, / { n = 0 } { n++ } n == 3 { row = $0 } END { print row }' "$1"
}

# busy ID: uses all the time it gets, until the container ends.
busy() {
	cloisonctl exec "$1" 'while :; do :; done' </dev/null >/dev/null 2>&1 &
}

rates() {
	make_running 900 --name idle
	make_running 901 --name "busy one"
	busy 901
	cloisonctl exec 900 'dd if=/dev/zero of=/dev/shm/x bs=1M count=16'
	cloisonctl top -b -n 2 -d 2 >"$KTAP_TMP/top"
	[[ $(grep -c ' running, ' "$KTAP_TMP/top") == 2 ]]
	grep -qE '^2 running, [0-9.]+% CPU, [0-9.]+M memory, [0-9]+ processes$' "$KTAP_TMP/top"
	grep -qx ' *CTID NAME *CPU% *MEM *SWAP PROCS *READ/s WRITE/s *RECV/s *SENT/s *WAIT% *LOAD' "$KTAP_TMP/top"
	# the one that does something, with most of a processor, or what the host leaves it
	first_of "$KTAP_TMP/top" | grep -E '^ +901 busy one '
	first_of "$KTAP_TMP/top" | awk '{ exit !($4 > 5 && $4 < 200) }'
	cloisonctl top --batch --times 1 --sort mem >"$KTAP_TMP/top"
	first_of "$KTAP_TMP/top" | grep -E '^ +900 idle +[0-9.]+ +1[6-9]\.[0-9]M '
	first_of "$KTAP_TMP/top" | grep -E ' [0-9]+\.[0-9]{2}$'
	cloisonctl top --json --times 2 --delay 1 --sort mem >"$KTAP_TMP/top"
	python3 -c 'import json, sys
looks = [json.loads(line) for line in sys.stdin]
assert len(looks) == 2
for look in looks:
    assert [(c["ctid"], c["name"]) for c in look] == [(900, "idle"), (901, "busy one")]
    assert look[0]["mem"] >= 16 << 20 and look[0]["procs"] >= 1
assert looks[1][1]["cpu"] > looks[1][0]["cpu"]
' <"$KTAP_TMP/top"
	cloisonctl top --batch --times 1 --sort mem >"$KTAP_TMP/top"
	# what fits into eighty columns, and not the last two
	awk '/CTID/ { exit !(index($0, "SENT/s") + 5 < 80) }' "$KTAP_TMP/top"
}

# One that is started anew between two looks counts from 0, not below it; and the module may be loaded anew.
starts_anew() {
	make_running 900
	cloisonctl exec 900 'i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done'
	start_until "$KTAP_TMP/top" '^ *900 ' cloisonctl top -b -n 8 -d 0.5
	local top=$!
	cloisonctl --quiet restart 900 --fast
	wait "$top"
	not grep -qE -e '-[0-9]|inf|nan|[0-9]{5}\.[0-9]' "$KTAP_TMP/top"
	cloisonctl --quiet stop 900 --fast
	start_until "$KTAP_TMP/top" '^0 running' cloisonctl top -b -n 4000 -d 0.5
	top=$!
	unload
	modprobe cloison
	cloisonctl --quiet start 900
	wait_for grep -q '^ *900 ' "$KTAP_TMP/top"
	kill "$top"
	wait "$top" || true
}

# on_terminal COLUMNS KEY: top on a terminal of its own, where the keys come to that is typed; KEY ends it.
on_terminal() {
	local screen=$KTAP_TMP/screen at=1
	rm -f "$KTAP_TMP"/{keys,screen,pid}
	mkfifo "$KTAP_TMP/keys"
	# a shell's background jobs ignore what Ctrl-C sends
	TERM=vt100 env --default-signal=INT script -qfec "trap : INT
		stty rows 24 cols $1
		stty -a >$KTAP_TMP/before
		cloisonctl top -d 1
		echo \$? >$KTAP_TMP/status
		stty -a >$KTAP_TMP/after" "$screen" <"$KTAP_TMP/keys" >/dev/null 2>&1 &
	local script=$! keys
	exec {keys}>"$KTAP_TMP/keys"
	# what has been drawn since the last time: a screen that is drawn anew has all of its text
	drawn() { [[ $(tail -c "+$at" "$screen" 2>/dev/null) =~ $want ]]; }
	local want='sorted by cpu;.*CTID.*901 burner.*900 web'
	wait_for drawn
	at=$(($(stat -c %s "$screen") + 1))
	printf m >&"$keys"
	want='sorted by mem;.*CTID.*900 web.*901 burner'
	wait_for drawn
	at=$(($(stat -c %s "$screen") + 1))
	printf 'c ' >&"$keys"
	want='sorted by cpu;.*CTID.*901 burner.*900 web'
	wait_for drawn
	if [[ $2 == TERM ]]; then
		pkill -TERM -x cloisonctl
	else
		printf '%b' "$2" >&"$keys"
	fi
	wait "$script"
	exec {keys}>&-
	# the terminal is as it was
	diff "$KTAP_TMP/before" "$KTAP_TMP/after"
}

draws() {
	make_running 900 --name web
	make_running 901 --name burner
	busy 901
	cloisonctl exec 900 'dd if=/dev/zero of=/dev/shm/x bs=1M count=16'
	on_terminal 120 q
	[[ $(<"$KTAP_TMP/status") == 0 ]]
	on_terminal 80 '\003'
	[[ $(<"$KTAP_TMP/status") != 0 ]]
	on_terminal 80 TERM
	[[ $(<"$KTAP_TMP/status") != 0 ]]
}

# They would be written over the screen.
warnings_wait() {
	make_running 900
	echo 'NUMPROC="what' >>"$etc/conf/900.conf"
	TERM=vt100 script -qec "stty rows 24 cols 100; cloisonctl top -n 2 -d 0.5" "$KTAP_TMP/screen" </dev/null >/dev/null
	cloisonctl stat 900 2>"$KTAP_TMP/said" >/dev/null
	[[ -s $KTAP_TMP/said ]]
	# after the end of what is drawn
	awk -v said="$(head -n 1 "$KTAP_TMP/said")" 'index($0, said) { n = NR } /running, / { drawn = NR } END { exit !(n > drawn) }' \
		"$KTAP_TMP/screen"
}

bad_input() {
	expect_exit 20 cloisonctl top </dev/null
	expect_out 'cloisonctl top --batch' cloisonctl top </dev/null
	expect_exit 20 cloisonctl top -b 900
	expect_exit 20 cloisonctl top --no-such-option
	expect_exit 21 cloisonctl top -b -n 0
	expect_exit 21 cloisonctl top -b -d 0.01
	expect_exit 21 cloisonctl top -b -d 1s
	expect_exit 21 cloisonctl top -b -s name
	expect_out '^0 running, ' cloisonctl top -b -n 1 -d 0.1
	not sh -c 'cloisonctl top -b -n 1 -d 0.1 >/dev/full'
}

ktap_plan 5
run_case "rates and order" rates
run_case "what starts anew" starts_anew
run_case "the screen" draws
run_case "warnings wait" warnings_wait
run_case "bad input" bad_input
ktap_finish
