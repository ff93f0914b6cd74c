#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine harness itself: its word is what every other test's result rests on. Runs on the host.
# place: host
# timeout: 900
# shellcheck disable=SC2317 # ktap_run calls the functions

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"
. "$here/vm/lib/log.sh"
. "$here/vm/lib/again.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# machine NAME OPTION... -- FILE...: a machine that runs the script on standard input; output and status in $tmp.
machine() {
	local name=$1 options=()
	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	cat >"$tmp/$name.sh"
	"$here/vm/run" --timeout 300 "${options[@]}" "$tmp/$name.sh" "${@:2}" >"$tmp/$name.out" 2>"$tmp/$name.err" </dev/null
	echo $? >"$tmp/$name.status"
}

boot_all() {
	mkdir "$tmp/directory"
	echo 'content of a file' >"$tmp/file"
	echo 'content below' >"$tmp/directory/file"
	machine silent -- <<-'EOF' &
		echo o >/proc/sysrq-trigger
		sleep 60
	EOF
	machine seven -- "$tmp/file" "$tmp/directory" <<-'EOF' &
		#!/bin/bash
		echo "in $PWD as $(id -un) on $(hostname)"
		cat file directory/file
		echo complaint >/dev/stderr
		sleep 1000 & # nobody waits for it
		exit 7
	EOF
	wait
	machine warned -- <<-'EOF' &
		echo 'WARNING: CPU: 0 PID: 1 at' >/dev/kmsg
		exit 0
	EOF
	wait
	machine two --nodes 2 -- <<-'EOF'
		set -e
		ping -c 1 -W 10 10.99.0.2
		ping -c 1 -W 10 fd99::2
		[[ $(ssh node2 hostname) == node2 ]]
		[[ $(ssh node2 ssh node1 hostname) == node1 ]]
	EOF
}

# status NAME WANT
status() {
	local status
	status=$(<"$tmp/$1.status")
	[[ $status -ne $2 ]] || return 0
	echo "status $status, not $2"
	cat "$tmp/$1.out" "$tmp/$1.err"
	return 1
}

files_arrive() {
	expect_out '^in /root/run as root on node1$' cat "$tmp/seven.out" &&
		expect_out '^content of a file$' cat "$tmp/seven.out" &&
		expect_out '^content below$' cat "$tmp/seven.out" &&
		expect_out '^complaint$' cat "$tmp/seven.out"
}

kernel_warning() {
	status warned 125 && expect_out 'WARNING: CPU: 0 PID: 1 at' cat "$tmp/warned.err"
}

silent() {
	status silent 124 && expect_out 'without giving a status' cat "$tmp/silent.err"
}

usage() {
	expect_exit 2 "$here/vm/run" --no-such-option true && expect_out '^usage: ' "$here/vm/run" --no-such-option true
}

# The log's scan, on lines that kernels of all series wrote, without a machine.
complaints() {
	local line
	while IFS= read -r line; do
		! log_scan - <<<"$line" >/dev/null || { echo "not seen: $line" && return 1; }
	done <<-'EOF'
		[    1.0] WARNING: CPU: 1 PID: 77 at kernel/workqueue.c:1 f+0x1/0x2
		[    1.0] WARNING: kernel/workqueue.c:1 at f+0x1/0x2, CPU#1: kworker/1:1/77
		[    1.0] WARNING: possible circular locking dependency detected
		[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000000
		[    1.0] Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT SMP
		[    1.0] INFO: task modprobe:77 blocked for more than 241 seconds.
		[    1.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
		[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 62s! [x:77]
		[    1.0] unregister_netdevice: waiting for venet0 to become free. Usage count = 2
		[    1.0] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
		[    1.0] Kernel panic - not syncing: Fatal exception
	EOF
	log_scan - <<<'[    1.0] cloison: loading out-of-tree module taints kernel.' || return 1
	log_tainted $((1 << 9)) && ! log_tainted $((1 << 12 | 1 << 13))
}

# judged NAME: the numbers that tap.awk gives for a test whose output is on standard input
judged() {
	mkdir -p "$tmp/judged"
	awk -f "$here/vm/tap.awk" -v dir="$tmp/judged" | cut -d ' ' -f 2-4
}

# gives ROW STATUS LINE...: true if a test with that output and exit status has that row.
gives() {
	local want=$1 status=$2
	shift 2
	expect_out "^$want\$" judged < <(printf '%s\n' '@@ begin t' "$@" "@@ end t $status 1")
}

points() {
	gives '2 0 1' 0 '1..3' 'ok 1 - a' '    not ok 1 - sub' 'ok 2 # SKIP no' 'ok 3' &&
		gives '1 1 0' 1 '1..2' 'ok 1' 'not ok 2' &&
		gives '1 1 0' 0 '1..2' 'ok 1' &&
		gives '1 1 0' 3 '1..1' 'ok 1' &&
		gives '1 1 0' 124 '1..1' 'ok 1' &&
		gives '1 1 0' 0 '1..1' 'ok 1' '@@ kernel' '# WARNING' &&
		gives '0 0 1' 4 '1..0 # SKIP not here' &&
		gives '0 1 0' 0 'hello' &&
		gives '1 0 1' cut '1..3' 'ok 1' &&
		gives '0 1 1' cut 'not ok 1' &&
		gives '0 0 1' cut &&
		expect_out '^1 1 0$' judged < <(printf '%s\n' '@@ begin t' '1..1' 'ok 1')
}

# A command's status is not the case's: 4 does not mean that it is to be skipped.
cases() {
	expect_out '^0 passed, 1 failed, 1 skipped$' bash -c '. "$0/ktap.sh"
		four() { return 4; }
		fails() { four; true; }
		skips() { return "$KTAP_SKIP"; }
		ktap_run one fails
		ktap_run other skips
		ktap_finish | grep -o "0 passed.*"' "$here"
}

# What is tried once more, and what becomes of the rows.
again() {
	local n
	printf '%s\n' 'p a 3 0 0 10 ' 'p b 1 2 0 20 exit status 1' 'p c 1 1 0 30 the kernel complained' \
		'p d 0 1 0 0 did not run' 'p machine 0 1 0 0 ended with status 124' >"$tmp/rows"
	[[ $(again_tests "$tmp/rows") == 'p b' ]] || return 1
	cp "$tmp/rows" "$tmp/kept"
	echo 'q b 2 1 0 21 exit status 1' >"$tmp/second"
	again_merge "$tmp/rows" "$tmp/second" b
	diff "$tmp/rows" "$tmp/kept" && [[ ! -s $tmp/second ]] || return 1
	echo 'q b 3 0 0 21 ' >"$tmp/second"
	again_merge "$tmp/rows" "$tmp/second" b
	[[ $(sed -n 2p "$tmp/rows") == 'p b 3 0 0 21 FLAKY: failed at first' && ! -s $tmp/second ]] || return 1
	# passed as far as it came
	echo 'q b 3 0 1 21 stopped, no time was left' >"$tmp/second"
	cp "$tmp/kept" "$tmp/rows"
	again_merge "$tmp/rows" "$tmp/second" b
	diff "$tmp/rows" "$tmp/kept" || return 1
	# passed, but the kernel complained or the machine died
	printf '%s\n' 'q b 3 0 0 21 ' 'q machine 0 1 0 0 ended with status 125' >"$tmp/second"
	cp "$tmp/kept" "$tmp/rows"
	again_merge "$tmp/rows" "$tmp/second" b
	diff "$tmp/rows" "$tmp/kept" || return 1
	for n in {1..7}; do
		echo "p t$n 1 1 0 1 exit status 1"
	done >"$tmp/many"
	[[ -z $(again_tests "$tmp/many") ]]
}

# Tests for which no time is left are skipped, and nothing else is.
late() {
	printf '#!/bin/bash\necho 1..1\n[[ -e %s/late ]] && echo ok 1\ntouch %s/late\n' "$tmp" "$tmp" >"$tmp/t"
	chmod +x "$tmp/t"
	[[ $("$here/vm/each" --left 0 "$tmp/t" | judged) == '0 0 1' && ! -e $tmp/late ]] || return 1
	touch "$tmp/late"
	[[ $("$here/vm/each" --left 60 "$tmp/t" | judged) == '1 0 0' ]] &&
		[[ $("$here/vm/each" --left '' "$tmp/t" | judged) == '1 0 0' ]] &&
		expect_exit 2 "$here/vm/check" --minutes soon || return 1
	printf '#!/bin/bash\necho 1..2\necho ok 1\nsleep 60\n' >"$tmp/t"
	[[ $(LEFT_GRACE=-58 "$here/vm/each" --left 60 "$tmp/t" | judged) == '1 0 1' ]]
}

ktap_plan 12
ktap_run "an unknown option gives the usage" usage
ktap_run "complaints of the kernel are seen in a log" complaints
ktap_run "points are counted, and what is not credible fails" points
ktap_run "a case fails where a command does, and skips where it says so" cases
ktap_run "a second try of what failed" again
ktap_run "no test begins when the time is over, nor goes on for long" late
boot_all
ktap_run "the script's status is passed on" status seven 7
ktap_run "files and output arrive" files_arrive
ktap_run "a warning of the kernel fails a run that exits 0" kernel_warning
ktap_run "a machine that powers off without a word fails" silent
ktap_run "two nodes reach each other" status two 0
ktap_run "of that, the output arrives too" expect_out '1 received' cat "$tmp/two.out"
ktap_finish
