# SPDX-License-Identifier: GPL-2.0-only
# What the tests of cloison_acct share.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=cli-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

# one that a start had loaded has no files in /proc
wait_for modprobe -q -r cloison_acct
if ! modprobe cloison_acct; then
	echo "Bail out! no module cloison_acct"
	exit "$KTAP_FAIL"
fi
# other tests unload the core; cloison_net comes with addresses. BPF programs of the last limit may be about to go.
trap 'clean; wait_for modprobe -q -r cloison_acct; modprobe -r cloison_net; rm -rf "$KTAP_TMP"' EXIT

# holder ID [OPTION...]: a running container, and a process in it that takes what it is told to, acct/hold.c.
holder() {
	make_running "$@"
	# shellcheck disable=SC2154 # of cli-lib.sh
	install -m 755 "$here/acct/hold" "$state/private/$1/fs/hold"
	hold_start "$1"
}

# hold_start ID
hold_start() {
	local out=$KTAP_TMP/hold.out
	rm -f "$KTAP_TMP/hold.in" "$out"
	mkfifo "$KTAP_TMP/hold.in"
	cloisonctl exec2 "$1" exec /hold <"$KTAP_TMP/hold.in" >"$out" &
	exec {hold_fd}>"$KTAP_TMP/hold.in"
	wait_for grep -q ready "$out"
}

# hold THING NUMBER | hold drop: and waits until that is done
hold() {
	local answers
	answers=$(grep -c "^done" "$KTAP_TMP/hold.out") || true
	echo "$*" >&"$hold_fd"
	more() { [[ $(grep -c "^done" "$KTAP_TMP/hold.out") -gt $answers ]]; }
	wait_for more
}

# bomb ID: as many processes as it may have, until one is refused; then they are gone. busybox's init reaps once a second,
# and what was made last may not be called sleep yet.
bomb() {
	local before
	before=$(cgroup_file "$1" pids.current)
	not cloisonctl exec2 "$1" 'i=0; while [ $i -lt 80 ]; do sleep 1000 & i=$((i + 1)); done'
	gone() {
		cloisonctl exec2 "$1" killall -q sleep || true
		[[ $(cgroup_file "$1" pids.current) -le $2 ]]
	}
	wait_for gone "$1" "$before"
}

# bc ID RESOURCE [COLUMN]: held, or maxheld barrier limit failcnt; nothing if it is not there
bc() {
	awk -v id="$1:" -v name="$2" -v column="${3:-held}" '
		$2 == "resource" { for (i = 3; i <= NF; i++) at[$i] = i - 1; next }
		$1 ~ /:$/ { mine = $1 == id; $1 = ""; $0 = $0 }
		mine && $1 == name { print $at[column] }' /proc/bc/resources
}

# is GOT WANTED
is() {
	[[ $1 == "$2" ]] || {
		echo "got \"$1\", wanted \"$2\""
		return 1
	}
}
