#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
# place: host
# kernels: newest
# A machine loses its power while the files of a container are made smaller, converted, snapshotted, switched or restored, and
# boots again from its disk: they are what they were before or were to be, whole, and so are their snapshots. POWER_CUTS=N
# sets how often (3), POWER_SEED=N repeats a run's moments. Runs on the host.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

operations=(smaller convert snapshot switch restore)
cuts=${POWER_CUTS:-3}
seed=${POWER_SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$seed
mkdir -p "${CLOISON_CACHE:-/var/cache/cloison}/run"
tmp=$(mktemp -d "${CLOISON_CACHE:-/var/cache/cloison}/run/XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# boot N [FILE]: in the background, its process id in $machine
boot() {
	: >"$tmp/out.$1"
	"$here/vm/run" --kernel newest --smp 1 --timeout 900 --disk "$tmp/disk" "$here/crash/storage.sh" "$tmp/operation" \
		"${@:2}" >"$tmp/out.$1" 2>"$tmp/err.$1" </dev/null &
	machine=$!
}

show() {
	cat "$tmp/out.$1" "$tmp/err.$1"
	return 1
}

# has_done N COUNT: it has said so that often, at its beginning and after each step; or it ended.
has_done() {
	[[ $(grep -c '^done ' "$tmp/out.$1") -ge $2 ]] || ! kill -0 "$machine" 2>/dev/null
}

# cut N OPERATION STEPS PERCENT: in the step after so many, when that part of what the first one took is over
cut() {
	local end=$((SECONDS + 900)) status=0 steps=$3
	echo "$2" >"$tmp/operation"
	boot "$1"
	until has_done "$1" $((steps + 1)) || [[ $SECONDS -gt $end ]]; do
		sleep 0.1
	done
	sleep "$(awk -v part="$4" '/^done / { t[n++] = $2 } END { print (t[1] - t[0]) * part / 100 }' "$tmp/out.$1")"
	kill -USR1 "$machine" 2>/dev/null || true
	wait "$machine" || status=$?
	# 124: it ended without a word
	[[ $status -eq 124 ]] || show "$1"
	not grep -q FAILED "$tmp/out.$1" || show "$1"
	[[ $(grep -c '^done ' "$tmp/out.$1") -gt $steps ]] || show "$1"
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
ktap_say "seed $seed"
first=$RANDOM
for ((i = 1; i <= cuts; i++)); do
	operation=${operations[(first + i) % ${#operations[@]}]}
	steps=$((RANDOM % 3 + 1))
	part=$((RANDOM % 120))
	ktap_run "cut $i, $operation: $steps done, $part% of the next" cut "$i" "$operation" "$steps" "$part"
done
ktap_run "the last boot" last_boot $((cuts + 1))
ktap_finish
