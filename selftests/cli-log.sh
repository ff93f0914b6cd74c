#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# The operator's log: vzctl's lines, whole ones whatever is in them; and nothing waits or fails for it.

. "$(dirname "$0")/cli-lib.sh"

log=/var/log/cloison.log
stamp='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{4}'
cp "$etc/cloison.conf" "$KTAP_TMP/cloison.conf"

# settings LINE...: the global configuration has these lines too, and the log is empty
settings() {
	{
		cat "$KTAP_TMP/cloison.conf"
		printf '%s\n' "$@"
	} >"$etc/cloison.conf"
	rm -f "$log"
}

# logged REGEX: what follows time and program in a line
logged() {
	grep -qE "$stamp (cloisonctl|vzctl) : $1" "$log" || {
		cat "$log"
		return 1
	}
}

only_good_lines() {
	not grep -vE "$stamp (cloisonctl|vzctl) : .+\$" "$log"
	not grep -q '[^[:print:]]' "$log"
}

what_was_done() {
	settings
	make 900
	cloisonctl --quiet set 900 --name web --save
	cloisonctl --quiet start web --wait
	logged 'CT 900 : Creating container private area \(busybox\)$'
	logged 'CT 900 : CT configuration saved to /etc/cloison/conf/900.conf$'
	logged 'CT 900 : Starting container\.\.\.$'
	logged 'CT 900 : Container started successfully$'
	expect_exit 32 cloisonctl start 900
	logged 'CT 900 : Container is already running$'
	ln -s "$(command -v cloisonctl)" "$KTAP_TMP/vzctl"
	"$KTAP_TMP/vzctl" stop 900 --fast
	grep -qE "$stamp vzctl : CT 900 : Container was stopped\$" "$log"
	[[ $(stat -c %a "$log") == 640 ]]
	only_good_lines
	# who asks leaves no trace
	rm "$log"
	cloisonctl list -a
	cloisonctl status 900
	[[ ! -e $log ]]
}

# Containers that are worked on at once, and who ends by himself.
whose_it_is() {
	settings
	make 900 --onboot yes
	make 901 --onboot yes
	cloisonctl --quiet boot start
	logged 'CT 900 : Container start in progress'
	logged 'CT 901 : Container start in progress'
	logged '2 of 2 containers started$'
	cloisonctl --quiet boot stop
	logged 'CT 901 : Container was stopped$'
	logged '2 of 2 containers stopped$'
}

# Text of others stays in its line, and drives no terminal.
hostile() {
	local forged='2026-01-01T00:00:00+0000 cloisonctl : CT 901 : Container was stopped'
	settings
	make 900
	printf 'CPUUNITS="x\n%s\n\033[2J\r"\n' "$forged" >>"$etc/conf/900.conf"
	expect_exit 21 cloisonctl start 900
	logged 'CT 900 : .*CPUUNITS="x 2026-01-01T'
	not grep -q '^2026-01-01' "$log"
	only_good_lines
}

many_at_once() {
	local -a pids=()
	local i
	settings
	make 900
	for i in {1..20}; do
		cloisonctl --quiet set 900 --description "$i" --save 2>/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || [[ $? -eq 9 ]]
	done
	only_good_lines
	# each has said something, that it was done or that it could not be
	[[ $(grep -cE 'saved to|already locked' "$log") -eq 20 ]]
}

levels() {
	settings
	make 900
	cloisonctl --quiet start 900 --wait
	not logged 'CT 900 : init of container'
	cloisonctl --quiet stop 900 --fast
	settings 'LOG_LEVEL="1"' "LOGFILE=\"$KTAP_TMP/other.log\""
	cloisonctl --quiet start 900 --wait
	grep -q 'CT 900 : init of container 900 is process' "$KTAP_TMP/other.log"
	[[ ! -e $log ]]
	cloisonctl --quiet stop 900 --fast
	settings 'LOGGING="no"'
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet stop 900 --fast
	[[ ! -e $log ]]
	settings 'VERBOSE="1"'
	cloisonctl --quiet start 900 --wait 2>&1 | grep -q 'init of container 900 is process'
	local line
	for line in 'LOGGING="maybe"' 'LOG_LEVEL="all"' 'VERBOSE="-"' 'LOG_SYSLOG="2"'; do
		settings "$line"
		expect_exit 21 cloisonctl status 900
		expect_out "cloison.conf: ${line%%=*}=" cloisonctl status 900
	done
	settings
}

# It is written where it was before it was renamed, and then anew.
rotated() {
	settings
	make 900
	[[ -s $log ]]
	mv "$log" "$log.1"
	cloisonctl --quiet set 900 --description x --save
	[[ $(wc -l <"$log") -eq 1 ]]
	rm "$log.1"
	grep -qx "$log {" /etc/logrotate.d/cloison
}

# starts_and_stops: in any case, and soon
starts_and_stops() {
	timeout 60 cloisonctl --quiet start 900 --wait
	timeout 60 cloisonctl --quiet stop 900 --fast
}

cannot_be_written() {
	local file
	make 900
	mkfifo "$KTAP_TMP/nobody" "$KTAP_TMP/full"
	# a reader that reads nothing
	exec 9<>"$KTAP_TMP/full"
	timeout 2 dd if=/dev/zero of="$KTAP_TMP/full" oflag=nonblock bs=4096 2>/dev/null || true
	for file in /nowhere/log /dev/full / "$KTAP_TMP/nobody" "$KTAP_TMP/full"; do
		settings "LOGFILE=\"$file\""
		starts_and_stops
	done
}

system_log() {
	settings 'LOG_SYSLOG="yes"'
	make 900
	starts_and_stops
	journal_has() {
		journalctl -q -o cat -t cloisonctl | grep -qx 'CT 900 : Container was stopped'
	}
	wait_for journal_has
	# one that takes nothing more
	python3 -c 'import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
o = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
o.setblocking(False)
try:
    while True:
        o.sendto(b"x" * 1000, sys.argv[1])
except BlockingIOError:
    open(sys.argv[1] + ".stuck", "w")
time.sleep(600)' "$KTAP_TMP/dev-log" &
	wait_for test -e "$KTAP_TMP/dev-log.stuck"
	mount --bind "$KTAP_TMP/dev-log" /run/systemd/journal/dev-log
	local status=0
	starts_and_stops || status=$?
	umount /run/systemd/journal/dev-log
	kill $!
	return "$status"
}

ktap_plan 8
run_case "what was done" what_was_done
run_case "whose it is" whose_it_is
run_case "text of others" hostile
run_case "20 commands at once" many_at_once
run_case "levels, another file, none" levels
run_case "a file that was renamed" rotated
run_case "a file that cannot be written" cannot_be_written
run_case "the system's log" system_log
cp "$KTAP_TMP/cloison.conf" "$etc/cloison.conf"
ktap_finish
