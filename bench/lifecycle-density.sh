#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 4096
# timeout: 7200
# Many busybox containers on one machine: 200, of which the last must start about as fast as the first, and what each of
# them takes.

here=$(dirname "$0")
. "$here/parts/lib.sh"

many=200
sample=20	# how many make up "the first" and "the last"
nl=/usr/lib/cloison/selftests/nl/nl_test
bundles=$(mktemp -d)

# What is free, when all that can be given back has been and the kernel's deferred work is done.
available_kb() {
	local i
	for i in 1 2 3; do
		sync
		echo 3 >/proc/sys/vm/drop_caches
		sleep 1
	done
	awk '/^MemAvailable:/ { print $2 }' /proc/meminfo
}

# slab_bytes: what is in use in the slab allocator
slab_bytes() {
	awk 'NR > 2 { sum += $2 * $4 } END { print sum }' /proc/slabinfo
}

# processes: all but the kernel's threads
processes() {
	readlink /proc/[1-9]*/exe | wc -l || true
}

# inside: the processes that belong to containers
inside() {
	cat /sys/fs/cgroup/cloison/*/cgroup.procs /sys/fs/cgroup/cloison/*/*/cgroup.procs 2>/dev/null | wc -l || true
}

# each FIRST LAST COMMAND...: calls it with every number, and leaves the times it took in $times, in us.
each() {
	local i start
	times=()
	for ((i = $1; i <= $2; i++)); do
		start=$(now_us)
		once "${@:3}" "$i"
		times+=($(($(now_us) - start)))
	done
}

# median TIME...: one that had to wait for the disk does not count
median() {
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

create() { cloisonctl create "$1" --ostemplate small --ram 64M --swap 0 --numproc 100 --cpuunits 390; }
start() { cloisonctl start "$1"; }
stop() { cloisonctl stop "$1" --fast; }
destroy() { cloisonctl destroy "$1"; }
crun_start() {
	mkdir -p "$bundles/$1"
	crun_bundle "$bundles/$1" "$1"
	crun run --detach --bundle "$bundles/$1" "bench$1"
}
crun_stop() { crun delete --force "bench$1"; }

# With nothing but a registration: a cgroup that is there before, the id, no process.
registered() {
	local before cgroups=(/sys/fs/cgroup/bench/{10001..11000})
	mkdir -p "${cgroups[@]}"
	stat -c 'new cgroup=%i id=%n' "${cgroups[@]}" | sed 's,id=.*/,id=,' >"$words"
	# the first slab of each kind is not for it alone
	head -n 200 "$words" | "$nl" batch
	before=$(slab_bytes)
	tail -n +201 "$words" | "$nl" batch
	echo $((($(slab_bytes) - before) / 800))
	sed 's/.* id=/del id=/' "$words" | "$nl" batch
	find /sys/fs/cgroup/bench -depth -type d -delete
}

modprobe cloison
small_template
echo "kernel memory of our modules for a container: $(registered) bytes"

each 1 $((many + 1)) create
result density.create_last_vs_first "$(median "${times[@]: -sample}")" "$(median "${times[@]:1:sample}")" first us lower

# what only the first one costs is not to be shared out among the others
once start $((many + 1))
once stop $((many + 1))
once crun_start $((many + 1))
once crun_stop $((many + 1))

before=$(available_kb)
each 1 50 crun_start
crun_kb=$(((before - $(available_kb)) / 50))
each 1 50 crun_stop
sleep 5

before=$(available_kb)
others=$(processes)
each 1 $many start
ours_kb=$(((before - $(available_kb)) / many))
result density.memory "$ours_kb" "$crun_kb" crun KiB lower
result density.start_last_vs_first "$(median "${times[@]: -sample}")" "$(median "${times[@]:0:sample}")" first us lower 1.2

own=$(($(processes) - others - $(inside)))
echo "processes: $(inside) of containers, $own more than before beside them"
[[ $own -le 0 ]] || missed=1
[[ $(cloisonctl list -1 | wc -l) -eq $many ]] || missed=1

# Each reads its own memory, one after the other and all at once: nobody waits for the lock of another. One after the other
# the kernel's text of memory.stat, good for 0.1 s, is made once for some hundred reads; at once nearly each time.
readers() {
	local n
	for ((n = 1; n <= many; n++)); do
		if [[ $1 ]]; then
			cloisonctl exec "$n" /work read 1000 /proc/meminfo >/dev/null &
		else
			cloisonctl exec "$n" /work read 1000 /proc/meminfo >/dev/null
		fi
	done </dev/null
	wait
}
cp /usr/lib/cloison/selftests/acct/work /var/lib/cloison/private/1/fs/work
chmod 755 /var/lib/cloison/private/1/fs/work
for ((n = 2; n <= many; n++)); do
	ln /var/lib/cloison/private/1/fs/work "/var/lib/cloison/private/$n/fs/work"
done
x=$(measure 1 readers at_once)
result density.reads_at_once "$x" "$(measure 1 readers '')" one_by_one us lower 1.2

x=$(measure 3 cloisonctl list)
result density.list "$x" 500000 "half a second" us lower 1.0

each 1 $many stop
result density.stop_last_vs_first "$(median "${times[@]: -sample}")" "$(median "${times[@]:0:sample}")" first us lower
finish
