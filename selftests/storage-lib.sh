# SPDX-License-Identifier: GPL-2.0-only
# What the tests of storage share.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=cli-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

# base_of ID: the first of its user ids
base_of() {
	sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/$1.conf"
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
