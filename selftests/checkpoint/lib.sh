# SPDX-License-Identifier: GPL-2.0-only
# What the tests of suspend and resume share: one container, number 101.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../ktap.sh
. "$here/ktap.sh"

ct=101
cgroup=/sys/fs/cgroup/cloison/$ct
private=/var/lib/cloison/private/$ct
fs=$private/fs
dumps=/var/lib/cloison/dump
tmp=$(mktemp -d -p /var/tmp)
trap 'clean >/dev/null 2>&1; rm -rf "$tmp" "$KTAP_TMP"' EXIT

# clean: what a test that failed left, and the modules: tests of the core unload it.
clean() {
	[[ ! -e $cgroup ]] || echo 1 >$cgroup/cgroup.kill
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	umount -q /sys/fs/cloison
	wait_for modprobe -q -r -a cloison_net cloison_view cloison_acct
}

# check NAME COMMAND...: one test case, each builds on those before.
check() {
	if [[ $ktap_failed -gt 0 ]]; then
		ktap_skip "$1" "after a failure"
		return
	fi
	ktap_run "$@"
}

# is WORD...: what status says of it after "mounted" or "unmounted".
is() {
	[[ $(cloisonctl status $ct | cut -d ' ' -f 5-) == "$*" ]]
}

inside() {
	cloisonctl exec $ct "$@"
}

init() {
	local pid name ids
	find $cgroup -name cgroup.procs -exec cat {} + | while read -r pid; do
		while read -r name ids; do
			[[ $name != NSpid: || ${ids##*[[:space:]]} != 1 ]] || echo "$pid"
		done <"/proc/$pid/status"
	done 2>/dev/null
}

# clock: CLOCK_MONOTONIC of the container in milliseconds; with "host" that of the host.
clock() {
	local enter=()
	[[ ${1:-} ]] || enter=(nsenter "--time=/proc/$(init)/ns/time")
	"${enter[@]}" python3 -c 'import time; print(int(time.monotonic() * 1000))'
}

# look FILE: what must be after a resume as it was before the suspend.
look() {
	local pid ns
	pid=$(init)
	{
		cat "/proc/$pid"/{uid_map,gid_map,setgroups}
		grep -E '^(NSpid:.*|Cap|NoNewPrivs|Seccomp)' "/proc/$pid/status" | sed 's/^NSpid:.*\t/NSpid /'
		for ns in cgroup ipc mnt net pid time user uts; do
			[[ ! /proc/$pid/ns/$ns -ef /proc/self/ns/$ns ]] || echo "$ns of the host"
		done
		# The mounts: where, options, kind; the numbers of file systems are new.
		cut -d ' ' -f 4-6,9- "/proc/$pid/mountinfo" | sort
		find $cgroup -printf '%P %U %G %m\n' | sort
		(cd $cgroup && grep -r . --include={cgroup.subtree_control,cpu.max,cpu.weight,io.max,memory.max,pids.max} . | sort)
		getfattr --absolute-names -d -m '^trusted.cloison' $cgroup
		grep ' /sys/fs/cgroup ' /proc/mounts
		# The other end has another number; an address is tentative at first.
		nsenter "--net=/proc/$pid/ns/net" ip -o link |
			sed -E 's/@if[0-9]+//; s/<[^>]*>//; s/ state [A-Z]+//; s/ link-netnsid [0-9]+//'
		nsenter "--net=/proc/$pid/ns/net" ip -o addr | awk '{ print $2, $3, $4 }' | sort
		nsenter "--net=/proc/$pid/ns/net" ip route | sed 's/ linkdown//'
		nsenter "--net=/proc/$pid/ns/net" ip -6 route | sed '/^fe80/d'
		ip route show proto 67
		ip -6 route show proto 67
	} >"$1"
}

# all_well: repair finds nothing to do.
all_well() {
	cloisonctl check --repair $ct >"$tmp/repair"
	not grep -v '^ok' "$tmp/repair"
}

# shellcheck disable=SC2120 # some give none
# suspend_it [OPTION...]: it is down, and nothing of it is left but its state.
suspend_it() {
	look "$tmp/before"
	clock >"$tmp/clock"
	clock host >"$tmp/clock.host"
	inside cat /proc/stat >"$tmp/times"
	cloisonctl suspend $ct "$@"
	is down suspended
	[[ ! -e $cgroup && ! -e /run/cloison/checkpoint/$ct && ! -e $dumps/$ct.images ]]
	not pgrep --uid "$(stat -c %u $fs)"
}

# goes_on FILE: no time of a CPU in /proc/stat is less than there
goes_on() {
	awk '
		!/^cpu/ { next }
		FNR == NR { for (i = 2; i <= 9; i++) was[$1, i] = $i; cpus++; next }
		{ for (i = 2; i <= 9; i++) if ($i < was[$1, i]) bad = bad " " $1 ":" i }
		END { if (bad || !cpus) { print "begins anew:" bad; exit 1 } }' "$1" -
}

# shellcheck disable=SC2120
# resume_it [OPTION...]: it is as it was.
resume_it() {
	local passed most
	cloisonctl resume $ct "$@"
	is running
	[[ ! -e $private/suspended && ! -e /run/cloison/checkpoint/$ct && ! -e $dumps/$ct.images ]]
	look "$tmp/after"
	diff "$tmp/before" "$tmp/after"
	inside cat /proc/stat | goes_on "$tmp/times"
	# The container's clock stood still, or went on with the host's, but went never back.
	passed=$(($(clock) - $(<"$tmp/clock")))
	most=$(($(clock host) - $(<"$tmp/clock.host")))
	echo "$passed ms passed inside, $most ms outside"
	[[ $passed -ge 0 && $passed -le $most ]]
	all_well
}

# install_counter: numbers flow into a file.
install_counter() {
	cat >"$fs/root/count" <<-'EOF'
		#!/bin/sh
		n=0
		while :; do
			n=$((n + 1))
			echo $n
			sleep 0.1
		done >>/tmp/file
	EOF
	chmod +x "$fs/root/count"
	inside '/root/count </dev/null >/dev/null 2>&1 &'
	counts
}

# last [WHAT]: the number that came last.
last() {
	tail -n 1 "$fs/tmp/${1:-file}"
}

is_beyond() {
	[[ $(last "$1") -gt $2 ]]
}

# counts: it goes on, and no number is missing.
counts() {
	local n
	n=$(last file || echo 0)
	wait_for is_beyond file $((n + 3))
	awk '$1 != NR { print NR, "is", $1; exit 1 }' "$fs/tmp/file"
}

stands_still() {
	local n
	n=$(last)
	sleep 0.3
	[[ $(last) == "$n" ]]
}

# shares_directory: a script mounts $tmp/shared, which is the host's, at /mnt.
shares_directory() {
	mkdir "$tmp/shared"
	echo of the host >"$tmp/shared/file"
	cat >/etc/cloison/conf/$ct.mount <<-EOF
		#!/bin/sh
		mkdir -p \$VE_ROOT/mnt
		mount --bind $tmp/shared \$VE_ROOT/mnt
	EOF
	chmod +x /etc/cloison/conf/$ct.mount
}

is_free() {
	flock -n /run/cloison/lock/$ct.lck true
}

# slow_group: one whose process may run for a thousandth of the time, with hardly any memory, and read twice in a second: Linux 6.12
# takes no less.
slow_group() {
	cloisonctl set $ct --iopslimit 1000
	inside "echo '+cpu +io +memory' >/sys/fs/cgroup/cgroup.subtree_control; cd /sys/fs/cgroup; mkdir slow; sleep 9999 </dev/null >/dev/null 2>&1 &
		echo \$! >slow/cgroup.procs; echo 1000 1000000 >slow/cpu.max; echo 1M >slow/memory.high
		echo 1M >slow/memory.swap.high; echo $(cut -d ' ' -f 1 $cgroup/io.max) riops=2 >slow/io.max"
	is_slow
}

is_slow() {
	[[ $(<$cgroup/slow/cpu.max) == "1000 1000000" && $(<$cgroup/slow/memory.high) -eq 1048576 ]]
	[[ $(<$cgroup/slow/memory.swap.high) -eq 1048576 && $(<$cgroup/slow/io.max) == *" riops=2 wiops=max" ]]
	[[ $(<$cgroup/io.max) == *" riops=1000 wiops=1000" ]]
	[[ ! -e /run/cloison/checkpoint/$ct.lifted ]]
}

# ends: nothing is left of it.
ends() {
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	[[ ! -e $cgroup && ! -e $fs ]]
	not ls $dumps/*$ct*
}
