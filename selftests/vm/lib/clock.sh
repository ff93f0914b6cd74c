# SPDX-License-Identifier: GPL-2.0-only
# What tells machines how fast their clocks are: see tsc-khz.c.
# shellcheck shell=bash

# clock_make FILE
clock_make() {
	in_root trixie sh -ec 'gcc -O2 -static -x c -o /tmp/program - && cat /tmp/program' <"$vmdir/tsc-khz.c" >"$1"
	chmod 755 "$1"
}

# clock_ready: it is $cache/tsc-khz then.
clock_ready() {
	cached "$cache/tsc-khz" "$(key "$vmdir/lib/clock.sh" "$vmdir/tsc-khz.c")" clock_make
}
