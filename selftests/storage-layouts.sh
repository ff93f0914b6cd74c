#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
# Layouts: what a container's files are is the same in each, from create to destroy; overlays share a template's files,
# images have a size.

. "$(dirname "$0")/storage-lib.sh"

cache=$state/template/cache
trees=$state/template/tree

# TEMPLATE/cache is a mount of the test machine's, in which other tests must find what was there.
archives() {
	rm -f "$cache"/st-*.tar.zst
	for tree in "$trees"/st-*; do
		[[ ! -d $tree ]] || rm -rf "$tree"
	done
}
trap 'clean; archives; rm -rf "$KTAP_TMP"' EXIT

# archive NAME DIR: a template of what is in DIR
archive() {
	tar -C "$2" --numeric-owner --acls --xattrs --xattrs-include='*' --sparse -cf - . | zstd -q -f -o "$cache/$1.tar.zst"
}

# make_layout ID LAYOUT [OPTION...]
make_layout() {
	make "$1" --layout "$2" --diskspace 64M "${@:3}"
}

# some_points: three of those that inject listed
some_points() {
	awk '{ all[NR] = $1 } END { for (i = 1; i < 4; i++) print all[int(NR * i / 4)] }' "$KTAP_TMP/points"
}

# A template with what templates may have: st-all. Made once.
all_kinds() (
	tree=$KTAP_TMP/tree
	mkdir -p "$tree"
	zstd -dqc "$cache/busybox.tar.zst" | tar -C "$tree" --numeric-owner -xf -
	chmod 755 "$tree"
	mkdir "$tree"/kinds "$tree"/kinds/sub "$tree"/kinds/sub/$'line\nbreak'
	cp /usr/bin/busybox "$tree/bin/busybox.cap"
	setcap cap_chown+ep "$tree/bin/busybox.cap"
	cd "$tree/kinds"
	touch of1000 capable 'a,b:c\d' ./-rf
	chown 1000:50 of1000
	chmod 4755 of1000
	setfattr -n user.note -v text of1000
	setfacl -m u:1001:rw of1000
	setcap cap_net_raw+ep capable
	ln of1000 sub/link
	ln -s /etc/shadow out
	ln -s ../../../../../etc sub/up
	mkfifo fifo
	truncate -s 4M sparse
	echo end >>sparse
	archive st-all "$tree"
)

# kinds_are BASE: at VE_ROOT, as the template has them.
kinds_are() (
	cd "$state/root/900/kinds"
	[[ $(stat -c %u:%g:%a of1000) == $(($1 + 1000)):$(($1 + 50)):4775 ]]
	[[ $(getfattr --only-values -n user.note of1000) == text ]]
	getfacl -n of1000 | grep -qx "user:$(($1 + 1001)):rw-"
	[[ $(getcap -n capable) == *"cap_net_raw=ep"*"rootid=$1"* ]]
	[[ $(readlink out) == /etc/shadow && $(readlink sub/up) == ../../../../../etc && -p fifo ]]
	[[ -e sub/$'line\nbreak' && -e ./-rf && -e 'a,b:c\d' ]]
	[[ $(stat -c %s sparse) == 4194308 && $(stat -c %b sparse) -lt 100 ]]
)

# lives LAYOUT FILES
lives() {
	local root=$state/root/900 base
	cloisonctl --quiet create 900 --ostemplate st-all --layout "$1" --diskspace 64M
	[[ $(status 900) == "CTID 900 exist unmounted down" && -e $state/private/900/$2 ]]
	grep -qx "VE_LAYOUT=\"$1\"" "$etc/conf/900.conf"
	base=$(base_of 900)
	cloisonctl --quiet mount 900
	kinds_are "$base"
	[[ $(stat -c %h "$root/kinds/of1000") == 2 ]]
	# nothing there is a trap for the host's users
	findmnt -no OPTIONS "$root" | grep nosuid | grep -q nodev
	expect_exit 41 cloisonctl mount 900
	# written to, it is the container's own, and the same but for that
	echo more >>"$root/kinds/of1000"
	setfattr -n user.other -v new "$root/kinds/capable"
	chmod 4775 "$root/kinds/of1000"
	cloisonctl --quiet umount 900
	expect_exit 40 cloisonctl umount 900
	cloisonctl --quiet start 900 --wait
	kinds_are "$base"
	[[ $(<"$root/kinds/of1000") == more ]]
	[[ $(cloisonctl exec2 900 stat -c %u:%g / /bin/busybox | sort -u) == 0:0 ]]
	# directories of the template are renamed, files removed and linked
	cloisonctl exec2 900 'echo kept >/root/file && chown 1000:50 /root/file && rm /etc/inittab && mv /etc /etc.old &&
		mkdir /etc && mv /etc.old/* /etc && ln /root/file /root/link'
	# hard links of the template stay links
	[[ $(<"$root/kinds/sub/link") == more ]]
	[[ $(stat -c %u:%g:%h "$root/root/file") == $((base + 1000)):$((base + 50)):2 ]]
	# a file's capability works for the container's users, whatever maps their ids
	cloisonctl exec2 900 'echo "u:x:1000:1000::/:/bin/sh" >>/etc/passwd; touch /tmp/f; chown 1000 /tmp/f'
	cloisonctl exec2 900 'busybox su u -c "busybox.cap chown 0 /tmp/f"'
	[[ $(cloisonctl exec2 900 stat -c %u /tmp/f) == 0 ]]
	not cloisonctl exec2 900 'busybox su u -c "busybox chown 1000 /tmp/f"'
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops
	# what runs without a start, on what was changed
	echo 'cat /root/link; ls /etc/inittab' >"$KTAP_TMP/script"
	[[ $(cloisonctl runscript 900 "$KTAP_TMP/script" 2>/dev/null) == kept ]]
	cloisonctl --quiet destroy 900
	wait_for no_loops
	[[ -z $(find "$state/private" "$state/root" -mindepth 1) ]]
	not grep "$state/root" /proc/mounts
}

# From each layout to another: everything is kept; what an overlay has in common with its template it shares.
converts() {
	local base layout
	cloisonctl --quiet create 900 --ostemplate st-all --diskspace 64M 2>/dev/null
	base=$(base_of 900)
	cloisonctl --quiet mount 900
	expect_exit 41 cloisonctl convert 900 --layout overlay
	expect_exit 20 cloisonctl convert 900 --layout overlay --force
	echo own >"$state/root/900/own"
	chmod 4775 "$state/root/900/kinds/of1000"
	rm "$state/root/900/bin/busybox"
	# which mkfs makes as a directory
	ln -s nowhere "$state/root/900/lost+found"
	cloisonctl --quiet umount 900
	expect_exit 21 cloisonctl convert 900 --layout nothing
	for layout in overlay ploop simfs; do
		cloisonctl --quiet convert 900 --layout "$layout"
		grep -qx "VE_LAYOUT=\"$layout\"" "$etc/conf/900.conf"
		[[ $layout != overlay || $(du -sk "$state/private/900/overlay/upper" | cut -f 1) -lt 200 ]]
		cloisonctl --quiet mount 900
		kinds_are "$base"
		[[ $(stat -c %h "$state/root/900/kinds/of1000") == 2 && $(<"$state/root/900/own") == own ]]
		[[ ! -e $state/root/900/bin/busybox && $(readlink "$state/root/900/lost+found") == nowhere ]]
		cloisonctl --quiet umount 900
	done
	wait_for no_loops
	# a limit of files is no more tables than there can be files
	sed -i 's/^DISKINODES=.*/DISKINODES="2000000:2000000"/' "$etc/conf/900.conf"
	# nor are holes read
	truncate -s 1T "$state/private/900/fs/holes"
	chown "$base:$base" "$state/private/900/fs/holes"
	expect_out 'holes of more than 64 GB' timeout 60 cloisonctl convert 900 --layout overlay
	[[ -e $state/private/900/fs/holes && ! -e $state/private/900.converting ]]
	rm "$state/private/900/fs/lost+found"
	timeout 300 cloisonctl --quiet convert 900 --layout image
	[[ $(dumpe2fs -h "$state/private/900/image" 2>/dev/null | awk '/^Inode count:/ { print $3 }') -le 16384 ]]
	timeout 300 cloisonctl --quiet convert 900 --layout dir
	[[ $(stat -c %s:%b "$state/private/900/fs/holes") == 1099511627776:0 && ! -e $state/private/900/fs/lost+found ]]
	# too small for it: it stays what it was
	sed -i 's/^DISKSPACE=.*/DISKSPACE="16M:16M"/' "$etc/conf/900.conf"
	head -c 20M /dev/urandom >"$state/private/900/fs/big"
	expect_exit 155 cloisonctl convert 900
	[[ -d $state/private/900/fs && ! -e $state/private/900.converting ]]
	mkdir "$state/private/900.converting"
	expect_out '^mended +container 900: a convert, restore or switch that was cut off' cloisonctl check --repair
	[[ ! -e $state/private/900.converting && -e $state/private/900/fs/own ]]
}

shares() {
	local tree
	zstd -dqc "$cache/busybox.tar.zst" | zstd -q -o "$cache/st-share.tar.zst"
	cloisonctl --quiet create 900 --ostemplate st-share --layout overlay
	cloisonctl --quiet create 901 --ostemplate st-share --layout overlay
	tree=$(echo "$trees"/st-share@*)
	[[ -d $tree && $(stat -c %u "$tree/bin/busybox") == 0 && $(stat -c %a "$trees") == 700 ]]
	[[ $(du -sk "$state/private/901" | cut -f 1) -lt 100 ]]
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet start 901 --wait
	# one file in the page cache, and each his own once he writes
	[[ $(cloisonctl exec2 900 stat -c %s /etc/inittab) == $(stat -c %s "$tree/etc/inittab") ]]
	cloisonctl exec2 900 'echo mine >/etc/inittab'
	[[ $(cloisonctl exec2 900 cat /etc/inittab) == mine && $(cloisonctl exec2 901 cat /etc/inittab) != mine ]]
	[[ $(<"$tree/etc/inittab") != mine ]]
	# in use: by one that is down too
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet destroy 900
	cloisonctl --quiet stop 901 --fast
	expect_exit 53 cloisonctl template remove st-share
	expect_out 'Container 901 shares the files of template st-share' cloisonctl template remove st-share
	[[ -d $tree && -e $cache/st-share.tar.zst ]]
	# what it has is not there, or cannot be read, as without its disk
	mv "$state/private/901" "$state/private/901.aside"
	expect_out 'Container 901 may share the files of template st-share, and its own are not there' cloisonctl template remove st-share
	expect_exit 53 cloisonctl template remove st-share
	ln -s 901 "$state/private/901"
	expect_exit 53 cloisonctl template remove st-share
	rm "$state/private/901"
	mv "$state/private/901.aside" "$state/private/901"
	# built anew: a new tree for new ones, the old one goes with its last container
	touch -d 2001-01-01 "$cache/st-share.tar.zst"
	cloisonctl --quiet create 900 --ostemplate st-share --layout overlay
	[[ $(find "$trees" -mindepth 1 -maxdepth 1 -name 'st-share@*' | wc -l) == 2 ]]
	cloisonctl --quiet start 901 --wait
	cloisonctl --quiet stop 901 --fast
	cloisonctl --quiet destroy 901
	cloisonctl --quiet destroy 900
	# one that is not there, of another template
	echo 'OSTEMPLATE="busybox"' >"$etc/conf/901.conf"
	cloisonctl --quiet template remove st-share
	rm "$etc/conf/901.conf"
	not compgen -G "$trees/st-share@*"
	expect_exit 91 cloisonctl create 900 --ostemplate st-share --layout overlay
	# what is shared is gone: said, and nothing else is lost
	zstd -dqc "$cache/busybox.tar.zst" | zstd -q -o "$cache/st-share.tar.zst"
	cloisonctl --quiet create 900 --ostemplate st-share --layout overlay
	mv "$trees"/st-share@* "$trees/aside"
	expect_out "files that it shares" cloisonctl start 900
	expect_exit 50 cloisonctl start 900
	tree=$(readlink "$state/private/900/overlay/lower")
	mv "$trees/aside" "$tree"
	cloisonctl --quiet start 900 --wait
	# files have handles where containers can be suspended, and one link each, also after they have changed
	[[ $(uname -r) == 6.1.* || $(findmnt -no OPTIONS "$state/root/900") == *nfs_export=on* ]]
	cloisonctl exec2 900 'echo mine >/etc/passwd'
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec2 900 stat -c %h /etc/passwd) == 1 ]]
	cloisonctl --quiet stop 900 --fast
	# a copy of it, as after a move to another disk
	cp -a "$tree" "$trees/copy"
	rm -rf "$tree"
	mv "$trees/copy" "$tree"
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec2 900 cat /etc/passwd) == mine ]]
}

# A hundred at once: one unpacks, none sees half a tree.
many() {
	local id
	zstd -dqc "$cache/busybox.tar.zst" | zstd -q -o "$cache/st-many.tar.zst"
	for id in {900..999}; do
		cloisonctl --quiet create "$id" --ostemplate st-many --layout overlay &
	done
	wait
	for id in {900..999}; do
		[[ $(status "$id") == "CTID $id exist unmounted down" ]]
	done
	[[ $(find "$trees" -mindepth 1 -maxdepth 1 -name '*st-many@*' | wc -l) == 1 ]]
	expect_out 'nothing is left' cloisonctl check --repair
}

# A create that is killed while it unpacks what all are to share, and afterwards.
unpacking_killed() {
	local tree=$KTAP_TMP/small point
	mkdir -p "$tree/sbin"
	echo whole >"$tree/file"
	local create=(cloisonctl --quiet create 900 --ostemplate st-kill --layout overlay)
	archive st-kill "$tree"
	"$here/crash/inject" --list "$KTAP_TMP/points" "${create[@]}"
	cloisonctl --quiet destroy 900
	while read -r point <&3; do
		cloisonctl --quiet template remove st-kill
		archive st-kill "$tree"
		"$here/crash/inject" --kill-all "$point" "${create[@]}" || true
		cloisonctl check --repair
		expect_out 'nothing is left' cloisonctl check --repair
		not compgen -G "$trees/.*@*"
		[[ -e $state/private/900 ]] || "${create[@]}"
		cloisonctl --quiet mount 900
		[[ $(<"$state/root/900/file") == whole ]]
		cloisonctl --quiet umount 900
		cloisonctl --quiet destroy 900
	done 3< <(some_points)
}

image_size() {
	stat -c %s "$state/private/900/image"
}

image() {
	local loop
	expect_exit 63 cloisonctl create 900 --ostemplate busybox --layout image --config unlimited
	expect_exit 21 cloisonctl create 900 --ostemplate busybox --layout image --diskspace 1M
	expect_exit 21 cloisonctl create 900 --ostemplate busybox --layout nothing
	not test -e "$etc/conf/900.conf"
	make 900 --layout ploop:expanded --diskspace 32M:64M --diskinodes 5000
	# who has the file in a loop device already shares it: there are never two
	loop=$(losetup --find --show --sector-size 4096 --direct-io=on "$state/private/900/image")
	[[ $(image_size) == 67108864 && $(du -sk "$state/private/900" | cut -f 1) -lt 40000 ]]
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -gt 50000 && $(inside_k) -le 65536 ]]
	[[ $(losetup -n -O NAME,BACK-FILE | grep -c "$state/private/900/image") == 1 ]]
	losetup -d "$loop"
	losetup -n -O DIO,AUTOCLEAR,BACK-FILE | grep -q "1 *1 $state/private/900/image"
	# full: for the container, not for the host
	expect_out 'No space left' cloisonctl exec2 900 dd if=/dev/zero of=/big bs=1M count=100
	# more while it runs
	expect_exit 20 cloisonctl set 900 --diskspace 128M
	# which is looked at before anything is set
	not grep 'UB limits' <<<"$(cloisonctl set 900 --diskspace 128M --numproc 77 2>&1)"
	# what it has no use for
	expect_out 'diskinodes has no effect' cloisonctl set 900 --diskinodes 5000 --save
	expect_out 'quotatime has no effect' cloisonctl set 900 --quotatime 60 --save
	expect_out 'soft limit has no effect' cloisonctl set 900 --diskspace 32M:64M --save
	not grep 'no effect' <<<"$(cloisonctl set 900 --diskspace 64M --save 2>&1)"
	cloisonctl --quiet set 900 --diskspace 128M --save
	[[ $(image_size) == 134217728 && $(inside_k) -gt 110000 ]]
	cloisonctl exec2 900 dd if=/dev/zero of=/more bs=1M count=40
	[[ $(cloisonctl list -H -o diskspace 900) -gt 40000 ]]
	expect_exit 154 cloisonctl set 900 --diskspace 100M --save
	grep -qx 'DISKSPACE="131072:131072"' "$etc/conf/900.conf" || grep -x 'DISKSPACE="128M:128M"' "$etc/conf/900.conf"
	# what is deleted is the host's again
	gives_back 100000 /big /more
	cloisonctl --quiet stop 900 --fast
	# and while it is down; cut off between file and file system, the mount goes on
	cloisonctl --quiet set 900 --diskspace 160M --save
	truncate -s 192M "$state/private/900/image"
	sed -i 's/^DISKSPACE=.*/DISKSPACE="192M:192M"/' "$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -gt 170000 ]]
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops
	cloisonctl --quiet compact 900
	wait_for no_loops
	e2fsck -fn "$state/private/900/image"
	# one that the kernel has seen errors in
	debugfs -w -R 'set_super_value state 2' "$state/private/900/image"
	expect_out 'errors in the file system in .*image: e2fsck has mended it' cloisonctl mount 900
	findmnt -no FS-OPTIONS "$state/root/900" | grep errors=remount-ro
	cloisonctl --quiet umount 900
	wait_for no_loops
	[[ $(dumpe2fs -h "$state/private/900/image") == *'Filesystem state:         clean'* ]]
	not grep e2fsck <<<"$(cloisonctl mount 900 2>&1)"
}

# files_are FILE: what the image's files were, when it is mounted
files_are() {
	cloisonctl --quiet mount 900
	(cd "$state/root/900" && find . -type f -print0 | sort -z | xargs -0 md5sum) >"$KTAP_TMP/now"
	cloisonctl --quiet umount 900
	diff "$1" "$KTAP_TMP/now"
}

# An image with files at its end, and holes where others were.
make_full() {
	make 900 --layout image --diskspace 96M
	cloisonctl --quiet mount 900
	(
		cd "$state/root/900/tmp"
		setpriv --reuid "$(base_of 900)" --regid "$(base_of 900)" --clear-groups \
			bash -c 'for i in {1..40}; do head -c 2M /dev/urandom >"$i" || exit 1; done'
	)
	rm "$state"/root/900/tmp/{1..31}
	(cd "$state/root/900" && find . -type f -print0 | sort -z | xargs -0 md5sum) >"$KTAP_TMP/files"
	cloisonctl --quiet umount 900
	wait_for no_loops
}

smaller() {
	local image=$state/private/900/image loop
	make_full
	cloisonctl --quiet start 900 --wait
	expect_exit 154 cloisonctl set 900 --diskspace 64M --save
	expect_out 'stop the container first' cloisonctl set 900 --diskspace 64M --save
	cloisonctl --quiet stop 900 --fast
	[[ $(image_size) == 100663296 ]]
	expect_exit 20 cloisonctl set 900 --diskspace 64M
	cloisonctl --quiet set 900 --diskspace 48M --save
	[[ $(image_size) == 50331648 && $(stat -c %a "$image") == 600 ]]
	grep -xE 'DISKSPACE="(48M:48M|49152:49152)"' "$etc/conf/900.conf"
	e2fsck -fn "$image"
	files_are "$KTAP_TMP/files"
	# not below what is used, and what is said is true
	expect_exit 154 cloisonctl set 900 --diskspace 17M --save
	expect_out 'The files in .* take [12][0-9]M of its 48M' cloisonctl set 900 --diskspace 17M --save
	expect_exit 21 cloisonctl set 900 --diskspace 10M --save
	wait_for no_loops
	loop=$(losetup --find --show "$image")
	expect_exit 154 cloisonctl set 900 --diskspace 40M --save
	expect_out "in use as $loop" cloisonctl set 900 --diskspace 40M --save
	losetup -d "$loop"
	# nor when the copy does not fit on the disk, or cannot be made small
	mkdir -p "$KTAP_TMP/bin"
	printf '#!/bin/sh\nexit 1\n' >"$KTAP_TMP/bin/resize2fs"
	chmod +x "$KTAP_TMP/bin/resize2fs"
	expect_exit 154 env PATH="$KTAP_TMP/bin:$PATH" cloisonctl set 900 --diskspace 40M --save
	mv "$KTAP_TMP/bin/resize2fs" "$KTAP_TMP/bin/cp"
	expect_exit 154 env PATH="$KTAP_TMP/bin:$PATH" cloisonctl set 900 --diskspace 40M --save
	[[ $(image_size) == 50331648 && $(ls "$state/private/900") != *smaller* ]]
	grep -xE 'DISKSPACE="(48M:48M|49152:49152)"' "$etc/conf/900.conf"
	files_are "$KTAP_TMP/files"
	# and back
	cloisonctl --quiet set 900 --diskspace 80M --save
	[[ $(image_size) == 83886080 ]]
	files_are "$KTAP_TMP/files"
	wait_for no_loops
	e2fsck -fn "$image"
}

# Killed anywhere, also while resize2fs moves blocks: there is one whole image, the old or the new.
smaller_killed() {
	local point
	make_full
	local set=(cloisonctl --quiet set 900 --diskspace 48M --save)
	"$here/crash/inject" --list "$KTAP_TMP/points" "${set[@]}"
	while read -r point <&3; do
		cloisonctl --quiet set 900 --diskspace 96M --save
		wait_for no_loops
		"$here/crash/inject" --kill-all "$point" "${set[@]}" || true
		wait_for no_loops
		[[ $(image_size) == 100663296 || $(image_size) == 50331648 ]]
		e2fsck -fn "$state/private/900/image"
		wait_for cloisonctl --quiet check --repair
		expect_out 'nothing is left' cloisonctl check --repair
		[[ $(ls "$state/private/900") != *smaller* ]]
		files_are "$KTAP_TMP/files"
	done 3< <(awk '{ all[NR] = $1 } END { for (i = 1; i < 9; i++) print all[int(NR * i / 9)] }' "$KTAP_TMP/points")
	# the last steps, one by one
	for point in renamed saved; do
		cloisonctl --quiet set 900 --diskspace 96M --save
		wait_for no_loops
		if [[ $point == renamed ]]; then
			strace -f -o "$KTAP_TMP/trace" -P "$state/private/900/image.smaller" -e inject=rename:signal=KILL "${set[@]}" || true
		else
			strace -o "$KTAP_TMP/trace" -P "$etc/conf/900.conf.tmp" -e inject=rename:signal=KILL "${set[@]}" || true
			[[ $(image_size) == 50331648 ]]
		fi
		files_are "$KTAP_TMP/files"
		[[ $(ls "$state/private/900") != *smaller* ]]
	done
	"${set[@]}"
	files_are "$KTAP_TMP/files"
}

# The tool is killed at some points of a mount: neither mount nor loop device stay when that is mended.
mount_killed() {
	local point
	make_layout 900 "$1"
	"$here/crash/inject" --list "$KTAP_TMP/points" cloisonctl --quiet mount 900
	cloisonctl --quiet umount 900
	while read -r point <&3; do
		"$here/crash/inject" --kill-all "$point" cloisonctl --quiet mount 900 || true
		cloisonctl --quiet check --repair
		[[ $(status 900) == *" unmounted "* ]] || cloisonctl --quiet umount 900
		wait_for no_loops
		not grep "$state/root/900" /proc/mounts
	done 3< <(some_points)
	cloisonctl --quiet mount 900
	[[ -e $state/root/900/bin/busybox ]]
}

# However its files are kept, its limit of I/O holds where they are in the end.
rates() {
	local start device slow=/sys/fs/cgroup/slow
	make_running 900 --layout "$1" --diskspace 64M
	is_held 900
	# nor does who ends it wait for what it has not written yet, whatever limits its root has set itself
	cloisonctl --quiet set 900 --iolimit 100K
	device=$(cgroup_file 900 io.max | cut -d ' ' -f 1)
	cloisonctl exec2 900 "echo +io >/sys/fs/cgroup/cgroup.subtree_control; mkdir $slow; echo $device wbps=100000 >$slow/io.max
		echo \$\$ >$slow/cgroup.procs; dd if=/dev/zero of=/late bs=64k count=320"
	start=${EPOCHREALTIME/./}
	cloisonctl --quiet stop 900 --fast
	start=$(((${EPOCHREALTIME/./} - start) / 1000))
	ktap_say "stopped in $start ms, with 200 s of writes before it"
	[[ $start -lt 60000 ]]
}

layouts_by_name() {
	make 900 --layout simfs
	expect_exit 99 cloisonctl compact 900
	[[ -d $state/private/900/fs ]]
	echo 'VE_LAYOUT="overlay"' >>"$etc/cloison.conf"
	make 901
	make 902 --layout dir
	sed -i '/^VE_LAYOUT=/d' "$etc/cloison.conf"
	[[ -d $state/private/901/overlay && -d $state/private/902/fs ]]
	# what there is counts, whatever the file says
	sed -i 's/^VE_LAYOUT=.*/VE_LAYOUT="ploop"/' "$etc/conf/902.conf"
	cloisonctl --quiet mount 902
	[[ -e $state/root/902/bin/busybox ]]
}

ktap_plan 16
all_kinds
run_case "dir: a life" lives dir fs
run_case "dir: a limit of I/O" rates dir
for layout in overlay image; do
	run_case "$layout: a limit of I/O" rates $layout
	run_case "$layout: a life" lives $layout $layout
	run_case "$layout: mounts that are killed" mount_killed $layout
done
run_case "overlay: containers share a template" shares
run_case "overlay: a hundred at once" many
run_case "overlay: killed while it unpacks" unpacking_killed
run_case "image: sizes, one loop device" image
run_case "image: smaller" smaller
run_case "image: smaller, cut off" smaller_killed
run_case "converted" converts
run_case "by name" layouts_by_name
ktap_finish
