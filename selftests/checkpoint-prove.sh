#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest 6.12
# timeout: 900
# A state is tried before the container is given up for it: nobody sees the trial, and if it fails, or the tool is killed in it,
# the container runs on.

. "$(dirname "$0")/checkpoint/lib.sh"

mark=$private/suspended
conf=/etc/cloison/cloison.conf
instances=$(sysctl -n fs.inotify.max_user_instances)
trap 'clean >/dev/null 2>&1; restore_host; rm -rf "$tmp" "$KTAP_TMP"' EXIT

restore_host() {
	sed -i '/^PROVE_CHECKPOINT/d; /^START_TIMEOUT/d; /^LOCKDIR/d' $conf
	sysctl -q vm.nr_hugepages=0 fs.inotify.max_user_instances="$instances"
	ip link del prove-br
	umount -q $dumps
}

# A link of each kind, a device, and what a script mounts: files of the host's.
starts() {
	modprobe -a cloison cloison_net cloison_view
	ip link add prove-br type bridge
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2 --ipadd fd00::101 --ram 512M \
		--netif_add eth0,,,,prove-br --devnodes net/tun:rw
	shares_directory
	chmod a+w "$tmp/shared/file"
	cloisonctl start $ct --wait
	inside 'ip addr add 10.9.0.2/24 dev eth0'
	cp "$here/checkpoint/shapes" "$fs/root/"
	# each of the two containers that there are for a moment has some
	sysctl -q vm.nr_hugepages=16
	install_counter
	printf '#!/bin/sh\ncat >/tmp/tcp\n' >"$fs/root/sink"
	printf '#!/bin/sh\nexec tail -f /tmp/file\n' >"$fs/root/source"
	chmod +x "$fs"/root/{sink,source}
	inside 'nc -l -p 7005 -e /root/sink </dev/null >/dev/null 2>&1 &'
	wait_for inside 'netstat -tln | grep -q :7005'
	inside 'nc 127.0.0.1 7005 -e /root/source </dev/null >/dev/null 2>&1 &'
	inside 'exec 3<>/mnt/file; (while :; do sleep 9999; done) <&3 >/dev/null 2>&1 &'
	flows
}

# What the counter writes gets to the other end of a connection too.
flows() {
	counts
	wait_for is_beyond tcp "$(($(last) + 2))"
}

# files FILE: all there is of the container's and of the host's. A dump makes names for files that have none, and removes them.
files() {
	find $fs "$tmp/shared" -type d -printf '%p %i %y %m %U %G %n\n' -o -printf '%p %i %y %s %m %U %G %n %T@\n' | sort >"$1"
	find $fs "$tmp/shared" -type f -exec sha256sum {} + | sort >>"$1"
}

# leaves_nothing: neither processes, nor groups, nor mounts, nor files.
leaves_nothing() {
	[[ ! -e $cgroup.proof && ! -e $dumps/$ct.images ]]
	not pgrep -x criu
	not grep -E ' overlay |criu' /proc/mounts
	not compgen -G '/tmp/.criu*'
}

runs_on() {
	is running
	leaves_nothing
	[[ $(ls /sys/class/net) == "$(<"$tmp/links")" ]]
	[[ ! -e $mark && ! -e $dumps/Dump.$ct && ! -e /run/cloison/checkpoint/$ct ]]
	all_well
	flows
}

# Each shape is at work, is there twice for a moment, and is as it was; and no file has changed.
unseen() {
	ls /sys/class/net >"$tmp/links"
	inside mkdir /root/seen
	inside '/root/shapes /root/seen 20 </dev/null >/root/seen/output 2>&1 &'
	wait_for test -e "$fs/root/seen/ready"
	cloisonctl chkpnt $ct --suspend
	files "$tmp/files.before"
	cloisonctl chkpnt $ct --dump --dumpfile "$tmp/state" --prove | tee "$tmp/said"
	grep -q 'prove\.\.\.' "$tmp/said"
	files "$tmp/files.after"
	diff "$tmp/files.before" "$tmp/files.after"
	leaves_nothing
	is running paused
	stands_still
	cloisonctl chkpnt $ct --resume
	inside kill -USR1 "$(<"$fs/root/seen/ready")"
	wait_for test -e "$fs/root/seen/result" || cat "$fs/root/seen/result.new"
	cat "$fs/root/seen/result"
	grep -x '[1-9][0-9]* have looked' "$fs/root/seen/result"
	[[ $(wc -l <"$fs/root/seen/result") -eq 1 ]]
	runs_on
}

given_up() {
	suspend_it --prove
	leaves_nothing
	resume_it
	runs_on
	# as the host's administrator has it; and wherever the locks are, who may outlive the tool has none of the trial's
	ln -s /run/cloison/lock "$tmp/locks"
	mkdir "$tmp/look"
	cat >"$tmp/look/tar" <<-EOF
		#!/bin/sh
		find /proc/[0-9]*/fd -lname '*/proof.lck' >$tmp/has
		exec /usr/bin/tar "\$@"
	EOF
	chmod +x "$tmp/look/tar"
	printf '%s\n' 'PROVE_CHECKPOINT="yes"' "LOCKDIR=\"$tmp/locks\"" >>$conf
	PATH=$tmp/look:$PATH cloisonctl suspend $ct | tee "$tmp/said"
	grep -q 'prove\.\.\.' "$tmp/said"
	sed -i '/^PROVE_CHECKPOINT/d; /^LOCKDIR/d' $conf
	[[ $(cut -d / -f 3 "$tmp/has" | sort -u | wc -l) == 1 ]]
	cloisonctl resume $ct
	runs_on
	expect_exit 20 cloisonctl chkpnt $ct --kill --prove
	expect_exit 20 cloisonctl chkpnt $ct --suspend --prove
	echo 'PROVE_CHECKPOINT="perhaps"' >>$conf
	expect_exit 21 cloisonctl suspend $ct
	sed -i '/^PROVE_CHECKPOINT/d' $conf
}

# fails WORDS: it is said why, and the log is there; so is a file that had the name before.
fails() {
	rm -f $dumps/$ct.log
	echo kept >$dumps/Dump.$ct
	expect_out "$1" cloisonctl suspend $ct --prove
	expect_exit 16 cloisonctl suspend $ct --prove
	[[ -s $dumps/$ct.log && $(<$dumps/Dump.$ct) == kept && ! -e $dumps/Dump.$ct.tmp ]]
	rm $dumps/Dump.$ct
	runs_on
}

# The file is as it was written, but what was written is no state. Where pages are missing CRIU reads on for ever.
damaged() {
	mkdir "$tmp/bin"
	cat >"$tmp/bin/tar" <<-EOF
		#!/bin/sh
		case "\$*" in "--create --file=- --directory $dumps"*) truncate -s 20 $dumps/$ct.images/images/\$FILES ;; esac
		exec /usr/bin/tar "\$@"
	EOF
	chmod +x "$tmp/bin/tar"
	FILES='core-1.img' PATH=$tmp/bin:$PATH fails 'could not be resumed'
	echo 'START_TIMEOUT="20"' >>$conf
	FILES='pages-*.img' PATH=$tmp/bin:$PATH fails 'START_TIMEOUT'
	sed -i '/^START_TIMEOUT/d' $conf
}

# What it has it keeps, but there is no more of it.
limited() {
	inside mkdir /root/limited
	inside '/root/shapes /root/limited 0 inotify </dev/null >/root/limited/output 2>&1 &'
	wait_for test -e "$fs/root/limited/ready"
	sysctl -q fs.inotify.max_user_instances=1
	fails 'Too many open files'
	sysctl -q fs.inotify.max_user_instances="$instances"
	inside kill -USR1 "$(<"$fs/root/limited/ready")"
	wait_for test -e "$fs/root/limited/result"
	grep -x '1 have looked' "$fs/root/limited/result"
}

# A large file that is written to is not copied: there would be no room.
without_copies() {
	inside 'dd if=/dev/urandom of=/root/large bs=1M count=64 2>/dev/null'
	inside 'exec 3<>/root/large; (while :; do sleep 9999; done) <&3 >/dev/null 2>&1 &'
	mount -t tmpfs -o size=48m tmpfs $dumps
	files "$tmp/files.before"
	suspend_it --prove
	resume_it
	umount $dumps
	files "$tmp/files.after"
	diff <(grep '/large' "$tmp/files.before") <(grep '/large' "$tmp/files.after")
	runs_on
}

# dies CALL PATH N: at its Nth system call of that kind about that file; what comes before it is done.
dies() {
	local status=0
	strace -o "$tmp/trace" -P "$2" -e trace="$1" -e inject="$1:signal=KILL:when=$3" cloisonctl --quiet suspend $ct --prove || status=$?
	[[ $status -eq 137 ]]
	# CRIU may be at work still, and has the lock
	wait_for cloisonctl check --repair $ct
}

# Before the trial, in it, and when it is over.
killed() {
	local work=$dumps/$ct.images/proof
	dies mkdir "$work" 1
	runs_on
	dies openat "$cgroup.proof" 1
	runs_on
	dies openat "$cgroup.proof" 2
	runs_on
	dies openat "$cgroup.proof/cgroup.kill" 1
	runs_on
	dies rename "$mark.tmp" 1
	runs_on
}

ktap_plan 8
check "start" starts
check "nobody sees it" unseen
check "it is given up then" given_up
check "damaged where it is written" damaged
check "a limit of the host's" limited
check "a large file" without_copies
check "the tool is killed" killed
check "nothing is left" ends
ktap_finish
