#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 2400
# place: host
# kernels: newest
# A machine loses its power while an image becomes smaller, and boots again from its disk: there is one whole image with all
# its files. POWER_CUTS=N sets how often (3). Runs on the host.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

cuts=${POWER_CUTS:-3}
mkdir -p "${CLOISON_CACHE:-/var/cache/cloison}/run"
tmp=$(mktemp -d "${CLOISON_CACHE:-/var/cache/cloison}/run/XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# boot N [FILE]: in the background, its process id in $machine
boot() {
	: >"$tmp/out.$1"
	"$here/vm/run" --kernel newest --smp 1 --timeout 900 --disk "$tmp/disk" "$here/crash/shrink.sh" "${@:2}" \
		>"$tmp/out.$1" 2>"$tmp/err.$1" </dev/null &
	machine=$!
}

show() {
	cat "$tmp/out.$1" "$tmp/err.$1"
	return 1
}

is_at_work() {
	grep -qx 'done 96M' "$tmp/out.$1" || ! kill -0 "$machine" 2>/dev/null
}

# cut N SECONDS: that much after a shrinking began
cut() {
	local end=$((SECONDS + 900)) status=0
	boot "$1"
	until is_at_work "$1" || [[ $SECONDS -gt $end ]]; do
		sleep 0.1
	done
	sleep "$2"
	kill -USR1 "$machine" 2>/dev/null || true
	wait "$machine" || status=$?
	# 124: it ended without a word
	[[ $status -eq 124 ]] || show "$1"
	not grep -q FAILED "$tmp/out.$1" || show "$1"
	grep -qx 'done 96M' "$tmp/out.$1" || show "$1"
	[[ $1 -eq 1 ]] || grep -qx whole "$tmp/out.$1" || show "$1"
}

last_boot() {
	local status=0
	: >"$tmp/last"
	boot "$1" "$tmp/last"
	wait "$machine" || status=$?
	[[ $status -eq 0 ]] || show "$1"
	grep -qx whole "$tmp/out.$1" || show "$1"
}

ktap_plan $((cuts + 1))
for ((i = 1; i <= cuts; i++)); do
	moment=$(printf '%d.%03d' $((RANDOM % 3)) $((RANDOM % 1000)))
	ktap_run "cut $i, after $moment s" cut "$i" "$moment"
done
ktap_run "the last boot" last_boot $((cuts + 1))
ktap_finish
