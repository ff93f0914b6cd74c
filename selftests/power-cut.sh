#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 5400
# place: host
# kernels: newest
# A machine loses its power at random moments while it makes, changes, starts, stops and destroys containers, and boots
# again from its disk. What the tool had reported as done is there, nothing is half there, and containers that are to run
# from boot on run: cloison.service starts them. POWER_CUTS=N sets how often (5), POWER_SEED=N repeats a run's moments. Runs
# on the host.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

cuts=${POWER_CUTS:-5}
seed=${POWER_SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$seed
mkdir -p "${CLOISON_CACHE:-/var/cache/cloison}/run"
tmp=$(mktemp -d "${CLOISON_CACHE:-/var/cache/cloison}/run/XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# boot N [FILE]: in the background, its process id in $machine
boot() {
	echo "$1 $seed" >"$tmp/boot"
	: >"$tmp/out.$1"
	"$here/vm/run" --kernel newest --smp 1 --timeout 900 --disk "$tmp/disk" "$here/crash/busy.sh" "$tmp/boot" "$tmp/acks" \
		"${@:2}" >"$tmp/out.$1" 2>"$tmp/err.$1" </dev/null &
	machine=$!
}

# is_busy N: it has looked at all and works; or it ended.
is_busy() {
	grep -qx busy "$tmp/out.$1" || ! kill -0 "$machine" 2>/dev/null
}

show() {
	cat "$tmp/out.$1" "$tmp/err.$1"
	return 1
}

# has_done N COUNT: so many operations in boot N, or it ended.
has_done() {
	[[ $(grep -c '^done ' "$tmp/out.$1") -ge $2 ]] || ! kill -0 "$machine" 2>/dev/null
}

# cut N OPERATIONS SECONDS: boots, lets it work, and takes the power away so much later.
cut() {
	local end=$((SECONDS + 900)) status=0
	boot "$1"
	until { is_busy "$1" && has_done "$1" "$2"; } || [[ $SECONDS -gt $end ]]; do
		sleep 0.1
	done
	sleep "$3"
	kill -USR1 "$machine" 2>/dev/null || true
	wait "$machine" || status=$?
	sed -n 's/^done //p' "$tmp/out.$1" >>"$tmp/acks"
	grep -x -e busy -e checked -e 'operations .*' "$tmp/out.$1" || true
	# 124: it ended without a word; nothing else may have happened
	[[ $status -eq 124 ]] || show "$1"
	grep -qx busy "$tmp/out.$1" || show "$1"
	not grep -q FAILED "$tmp/out.$1" || show "$1"
}

last_boot() {
	local status=0
	: >"$tmp/last"
	boot "$1" "$tmp/last"
	wait "$machine" || status=$?
	[[ $status -eq 0 ]] || show "$1"
	grep -qx checked "$tmp/out.$1" || show "$1"
}

: >"$tmp/acks"
ktap_plan $((cuts + 1))
ktap_say "seed $seed"
for ((i = 1; i <= cuts; i++)); do
	operations=$((RANDOM % 8))
	moment=$(printf '%d.%03d' $((RANDOM % 2)) $((RANDOM % 1000)))
	ktap_run "cut $i, $moment s after $operations operations" cut "$i" "$operations" "$moment"
done
ktap_run "the last boot" last_boot $((cuts + 1))
ktap_say "$(wc -l <"$tmp/acks") operations"
ktap_finish
