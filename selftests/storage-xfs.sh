#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.1
# timeout: 900
# about: tool
# Images with xfs: all that those with ext4 do, and what xfs cannot do is refused or said.

. "$(dirname "$0")/storage-lib.sh"

root=$state/root/900
private=$state/private/900
image=$private/image
trap 'clean; ! mountpoint -q "$KTAP_TMP/host" || umount "$KTAP_TMP/host"; rm -rf "$KTAP_TMP" "$state"/private/9*.snapshots "$state"/backup/9*' EXIT

inside() {
	cloisonctl exec2 900 "$@"
}

# is_xfs ID: what there is, and what the configuration and the list say.
is_xfs() {
	[[ $(blkid -p -o value -s TYPE "$state/private/$1/image") == xfs ]] &&
		grep -qx 'VE_LAYOUT="image:xfs"' "$etc/conf/$1.conf" &&
		[[ $(cloisonctl list -aHo layout "$1" | tr -d ' ') == image:xfs ]]
}

make_xfs() {
	make_running "$1" --layout "${2:-image:xfs}" --diskspace 320M
	cloisonctl exec2 "$1" 'mkdir /kinds; cd /kinds; echo one >file; ln file link; chown 1000:50 file; chmod 4751 file
		mkfifo fifo; busybox dd if=/dev/zero of=sparse bs=1 count=1 seek=3000000 2>/dev/null'
}

kinds_of() {
	cloisonctl exec2 "$1" 'cat /kinds/file; stat -c "%n %a %u %g %h %F %s %Y" /kinds/*'
}

size_kept() {
	grep -Eqx 'DISKSPACE="(491520:491520|480M:480M)"' "$etc/conf/900.conf"
}

lives() {
	make_xfs 900
	is_xfs 900
	[[ $(findmnt -no FSTYPE "$root") == xfs && $(inside_k) -lt 327680 ]]
	[[ $(kinds_of 900) == $'one\n'*"/kinds/file 4751 1000 50 2 regular file 4 "* ]]
	# with log and tables, and the few files
	[[ $(du -k "$image" | cut -f 1) -lt 90000 ]]
	# while it runs, and while not; a cut in between is made good
	cloisonctl --quiet set 900 --diskspace 400M --save
	[[ $(inside_k) -gt 327680 ]]
	inside 'dd if=/dev/urandom of=/big bs=1M count=200 conv=fsync'
	gives_back 300000 /big
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet set 900 --diskspace 440M --save
	truncate -s 480M "$image"
	sed -i 's/^DISKSPACE=.*/DISKSPACE="480M:480M"/' "$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -gt 409600 ]]
	# neither way
	expect_exit 154 cloisonctl set 900 --diskspace 320M --save
	size_kept
	cloisonctl --quiet stop 900 --fast
	expect_out 'xfs cannot be made smaller, here from 480M to 320M: cloisonctl convert 900' cloisonctl set 900 --diskspace 320M --save
	size_kept
	wait_for no_loops
	xfs_repair -n "$image"
	cloisonctl --quiet destroy 900
	[[ -z $(find "$state/private" "$state/root" -mindepth 1) ]]
}

refused() {
	local fake=$KTAP_TMP/bin name
	for name in image:btrfs dir:xfs overlay:xfs block:xfs image:; do
		expect_exit 21 cloisonctl create 900 --ostemplate busybox --layout "$name" --diskspace 320M
	done
	expect_exit 21 cloisonctl create 900 --ostemplate busybox --layout image:xfs --diskspace 299M
	expect_out 'at least 300M with xfs' cloisonctl create 900 --ostemplate busybox --layout image:xfs --diskspace 299M
	mkdir -p "$fake"
	printf '#!/bin/sh\nexit 1\n' >"$fake/mkfs.xfs"
	chmod +x "$fake/mkfs.xfs"
	expect_exit 151 env PATH="$fake:$PATH" cloisonctl create 900 --ostemplate busybox --layout image:xfs --diskspace 320M
	[[ ! -e $etc/conf/900.conf && -z $(find "$state/private" "$state/root" -mindepth 1) ]]
	expect_out 'DISKINODES has no effect' cloisonctl create 900 --ostemplate busybox --layout ploop:xfs --diskspace 300M --diskinodes 1000
	[[ $(blkid -p -o value -s TYPE "$image") == xfs ]]
}

# All copies have the same UUID, and run beside each other.
copies() {
	local seen
	make_xfs 900
	seen=$(kinds_of 900)
	cloisonctl --quiet snapshot 900 --name one --skip-suspend
	inside rm -r /kinds
	cloisonctl --quiet clone 900 901 --id one
	is_xfs 901
	cloisonctl --quiet start 901 --wait
	[[ $(kinds_of 901) == "$seen" ]]
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet convert 900 --layout dir
	cloisonctl --quiet snapshot-switch 900 --id one
	is_xfs 900
	cloisonctl --quiet start 900 --wait
	[[ $(kinds_of 900) == "$seen" ]]
	cloisonctl --quiet backup 901
	cloisonctl --quiet stop 901 --fast
	cloisonctl --quiet destroy 901
	cloisonctl --quiet restore-backup "$(cloisonctl backup-list -H 901 | awk 'END { print $1 }')" --ctid 901
	is_xfs 901
	cloisonctl --quiet start 901 --wait
	[[ $(kinds_of 901) == "$seen" ]]
	cloisonctl --quiet stop 901 --fast
	# what it is stays unless it is said
	cloisonctl --quiet convert 901
	is_xfs 901
	cloisonctl --quiet convert 901 --layout image
	[[ $(blkid -p -o value -s TYPE "$state/private/901/image") == ext4 ]]
	not grep xfs "$etc/conf/901.conf"
	cloisonctl --quiet convert 901 --layout image:xfs
	is_xfs 901
	# the way to a smaller one
	cloisonctl --quiet convert 901 --layout dir
	cloisonctl --quiet set 901 --diskspace 304M --save
	cloisonctl --quiet convert 901 --layout image:xfs
	[[ $(stat -c %s "$state/private/901/image") -eq $((304 << 20)) ]]
	cloisonctl --quiet start 901 --wait
	[[ $(kinds_of 901) == "$seen" ]]
}

repaired() {
	local features
	make_xfs 900
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops
	features=$(xfs_db -r -c 'sb 0' -c 'print features_incompat' "$image" | sed 's/.*= //')
	# by which tools say that it has to be repaired before it is mounted
	xfs_db -x -c 'sb 0' -c "write features_incompat $(printf '%#x' $((features | 16)))" "$image"
	expect_out 'errors in the file system in .*image: xfs_repair has mended it' cloisonctl mount 900
	[[ $(<"$root/kinds/file") == one ]]
	cloisonctl --quiet umount 900
	wait_for no_loops
	not grep xfs_repair <<<"$(cloisonctl mount 900 2>&1)"
	cloisonctl --quiet umount 900
	wait_for no_loops
	# not by what loses files
	xfs_db -x -c 'sb 0' -c "write features_incompat $(printf '%#x' $((features | 16)))" "$image"
	printf '#!/bin/sh\nexit 2\n' >"$KTAP_TMP/xfs_repair"
	chmod +x "$KTAP_TMP/xfs_repair"
	expect_out 'xfs_repair cannot mend it' env PATH="$KTAP_TMP:$PATH" cloisonctl mount 900
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	cloisonctl --quiet start 900 --wait
}

# The image has promised more than the host has: what was there stays, and after a restart it goes on.
overcommitted() {
	local host=$KTAP_TMP/host
	mkdir -p "$host"
	truncate -s 500M "$KTAP_TMP/disk"
	mkfs.ext4 -q -m 0 "$KTAP_TMP/disk"
	mount -o loop "$KTAP_TMP/disk" "$host"
	make_running 900 --layout image:xfs --private "$host/900" --diskspace 600M
	inside 'echo kept >/kept; sync'
	sync -f "$host"
	fallocate -l "$(($(stat -fc %a "$host") * $(stat -fc %S "$host") - (20 << 20)))" "$host/fill"
	not inside dd if=/dev/zero of=/big bs=1M count=100 conv=fsync
	dmesg | tail -n 20 | grep -i xfs || :
	timeout 120 cloisonctl --quiet stop 900 --fast
	rm "$host/fill"
	cloisonctl --quiet start 900 --wait
	[[ $(inside cat /kept) == kept ]]
	inside 'rm -f /big; dd if=/dev/zero of=/big bs=1M count=100 conv=fsync'
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops "$host/900"
	xfs_repair -n "$host/900/image"
	cloisonctl --quiet destroy 900
	umount "$host"
}

ktap_plan 5
run_case "a life" lives
run_case "what is refused" refused
run_case "snapshots, clones, backups, conversions" copies
run_case "repaired" repaired
run_case "more than the host has" overcommitted
ktap_finish
