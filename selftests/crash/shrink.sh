#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine's part of storage-power.sh: an image becomes smaller and larger until the power is cut; after a boot it must
# be one of the two, whole, with all its files.
set -eE
trap 'echo "FAILED: $BASH_COMMAND (line $LINENO)"' ERR

image=/var/lib/cloison/private/101/image
sums=/var/lib/shrink.sums

not_left() {
	[[ $(ls "${image%/*}") != *smaller* ]]
}

files() {
	cloisonctl --quiet mount 101
	(cd /var/lib/cloison/root/101 && "$@")
	cloisonctl --quiet umount 101
}

fill() {
	setpriv --reuid "$base" --regid "$base" --clear-groups \
		bash -c 'for i in {1..40}; do head -c 2M /dev/urandom >"tmp/$i" || exit 1; done'
	rm tmp/{1..31}
	find . -type f -print0 | xargs -0 md5sum >$sums
}

modprobe cloison
if [[ ! -e $sums ]]; then
	cloisonctl --quiet create 101 --ostemplate busybox --layout image --diskspace 96M
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' /etc/cloison/conf/101.conf)
	files fill
	sync
else
	[[ $(stat -c %s $image) == 100663296 || $(stat -c %s $image) == 50331648 ]]
	# the journal of one that was mounted by the tool just then; then nothing may be wrong
	e2fsck -fp $image >/dev/null || [[ $? -eq 1 ]]
	e2fsck -fn $image >/dev/null
	cloisonctl check --repair >/dev/null
	not_left
	files md5sum --quiet -c $sums
	cloisonctl --quiet set 101 --diskspace 48M --save
	files md5sum --quiet -c $sums
	echo whole
fi
[[ ! -e $(dirname "$0")/last ]] || exit 0
echo busy
while :; do
	for size in 96M 48M; do
		cloisonctl --quiet set 101 --diskspace $size --save
		echo "done $size"
	done
done
