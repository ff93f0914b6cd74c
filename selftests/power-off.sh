#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# place: host
# kernels: newest
# about: tool
# A host is powered off as one does it, with systemctl, and boots again from its disk: containers end in reverse order, each
# within its STOP_TIMEOUT, before the network and the disks that they use, and come back in BOOTORDER after those. Runs on the
# host.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

mkdir -p "${CLOISON_CACHE:-/var/cache/cloison}/run"
tmp=$(mktemp -d "${CLOISON_CACHE:-/var/cache/cloison}/run/XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# boot NAME: its status in $status; what it says in out.NAME
boot() {
	echo "$1" >"$tmp/boot"
	status=0
	"$here/vm/run" --kernel newest --timeout 800 --disk "$tmp/disk" "$here/crash/power-off.sh" "$tmp/boot" \
		>"$tmp/out.$1" 2>"$tmp/err.$1" </dev/null || status=$?
}

show() {
	cat "$tmp/out.$1" "$tmp/err.$1"
	return 1
}

# 124: it ended without a word, which is how a script ends that powers off
first() {
	boot first
	[[ $status -eq 124 ]] || show first
	grep -qx off "$tmp/out.first" || show first
	not grep -q FAILED "$tmp/out.first" || show first
}

said() {
	grep -qx "$1" "$tmp/out.second" || show second
}

ktap_plan 6
ktap_run "containers run, and the host is powered off" first
boot second
ktap_run "it boots again" test "$status" -eq 0
ktap_run "they had ended in reverse order, in time" said stopped
ktap_run "they came back in order" said started
ktap_run "the network was there before and after them" said network
ktap_run "the disks too, and nothing is left" said disks
[[ $status -eq 0 ]] || show second | sed 's/^/# /'
ktap_finish
