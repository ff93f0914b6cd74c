#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Three containers make connections and take them, each with a quarter of the processor, while a fourth one misbehaves:
# computes, takes all memory it can get, forks without end, or writes to the disk. Ours, and crun's with the same limits
# and walls (parts/config.json).

here=$(dirname "$0")
. "$here/parts/lib.sh"

ids="101 102 103 104"
declare -A misbehaviour=(
	[cpu]='while :; do :; done'
	[memory]='exec /work hog 1000000'
	[fork]='f() { f | f & }; f; while :; do :; done'
	[disk]='while :; do dd if=/dev/zero of=/big bs=1M count=48 conv=fsync; done'
)
declare -A most=([cpu]=1.01 [memory]=1.01 [fork]=1.01 [disk]=1.03)
bundle=$(mktemp -d)

start_ours() { cloisonctl --quiet start "$1"; }
stop_ours() { cloisonctl --quiet stop "$1" --fast; }
in_ours() { cloisonctl exec "$1" "$2"; }
start_crun() { crun run --detach --bundle "$bundle/$1" "bench$1"; }
stop_crun() { crun delete --force "bench$1"; }
in_crun() { crun exec "bench$1" sh -c "$2"; }

# served WHO: the mean time of a connection of the three, in us
served() {
	local id victims=()
	for id in 101 102 103; do
		"in_$1" "$id" '/work tcp_connect 1000' >"$words.$id" &
		victims+=($!)
	done
	wait "${victims[@]}"
	cat "$words".10[123] | awk '{ n += $1 } END { printf "%.1f\n", n / NR / 1000 }'
}

# beside WHO WHAT: the same with the fourth one misbehaving, which is then started anew
beside() {
	"in_$1" 104 "${misbehaviour[$2]}" >/dev/null 2>&1 </dev/null &
	sleep 2
	least 3 served "$1"
	once "stop_$1" 104
	wait $! || true
	once "start_$1" 104
}

for id in $ids; do
	once cloisonctl create "$id" --ostemplate busybox --ram 64M --swap 0 --numproc 100 --cpuunits 390
	install -m 755 /usr/lib/cloison/selftests/acct/work "/var/lib/cloison/private/$id/fs/work"
	mkdir "$bundle/$id"
	crun_bundle "$bundle/$id" "$id"
done
once modprobe -a cloison cloison_net cloison_acct cloison_view
declare -A x
for who in ours crun; do
	for id in $ids; do
		once "start_$who" "$id"
	done
	for what in cpu memory fork disk; do
		x[$who.$what]=$(beside "$who" "$what")
	done
	for id in $ids; do
		once "stop_$who" "$id"
	done
done
for what in cpu memory fork disk; do
	result "acct.isolation.$what" "${x[ours.$what]}" "${x[crun.$what]}" crun us lower "${most[$what]}"
done
for what in memory fork disk; do
	result "acct.isolation.$what" "${x[ours.$what]}" "${x[ours.cpu]}" "a neighbour that computes" us lower
done
finish
