# SPDX-License-Identifier: GPL-2.0-only
# What the tests of checkpoints share: one container, number 101, whose state goes through dump and restore.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../ktap.sh
. "$here/ktap.sh"
# shellcheck source-path=SCRIPTDIR source=checkpoint.sh
. "$here/criu/checkpoint.sh"

ct=101
cgroup=/sys/fs/cgroup/cloison/$ct
fs=/var/lib/cloison/private/$ct/fs
tmp=$(mktemp -d -p /var/tmp)
nl=$here/nl/nl_test
[[ -x $nl ]] || nl=/usr/lib/cloison/selftests/nl/nl_test
trap 'clean >/dev/null 2>&1; rm -rf "$tmp"' EXIT

# clean: what a test that failed left.
clean() {
	[[ ! -e $cgroup ]] || echo 1 >$cgroup/cgroup.kill
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
}

# strictly FUNCTION: in a shell of its own that ends at the first command that fails. Mind that errexit does not see
# "! command": use "not command".
strictly() {
	(
		set -eE
		trap 'echo "failed: $BASH_COMMAND (line ${BASH_LINENO[0]} of ${BASH_SOURCE[1]##*/})" >&2' ERR
		"$1"
	)
}

# not COMMAND...: true if it fails.
not() {
	if "$@"; then
		return 1
	fi
}

# check NAME FUNCTION: one test case, and how long it took. Each builds on those before.
check() {
	local start=$SECONDS
	if [[ $ktap_failed -gt 0 ]]; then
		ktap_skip "$1" "after a failure"
		return
	fi
	ktap_run "$1" strictly "$2"
	ktap_say "$((SECONDS - start)) s"
}

# wait_for COMMAND...: until it succeeds. The machine is emulated: a minute is not long.
wait_for() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		if [[ $SECONDS -gt $end ]]; then
			echo "in vain: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# start TEMPLATE
start() {
	modprobe cloison
	criu_ready
	cloisonctl create $ct --ostemplate "$1"
	cloisonctl start $ct --wait
	stat -c %u "$fs" >"$tmp/ids"
}

inside() {
	cloisonctl exec $ct "$@"
}

# clock: CLOCK_MONOTONIC of the container in milliseconds; with "host" that of the host.
clock() {
	local enter=()
	[[ ${1:-} ]] || enter=(nsenter "--time=/proc/$(container_init $ct)/ns/time")
	"${enter[@]}" python3 -c 'import time; print(int(time.monotonic() * 1000))'
}

# look FILE: what must be after a restore as it was before the dump.
look() {
	local init ns
	init=$(container_init $ct)
	{
		cat "/proc/$init"/{uid_map,gid_map,setgroups}
		grep -E '^(NSpid:.*|Cap|NoNewPrivs|Seccomp)' "/proc/$init/status" | sed 's/^NSpid:.*\t/NSpid /'
		for ns in cgroup ipc mnt net pid time user uts; do
			[[ ! /proc/$init/ns/$ns -ef /proc/self/ns/$ns ]] || echo "$ns of the host"
		done
		# The mounts: where, options, kind; the numbers of file systems are new.
		cut -d ' ' -f 4-6,9- "/proc/$init/mountinfo" | sort
		find $cgroup -printf '%P %U %G %m\n' | sort
		(cd $cgroup && grep -r . --include={cgroup.subtree_control,cpu.max,cpu.weight,memory.max,pids.max} . | sort)
		grep ' /sys/fs/cgroup ' /proc/mounts
	} >"$1"
}

# dump: the container is gone, and the kernel says so.
dump() {
	look "$tmp/before"
	clock >"$tmp/clock"
	clock host >"$tmp/clock.host"
	rm -rf "$tmp/images"
	if ! checkpoint_dump $ct "$tmp/images"; then
		grep Error "$tmp/images/dump.log"
		return 1
	fi
	[[ $(cloisonctl status $ct) == *" down" ]]
	wait_for grep -x 'populated 0' $cgroup/cgroup.events
	[[ ! -x $nl ]] || expect_out 'state dead .*exit 9$' "$nl" get id=$ct
	cgroup_remove $cgroup
}

restore() {
	if ! checkpoint_restore $ct "$tmp/images"; then
		grep Error "$tmp/images/restore.log"
		return 1
	fi
	[[ $(container_init $ct) == "$(<"$tmp/images/pid")" ]]
	look "$tmp/after"
	diff "$tmp/before" "$tmp/after"
}

# The container's clock stood still, or went on with the host's, but went never back.
clock_goes_on() {
	local passed most
	passed=$(($(clock) - $(<"$tmp/clock")))
	most=$(($(clock host) - $(<"$tmp/clock.host")))
	echo "$passed ms passed inside, $most ms outside"
	[[ $passed -ge 0 && $passed -le $most ]]
}

# register: makes the restored container known, as the tool will. The group is another one now.
register() {
	[[ -x $nl ]] || return 0
	"$nl" del id=$ct
	"$nl" new id=$ct "cgroup=$(stat -c %i $cgroup)"
	"$nl" set id=$ct "init=$(<"$tmp/images/pid")"
	[[ $(cloisonctl status $ct) == *" running" ]]
}

ends() {
	if [[ -x $nl ]]; then
		cloisonctl stop $ct
	else
		echo 1 >$cgroup/cgroup.kill
		cgroup_remove $cgroup
	fi
	cloisonctl destroy $ct
	[[ ! -e $cgroup && ! -e $fs ]]
	not grep cloison/rootfs /proc/mounts
	not pgrep --uid "$(<"$tmp/ids")"
}
