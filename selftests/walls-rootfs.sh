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

# What a container's root keeps changing under those who write there for the operator: names that lead out, other file systems.
swaps=$(cat <<'EOF'
out=../../../../../../../../../../tmp/outside
mkdir -p /tmp/r /dev/net
while :; do
	mv /etc /tmp/r/etc; ln -s "/proc/1/root/$out" /etc; rm /etc; mv /tmp/r/etc /etc
	for f in shadow passwd hostname hosts resolv.conf; do
		mv "/etc/$f" "/tmp/r/$f"; ln -s "$out/$f" "/etc/$f"; rm "/etc/$f"; mkfifo "/etc/$f"; rm "/etc/$f"; mv "/tmp/r/$f" "/etc/$f"
	done
	mount -t tmpfs x /etc; umount /etc; mount --bind /tmp/r /etc; umount /etc
	mv /dev/net /tmp/r/net; ln -s "$out" /dev/net; rm /dev/net; mv /tmp/r/net /dev/net
	mount -t tmpfs y /dev; umount /dev; mount -t tmpfs z /run; umount /run
done >/dev/null 2>&1 </dev/null &
EOF
)

# host_files: what such names would lead to, with all of it that could be changed
host_files() {
	md5sum /etc/{passwd,shadow,group,hostname,hosts,resolv.conf} 2>/dev/null
	stat -Lc '%n %t:%T %u:%g %a' /dev/net/tun /dev/null
	hostname
}

# The operator writes there meanwhile: passwords, names, name servers, devices.
races_set() {
	local i
	mkdir -p "$outside"
	host_files >"$KTAP_TMP/files"
	in901 "$swaps"
	wait_for test -d "$state/private/901/fs/tmp/r"
	for i in 1 2 3 4 5 6; do
		timeout 30 cloisonctl set 901 --userpasswd "root:secret$i" || true
		timeout 30 cloisonctl set 901 --hostname "name$i" --nameserver "10.0.0.$i" || true
		timeout 30 cloisonctl set 901 --devnodes net/tun:rw || true
		timeout 30 cloisonctl set 901 --devnodes net/tun:none || true
		[[ -z $(ls -A "$outside") ]]
	done
	timeout 100 cloisonctl --quiet stop 901 --fast
	host_files | diff "$KTAP_TMP/files" -
	rmdir "$outside"
	rm -rf "$state/private/901/fs/tmp/r"
	cloisonctl --quiet start 901 --wait
}

# And during a start, whose scripts run beside what the first of them left running.
races_start() {
	local i
	mkdir -p "$outside"
	host_files >"$KTAP_TMP/files"
	make 902 --hostname races --nameserver 10.0.0.1 --devnodes net/tun:rw --stop-timeout 5
	echo "$swaps" >"$state/private/902/fs/swaps"
	shell_902 '[ -e /run/swapping ] || { : >/run/swapping; . /swaps; }'
	printf '#!/bin/sh\necho %s >/made; echo %s >>/etc/made\n' start start >"$etc/conf/902.start"
	printf '#!/bin/sh\n[ -d "/var/lib/cloison/root/$VEID" ]\n' >"$etc/conf/902.mount"
	chmod 755 "$etc"/conf/902.{start,mount}
	for i in 1 2 3 4; do
		timeout 100 cloisonctl --quiet start 902 || true
		timeout 30 cloisonctl exec2 902 'echo >/etc/made' </dev/null || true
		timeout 100 cloisonctl --quiet stop 902 --fast
		is_down 902
		[[ -z $(ls -A "$outside") ]]
	done
	host_files | diff "$KTAP_TMP/files" -
	# they were at work
	[[ -d $state/private/902/fs/tmp/r ]]
	rm "$etc"/conf/902.{start,mount}
	cloisonctl --quiet destroy 902
	rmdir "$outside"
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
ktap_plan 7
wall "hostile root file systems" hostile_root
wall "swapping links and mounts under the operator's feet" races
wall "the same while parameters are set" races_set
wall "the same while it is started" races_start
wall "destroying a hostile tree" destroy_hostile
wall "a socket that does not close, for who waits" lingering_socket
wall "process 1 frozen before it is init" frozen_half_made
ktap_finish
