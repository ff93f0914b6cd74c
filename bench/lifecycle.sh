#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lifecycle.start_stop: start and kill a busybox container, against crun on the same root file system with the same
# namespaces, ids, mounts, masks, limits and system call filter (lifecycle/config.json).
set -euo pipefail

here=$(dirname "$0")
rounds=10

now_us() {
	echo $(($(date +%s%N) / 1000))
}

# measure COMMAND: the mean time of a round in us, after one that warms the caches
measure() {
	local start i
	"$@" >/dev/null
	start=$(now_us)
	for ((i = 0; i < rounds; i++)); do
		"$@" >/dev/null
	done
	echo $((($(now_us) - start) / rounds))
}

ours() {
	cloisonctl --quiet start 900
	cloisonctl --quiet stop 900 --fast
}

crun_round() {
	crun run --detach --bundle "$bundle" cloison-bench </dev/null >/dev/null 2>&1
	crun delete --force cloison-bench
}

cloisonctl --quiet create 900 --ostemplate busybox --ram 64M --swap 0 --numproc 100
base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' /etc/cloison/conf/900.conf)
bundle=$(mktemp -d)
sed "s/@BASE@/$base/g; s,@ROOT@,/var/lib/cloison/private/900/fs," "$here/lifecycle/config.json" >"$bundle/config.json"
# crun enters the root file system as root of the container
chmod 711 /var/lib/cloison /var/lib/cloison/private /var/lib/cloison/private/900

x=$(measure ours)
y=$(measure crun_round)
echo "bench: lifecycle.start_stop ours=$x peer(crun)=$y unit=us better=lower ratio=$(awk "BEGIN { printf \"%.2f\", $x / $y }")"
