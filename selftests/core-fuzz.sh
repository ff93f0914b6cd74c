#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# alone: newest
# Random and broken requests to the module, see nl/fuzz.c: five minutes on the newest kernel, in a machine of its own,
# shorter on the others. $FUZZ_SECONDS is another time, $FUZZ_SEED another seed than the time of day.

. "$(dirname "$0")/core-lib.sh"

case ${VM_KERNEL:-} in
newest) seconds=300 ;;
debug) seconds=120 ;;
*) seconds=30 ;;
esac
seconds=${FUZZ_SECONDS:-$seconds}
seed=${FUZZ_SEED:-$(date +%s)}

# count NAME: how often that happened, by the fuzzer's word
count() {
	tr ' ' '\n' <"$said" | sed -n "/^$1\$/{n;p}"
}

# It is the same test only if requests were granted, too: what is refused at the door tells nothing of what is behind.
fuzz() {
	"$nl" -d get >/dev/null
	echo "seed $seed"
	"$here/nl/fuzz" "$seconds" "$seed" "$base" >"$said"
	local what
	for what in refused dumps cut lives lost new set del get resolve; do
		[[ $(count "$what") -gt 0 ]]
	done
}

# What the fuzzing left: ids and names are any that the protocol allows.
entries_are_sane() {
	local id
	for id in $(ids); do
		expect_out "^id $id (name .*)?" "$nl" get "id=$id"
		expect_out 'cgroup [0-9]+ state (created|running|dead)' "$nl" get "id=$id"
		"$nl" del "id=$id"
	done
	[[ ! $(ids) && $(running) == 0 ]]
}

works_still() {
	run 5
	[[ $(field 5 state) == running ]]
	expect_out '^EEXIST' "$nl" new id=5 "cgroup=$(cgroup 5)"
	kill -9 "${init[5]}"
	dies 5 9
	"$nl" del id=5
}

unloads() {
	rmmod cloison
	modprobe cloison
}

modprobe -r cloison_diag 2>/dev/null
start_core
said=$KTAP_TMP/said
ktap_plan 4
ktap_run "requests by chance, $seconds s" fuzz
ktap_say "$(cat "$said")"
check "what is left can be told and deleted" entries_are_sane
check "a container lives and dies as ever" works_still
ktap_run "the module unloads" unloads
ktap_finish
