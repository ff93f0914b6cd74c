#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Swap that is in use, and RAM and swap that are used up: what is counted, and what the container sees of it.

. "$(dirname "$0")/acct-lib.sh"

swapfile=/var/tmp/cloison-swap
ending() {
	clean
	swapoff "$swapfile" 2>/dev/null
	rm -rf "$swapfile" "$KTAP_TMP"
	wait_for modprobe -q -r cloison_acct
}
trap ending EXIT

in900() {
	cloisonctl exec2 900 "$@"
}

# touches PAGES: with something in them, as what is zero may take no memory; and lets go of them
touches() {
	in900 "echo touch $1 | exec /hold"
}

# mem NAME: a line of the container's meminfo, in kB
mem() {
	in900 "sed -n 's/^$1: *\([0-9]*\) kB/\1/p' /proc/meminfo"
}

# swapped: pages, by the kernel
swapped() {
	echo $(($(cgroup_file 900 memory.swap.current) / 4096))
}

no_swap_yet() {
	make_running 900 --ram 32M --swap 64M
	is "$(mem SwapTotal) $(in900 'wc -l </proc/swaps')" "0 1"
	is "$(bc 900 swappages) $(bc 900 swappages limit) $(bc 900 swappages failcnt)" "0 16384 0"
	# the host's comes, and is seen before long
	swapon "$swapfile"
	has_swap() { [[ $(mem SwapTotal) == 65536 && $(mem SwapFree) == 65536 ]]; }
	wait_for has_swap
	is "$(in900 'awk "NR == 2 { print \$2, \$3, \$4 }" /proc/swaps')" "virtual 65536 0"
}

# More than the RAM: the rest is swap, everywhere the same.
in_use() {
	local held used
	holder 900 --ram 32M --swap 64M
	hold touch 12000
	# what was begun goes on for a while
	is_counted() {
		held=$(bc 900 swappages)
		is "$held $(bc 900 swappages limit) $(bc 900 swappages failcnt)" "$(swapped) 16384 0"
	}
	wait_for is_counted || is_counted
	# at least what has no room in the RAM
	[[ $held -ge $((12000 - 8192)) && $held -le 12000 ]]
	[[ $(bc 900 swappages maxheld) -ge $held && $(bc 900 oomguarpages) -ge 12000 ]]
	[[ $(bc 900 physpages) -le 8192 ]]
	# what looks needs memory too
	is_told() {
		is "$(mem SwapTotal)" 65536
		in900 'awk "/^SwapFree/ { free = \$2 } NR == FNR { next } FNR == 2 { exit !(\$3 == 65536 && \$4 > 16000 &&
			free + \$4 > 65536 - 512 && free + \$4 < 65536 + 512) }" /proc/meminfo /proc/swaps'
		[[ $(in900 'busybox free -k | sed -n "s/^Swap: *\([0-9]*\) .*/\1/p"') -gt 0 ]]
		is "$(cloisonctl list -Ho swappages,swappages.l 900 | xargs)" "$(swapped) 16384"
		used=$(cloisonctl metrics | awk '/^cloison_swap_used_bytes/ { print $NF / 4096 }')
		is "$used" "$(swapped)"
		cloisonctl stat --json 900 | python3 -c 'import json, sys
swap = json.load(sys.stdin)[0]["swap"]
assert swap["used_bytes"] == 4096 * int(sys.argv[1]) and swap["limit_bytes"] == 64 << 20' "$(swapped)"
	}
	wait_for is_told || is_told
	# MB: of RAM, and of RAM and swap; and the host's of both
	cloisonctl vzmemcheck -v -A >"$KTAP_TMP/memcheck"
	awk -v swap="$(swapped)" '
		BEGIN {
			while ((getline line <"/proc/meminfo") > 0) {
				split(line, f)
				if (f[1] ~ /^(Mem|Swap)Total:/) all += f[2] / 1024
			}
		}
		$1 == 900 { ok = $5 - $4 > swap / 256 - 1 && $5 - $4 < swap / 256 + 1 && $6 == 32 && $8 == 96 }
		END { exit !(ok && $4 > all - 1 && $4 < all + 1) }' "$KTAP_TMP/memcheck" || { cat "$KTAP_TMP/memcheck" && return 1; }
	hold drop
	gone() { [[ $(bc 900 swappages) -lt 500 ]]; }
	wait_for gone
	[[ $(bc 900 swappages maxheld) -ge $held ]]
	exec {hold_fd}>&-
}

# Both used up: somebody dies, and both were refused. The kernel does not try when swap is full to the page: what it
# swaps out at once, 32 pages, does not fit into the last of it.
used_up() {
	make_running 900 --ram 32M --swap 16404K
	install -m 755 "$here/acct/hold" "$state/private/900/fs/hold"
	is "$(bc 900 physpages failcnt) $(bc 900 swappages failcnt)" "0 0"
	# what is more than the RAM, and fits
	expect_exit 0 touches 8400
	is "$(bc 900 physpages failcnt)" 0
	# where the swap is slow to take it, a process is killed before that is full
	filled() { expect_exit 137 touches 16000 && [[ $(bc 900 swappages failcnt) -ge 1 ]]; }
	wait_for filled
	[[ $(bc 900 physpages failcnt) -ge 1 ]]
	is "$(bc 900 swappages failcnt)" "$(cgroup_file 900 memory.swap.events | sed -n 's/^max //p')"
	[[ $(bc 900 swappages maxheld) -le 4101 && $(bc 900 swappages maxheld) -ge 3500 ]]
	[[ $(bc 900 physpages maxheld) -le 8192 && $(bc 900 physpages maxheld) -ge 8000 ]]
	cloisonctl ubc --near 900 | grep -qE '^! swappages '
	is_running 900
	# nothing of it is left
	gone() { [[ $(bc 900 swappages) -lt 500 ]]; }
	wait_for gone
}

# The same with no swap of its own on a host that has some.
none_allowed() {
	make_running 900 --ram 32M --swap 0
	install -m 755 "$here/acct/hold" "$state/private/900/fs/hold"
	expect_exit 137 touches 8400
	is "$(bc 900 swappages maxheld) $(bc 900 swappages limit)" "0 0"
	is "$(mem SwapTotal) $(in900 'wc -l </proc/swaps')" "0 1"
	# and what is given to one that runs
	cloisonctl --quiet set 900 --swap 16M
	expect_exit 0 touches 8400
	is "$(mem SwapTotal)" 16384
}

# Limits below what is held kill nobody: RAM goes to swap, swap stays where it is and no more is to be had.
lowered() {
	local before
	holder 900 --ram 64M --swap 64M
	hold touch 10000
	is "$(swapped)" 0
	expect_exit 0 timeout 60 cloisonctl set 900 --ram 24M
	before=$(swapped)
	[[ $before -gt 4000 ]]
	# with room for who looks: without it the next one that needs memory would have somebody killed, rightly
	cloisonctl --quiet set 900 --ram 64M
	expect_exit 0 timeout 60 cloisonctl set 900 --swap 4M
	[[ $(swapped) -gt 3000 ]]
	is "$(mem SwapTotal) $(mem SwapFree)" "4096 0"
	is "$(bc 900 swappages limit)" 1024
	# it goes on, with what it has
	hold file 3
	hold drop
	exec {hold_fd}>&-
}

# It goes while the container runs.
taken_away() {
	make_running 900 --ram 32M --swap 64M
	is "$(mem SwapTotal)" 65536
	swapoff "$swapfile"
	has_none() { [[ $(mem SwapTotal) == 0 && $(mem SwapFree) == 0 && $(in900 'wc -l </proc/swaps') == 1 ]]; }
	wait_for has_none
	is "$(bc 900 swappages)" 0
}

rm -f "$swapfile"
fallocate -l 192M "$swapfile" && chmod 600 "$swapfile" && mkswap -q "$swapfile" >/dev/null

ktap_plan 6
run_case "a host without swap, and with it" no_swap_yet
run_case "in use" in_use
run_case "used up" used_up
run_case "none allowed" none_allowed
run_case "limits below what is held" lowered
run_case "taken away" taken_away
ktap_finish
