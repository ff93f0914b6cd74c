#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine's part of storage-power.sh: does what the file "operation" beside it says with the files of a container until
# the power is cut. After a boot they must be what they were before or are to be, whole; with a file "last" that is all.
#
# There are two states of them, a and b, each with a snapshot and a backup. The file "may" says which of them there may be; it
# is on disk before a change from one to the other begins.
set -eE
trap 'echo "FAILED: $BASH_COMMAND (line $LINENO)"' ERR
cd "$(dirname "$0")"

state=/var/lib/cloison
private=$state/private/101
root=$state/root/101
conf=/etc/cloison/conf/101.conf
dir=/var/lib/storage-power

failed() {
	echo "FAILED: neither of them"
	exit 1
}

quietly() {
	cloisonctl --quiet "$@"
}

# picture_of DIR: all there is to know of the files in it
picture_of() (
	cd "$1"
	find . -name lost+found -prune -o -printf '%y %m %U %G %n %s %T@ %p %l\n' |
		awk '$1 == "d" { $5 = $6 = $7 = "-" } { print }' | sort
	find . -type f -print0 | sort -z | xargs -0 md5sum
	getfattr -R -h -d -m '^user\.' . 2>/dev/null
)

picture() {
	quietly mount 101
	picture_of "$root"
	quietly umount 101
}

# inside COMMAND: on the files of the container, as its root
inside() {
	quietly mount 101
	(cd "$root" && setpriv --reuid "$base" --regid "$base" --clear-groups bash -ec "$1")
	quietly umount 101
}

keep() {
	quietly set 101 --description "$1" --save
	picture >"$dir/$1"
	quietly snapshot 101 --name "$1"
	quietly backup 101 --full
	cloisonctl backup-list -H 101 | awk 'END { print $1 }' >"$dir/$1.backup"
}

first() {
	local base
	mkdir -p "$dir"
	quietly create 101 --ostemplate busybox --layout image --diskspace 96M
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$conf")
	# at the end of the disk, too
	inside 'for i in {1..24}; do head -c 2M /dev/urandom >"tmp/$i"; done; rm tmp/{1..18}; ln tmp/20 root/link
		truncate -s 3M tmp/sparse; setfattr -n user.note -v a tmp/sparse; mkfifo tmp/fifo; chmod 2751 root'
	keep a
	inside 'rm tmp/19; echo b >tmp/20; mkdir tmp/dir; mv tmp/21 tmp/dir; setfattr -n user.note -v b tmp/sparse'
	keep b
	may b
	sync
}

may() {
	echo "$*" >"$dir/may.new"
	sync "$dir/may.new"
	mv "$dir/may.new" "$dir/may"
	sync "$dir"
}

# is STATE: it is in that, with the configuration that belongs to it
is() {
	cmp "$dir/now" "$dir/$1" && grep -qx "DESCRIPTION=\"$1\"" "$conf"
}

image_is_sound() {
	local size
	[[ -e $private/image ]] || return 0
	size=$(stat -c %s "$private/image")
	[[ $size -eq 100663296 || $size -eq 50331648 ]]
	# the journal of one that was mounted by the tool just then; then nothing may be wrong
	e2fsck -fp "$private/image" >/dev/null || [[ $? -eq 1 ]]
	e2fsck -fn "$private/image" >/dev/null
}

snapshots_are_whole() {
	local name
	mkdir -p "$dir/view"
	for name in $(cloisonctl snapshot-list 101 -H -o name); do
		quietly snapshot-mount 101 --id "$name" --target "$dir/view"
		picture_of "$dir/view" >"$dir/seen"
		quietly snapshot-umount 101 --id "$name"
		cmp "$dir/seen" "$dir/$([[ $name == new ]] && echo "$now" || echo "$name")"
		if [[ $name == new ]]; then
			quietly snapshot-delete 101 --id new
		fi
	done
	[[ $(cloisonctl snapshot-list 101 -H -o name | tr -d ' ' | sort | tr '\n' ' ') == "a b " ]]
}

look() {
	local now=
	image_is_sound
	cloisonctl check --repair >/dev/null
	[[ $(cloisonctl check --repair) == *'nothing is left'* ]]
	[[ -z $(find "$state"/private -maxdepth 2 \( -name '*.converting' -o -name '*.smaller' -o -name '.{*' \)) ]]
	picture >"$dir/now"
	for now in $(<"$dir/may") ''; do
		! is "$now" || break
	done 2>/dev/null
	[[ $now ]] || { cat "$dir/may"; diff "$dir/b" "$dir/now" | head -n 20; grep DESCRIPTION "$conf"; failed; }
	may "$now"
	snapshots_are_whole
	echo whole
}

# change STATE COMMAND...: makes that of it
change() {
	may "$(<"$dir/may")" "$1"
	quietly "${@:2}"
	may "$1"
}

as_image() {
	[[ -e $private/image ]] || quietly convert 101 --layout image
}

smaller() {
	as_image
	quietly set 101 --diskspace 96M --save
	done_so_far
	quietly set 101 --diskspace 48M --save
}

convert() {
	local layout
	for layout in dir overlay image; do
		quietly convert 101 --layout "$layout"
		done_so_far
	done
}

snapshot() {
	quietly snapshot 101 --name new
	done_so_far
	quietly snapshot-delete 101 --id new
}

switch() {
	change a snapshot-switch 101 --id a
	done_so_far
	change b snapshot-switch 101 --id b
}

restore() {
	change a restore-backup "$(<"$dir/a.backup")"
	done_so_far
	change b restore-backup "$(<"$dir/b.backup")"
}

# After each: how long it takes is for the one who cuts the power.
done_so_far() {
	echo "done $(cut -d ' ' -f 1 /proc/uptime)"
}

modprobe cloison
if [[ -e $dir/may ]]; then
	look
else
	first
fi
[[ ! -e last ]] || exit 0
while :; do
	done_so_far
	"$(<operation)"
done
