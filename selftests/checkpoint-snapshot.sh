#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest 6.12
# timeout: 600
# Snapshots with memory: files and processes are of one moment, and both are there again after a switch.

. "$(dirname "$0")/checkpoint/lib.sh"

snapshots=$private.snapshots
id='{11111111-2222-4333-8444-555555555555}'

starts() {
	modprobe -a cloison cloison_net
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2
	cloisonctl start $ct --wait
	install_counter
}

# goes_back COMMAND...: the numbers go on, all of them, and are smaller than they were.
goes_back() {
	local n
	counts
	n=$(last)
	"$@"
	is running
	[[ $(last) -lt $n ]]
	counts
	all_well
}

# It goes on without a gap; and again from where it was, twice.
live() {
	cloisonctl snapshot $ct --id $id
	is running
	counts
	all_well
	[[ $(cloisonctl snapshot-list $ct -H -o memory) == yes ]]
	wait_for is_beyond file $(($(wc -l <"$snapshots/$id/fs/tmp/file") + 5))
	goes_back cloisonctl snapshot-switch $ct --id $id
	wait_for is_beyond file $(($(wc -l <"$snapshots/$id/fs/tmp/file") + 5))
	goes_back cloisonctl snapshot-switch $ct --id $id --must-resume
	ping -n -q -c 1 -W 5 10.0.101.2
	[[ ! -e $private/state && ! -e $dumps/Dump.$ct ]]
}

# Of one that is suspended its state is a part; and it is dropped when it becomes another.
of_suspended() {
	cloisonctl suspend $ct
	cloisonctl snapshot $ct --name asleep
	is down suspended
	cloisonctl snapshot-switch $ct --id $id --skip-resume
	is down
	[[ ! -e $private/state && ! -e $dumps/Dump.$ct ]]
	cloisonctl snapshot-switch $ct --id asleep
	is running
	counts
	cloisonctl snapshot-delete $ct --id asleep
}

# It runs on, whatever happens; what is half made is no snapshot.
fails() {
	local status=0
	cp "$snapshots/$id/state" "$tmp/state"
	echo "no state" >"$snapshots/$id/state"
	expect_exit 159 cloisonctl snapshot-switch $ct --id $id
	is running
	cat "$tmp/state" >"$snapshots/$id/state"
	strace -o "$tmp/trace" -P "$snapshots/.{22222222-2222-4333-8444-555555555555}/state.tmp" -e trace=rename \
		-e inject=rename:signal=KILL:when=1 cloisonctl --quiet snapshot $ct --id 22222222-2222-4333-8444-555555555555 ||
		status=$?
	[[ $status -eq 137 ]]
	wait_for settled
	mkdir "$tmp/bin"
	printf '#!/bin/sh\nkill -9 $PPID\n' >"$tmp/bin/cp"
	chmod +x "$tmp/bin/cp"
	expect_exit 137 env PATH="$tmp/bin:$PATH" cloisonctl --quiet snapshot $ct
	wait_for settled
	counts
	mkdir "$tmp/fail"
	printf '#!/bin/sh\nexit 1\n' >"$tmp/fail/cp"
	chmod +x "$tmp/fail/cp"
	expect_exit 156 env PATH="$tmp/fail:$PATH" cloisonctl --quiet snapshot $ct
	counts
	all_well
	[[ $(cloisonctl snapshot-list $ct -H -o uuid) == "$id" ]]
	# what cannot be dumped
	cloisonctl pause $ct
	expect_exit 16 cloisonctl snapshot $ct
	cloisonctl --quiet snapshot $ct --skip-suspend --name paused
	[[ $(<$cgroup/cgroup.freeze) == 1 ]]
	cloisonctl unpause $ct
	counts
}

settled() {
	cloisonctl check --repair $ct
}

# The file system of an image stands still too; CRIU, which undoes what it did, does not wait for it for ever.
of_image() {
	cloisonctl create $ct --ostemplate busybox --layout image --diskspace 32M
	cloisonctl start $ct --wait
	inside 'n=0; while :; do n=$((n + 1)); echo $n; sleep 0.1; done </dev/null >/root/file 2>&1 &'
	expect_exit 137 env PATH="$tmp/bin:$PATH" cloisonctl --quiet snapshot $ct
	wait_for settled
	image_counts
	cloisonctl snapshot $ct --id $id
	image_counts
	cloisonctl snapshot-switch $ct --id $id --must-resume
	image_counts
	all_well
}

# The host sees the image's files at VE_ROOT.
image_counts() {
	local file=/var/lib/cloison/root/$ct/root/file n
	n=$(wc -l <$file)
	wait_for test_lines $file $((n + 3))
	awk '$1 != NR { print NR, "is", $1; exit 1 }' $file
}

test_lines() {
	[[ $(wc -l <"$1") -gt $2 ]]
}

ends() {
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	[[ ! -e $cgroup && ! -e $snapshots && ! -e $private ]]
	not ls $dumps/*$ct*
}

ktap_plan 7
check "start" starts
check "one that runs" live
check "one that is suspended" of_suspended
check "failures" fails
check "nothing is left" ends
check "an image" of_image
check "nothing is left of it" ends
ktap_finish
