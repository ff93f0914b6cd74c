#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# What snapshots and clones of a container that runs have copied before it stands still: the same as
# if all were copied then, whatever is done to the files, and however who copies is held up.

. "$(dirname "$0")/storage-snapshot-lib.sh"

# get_old: what was changed in the last ten minutes is not copied ahead.
get_old() {
	date -s '+11 minutes' >/dev/null
}

# make_old LAYOUT: running, with files that are copied ahead.
make_old() {
	make_kinds "$1"
	inside 'cd /kinds; mkdir many one other both a-directory
		i=0; while [ $i -lt 200 ]; do echo $i >many/$i; i=$((i + 1)); done
		echo first >one/file; echo other >other/file
		touch -d "2001-01-01 00:00" one/file other/file
		for i in same a-file a-link gone owned twin; do echo $i >$i; done
		ln twin joined; echo 1 >a-directory/file'
	# what cp does not copy either
	setfattr -n trusted.SGI_ACL_FILE -v 0x00 "$(files_of 900)/kinds/owned"
	setfattr -n trusted.note -v "$(printf '%02000d' 1)" "$(files_of 900)/kinds/owned"
	write_numbers
	get_old
}

# files_of ID: the directory that is copied
files_of() {
	if [[ -d $state/private/$1/fs ]]; then
		echo "$state/private/$1/fs"
	else
		echo "$state/private/$1/overlay/upper"
	fi
}

# number_of FILE: by which its copy is called
number_of() {
	stat -c %i "$(files_of 900)/kinds/$1"
}

# Whatever a file's own times say.
change_kinds() (
	cd "$root/kinds"
	touch -r same "$KTAP_TMP/time"
	echo SAME 1<>same
	touch -r "$KTAP_TMP/time" same
	# the same size and time, at another place, and no change of the files themselves
	mv one both
	mv other one
	mv both/one other
	rm -r a-directory a-file a-link gone twin many/1?
	echo file >a-directory
	mkdir a-file
	echo in >a-file/in
	ln -s /etc/passwd a-link
	echo twin >twin
	chown "$(base_of 900):$(base_of 900)" a-* a-file/in twin
	chown -h "$(base_of 900):$(base_of 900)" a-link
	chmod 4711 owned
	mv many moved
	ln moved/5 five
)

# compare BASE: what is at $view, with what there is
compare() {
	picture "$root" "$(base_of 900)" "$KTAP_TMP/before"
	picture "$view" "$1" "$KTAP_TMP/after"
	diff <(grep -v '^./numbers ' "$KTAP_TMP/before") <(grep -v '^./numbers ' "$KTAP_TMP/after")
}

# raw DIRECTORY: what no container sees of its files, and what looking at them changes
raw() (
	cd "$1/kinds"
	find moved -name '10[2-9]' -printf '%p %A@\n' | sort
	find . -print0 | sort -z | xargs -0 getfattr -h -d -m '^trusted[.][^S]' -e hex
)

# taken NAME: its directory, as files_of() has it
taken() {
	files_of "900.snapshots/$(id_of "$1")"
}

# is_whole NAME: the snapshot is what there is, and nothing else is left of it.
is_whole() {
	local files
	files=$(taken "$1")
	[[ -z $(find "$snapshots" -name ahead -o -path "$snapshots/.*" -prune) ]]
	cloisonctl --quiet snapshot-mount 900 --id "$1" --target "$view"
	numbers_agree "$view"
	compare "$(base_of 900)"
	umount "$view"
	[[ $(stat -c %b "$files/kinds/sparse") -lt 100 ]]
}

# snapshot NAME [OPTION OF STRACE...]: without memory, and traced; the trace is in $KTAP_TMP/trace.
snapshot() {
	strace -o "$KTAP_TMP/trace" "${@:2}" cloisonctl --quiet snapshot 900 --skip-suspend --name "$1"
}

# placed: how many files of the trace were there before it stood still
placed() {
	grep -cE 'renameat\([0-9]+, "[0-9]+", .* = 0$' "$KTAP_TMP/trace"
}

# waits MICROSECONDS: options for strace to wait so long between the two parts
waits() {
	echo -P /run/cloison/still/900.tmp -e trace=rename -e "inject=rename:delay_enter=$1"
}

# Who is about to stand still.
has_copied() {
	[[ -e /run/cloison/still/900.tmp ]]
}

# copier: the process that copies ahead; the newest of ours
copier() {
	pgrep -n -x cloisonctl
}

# has_open NAME TIMES: it has that file of the container's open so often.
has_open() {
	[[ $(readlink "/proc/$(copier)/fd/"* | grep -cx "/kinds/$1") -eq $2 ]]
}

# spoil COMMAND FILE: see storage/spoil.c
spoil() {
	"$here/storage/spoil" "$1" "$root/kinds/$2" &
	spoiler=$!
}

# Files are copied while it runs; what changes before it stands still, is as it is then.
ahead() {
	local command all
	make_old "$1"
	# shellcheck disable=SC2046 # words
	snapshot one $(waits 8000000) &
	command=$!
	wait_for has_copied
	all=("$snapshots"/.*/ahead/*)
	[[ ${#all[@]} -gt 200 && $(cgroup_file 900 cgroup.freeze) == 0 ]]
	[[ $(getfattr -d -m - "$snapshots"/.*/ahead/"$(number_of owned)") != *SGI* ]]
	change_kinds
	# as if it had become longer by a write that began before
	truncate -s 0 "$snapshots"/.*/ahead/"$(number_of moved/100)"
	# as if it had been read since
	touch -a -c -d '2003-03-03 00:00' "$snapshots"/.*/ahead/"$(number_of moved/102)"
	[[ $(cgroup_file 900 cgroup.freeze) == 0 ]]
	wait "$command"
	numbers_go_on
	diff <(raw "$(files_of 900)") <(raw "$(taken one)")
	is_whole one
	[[ $(<"$(taken one)/kinds/same") == SAME ]]
	# with other ids
	cloisonctl --quiet clone 900 901
	cloisonctl --quiet mount 901
	mount --bind "$state/root/901" "$view"
	numbers_agree "$view"
	compare "$(base_of 901)"
	umount "$view"
	numbers_go_on
}

# No room: it never stood still, and there is nothing. Who copies is killed: the rest is copied
# later. The tool is: he goes, too.
fails() {
	expect_exit 156 snapshot full -f -e trace=sendfile -e inject=sendfile:error=ENOSPC:when=50+
	[[ ! -e $snapshots && ! -e /run/cloison/still/900 ]]
	snapshot killed -f -e trace=sendfile,renameat -e inject=sendfile:signal=KILL:when=100
	[[ $(placed) -gt 80 && $(placed) -lt 150 ]]
	is_whole killed
	expect_exit 137 snapshot cut -e trace=recvmsg -e inject=recvmsg:signal=KILL:when=50
	[[ ! -e /run/cloison/still/900 ]]
	wait_for not pgrep -x cloisonctl
	numbers_go_on
	expect_out 'half made' cloisonctl check 900
	wait_for settled
	nothing_left
	[[ $(listed name) == killed && $(ls -A "$snapshots") == "$(id_of killed)" ]]
	# more than is walked
	inside 'cd /kinds
		i=0; while [ $i -lt 150 ]; do mkdir deep; cd deep; i=$((i + 1)); done; echo deep >file'
	get_old
	snapshot deep -e trace=renameat
	[[ $(placed) -gt 200 ]]
	is_whole deep
	rm -r "$root/kinds/deep"
}

# Times say nothing when the clock is set: all is copied while it stands still.
clock_set() {
	local command
	# shellcheck disable=SC2046 # words
	snapshot set $(waits 5000000) &
	command=$!
	wait_for has_copied
	date -s '-2 days' >/dev/null
	echo SAME 1<>"$root/kinds/same"
	wait "$command"
	date -s '+2 days' >/dev/null
	is_whole set
	[[ $(<"$(taken set)/kinds/same") == SAME ]]
}

# Changed through a mapping that was written through before: no time says so, unless it was written
# to disk in between.
mapped() {
	local command flush=/proc/sys/vm/dirty_writeback_centisecs before
	before=$(<"$flush")
	sync
	echo 0 >"$flush"
	spoil map many/50
	wait_for grep -q ^A "$root/kinds/many/50"
	get_old
	# shellcheck disable=SC2046 # words
	snapshot mapped $(waits 5000000) &
	command=$!
	wait_for has_copied
	[[ $(<"$snapshots"/.*/ahead/"$(number_of many/50)") == A* ]]
	kill -USR1 "$spoiler"
	wait_for grep -q ^B "$root/kinds/many/50"
	wait "$command"
	echo "$before" >"$flush"
	is_whole mapped
	[[ $(<"$(taken mapped)/kinds/many/50") == B* ]]
}

# is_stuck PARENT
is_stuck() {
	[[ $(ps -o stat= --ppid "$1") == D* ]]
}

# Who writes to a file holds who reads it, where no signal reaches him: the tool goes on without him,
# and when it is done nothing of it is left but he, who goes with who holds him.
held() {
	local command copier
	spoil hold many/100
	wait_for grep -q userfault "/proc/$spoiler/wchan"
	get_old
	cloisonctl --quiet snapshot 900 --skip-suspend --name held &
	command=$!
	wait_for is_stuck "$command"
	copier=$(pgrep -P "$command")
	not grep -q lck <<<"$(readlink "/proc/$copier/fd/"*)"
	wait "$command"
	[[ $(ps -o stat= -p "$copier") == D* ]]
	cloisonctl --quiet set 900 --cpuunits 2000 --save
	numbers_go_on
	kill -9 "$spoiler"
	wait_for test ! -e "/proc/$copier"
	is_whole held
}

# So does who stops him. What he had copied counts.
stopped() {
	snapshot stopped -f -e trace=sendfile,renameat -e inject=sendfile:signal=STOP:when=100
	[[ $(placed) -gt 80 && $(placed) -lt 150 ]]
	is_whole stopped
	not pgrep -x cloisonctl
}

# It is filled before who reads it, and emptied behind him: no more is copied than it had.
punched() {
	local command copied
	inside 'head -c 1048576 /dev/urandom >/kinds/big; truncate -s 32M /kinds/big'
	get_old
	snapshot punched -f -P /kinds/big -e trace=sendfile -e inject=sendfile:delay_enter=8000000 &
	command=$!
	# it knows how large it is
	wait_for has_open big 2
	inside 'dd if=/dev/urandom of=/kinds/big bs=1M seek=1 count=31 conv=notrunc'
	fallocate -p -o 0 -l 1M "$root/kinds/big"
	wait "$command"
	copied=$(sed -n 's/.*sendfile(.* = \([0-9]*\).*/\1/p' "$KTAP_TMP/trace" |
		awk '{ sum += $1 } END { print sum + 0 }')
	[[ $copied -ge 1000000 && $copied -le 1100000 ]]
	is_whole punched
	cmp "$root/kinds/big" "$(taken punched)/kinds/big"
	rm "$root/kinds/big"
	cloisonctl --quiet snapshot-delete 900 --id punched
}

# Who has a lease is asked to give it back, and not waited for until all stands still.
leased() {
	local time=/proc/sys/fs/lease-break-time before
	before=$(<"$time")
	spoil lease many/100
	wait_for grep -q "LEASE.*:$(number_of many/100) " /proc/locks
	echo 3 >"$time"
	snapshot leased -f -e trace=openat,renameat
	echo "$before" >"$time"
	grep -q '/proc/self/fd/.*EAGAIN' "$KTAP_TMP/trace"
	[[ $(placed) -gt 200 ]]
	is_whole leased
}

# What he is about to open is exchanged for another, in directories that change places.
exchanged() {
	local command
	echo secret >"$KTAP_TMP/secret"
	snapshot exchanged -f -P "$(number_of same)" -e trace=faccessat2 \
		-e inject=faccessat2:delay_enter=8000000 &
	command=$!
	wait_for has_open same 1
	change_kinds
	mv "$root/kinds/same" "$root/kinds/one/same"
	ln -s "$KTAP_TMP/secret" "$root/kinds/same"
	mv "$root/kinds/owned" "$root/kinds/one/owned"
	mkfifo "$root/kinds/owned"
	wait "$command"
	grep -q faccessat2 "$KTAP_TMP/trace"
	is_whole exchanged
}

is_made() {
	[[ $(listed name) == "$1" ]]
}

# Who changes all places again and again leads nobody to the host's files, and holds nobody up.
moved() {
	local i
	make_old dir
	mkdir "$KTAP_TMP/secrets"
	for ((i = 0; i < 200; i++)); do echo secret >"$KTAP_TMP/secrets/$i"; done
	inside 'cd /kinds; { while [ ! -e /stop ]; do
		mv many away; ln -s '"$KTAP_TMP/secrets"' many; rm many; mv away many
		rm -rf many/7; mkdir many/7; rmdir many/7; mkfifo many/7; rm many/7
		ln -s '"$KTAP_TMP/secrets/7"' many/7; rm many/7; echo 7 >many/7
		head -c 100000 /dev/zero >>many/8; done; } </dev/null >/dev/null 2>&1 &'
	snapshot one -f -e trace=sendfile -e inject=sendfile:delay_enter=5000 &
	wait_for is_made one
	inside touch /stop
	numbers_agree "$(taken one)"
	not grep -rqs -D skip secret "$(taken one)/kinds"
	[[ $(cat "$(taken one)"/kinds/{many,away}/9 2>/dev/null) == 9 ]]
}

# run_next NAME FUNCTION: with the container as it is
run_next() {
	ktap_run "$@"
	! mountpoint -q "$view" || umount "$view"
}

ktap_plan 12
for layout in dir overlay; do
	run_case "$layout: as if all were copied then" ahead $layout
done
run_next "one for the rest" make_old dir
run_next "it fails, or is cut off" fails
run_next "the clock is set" clock_set
run_next "a mapping" mapped
run_next "a file that is held" held
run_next "who copies is stopped" stopped
run_next "a file that is filled and emptied" punched
run_next "a lease" leased
run_case "files and directories are exchanged" exchanged
run_case "all is moved" moved
ktap_finish
