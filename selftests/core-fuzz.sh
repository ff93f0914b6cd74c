#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# alone: newest
# timeout: 900
# Random and broken requests to the modules, see nl/fuzz.c: four minutes on the newest kernel, in a machine of its own,
# half a one on each of the others: five in all. $FUZZ_SECONDS is another time, $FUZZ_SEED another seed than the time of day.

. "$(dirname "$0")/net-lib.sh"

case ${VM_KERNEL:-} in
newest) seconds=240 ;;
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
	# Between the namespaces, through the host.
	ip route add 10.77.0.0/16 dev venet0
	ip route add fd77::/32 dev venet0
	"$here/nl/fuzz" "$seconds" "$seed" "$base" >"$said"
	local what
	for what in refused dumps cut lives spaces lost new set del get resolve bind add remove owner counters hold release \
		discard host-set host-get beancounters bounds times; do
		[[ $(count "$what") -gt 0 ]]
	done
}

# What the fuzzing left: ids and names are any that the protocol allows.
entries_are_sane() {
	local id
	"$net" -d get >"$KTAP_TMP/counters"
	[[ $(wc -l <"$KTAP_TMP/counters") == $(ids | wc -l) ]]
	"$net" -d addr >/dev/null
	for id in $(ids); do
		expect_out "^id $id (name .*)?" "$nl" get "id=$id"
		expect_out 'cgroup [0-9]+ state (created|running|dead)' "$nl" get "id=$id"
		"$nl" del "id=$id"
	done
	[[ ! $(ids) && $(running) == 0 ]]
	[[ ! $("$net" -d addr) && ! $("$net" -d get) ]]
}

works_still() {
	run 5
	[[ $(field 5 state) == running ]]
	expect_out '^EEXIST' "$nl" new id=5 "cgroup=$(cgroup 5)"
	kill -9 "${init[5]}"
	dies 5 9
	"$nl" del id=5
}

packets_pass() {
	ct 5 10.77.0.8 fd77::8
	ct 6 10.77.1.0/29
	pings 10.77.0.8
	ct_pings 6 10.77.0.8
	ct_pings 5 10.77.1.1
	pings fd77::8
	not ct_pings 5 10.77.1.1 -W 1 -I 10.77.2.1
}

# Not before the last namespace is gone, and what is bound to it.
unloads() {
	wait_for rmmod cloison_acct
	wait_for rmmod cloison_sched
	wait_for rmmod cloison_net
	rmmod cloison
	modprobe cloison
}

modprobe -r cloison_diag 2>/dev/null
start_net
modprobe -a cloison_acct cloison_sched
said=$KTAP_TMP/said
ktap_plan 5
ktap_run "requests by chance, $seconds s" fuzz
ktap_say "$(cat "$said")"
check "what is left can be told and deleted" entries_are_sane
check "a container lives and dies as ever" works_still
net_check "packets pass as ever" packets_pass
ktap_run "the modules unload" unloads
ktap_finish
