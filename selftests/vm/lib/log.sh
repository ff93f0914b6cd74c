# SPDX-License-Identifier: GPL-2.0-only
# Reading a kernel log. Also sourced inside the machines.
# shellcheck shell=bash

# Bits of /proc/sys/kernel/tainted that a crash sets: machine check, bad page, died, warned, soft lockup.
readonly TAINT_CRASH=$((1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

# log_scan FILE: prints each complaint of the kernel with what follows it; false if there is one. FILE may be "-".
log_scan() {
	local here
	here=$(dirname "${BASH_SOURCE[0]}")
	! grep -a -E -A 25 -f <(grep -v '^#' "$here/../kernel-complaints") -- "$1"
}

# log_tainted VALUE: true if the kernel crashed or warned.
log_tainted() {
	(($1 & TAINT_CRASH))
}
