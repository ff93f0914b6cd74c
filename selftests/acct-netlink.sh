#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The protocol of cloison_acct: who visits, what was before, and who may say so.

. "$(dirname "$0")/acct-lib.sh"

acct=$here/nl/acct_test
# in linux/cloison_acct.h; OpenVZ has none of number 4
numproc=resource=5

# figures: maxheld and failcnt of numproc
figures() {
	"$acct" get id=900 | awk '$2 == 5 { print $6, $8 }'
}

# A maximum that was is kept, refusals are added to.
carries() {
	local most failed
	bomb 900
	read -r most failed <<<"$(figures)"
	[[ $most == 40 && $failed -gt 0 ]]
	"$acct" carry id=900 "$numproc" maxheld=1 failcnt=1000
	is "$(figures)" "40 $((1000 + failed))"
	"$acct" carry id=900 "$numproc" maxheld=100 failcnt=2000
	is "$(figures)" "100 $((2000 + failed))"
	is "$(bc 900 numproc maxheld) $(bc 900 numproc failcnt)" "100 $((2000 + failed))"
	is "$(cloisonctl list -Ho numproc.m,numproc.f 900 | xargs)" "100 $((2000 + failed))"
	# it goes on
	bomb 900
	[[ $(bc 900 numproc failcnt) -gt $((2000 + failed)) ]]
	# what no kernel counts to
	"$acct" carry id=900 "$numproc" maxheld=0xffffffffffffffff failcnt=0xffffffffffffffff
	[[ $(bc 900 numproc maxheld) == 9223372036854775807 ]]
	[[ $(bc 900 numproc failcnt) == 92233720368547* ]]
}

refuses_carries() {
	expect_out '^EINVAL: no such resource' "$acct" carry id=900 resource=4 maxheld=1 failcnt=1
	expect_out '^ERANGE: ' "$acct" carry id=900 resource=25 maxheld=1 failcnt=1
	expect_out '^ENOENT: no such container' "$acct" carry id=902 "$numproc" maxheld=1 failcnt=1
	expect_out '^EINVAL: ' "$acct" carry id=900 "$numproc" maxheld=1
	expect_out '^EINVAL: ' "$acct" carry id=900 "$numproc" failcnt=1
	expect_out '^EINVAL: ' "$acct" carry id=900 maxheld=1 failcnt=1
	expect_out '^EINVAL: ' "$acct" carry "$numproc" maxheld=1 failcnt=1
	expect_out '^EINVAL: ' "$acct" carry id=900 "$numproc" maxheld:u32=1 failcnt=1
	expect_out '^EINVAL: ' "$acct" carry id=900 "$numproc" maxheld=1 failcnt=1 limit=1
}

visits() {
	local init
	init=$(init_of 900)
	# who has always been there does not
	expect_out '^EINVAL: no process of this container' "$acct" visit id=900 pid="$init"
	cloisonctl exec 900 'sleep 1000' &
	visitor() { tail -n 1 /sys/fs/cgroup/cloison/900/cloison-exec/cgroup.procs | grep .; }
	wait_for visitor
	"$acct" visit id=900 pid="$(visitor)"
	kill "$(visitor)"
	expect_out '^EINVAL: no process of this container' "$acct" visit id=900 pid=$$
	expect_out '^EINVAL: no process of this container' "$acct" visit id=901 pid="$init"
	expect_out '^ESRCH: no process of this container' "$acct" visit id=900 pid=4194304
	expect_out '^ENOENT: no such container' "$acct" visit id=902 pid="$init"
	expect_out '^ERANGE: ' "$acct" visit id=900 pid=0
	expect_out '^EINVAL: ' "$acct" visit id=900
	expect_out '^EINVAL: ' "$acct" visit pid="$init"
	# those that have gone are forgotten by the next one
	for _ in {1..50}; do
		cloisonctl exec 900 true
	done
}

only_root() {
	local by
	for by in "unshare --user --map-root-user" "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin"; do
		# shellcheck disable=SC2086 # words
		expect_out '^EPERM: ' $by "$acct" visit id=900 pid="$(init_of 900)"
		# shellcheck disable=SC2086
		expect_out '^EPERM: ' $by "$acct" carry id=900 "$numproc" maxheld=1 failcnt=1
	done
}

ktap_plan 4
make_running 900 --ram 64M --numproc 40
make_running 901
ktap_run "figures of before" carries
ktap_run "figures that make no sense" refuses_carries
ktap_run "visitors" visits
ktap_run "only root of the host" only_root
ktap_finish
