# SPDX-License-Identifier: GPL-2.0-only
# What the tests of snapshots share.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=storage-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/storage-lib.sh"

root=$state/root/900
private=$state/private/900
# shellcheck disable=SC2034 # who sources this uses it
snapshots=$private.snapshots
view=$KTAP_TMP/view
mkdir "$view"
trap '! mountpoint -q "$view" || umount "$view"; clean; rm -rf "$state"/private/9*.snapshots "$KTAP_TMP"' EXIT

inside() {
	cloisonctl exec2 900 "$@"
}

# picture DIR BASE FILE: all that a copy must have as it was, with ids as the container sees them.
picture() (
	local -a what=(kinds root root.old etc bin/busybox)
	cd "$1"
	find . -maxdepth 1 -printf '%p %y %m %U %G %T@\n' | awk -v base="$2" '{ $4 -= base; $5 -= base; print }' | sort
	find "${what[@]}" -printf '%p %y %m %U %G %n %T@ %l ' \( -type f -printf '%s' , -printf '\n' \) |
		awk -v base="$2" '{ $4 -= base; $5 -= base; print }' | sort
	getfattr -R -h -d -m '^(user|security)' -e hex "${what[@]}" 2>/dev/null |
		sed 's/^\(security.capability=.*\)......../\1/' | sort
	getfacl -R -n -p "${what[@]}" 2>/dev/null |
		awk -F : -v OFS=: -v base="$2" '/^(user|group):[0-9]/ { $2 -= base } !/^# (owner|group)/' | sort
	find "${what[@]}" -type f -print0 | sort -z | xargs -0 md5sum
) >"$3"

# make_kinds LAYOUT: running, with some of all there is, and two files that are written one after the other.
make_kinds() {
	make_running 900 --layout "$1" --diskspace 48M
	inside 'mkdir -p /kinds/sub /numbers; cd /kinds; echo one >file; ln file sub/link; ln -s /etc/shadow out; mkfifo fifo
		chown 1000:50 file; chmod 4751 file; busybox dd if=/dev/zero of=sparse bs=1 count=1 seek=3000000 2>/dev/null
		rm /etc/inittab; mv /root /root.old; mkdir /root'
	setfattr -n user.note -v text "$root/kinds/file"
	setfacl -m "u:$(($(base_of 900) + 1001)):rw" "$root/kinds/sub"
	setcap -n "$(base_of 900)" cap_net_raw+ep "$root/kinds/sparse"
}

# Renamed, so that each is whole by itself.
write_numbers() {
	inside 'cd /numbers; n=0; { while :; do n=$((n + 1)); echo $n >new; mv new a; echo $n >new; mv new b; sleep 0.02; done; } </dev/null >/dev/null 2>&1 &'
	wait_for test -s "$root/numbers/b"
}

is_past() {
	[[ $(<"$root/numbers/b") -gt $1 ]]
}

# numbers_go_on: it runs.
numbers_go_on() {
	local n
	n=$(<"$root/numbers/b")
	wait_for is_past "$n"
}

# numbers_agree DIR: as they were at one moment.
numbers_agree() {
	local a b
	a=$(<"$1/numbers/a")
	b=$(<"$1/numbers/b")
	[[ $a -eq $b || $a -eq $((b + 1)) ]]
}

# listed FIELDS [OPTION...]
listed() {
	cloisonctl snapshot-list 900 -H -o "$@" | sed 's/ *$//'
}

# id_of NAME
id_of() {
	listed uuid --id "$1"
}

settled() {
	cloisonctl check --repair 900
}

# nothing_left: no command waits, and repair finds nothing to do.
nothing_left() {
	expect_out 'nothing is left' cloisonctl check --repair
}
