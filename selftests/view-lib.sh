# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the view share: the module is there for them, and gone for others, who may want to unload the core.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=cli-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

point=/sys/fs/cloison

# view_unload: false as long as it is used. A mount goes some time after the last process that saw it.
view_unload() {
	! mountpoint -q "$point" || umount "$point"
	[[ ! -e /sys/module/cloison_view ]] || rmmod cloison_view 2>/dev/null
}

trap 'clean; wait_for view_unload; rm -rf "$KTAP_TMP"' EXIT

in900() {
	cloisonctl exec2 900 "$@"
}

# mem NAME: a line of meminfo, in kB.
mem() {
	in900 "sed -n 's/^$1: *\([0-9]*\) kB/\1/p' /proc/meminfo"
}
