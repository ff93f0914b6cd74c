#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: processes, IPC, namespaces; bombs.

. "$(dirname "$0")/walls-lib.sh"

in901() {
	cloisonctl exec2 901 "$@"
}

# What the host and a neighbour run: their numbers mean nothing inside, or another process.
by_number() {
	local pid base
	sleep 1000 &
	pid=$!
	works kill "$pid"
	wait "$pid" || true
	sleep 1000 &
	pid=$!
	refused kill "$pid"
	refused kill "$(init_of 901)"
	refused kill "$BASHPID"
	# all that it can see
	in900 'kill -9 -1' || true
	kill -0 "$pid"
	is_running 901
	kill "$pid"
	wait "$pid" || true
	base=$(stat -c %u "/proc/$(init_of 900)")
	[[ $(in900 'ls /proc' | grep -cE '^[0-9]+$') -le 5 ]]
	[[ $(ps -o pid= -u "$base" | wc -l) -le 3 ]]
}

# /proc/PID/root and the like of all that is to be seen lead nowhere else.
by_proc() {
	in900 'for p in /proc/[0-9]*; do
		for d in root cwd; do
			cat $p/$d/etc/cloison-marker $p/$d/../etc/cloison-marker $p/$d/../../../../../etc/cloison-marker
		done
		ls -l $p/fd
	done 2>/dev/null' >"$KTAP_TMP/seen" || true
	not grep -q 'of the host' "$KTAP_TMP/seen"
	not grep -qE ' -> (/var/lib/cloison|/usr/sbin/cloisonctl|/sys/fs/cgroup/cloison)' "$KTAP_TMP/seen"
	grep -q -- '->' "$KTAP_TMP/seen"
}

namespaces() {
	local id
	refused relatives
	# those of the host cannot even be named
	printf 'setns /proc/%s/ns/mnt\n' "$$" "$(init_of 901)" | refused_each
	# 6.1 has no such ids
	id=$("$escape" mount-ns-id /proc/1/ns/mnt) || [[ $? == "$ABSENT" ]]
	[[ ! $id ]] || refused listmount "$id"
	[[ ! $id ]] || refused listmount "$("$escape" mount-ns-id "/proc/$(init_of 901)/ns/mnt")"
	# a nested one of its own is fine, and is not the host's
	in900 'unshare -m sh -c "mount -t tmpfs x /mnt 2>/dev/null || mount -t tmpfs x /tmp"'
	not in900 'nsenter -t 1 -U true && false'
}

abstract_sockets() {
	start_until "$KTAP_TMP/listen" listening "$escape" abstract-listen cloison-walls
	works abstract-connect cloison-walls
	refused abstract-connect cloison-walls
	kill %1
	wait %1 || true
}

sysv_and_posix_ipc() {
	local shm
	shm=$(ipcmk -M 4096 | grep -oE '[0-9]+$')
	echo x >/dev/shm/walls
	touch /dev/mqueue/walls
	ipcs -m | grep -q " $shm "
	[[ $(in900 cat /proc/sysvipc/shm | wc -l) == 1 ]]
	[[ $(wc -l </proc/sysvipc/shm) -gt 1 ]]
	not in900 'ls /dev/shm/walls'
	not in900 'ls /dev/mqueue/walls'
	in900 'touch /dev/mqueue/mine /dev/shm/mine'
	[[ ! -e /dev/mqueue/mine && ! -e /dev/shm/mine ]]
	ipcs -m | grep -q " $shm "
	ipcrm -m "$shm"
	rm /dev/shm/walls /dev/mqueue/walls
}

# Ids: no file or process of a neighbour's, even when its tree is bound into the container's by a careless host.
neighbours_ids() {
	local own other
	own=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/900.conf)
	other=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/901.conf)
	[[ $((own + 65536)) -le $other || $((other + 65536)) -le $own ]]
	in901 'echo secret >/secret && chmod 600 /secret && chmod 700 /root'
	mkdir "$state/private/900/fs/other"
	cp -a "$state/private/901/fs/secret" "$state/private/900/fs/other/"
	not in900 'cat /other/secret'
	not in900 'chmod 777 /other/secret'
	not in900 'chown 0 /other/secret'
	not in900 'chown 65536 /escape'
	not in900 'chown 4294967295:70000 /tmp'
	rm -r "$state/private/900/fs/other"
	not in900 newuidmap 1 0 "$other" 1
	not in900 'echo "0 0 4294967295" >/proc/1/uid_map'
}

# bombs: NAME FUNCTION_ARGUMENT: the neighbour answers meanwhile, and the bomb's container is stopped like any other.
bomb() {
	in901 "exec /escape bomb $1 >/dev/null 2>&1 &"
	sleep 2
	[[ $(timeout 60 cloisonctl exec2 900 echo alive) == alive ]]
	[[ $(cat /sys/fs/cgroup/cloison/901/pids.current) -le 100 ]]
	[[ $(cat /sys/fs/cgroup/cloison/901/memory.current) -le 67108864 ]]
	timeout 60 cloisonctl --quiet stop 901 --fast
	is_down 901
	cloisonctl --quiet start 901 --wait
}

forks() {
	bomb forks
}

threads() {
	bomb threads
}

memory() {
	bomb memory
	is_running 900
}

# What the kernel counts for each user of the host: a container is not the host's root, nor the neighbour.
counted() {
	local most
	most=$(sysctl -n user.max_uts_namespaces)
	sysctl -qw user.max_uts_namespaces=300
	start_until "$KTAP_TMP/taken" full in900 'exec /escape exhaust'
	cat "$KTAP_TMP/taken"
	grep -qE 'full: [1-9][0-9]+ instances, [1-9][0-9]+ namespaces' "$KTAP_TMP/taken"
	works one-of-each
	in901 /escape one-of-each
	cloisonctl --quiet restart 901 --wait
	sysctl -qw user.max_uts_namespaces="$most"
	in900 'killall escape'
	wait
}

mkdir -p /dev/mqueue
mountpoint -q /dev/mqueue || mount -t mqueue m /dev/mqueue
guest 900
guest 901 --numproc 100 --ram 64M --swap 0
ktap_plan 10
wall "processes of host and neighbour, by number" by_number
wall "what /proc leads to" by_proc
wall "namespaces of others" namespaces
wall "abstract sockets" abstract_sockets
wall "SysV and POSIX IPC" sysv_and_posix_ipc
wall "ids of a neighbour" neighbours_ids
ktap_run "what is counted for a user of the host" counted
ktap_run "a fork bomb" forks
ktap_run "a bomb of threads" threads
ktap_run "a memory bomb" memory
ktap_finish
