# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the walls share: attempts to get out of container 900 (walls/escape.h), which must be refused, must
# work for the host's root where that is harmless to try, and must leave the host as it was.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

escape=$here/walls/escape
marker=/etc/cloison-marker

# guest ID [OPTION...]: a running container with the attempts in it, as /escape.
guest() {
	make_running "$@"
	cp "$escape" "$state/private/$1/fs/escape"
	chmod 755 "$state/private/$1/fs/escape"
}

in900() {
	cloisonctl exec2 900 "$@"
}

# Statuses of escape
WORKED=0 REFUSED=1 ABSENT=3

# status_of COMMAND...: of its own, whatever errexit says
status_of() {
	status=0
	"$@" || status=$?
}

# refused ATTEMPT...: by container 900's root. A kernel that does not have it refuses it well.
refused() {
	local status
	status_of in900 "/escape $*"
	if [[ $status -ne $REFUSED && $status -ne $ABSENT ]]; then
		echo "escape $*: status $status inside"
		return 1
	fi
}

# refused_each: each of the attempts on stdin, one a line; all in one visit, which is faster.
refused_each() {
	local said
	said=$(in900 'while read -r line; do
		/escape $line >/tmp/said 2>&1 </dev/null
		status=$?
		[ $status = 1 ] || [ $status = 3 ] || { echo "escape $line: status $status inside"; cat /tmp/said; }
		n=$((n + 1))
	done; echo "$n tried"')
	echo "$said"
	[[ $said =~ ^[1-9][0-9]*\ tried$ ]]
}

# works ATTEMPT...: for the host's root, or the test would pass for the wrong reason.
works() {
	local status
	status_of "$escape" "$@"
	if [[ $status -ne $WORKED && $status -ne $ABSENT ]]; then
		echo "escape $*: status $status outside"
		return 1
	fi
}

# host_state: what no attempt may change, a line for each.
host_state() {
	local file
	# without their numbers and order, which a restart changes
	cut -d ' ' -f 3- /proc/self/mountinfo | sort
	cat /proc/swaps
	grep btime /proc/stat
	for file in /proc/sys/kernel/{core_pattern,modprobe,sysrq,panic,hostname,domainname,shmmax,msgmax,pid_max,randomize_va_space,printk} \
		/proc/sys/kernel/{threads-max,unprivileged_bpf_disabled,kptr_restrict,modules_disabled} \
		/proc/sys/vm/overcommit_memory /proc/sys/fs/{suid_dumpable,protected_symlinks} /sys/kernel/uevent_helper \
		/proc/sys/net/ipv4/ip_forward /sys/fs/cgroup/cloison/900/{memory.max,memory.swap.max,pids.max,cpu.max,cpu.weight} \
		/sys/fs/cgroup/cloison/900/cgroup.max.descendants /sys/fs/cgroup/cloison/cgroup.subtree_control; do
		[[ ! -r $file ]] || echo "$file $(<"$file")"
	done 2>/dev/null
	stat -c '%n %t:%T %u:%g %a' /dev/{vda,mem,kmsg,null,zero,full,random,urandom,tty}
	stat -c '%n %i %s %u:%g %a %Y' "$marker" /usr/sbin/cloisonctl /etc/passwd /etc
	md5sum /usr/sbin/cloisonctl
	echo /proc/sys/fs/binfmt_misc/* /sys/class/net/*
	cat "$marker"
}

walled() {
	host_state >"$KTAP_TMP/before"
	"$1"
	host_state >"$KTAP_TMP/after"
	diff "$KTAP_TMP/before" "$KTAP_TMP/after"
}

# wall NAME FUNCTION: one attempt; the host is the same afterwards.
wall() {
	ktap_run "$1" walled "$2"
}

echo "of the host" >"$marker"
chmod 644 "$marker"
