#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 4096
# timeout: 7200
# icount: no
# asked: yes
# As many containers as fit in a machine of 4 GiB: until one does not start, or the memory that is left would soon make
# the kernel kill somebody. Takes an hour and more, so only `make bench BENCH=fit` runs it; and times would take days to
# count, so they are those of the clock, and rough.

here=$(dirname "$0")
. "$here/parts/lib.sh"

reserve_kb=$((200 * 1024))

available_kb() {
	awk '/^MemAvailable:/ { print $2 }' /proc/meminfo
}

small_template
before=$(available_kb)
times=()
for ((id = 1; $(available_kb) > reserve_kb; id++)); do
	cloisonctl --quiet create $id --ostemplate small --ram 64M --swap 0 --numproc 100 >"$words" 2>&1 || break
	start=$(now_us)
	cloisonctl --quiet start $id >>"$words" 2>&1 || break
	times+=($(($(now_us) - start)))
	((id % 100)) || echo "$id run, $(available_kb) KiB are left, the last start took ${times[-1]} us"
done
cat "$words"
running=$(cloisonctl list -1 | wc -l)
echo "fit: $running containers run; $(((before - $(available_kb)) / running)) KiB each, caches included"
[[ ${#times[@]} -eq $running ]] || { echo "but ${#times[@]} were started" && missed=1; }
x=$(measure 3 cloisonctl list)
echo "fit: list takes $x us"
finish
