# SPDX-License-Identifier: GPL-2.0-only
# What the tests of storage share.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=cli-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

# base_of ID: the first of its user ids
base_of() {
	sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/$1.conf"
}

# inside_k: the size of the file system of container 900 as it sees it, KiB
inside_k() {
	cloisonctl exec2 900 busybox df -k / | awk 'END { print $2 }'
}

# no_loops [DIRECTORY]: nothing in it, or of what Cloison keeps, is in a loop device
no_loops() {
	not grep -q "${1:-$state}" <<<"$(losetup -n -O BACK-FILE)"
}

# gives_back BLOCKS FILE...: these files of container 900, which runs, are removed, and its image takes so much less of the disk, in
# blocks of 512 bytes
gives_back() {
	local image=$state/private/900/image before
	before=$(stat -c %b "$image")
	cloisonctl exec2 900 "rm ${*:2}; sync"
	cloisonctl compact 900
	[[ $(stat -c %b "$image") -lt $((before - $1)) ]]
}

# at ID COMMAND...: in its files, mounted for it
at() {
	local id=$1 status=0
	shift
	cloisonctl --quiet mount "$id"
	(cd "$state/root/$id" && "$@") || status=$?
	cloisonctl --quiet umount "$id"
	return "$status"
}

# as_root ID COMMAND: a line for a shell, in its files, as its root, who may all that a host's may
as_root() {
	local base
	base=$(base_of "$1")
	at "$1" setpriv --reuid "$base" --regid "$base" --clear-groups --inh-caps +all --ambient-caps +all sh -euc "$2"
}
