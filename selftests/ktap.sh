# SPDX-License-Identifier: GPL-2.0-only
# KTAP for shell tests: source it, say ktap_plan N, give N results, end with ktap_finish.
# shellcheck shell=bash

KTAP_PASS=0
KTAP_FAIL=1
KTAP_SKIP=4

ktap_planned=0
ktap_passed=0
ktap_failed=0
ktap_skipped=0

ktap_plan() {
	ktap_planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

# ktap_skip_all REASON: nothing of this test can run here.
ktap_skip_all() {
	echo "1..0 # SKIP $*"
	exit "$KTAP_SKIP"
}

ktap_count() {
	echo $((ktap_passed + ktap_failed + ktap_skipped))
}

ktap_pass() {
	ktap_passed=$((ktap_passed + 1))
	echo "ok $(ktap_count) - $*"
}

ktap_fail() {
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $(ktap_count) - $*"
}

# ktap_skip NAME [REASON]
ktap_skip() {
	ktap_skipped=$((ktap_skipped + 1))
	echo "ok $(ktap_count) - $1 # SKIP ${2:-}"
}

# A directory for the files of a test.
KTAP_TMP=$(mktemp -d)
trap 'rm -rf "$KTAP_TMP"' EXIT

# ktap_failing STATUS COMMAND: a command of a case has failed. To skip is for the case to say: others have statuses of their own.
ktap_failing() {
	echo "failed: $2" >&2
	[[ $1 -ne $KTAP_SKIP || ${FUNCNAME[1]} == ktap_run ]] || exit "$KTAP_FAIL"
}

# ktap_run NAME COMMAND...: one result by the command's status, after the time it took; its output is shown only if it failed. A function runs in
# a shell of its own that ends at the first command that fails, and says which. Mind that errexit does not see "! command":
# use "not command".
ktap_run() {
	local name=$1 status start=${EPOCHREALTIME/./}
	shift
	(
		set -eE
		trap 'ktap_failing $? "$BASH_COMMAND (line $LINENO of ${BASH_SOURCE[0]##*/})"' ERR
		trap - EXIT
		"$@"
	) >"$KTAP_TMP/output" 2>&1
	status=$?
	ktap_say "$(((${EPOCHREALTIME/./} - start) / 1000)) ms"
	case $status in
	"$KTAP_PASS") ktap_pass "$name" ;;
	"$KTAP_SKIP") ktap_skip "$name" "$(tail -n 1 "$KTAP_TMP/output")" ;;
	*)
		ktap_say "status $status"
		sed 's/^/# /' "$KTAP_TMP/output"
		ktap_fail "$name"
		;;
	esac
}

# ktap_run_next NAME COMMAND...: the same of a case that builds on those before.
ktap_run_next() {
	if [[ $ktap_failed -gt 0 ]]; then
		ktap_skip "$1" "after a failure"
	else
		ktap_run "$@"
	fi
}

# not COMMAND...: true if it fails.
not() {
	if "$@"; then
		return 1
	fi
}

# ktap_say LINE...: diagnostics
ktap_say() {
	printf '%s\n' "$@" | sed 's/^/# /'
}

# ktap_finish: exits as the results say.
ktap_finish() {
	[[ $(ktap_count) -eq $ktap_planned ]] || ktap_say "planned $ktap_planned, got $(ktap_count)"
	ktap_say "$ktap_passed passed, $ktap_failed failed, $ktap_skipped skipped"
	if [[ $ktap_failed -gt 0 || $(ktap_count) -ne $ktap_planned || $ktap_planned -eq 0 ]]; then
		exit "$KTAP_FAIL"
	elif [[ $ktap_skipped -eq $ktap_planned ]]; then
		exit "$KTAP_SKIP"
	fi
	exit "$KTAP_PASS"
}

# expect_exit STATUS COMMAND...: true if the command exits so.
expect_exit() {
	local want=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	[[ $status -ne $want ]] || return 0
	ktap_say "$*: exit status $status, not $want" "$output"
	return 1
}

# expect_out REGEX COMMAND...: true if a line of the command's output (both streams) matches, whatever its status.
expect_out() {
	local want=$1 output
	shift
	output=$("$@" 2>&1) || true
	! grep -qE -e "$want" <<<"$output" || return 0
	ktap_say "$*: no line matches \"$want\":" "$output"
	return 1
}

# wait_for COMMAND...: until it succeeds. Machines are emulated: two minutes are not long, nor ten on a debug kernel; and a
# process that sleeps takes longer to start than it sleeps, which a read from a pipe that nobody writes to does as well.
exec {ktap_silence}<> <(:)
wait_for() {
	local end=$((SECONDS + 120))
	[[ $(</proc/sys/kernel/osrelease) != *-debug ]] || end=$((end + 480))
	until "$@" >/dev/null 2>&1; do
		if [[ $SECONDS -gt $end ]]; then
			ktap_say "in vain: $*"
			return 1
		fi
		read -rt 0.05 -u "$ktap_silence" || true
	done
}

# start_until FILE REGEX COMMAND...: it runs in the background ($!), with the output (both streams) in FILE, where by now a line
# matches.
start_until() {
	rm -f "$1"
	"${@:3}" <&0 >"$1" 2>&1 &
	wait_for grep -qE -e "$2" "$1" || {
		cat "$1"
		return 1
	}
}
