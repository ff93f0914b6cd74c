# SPDX-License-Identifier: GPL-2.0-only
# A second try for tests that failed, in a machine of their own. Machines are emulated, and whoever shares their processors
# can make a test slower than it allows for; that must neither stop a change nor go unseen. What is no matter of time has
# no second try: a kernel that complained, a machine that died, or more than a few tests.
# shellcheck shell=bash

AGAIN_MOST=6

# again_tests ROWS-FILE...: lines "PLACE TEST" of those that may be tried again; nothing if too many failed. Rows are those
# of place_judge in check.
again_tests() {
	awk -v most="$AGAIN_MOST" '
		$4 == 0 { next }
		{ failed++ }
		/the kernel complained|the run ended|did not run|ended with status/ { next }
		{ tests[++n] = $1 " " $2 }
		END { for (i = 1; i <= n && failed <= most; i++) print tests[i] }' "$@" </dev/null
}

# again_merge FIRST SECOND TEST: in the files of rows, that of the second try takes the place of the first one's if it
# passed, and says so; else it goes.
again_merge() {
	awk -v test="$3" '
		FNR == NR { if ($2 == test) { passed = $3 > 0 && $4 == 0 && !/stopped, no time/; second = $3 " " $4 " " $5 " " $6 } else passed = 0; next }
		$2 == test && passed { $0 = $1 " " $2 " " second " FLAKY: failed at first" }
		{ print }' "$2" "$1" >"$1.new"
	mv "$1.new" "$1"
	: >"$2"
}
