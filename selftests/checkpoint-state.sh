#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest 6.12
# timeout: 600
# What may become of a suspended container and the file its state is in, and OpenVZ's stages.

. "$(dirname "$0")/checkpoint/lib.sh"

dump=$dumps/Dump.$ct
conf=/etc/cloison/cloison.conf
trap 'sed -i "/^START_TIMEOUT/d" $conf; clean >/dev/null 2>&1; rm -rf "$tmp" "$KTAP_TMP"' EXIT

starts() {
	modprobe -a cloison cloison_net
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2 --ram 64M
	shares_directory
	cloisonctl start $ct --wait
	install_counter
}

# Frozen, dumped, and let go; or killed, and put back in two steps.
stages() {
	expect_exit 16 cloisonctl chkpnt $ct --kill
	expect_exit 20 cloisonctl chkpnt $ct --suspend --kill
	cloisonctl chkpnt $ct --suspend
	is running paused
	stands_still
	expect_out 'dumpfile is not specified' cloisonctl chkpnt $ct --dump
	cloisonctl chkpnt $ct --dump --dumpfile "$tmp/state"
	is running paused
	stands_still
	cloisonctl chkpnt $ct --resume
	is running
	counts
	# it has run since
	expect_exit 32 cloisonctl restore $ct --dumpfile "$tmp/state"

	cloisonctl chkpnt $ct --suspend
	cloisonctl chkpnt $ct --dump --dumpfile "$tmp/state"
	cloisonctl chkpnt $ct --kill
	is down suspended
	cloisonctl restore $ct --undump --dumpfile "$tmp/state"
	is running paused
	stands_still
	cloisonctl restore $ct --kill
	is down suspended
	cloisonctl restore $ct --undump --dumpfile "$tmp/state"
	cloisonctl restore $ct --resume
	is running
	counts
	[[ -e $tmp/state && ! -e $dump ]]
	inside 'cat /mnt/file' | grep 'of the host'
	rm "$tmp/state"
}

# Elsewhere; with what stops it on the way there.
another_file() {
	expect_exit 21 cloisonctl suspend $ct --dumpfile "$tmp/a"$'\n'state
	expect_exit 21 cloisonctl suspend $ct --dumpfile ''
	expect_exit 16 cloisonctl suspend $ct --dumpfile "$tmp/none/state"
	mkdir "$tmp/small"
	mount -t tmpfs -o size=16k tmpfs "$tmp/small"
	echo of another time >"$tmp/small/state"
	expect_exit 16 cloisonctl suspend $ct --dumpfile "$tmp/small/state"
	[[ $(ls "$tmp/small") == state && $(<"$tmp/small/state") == "of another time" ]]
	umount "$tmp/small"
	is running
	counts
	# it weighs again what it did, and so do all together
	cloisonctl set $ct --cpuunits 3000
	suspend_it --dumpfile "$tmp/state"
	[[ $(readlink $dump) == "$tmp/state" ]]
	echo 100 >/sys/fs/cgroup/cloison/cpu.weight
	resume_it --keep
	[[ -e $tmp/state && ! -e $dump ]]
	[[ $(<$cgroup/cpu.weight) == 300 && $(</sys/fs/cgroup/cloison/cpu.weight) == 300 ]]
	counts
	# another container may have nothing else
	sed '2s/101/102/' "$tmp/state" >"$tmp/other"
	cp "$tmp/other" "$tmp/other.before"
	expect_out "$tmp/other is the state of container 102" cloisonctl suspend $ct --dumpfile "$tmp/other"
	expect_exit 16 cloisonctl suspend $ct --dumpfile "$tmp/other"
	cmp "$tmp/other" "$tmp/other.before"
	is running
}

# The kernel refuses one request after another: it runs on, or it is stopped.
refused() {
	local n status
	for ((n = 1; ; n++)); do
		status=0
		strace -o "$tmp/trace" -e trace=sendmsg -e inject=sendmsg:error=ENOBUFS:when=$n cloisonctl chkpnt $ct --suspend || status=$?
		grep -q INJECTED "$tmp/trace" || break
		echo "request $n: status $status"
		if [[ $status -eq 0 ]]; then
			cloisonctl chkpnt $ct --resume
		fi
		is running
		grep -qx 'frozen 0' $cgroup/cgroup.events
	done
	[[ $n -gt 3 && $status -eq 0 ]]
	is running paused
	cloisonctl chkpnt $ct --resume
	counts
}

# written VERB: to memory.high of the slow group, by the last command that was traced.
written() {
	sed -n 's/^write([0-9]*, "\([a-z0-9]*\).*/\1/p' "$tmp/trace.$1" | uniq | tr '\n' ' '
}

# What would hold up CRIU in its processes is lifted for it, and no longer. It is set again once, and not for what ends: the
# kernel takes its time for that, in which all stands still.
lifted() {
	cloisonctl() {
		case $1 in
		suspend | chkpnt) strace -o "$tmp/trace.$1" -P $cgroup/slow/memory.high -e trace=write cloisonctl "$@" ;;
		*) command cloisonctl "$@" ;;
		esac
	}
	slow_group
	mkdir "$tmp/bin"
	cat >"$tmp/bin/tar" <<-EOF
		#!/bin/bash
		cat $cgroup/slow/{cpu.max,memory.high,memory.swap.high,io.max} $cgroup/io.max >$tmp/seen
		exec /usr/bin/tar "\$@"
	EOF
	chmod +x "$tmp/bin/tar"
	PATH=$tmp/bin:$PATH cloisonctl chkpnt $ct --dump --dumpfile "$tmp/slow"
	[[ $(<"$tmp/seen") == $'max 1000000\nmax\nmax' ]]
	is_slow
	[[ $(written chkpnt) == "max 1048576 " ]]
	cloisonctl chkpnt $ct --resume
	rm "$tmp/seen"
	PATH=$tmp/bin:$PATH expect_exit 16 cloisonctl suspend $ct --dumpfile "$tmp/none/state"
	is_slow
	[[ $(written suspend) == "max 1048576 " ]]
	suspend_it --dumpfile "$tmp/slow"
	[[ $(written suspend) == "max " ]]
	resume_it
	is_slow
	counts
}

# An old one must not be put over newer files.
old_state() {
	cloisonctl stop $ct --fast
	expect_out 'not the last state' cloisonctl resume $ct --dumpfile "$tmp/state"
	expect_exit 17 cloisonctl resume $ct --dumpfile "$tmp/state"
	is down
	cp "$tmp/state" $dump
	is down
	cloisonctl start $ct --wait
	is running
	rm $dump "$fs/tmp/file"
	install_counter
	suspend_it
}

# damaged HOW COMMAND...: nothing is touched, and the good one is good still.
damaged() {
	local how=$1
	shift
	cp -p $dump "$tmp/good"
	"$@"
	expect_out "$how" cloisonctl start $ct
	expect_exit 17 cloisonctl start $ct
	is down suspended
	[[ ! -e $cgroup && ! -e $dumps/$ct.images ]]
	mv "$tmp/good" $dump
}

poke() {
	printf x | dd of=$dump bs=1 seek="$1" conv=notrunc status=none
}

damage() {
	damaged 'checksum' poke 9000
	damaged 'cut off' truncate -s 1000 $dump
	damaged 'not as long' truncate -s 9000 $dump
	damaged 'another version' sed -i '1s/1/9/' $dump
	damaged 'state of container 102' sed -i '2s/101/102/' $dump
	damaged 'only root' chmod o+w $dump
}

# What other commands do with it.
suspended_otherwise() {
	# out of sight, as on a disk that is not mounted: its files are not to be changed
	mv $dump "$tmp/away"
	is down
	expect_out 'its state is not there' cloisonctl start $ct
	expect_out 'its state is not there' cloisonctl resume $ct
	expect_exit 7 cloisonctl start $ct
	[[ ! -e $cgroup ]]
	mv "$tmp/away" $dump
	is down suspended
	expect_out 'suspended already' cloisonctl suspend $ct
	expect_exit 31 cloisonctl suspend $ct
	expect_exit 31 cloisonctl exec $ct true
	expect_out 'Its state is kept' cloisonctl stop $ct
	echo true >"$tmp/script"
	expect_out 'Container is suspended' cloisonctl runscript $ct "$tmp/script"
	expect_out 'Container is suspended' cloisonctl convert $ct --layout overlay
	expect_exit 41 cloisonctl convert $ct --layout overlay
	expect_out 'is suspended' cloisonctl mount $ct
	cloisonctl umount $ct
	is down suspended
	# its files are out of sight, and its memory is not
	mv ${private%/*} ${private%/*}.away
	expect_exit 52 cloisonctl destroy $ct
	mv ${private%/*}.away ${private%/*}
	is down suspended
	# its address stays its own
	cloisonctl create 102 --ostemplate busybox --ipadd 10.0.101.2
	expect_out 'suspended container 101' cloisonctl start 102
	expect_exit 78 cloisonctl start 102
	cloisonctl set 102 --ipdel all --netif_add eth0,type=routed,ip=10.0.101.0/29 --save
	expect_out 'suspended container 101' cloisonctl start 102
	cloisonctl destroy 102
	# what the host's script mounts is not there, and a link of the container's leads nowhere
	mv /etc/cloison/conf/$ct.mount "$tmp/script"
	mv "$fs/mnt" "$fs/mnt.away"
	ln -s /etc "$fs/mnt"
	expect_out 'Cannot have again what was mounted on /mnt' cloisonctl resume $ct
	is down suspended
	rm "$fs/mnt"
	mv "$fs/mnt.away" "$fs/mnt"
	mv "$tmp/script" /etc/cloison/conf/$ct.mount
	# what is set meanwhile counts
	cloisonctl set $ct --ram 32M --ipdel 10.0.101.2 --ipadd 10.0.101.3 --save
	cloisonctl start $ct
	is running
	counts
	[[ $(<$cgroup/memory.max) -eq $((32 << 20)) ]]
	[[ $(inside 'ip addr') == *10.0.101.3* && $(inside 'ip addr') != *10.0.101.2* ]]
	ping -n -q -c 1 -W 5 10.0.101.3
	[[ ! -e $dump ]]
}

gives_up() {
	cloisonctl suspend $ct
	# not for a start that is refused
	cloisonctl set $ct --disabled yes --save
	expect_exit 105 cloisonctl start $ct --discard
	is down suspended
	cloisonctl set $ct --disabled no --save
	cloisonctl start $ct --discard --wait
	is running
	not pgrep -f /root/count
	[[ ! -e $dump ]]
	cloisonctl suspend $ct
	cloisonctl destroy $ct
	[[ ! -e $dump && ! -e $private && ! -e $cgroup ]]
}

# Nothing says any more that it was suspended, and the file has its memory.
kept() {
	cloisonctl create $ct --ostemplate busybox
	cloisonctl start $ct --wait
	cloisonctl suspend $ct
	cloisonctl resume $ct --keep
	cloisonctl stop $ct --fast
	[[ -s $dump ]]
	not grep 'Dump.101 is the memory' <(cloisonctl check containers)
	cp $dump $dumps/Dump.102
	cloisonctl destroy $ct
	[[ ! -e $dump ]]
	expect_out 'Dump.102 is the memory of a container that there is not' cloisonctl check containers
	rm $dumps/Dump.102
	not grep 'is the memory' <(cloisonctl check containers)
}

# away: it is suspended as before, and nothing is left of what a resume has made.
away() {
	is down suspended
	[[ ! -e $cgroup && ! -e $dumps/$ct.images && ! -e /run/cloison/checkpoint/$ct ]]
	not pgrep -x criu
	not compgen -G '/tmp/.criu*'
	not pgrep --uid "$(stat -c %u $fs)"
	all_well
}

# reads: CRIU has made its init, which has left all behind that it had from CRIU, and has pages to read.
reads() {
	local pid
	pid=$(head -n 1 $cgroup/init.scope/cgroup.procs) && [[ $pid && $(ls -l "/proc/$pid/fd") != *.lck* ]]
}

# reads_too: somebody in its group, for as long as that is there. He takes no more memory for it.
# shellcheck disable=SC2154 # $ktap_silence is ktap.sh's
reads_too() {
	until echo $BASHPID >$cgroup/init.scope/cgroup.procs; do
		read -rt 0.1 -u "$ktap_silence" || true
	done 2>/dev/null
	while :; do
		printf '%262144s' ''
		read -rt 0.5 -u "$ktap_silence" || true
	done >"$tmp/more"
}

# CRIU reads on for ever where pages are missing: it is ended, also when the tool is killed, and nothing is left of what it made.
no_end() {
	local tool
	cat >"$tmp/bin/tar" <<-EOF
		#!/bin/sh
		case "\$*" in "--create "*) truncate -s 20 $dumps/$ct.images/images/pages-*.img ;; esac
		exec /usr/bin/tar "\$@"
	EOF
	PATH=$tmp/bin:$PATH cloisonctl suspend $ct
	echo 'START_TIMEOUT="20"' >>$conf
	# what is cached of files is no progress
	reads_too &
	expect_out 'not come any further for 20 seconds' timeout 200 cloisonctl resume $ct
	expect_exit 17 cloisonctl resume $ct
	sed -i '/^START_TIMEOUT/d' $conf
	away
	[[ -s $dumps/$ct.log ]]
	cloisonctl resume $ct &
	tool=$!
	wait_for reads
	kill -KILL $tool
	wait_for is_free
	cloisonctl check --repair $ct
	away
	cloisonctl start $ct --discard --wait
	is running
}

# What a power cut would leave of the disk that its files are on, as soon as it is suspended.
on_disk() {
	local disk=$tmp/disk
	mkdir "$disk" "$disk.after"
	truncate -s 256M "$disk.image"
	mkfs.ext4 -q "$disk.image"
	mount -o loop "$disk.image" "$disk"
	cloisonctl create $ct --ostemplate busybox --private "$disk/$ct"
	cloisonctl start $ct --wait
	inside 'dd if=/dev/urandom of=/file bs=64k count=16 2>/dev/null'
	cloisonctl suspend $ct
	cp "$disk.image" "$disk.cut"
	mount -o loop "$disk.cut" "$disk.after"
	[[ -e $disk.after/$ct/suspended ]]
	cmp "$disk/$ct/fs/file" "$disk.after/$ct/fs/file"
	umount "$disk.after"
	cloisonctl resume $ct
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	umount "$disk"
}

# late CALL PATH [OPTION...]: all is there, and something fails before it may run.
late() {
	expect_exit 17 strace -o "$tmp/trace" -P "$2" -e trace="$1" -e inject="$1:error=ENOSPC" cloisonctl resume $ct "${@:3}"
	grep -q INJECTED "$tmp/trace"
	away
}

fails_late() {
	suspend_it
	late openat $dumps/$ct.images/state.tmp
	late unlink $private/suspended
	late rename $private/suspended.tmp --force
	resume_it
}

ktap_plan 13
check "start" starts
check "stages" stages
check "another file" another_file
check "refused by the kernel" refused
check "limits" lifted
check "an old state" old_state
check "damaged" damage
check "set, mount and others" suspended_otherwise
check "a restore without an end" no_end
check "a resume that fails late" fails_late
check "discard, destroy" gives_up
check "a state that was kept goes with its container" kept
check "files are on disk" on_disk
ktap_finish
