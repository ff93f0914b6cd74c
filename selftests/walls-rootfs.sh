#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# Walls: root file systems that lie in wait for the tool.

. "$(dirname "$0")/walls-lib.sh"

# start_hostile COMMAND...: makes the tree of 902 hostile by the command, in its root, and starts, uses, stops it.
outside=/tmp/outside
start_hostile() {
	echo "with: $*"
	tar -C "$KTAP_TMP/902" --numeric-owner -cf - . | tar -C "$fs902" --numeric-owner -xf -
	(cd "$fs902" && eval "$*")
	if timeout 60 cloisonctl --quiet start 902; then
		timeout 10 cloisonctl exec2 902 true </dev/null || true
		timeout 10 cloisonctl enter 902 </dev/null || true
		timeout 10 cloisonctl set 902 --hostname other || true
		timeout 10 cloisonctl set 902 --userpasswd root:secret || true
		timeout 60 cloisonctl --quiet stop 902
	fi
	is_down 902
	[[ -z $(ls -A "$outside") ]]
	not grep -q "$outside" /proc/self/mountinfo
	find "$fs902" -mindepth 1 -delete
}

hostile_root() {
	local dir fs902 up=../../../../../../../../..
	mkdir -p "$outside"
	make 902
	echo 'STOP_TIMEOUT="1"' >>"$etc/conf/902.conf"
	fs902=$state/private/902/fs
	cp -a "$fs902" "$KTAP_TMP/902"
	find "$fs902" -mindepth 1 -delete
	for dir in proc sys dev run; do
		start_hostile "rm -rf $dir; ln -s $outside $dir"
	done
	start_hostile "rm -rf proc sys dev run; for d in proc sys dev run; do ln -s $up$outside \$d; done"
	start_hostile "rm -rf proc sys dev run; for d in proc sys dev run; do mkfifo \$d; done"
	start_hostile "rm -rf proc; ln -s proc proc; rm -rf dev; ln -s run dev; rm -rf run; ln -s dev run"
	start_hostile "rm -rf etc root; ln -s $up$outside etc; ln -s $up$outside root"
	start_hostile "rm -f sbin/init; ln -s $up/usr/bin/touch sbin/init"
	start_hostile "rm -f sbin/init; mkfifo sbin/init"
	start_hostile "rm -f bin/sh; mkfifo bin/sh"
	start_hostile "rm -f bin/sh; ln -s /proc/1/fd/0 bin/sh; rm -f sbin/halt; mkfifo sbin/halt"
	start_hostile "printf '#!/proc/self/exe\n' >x; chmod 755 x; rm -f sbin/init sbin/halt; ln x sbin/init; ln x sbin/halt"
	cloisonctl --quiet destroy 902
	rmdir "$outside"
}

# Links and mounts that change while the operator comes and goes.
races() {
	mkdir -p "$outside"
	in901 'mkdir -p /tmp/r; cd /; while :; do
		mv /root /tmp/r/root; ln -s /proc/1/root/../../../tmp/outside /root; rm /root; mv /tmp/r/root /root
		mount -t tmpfs x /dev; mount -t tmpfs y /proc; umount /proc; umount /dev
		rm -f /dev/ptmx; ln -s /../../../dev/ptmx /dev/ptmx; rm -f /dev/ptmx; ln -s pts/ptmx /dev/ptmx
	done >/dev/null 2>&1 &'
	for _ in 1 2 3 4 5 6 7 8; do
		timeout 30 cloisonctl exec2 901 'touch made' || true
		timeout 30 cloisonctl enter 901 <<<'touch made; exit' || true
	done
	timeout 100 cloisonctl --quiet stop 901 --fast
	[[ -z $(ls -A "$outside") ]]
	rmdir "$outside"
	cloisonctl --quiet start 901 --wait
}

in901() {
	cloisonctl exec2 901 "$@"
}

# What destroy must get rid of: deep, odd, as far as a container's root can make it so.
destroy_hostile() {
	make_running 902
	cloisonctl exec2 902 'cd /tmp; i=0; while [ $i -lt 300 ] && mkdir aaaaaaaaaaaaaaaaaaaa && cd aaaaaaaaaaaaaaaaaaaa; do i=$((i + 1)); done
		cd /; mkdir -p "/tmp/x/-rf" "/tmp/x/--no-preserve-root"; ln -s /etc /tmp/x/etc; ln -s / /tmp/x/root; mkfifo /tmp/x/fifo
		touch "/tmp/x/
new"; chmod 000 /tmp/x; chattr +i /tmp/x; chattr +a /tmp/x; mkdir /tmp/m; mount -t tmpfs z /tmp/m; touch /tmp/m/in; touch /tmp/dead; chmod 0 /tmp/dead' || true
	cloisonctl --quiet stop 902 --fast
	cloisonctl --quiet destroy 902
	[[ ! -e $state/private/902 && ! -e $state/private/902.destroyed ]]
	[[ -e /etc/passwd ]]
}

# shell_902 LINE...: what its /bin/sh does first, which the tool runs for the host name while process 1 waits for it
shell_902() {
	rm "$state/private/902/fs/bin/sh"
	printf '%s\n' '#!/bin/busybox sh' "$@" 'exec /bin/busybox sh "$@"' >"$state/private/902/fs/bin/sh"
	chmod 755 "$state/private/902/fs/bin/sh"
}

# Who waits for the container reads what comes from it, and what comes may be a socket that does not close.
lingering_socket() {
	make 902 --hostname lingers
	cp "$escape" "$state/private/902/fs/escape"
	shell_902 '[ -e /tried ] || { : >/tried; /escape linger /run/cloison/notify && : >/sent; }'
	timeout 100 cloisonctl --quiet start 902 --wait
	[[ -e $state/private/902/fs/sent ]]
	timeout 100 cloisonctl --quiet stop 902 --fast
	# nobody waits, so that there is nothing to send it to
	rm "$state"/private/902/fs/{tried,sent}
	timeout 100 cloisonctl --quiet start 902
	[[ -e $state/private/902/fs/tried && ! -e $state/private/902/fs/sent ]]
	timeout 100 cloisonctl --quiet stop 902 --fast
	cloisonctl --quiet destroy 902
}

# Process 1 is the tool's still, and can be frozen: when the tool is dead it must not have the lock.
frozen_half_made() {
	local tool
	make 902 --hostname frozen
	shell_902 '[ -e /frozen ] || { cd /sys/fs/cgroup && mkdir x && echo 1 >x/cgroup.procs && echo 1 >x/cgroup.freeze; : >/frozen; }'
	cloisonctl --quiet start 902 &
	tool=$!
	wait_for grep -qx 'frozen 1' /sys/fs/cgroup/cloison/902/x/cgroup.events
	wait_for test -e "$state/private/902/fs/frozen"
	kill -9 "$tool"
	wait "$tool" || true
	timeout 100 cloisonctl --quiet stop 902 --fast
	timeout 100 cloisonctl --quiet start 902 --wait
	timeout 100 cloisonctl --quiet stop 902 --fast
	cloisonctl --quiet destroy 902
}

guest 901
ktap_plan 5
wall "hostile root file systems" hostile_root
wall "swapping links and mounts under the operator's feet" races
wall "destroying a hostile tree" destroy_hostile
wall "a socket that does not close, for who waits" lingering_socket
wall "process 1 frozen before it is init" frozen_half_made
ktap_finish
