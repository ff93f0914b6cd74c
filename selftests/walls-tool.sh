#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: the tool itself, when it goes into a container whose root lies in wait for it.

. "$(dirname "$0")/walls-lib.sh"

# What the operator has open as his input and output: more than bytes it must not be.
descriptors() {
	local out=$KTAP_TMP/out
	# a directory is a way into the host's tree
	in900 'ls -l /proc/self/fd; cat /proc/self/fd/0/etc/cloison-marker; cd /proc/self/fd/0 && cat etc/cloison-marker' </ >"$out" 2>&1 || true
	not grep -qE 'of the host|0 -> /$' "$out"
	grep -q '0 -> pipe:' "$out"
	# a file opened to append: neither cut nor rewritten
	echo "first line" >"$KTAP_TMP/log"
	in900 'echo second line; : >/proc/self/fd/1; truncate -s 0 /proc/self/fd/1; dd of=/proc/self/fd/1 if=/dev/zero bs=1 count=5 conv=notrunc 2>/dev/null; ls -l /proc/self/fd' \
		>>"$KTAP_TMP/log" 2>/dev/null || true
	[[ $(head -n 2 "$KTAP_TMP/log" | tr '\n' ,) == "first line,second line," ]]
	not grep -q "$KTAP_TMP" "$KTAP_TMP/log"
	# for reading and writing, or a device
	in900 'echo x >/proc/self/fd/0; ls -l /proc/self/fd' 0<>"$marker" >"$out" 2>&1 || true
	not grep -q "$marker" "$out"
	in900 'head -c 1 /proc/self/fd/0 | wc -c; ls -l /proc/self/fd' 0</dev/vda >"$out" 2>&1 || true
	not grep -q vda "$out"
	# all the others
	(
		exec 7</etc/shadow 8</ 9>>"$KTAP_TMP/log"
		in900 'ls -l /proc/self/fd'
	) >"$out"
	not grep -qE "shadow|$KTAP_TMP|-> /$" "$out"
	# what goes through them is whole
	[[ $(in900 cat <"$marker") == "of the host" ]]
	[[ $(in900 cat <<<"from a here document") == "from a here document" ]]
}

# A socket keeps the network namespace it was made in, whoever holds it: inetd and socket units start the tool with one.
sockets() {
	works with-socket 9901 "$escape" redial 9901
	"$escape" with-socket 9902 cloisonctl exec2 900 '/escape redial 9902' >"$KTAP_TMP/out" 2>&1 || status=$?
	cat "$KTAP_TMP/out"
	[[ $status == "$REFUSED" ]]
	"$escape" with-socket 9903 cloisonctl exec2 900 '/escape socket-ns; ls -l /proc/self/fd/0' >"$KTAP_TMP/out" 2>&1 || true
	grep -q 'fd/0 -> pipe:' "$KTAP_TMP/out"
}

# init and exec begin with nothing of the tool's open, not even while the kernel looks for their interpreter: through a
# directory that the tool has open, of cgroups say, it would find the host's files.
interpreters() {
	local fs=$state/private/900/fs n up=../../../../../../../..
	cp -a "$fs/bin/sh" "$fs/bin/sh.was"
	rm "$fs/bin/sh"
	for n in 3 4 5 6 7 8 9 10; do
		printf '#!/proc/self/fd/%d/%s%s\n' "$n" "$up" "$escape" >"$fs/bin/sh"
		chmod 755 "$fs/bin/sh"
		expect_exit 8 timeout 20 cloisonctl exec2 900 x
	done
	mv "$fs/bin/sh.was" "$fs/bin/sh"
	cloisonctl --quiet stop 900 --fast
	mv "$fs/sbin/init" "$fs/sbin/init.was"
	for n in 3 4 5 6 7 8 9 10; do
		printf '#!/proc/self/fd/%d/%s%s\n' "$n" "$up" "$escape" >"$fs/sbin/init"
		chmod 755 "$fs/sbin/init"
		expect_exit 61 timeout 20 cloisonctl --quiet start 900
	done
	mv "$fs/sbin/init.was" "$fs/sbin/init"
	cloisonctl --quiet start 900 --wait
	in900 true
}

# CVE-2019-5736: the container's shell is "#!/proc/self/exe", which is the tool. It can be read by all; not written.
overwrite_tool() {
	local fs=$state/private/900/fs lib sum
	sum=$(md5sum </usr/sbin/cloisonctl)
	ldd /usr/sbin/cloisonctl | grep -oE '/[^ ]+' | while read -r lib; do
		install -D "$lib" "$fs$lib"
	done
	cp "$here/walls/exe.so" "$fs/exe.so"
	echo /exe.so >"$fs/etc/ld.so.preload"
	rm -f "$fs/tmp/exe-result"
	cp -a "$fs/bin/sh" "$fs/bin/sh.was"
	rm "$fs/bin/sh"
	printf '#!/proc/self/exe\n' >"$fs/bin/sh"
	chmod 755 "$fs/bin/sh"
	timeout 60 cloisonctl exec2 900 list || true
	wait_for grep -qE '^(done|opened)' "$fs/tmp/exe-result"
	timeout 60 cloisonctl enter 900 </dev/null || true
	sleep 1
	rm "$fs/bin/sh" "$fs/etc/ld.so.preload"
	mv "$fs/bin/sh.was" "$fs/bin/sh"
	cat "$fs/tmp/exe-result"
	# it did run: else nothing was tried
	grep -q '^exe .*cloisonctl' "$fs/tmp/exe-result"
	grep -q '^open: Permission denied' "$fs/tmp/exe-result"
	not grep -qE 'opened|changed|climbed' "$fs/tmp/exe-result"
	[[ $(md5sum </usr/sbin/cloisonctl) == "$sum" ]]
	# by any name
	cp "$here/walls/escape" "$fs/escape"
	"$escape" tamper "$KTAP_TMP/out" >/dev/null
}

# What came in and is not yet the container's program is caught in a frozen cgroup, at leisure: none of its parts can be reached.
visitor() {
	local trap_pid n end
	# the same on a process of its own
	in900 'sleep 1000 & /escape reach $!; s=$?; kill $!; exit $s' >"$KTAP_TMP/own"
	[[ $(grep -c worked "$KTAP_TMP/own") -ge 12 ]]
	# where the tool is fast few are caught
	end=$((SECONDS + 60))
	for ((n = 0; n < 10 || SECONDS < end; n++)); do
		start_until "$KTAP_TMP/ambush" waiting in900 '/escape ambush cloisonctl'
		trap_pid=$!
		timeout 20 cloisonctl exec2 900 true || true
		status_of wait "$trap_pid"
		cat "$KTAP_TMP/ambush"
		if grep -q caught "$KTAP_TMP/ambush"; then
			[[ $status == "$REFUSED" ]]
			return 0
		fi
	done
	echo "never caught one"
	return 1
}

visitor_when_dumpable() {
	sysctl -q fs.suid_dumpable=1
	# in each of the steps it takes
	for _ in 1 2 3 4 5; do
		visitor
	done
	sysctl -q fs.suid_dumpable=0
}

# enter: a terminal of the container's own, into which nobody types for the operator.
terminal() {
	works terminal || true
	script -qec 'echo /escape terminal \; echo status \$?\; exit >/tmp/typed; cloisonctl enter 900 </tmp/typed' /dev/null >"$KTAP_TMP/out" 2>&1 || true
	tr -d '\r' <"$KTAP_TMP/out" | grep -q '^status 1$'
	grep -q 'TIOCSTI: Operation not permitted' "$KTAP_TMP/out"
	# nor is it the operator's
	script -qec 'cloisonctl enter 900' /dev/null <<<'tty; ls -l /proc/self/fd; exit' >"$KTAP_TMP/out"
	grep -q /dev/pts/ "$KTAP_TMP/out"
	script -qec 'cloisonctl exec2 900 "/escape terminal; ls -l /proc/self/fd"' /dev/null >"$KTAP_TMP/out" 2>&1 </dev/null || true
	not grep -q /dev/pts "$KTAP_TMP/out"
}

# Something else at /dev/ptmx: the operator is told, and does not hang.
false_terminals() {
	local what
	for what in 'mkfifo /dev/ptmx' 'ln -s /dev/zero /dev/ptmx' 'ln -s /proc/self/fd/0 /dev/ptmx' 'ln -s /dev/tty /dev/ptmx' true; do
		in900 "rm -f /dev/ptmx; $what"
		not timeout 30 cloisonctl enter 900 <<<exit
	done
	in900 'rm -f /dev/ptmx; ln -s pts/ptmx /dev/ptmx'
	cloisonctl enter 900 <<<exit
}

# What an operator's session or service may have, the container does not inherit.
privilege() {
	works privilege
	refused privilege
	cloisonctl --quiet stop 900 --fast
	prlimit --rtprio=99 --nice=40 chrt -f 20 ionice -c 1 setarch -R taskset 1 cloisonctl --quiet start 900 --wait
	refused privilege
	cp "$escape" "$state/private/900/fs/escape"
	prlimit --rtprio=99 --nice=40 chrt -f 20 ionice -c 1 setarch -R cloisonctl exec2 900 '/escape show-privilege' >"$KTAP_TMP/out"
	cat "$KTAP_TMP/out"
	grep -q '^policy 0 nice 0 ioprio 0 rtprio 0 nicelimit 0 personality 0$' "$KTAP_TMP/out"
	[[ $(chrt -p "$(init_of 900)") == *SCHED_OTHER* ]]
	grep -qE '^Max realtime priority +0 +0 ' "/proc/$(init_of 900)/limits"
	grep -qE '^Max nice priority +0 +0 ' "/proc/$(init_of 900)/limits"
	[[ $(taskset -p "$(init_of 900)") == *": $(taskset -p $$ | sed 's/.*: //')" ]]
}

status=0
guest 900
ktap_plan 9
wall "descriptors of the operator" descriptors
wall "sockets of the operator" sockets
wall "interpreters named by descriptors" interpreters
wall "the tool's own binary" overwrite_tool
wall "a visitor before it is a program of the container's" visitor
wall "the same where the kernel makes it dumpable" visitor_when_dumpable
wall "typing into terminals" terminal
wall "something else for a terminal" false_terminals
wall "scheduling and limits of the operator" privilege
ktap_finish
