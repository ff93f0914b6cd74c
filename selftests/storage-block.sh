#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# kernels: newest
# The layout block: logical volumes that containers have for themselves, and all that must not be taken for one.

. "$(dirname "$0")/storage-lib.sh"

volumes=/dev/storageblock
node=/dev/storage-block-node
root=$state/root/900
record=$state/private/900/block

# logical_volume VERB...: quietly, and as if nothing else of LVM were on the machine.
logical_volume() {
	"$@" >/dev/null 2>"$KTAP_TMP/lvm" || { cat "$KTAP_TMP/lvm" >&2; return 1; }
}

# volume NAME MEGABYTES: a new one
volume() {
	logical_volume lvcreate -y -W n -n "$1" -L "$2M" storageblock
	wait_for test -b "$volumes/$1"
	dd if=/dev/zero of="$volumes/$1" bs=1M count=4 conv=fsync status=none
}

no_volumes() {
	local name
	for name in "$volumes"/*; do
		[[ ! -b $name ]] || logical_volume lvremove -y "$name" || return 1
	done
}

all_gone() {
	clean
	swapoff -a
	! mountpoint -q "$KTAP_TMP/mnt" || umount "$KTAP_TMP/mnt"
	wait_for no_volumes
}

finally() {
	all_gone
	logical_volume vgremove -y storageblock
	rm -f "$node"
	losetup -d "$disk" "$other"
	rm -rf "$KTAP_TMP"
}
trap finally EXIT

truncate -s 1G "$KTAP_TMP/disk" "$KTAP_TMP/other"
mkdir "$KTAP_TMP/mnt"
disk=$(losetup --find --show "$KTAP_TMP/disk")
other=$(losetup --find --show --partscan "$KTAP_TMP/other")
logical_volume vgcreate -y storageblock "$disk"

# block_case NAME FUNCTION: volumes are each case's own.
block_case() {
	ktap_run "$@"
	all_gone
}

# make_block ID VOLUME [OPTION...]
make_block() {
	make "$1" --device "$volumes/$2" "${@:3}"
}

# has DEVICE: what is on it, "" for nothing
has() {
	blkid -p -o value -s TYPE "$1" || true
	blkid -p -o value -s PTTYPE "$1" || true
}

# end_of DEVICE: the last megabyte, which containers leave alone
end_of() {
	tail -c 1M "$1" | md5sum
}

fs_bytes() {
	dumpe2fs -h "$1" 2>/dev/null | awk '/^Block count:/ { print $3 * 4096 }'
}

# all_used DEVICE: but for that megabyte
all_used() {
	[[ $(fs_bytes "$1") == $(($(blockdev --getsize64 "$1") - 1048576)) ]]
}

# number DEVICE: MAJOR:MINOR
number() {
	lsblk -dno MAJ:MIN "$1" | tr -d ' '
}

stopped() {
	cloisonctl --quiet stop 900 --fast
}

lives() {
	local end
	volume ct 64
	yes | dd of="$volumes/ct" bs=1M seek=63 count=1 iflag=fullblock conv=fsync status=none
	end=$(end_of "$volumes/ct")
	make_block 900 ct
	[[ $(status 900) == "CTID 900 exist unmounted down" && $(has "$volumes/ct") == ext4 ]]
	not grep -E '^DISK(SPACE|INODES)=' "$etc/conf/900.conf"
	grep -qx "VE_DEVICE=\"$volumes/ct\"" "$etc/conf/900.conf"
	grep -qx 'VE_LAYOUT="block"' "$etc/conf/900.conf"
	grep -qx "UUID=\"$(blkid -p -o value -s UUID "$volumes/ct")\"" "$record"
	[[ $(cloisonctl list -aH -o layout 900 | tr -d ' ') == block ]]
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -gt 40000 && $(inside_k) -le 65536 ]]
	[[ $(findmnt -no SOURCE "$root" | xargs readlink -f) == "$(readlink -f "$volumes/ct")" && $(findmnt -no OPTIONS "$root") == *nosuid*nodev* ]]
	cloisonctl exec2 900 'echo kept >/file; chown 1000:50 /file'
	[[ $(cloisonctl list -H -o diskspace 900) -gt 500 ]]
	# that disk is limited, not the one of private areas
	cloisonctl --quiet set 900 --iopslimit 5000 2>/dev/null
	grep "^$(number "$volumes/ct") .*riops=5000" /sys/fs/cgroup/cloison/900/io.max
	is_held 900
	expect_out 'No space left' cloisonctl exec2 900 'yes RAID | dd of=/big bs=64k'
	cloisonctl exec2 900 rm /big
	cloisonctl compact 900
	stopped
	# what is on the host's side now is the container's own files, with the template's ids
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec2 900 'cat /file; stat -c %u:%g /file') == $'kept\n1000:50' ]]
	stopped
	all_used "$volumes/ct"
	[[ $(end_of "$volumes/ct") == "$end" ]]
	# one who lies there for two
	expect_exit 44 make_block 900 ct
	expect_out "wiped, and is free" cloisonctl destroy 900
	[[ -z $(has "$volumes/ct") && -z $(find "$state/private" "$state/root" -mindepth 1) ]]
	make_block 900 ct --diskspace 32M
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -le 32768 ]]
	stopped
	# the volume goes first: that keeps nobody from destroying the rest
	no_volumes
	expect_exit 50 cloisonctl start 900
	expect_out 'Cannot open .*/ct' cloisonctl start 900
	cloisonctl --quiet destroy 900
}

# refused STATUS REGEX DEVICE [OPTION...]: and nothing of the device is changed, nothing is left.
refused() {
	local before after said status=0
	before=$(head -c 4M "$3" | md5sum)
	said=$(make 901 --layout block --device "${@:3}" 2>&1) || status=$?
	echo "status $status, not $1 and $2: $said"
	[[ $status -eq $1 && $said =~ $2 ]]
	after=$(head -c 4M "$3" | md5sum)
	[[ $before == "$after" && ! -e $etc/conf/901.conf && -z $(find "$state/private" -name '901*') ]]
}

refuses() {
	local ct=$volumes/ct status=0
	volume ct 64
	expect_exit 20 make 901 --layout block
	expect_exit 20 make 901 --layout image --diskspace 64M --device "$ct"
	expect_exit 20 make 901 --force
	expect_exit 21 make 901 --layout block --device ct
	expect_exit 86 make 901 --layout block --device "$volumes/none"
	refused 86 'no block device' /etc/passwd
	refused 46 'DISKSPACE is 128M, and .* has 64M' "$ct" --diskspace 128M
	refused 21 'at least 16M' "$ct" --diskspace 8M
	# somebody's: whatever is asked for
	refused 86 'in use' "$disk" --force
	mkfs.ext4 -q "$ct"
	mount -o ro "$ct" "$KTAP_TMP/mnt"
	refused 86 'in use' "$ct" --force
	umount "$KTAP_TMP/mnt"
	mkswap "$ct"
	swapon "$ct"
	refused 86 'in use' "$ct" --force
	swapoff "$ct"
	# another command's, by whatever node
	# shellcheck disable=SC2046 # two numbers
	mknod "$node" b $(number "$ct" | tr : ' ')
	exec 7<"$ct"
	flock 7
	refused 86 'in use' "$node" --force
	exec 7<&-
	# one of which nobody can say what it is
	expect_exit 86 strace -f -qq -o "$KTAP_TMP/trace" -P "/sys/dev/block/$(number "$ct")" -e inject=getdents64:error=EIO \
		cloisonctl create 901 --ostemplate busybox --layout block --device "$node" --force
	grep INJECTED "$KTAP_TMP/trace"
	[[ $(has "$ct") == swap && ! -e $etc/conf/901.conf ]]
	# and one that was somebody's only when it had been looked at
	strace -f -qq -o "$KTAP_TMP/trace" -P "$state/private/901.creating/block.tmp" -e inject=rename:delay_enter=6000000 \
		cloisonctl create 901 --ostemplate busybox --layout block --device "$node" --force >"$KTAP_TMP/late" 2>&1 &
	wait_for test -e "$state/private/901.creating/block.tmp"
	swapon "$ct"
	wait $! || status=$?
	[[ $status -eq 86 ]]
	grep 'Cannot wipe.* busy' "$KTAP_TMP/late"
	[[ $(has "$ct") == swap && ! -e $etc/conf/901.conf ]]
	swapoff "$ct"
	blockdev --setro "$ct"
	refused 86 'is read-only' "$ct" --force
	blockdev --setrw "$ct"
	# or was
	refused 86 'swap on it: --force' "$ct"
	mkfs.xfs -q -f -m crc=1 "$KTAP_TMP/other"
	refused 86 'xfs on it: --force' "$other"
	wipefs -qa "$other"
	logical_volume pvcreate -y "$other"
	refused 86 'LVM2_member on it: --force' "$other"
	logical_volume pvremove -y "$other"
	# a RAID's member, of version 1.2: magic, version and the sum that libblkid wants
	python3 - "$other" <<-'EOP'
		import struct, sys
		sb = bytearray(4096)
		struct.pack_into("<IIII", sb, 0, 0xa92b4efc, 1, 0, 0)
		sb[16:32] = bytes(range(16))
		struct.pack_into("<Q", sb, 144, 8)
		struct.pack_into("<I", sb, 220, 0)
		s = sum(struct.unpack_from("<64I", sb, 0))
		struct.pack_into("<I", sb, 216, ((s & 0xffffffff) + (s >> 32)) & 0xffffffff)
		f = open(sys.argv[1], "r+b"); f.seek(4096); f.write(sb)
	EOP
	[[ $(has "$other") == linux_raid_member ]]
	refused 86 'linux_raid_member on it: --force' "$other"
	dd if=/dev/zero of="$other" bs=1M count=4 status=none
	# one partition of 100 MB
	python3 - "$other" <<-'EOP'
		import struct, sys
		table = bytearray(512)
		struct.pack_into("<4sB3sII", table, 446, bytes(4), 0x83, bytes(3), 2048, 204800)
		table[510:] = b"\x55\xaa"
		open(sys.argv[1], "r+b").write(table)
	EOP
	blockdev --rereadpt "$other"
	wait_for test -b "${other}p1"
	refused 86 'has partitions' "$other" --force
	# one of them is as good as any, by the name that stays
	dd if=/dev/zero of="${other}p1" bs=1M count=4 status=none
	mkdir -p /dev/disk/by-id
	ln -s "${other}p1" /dev/disk/by-id/storage-block
	make 901 --layout block --device "${other}p1"
	rm /dev/disk/by-id/storage-block
	grep '^VE_DEVICE="/dev/disk/by-' "$etc/conf/901.conf"
	cloisonctl --quiet set 901 --device "${other}p1" --save
	cloisonctl --quiet destroy 901
	dd if=/dev/zero of="$other" bs=1M count=4 conv=fsync status=none
	blockdev --rereadpt "$other"
	# with --force what is nobody's
	make_block 900 ct --force
	[[ $(has "$ct") == ext4 ]]
	# another container's: down and running, by any name, whatever is asked for
	refused 86 'has the files of container 900' "$ct" --force
	ln -s "$ct" "$KTAP_TMP/link"
	refused 86 'has the files of container 900' "$KTAP_TMP/link" --force
	cloisonctl --quiet start 900 --wait
	expect_exit 86 make_block 901 ct --force
	expect_out 'has the files of container 900|in use' make_block 901 ct --force
	# too small for the template, with nothing overwritten when that is known before
	volume small 16
	truncate -s 20M "$state/template/cache/sb-large.tar"
	refused 46 'too small' "$volumes/small" --ostemplate sb-large
	rm "$state/template/cache/sb-large.tar"
	# and when it is not: it is empty again
	mkdir "$KTAP_TMP/big"
	head -c 1M /dev/urandom >"$KTAP_TMP/big/a"
	for i in {1..30}; do
		cp "$KTAP_TMP/big/a" "$KTAP_TMP/big/$i"
	done
	tar -C "$KTAP_TMP/big" -cf - . | zstd -q --long=27 -o "$state/template/cache/sb-big.tar.zst"
	[[ $(stat -c %s "$state/template/cache/sb-big.tar.zst") -lt 10000000 ]]
	expect_exit 46 make 901 --layout block --device "$volumes/small" --ostemplate sb-big
	rm "$state/template/cache/sb-big.tar.zst"
	[[ -z $(has "$volumes/small") && ! -e $etc/conf/901.conf ]]
}

grows() {
	volume ct 32
	make_block 900 ct --diskspace 24M
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -le 24576 ]]
	expect_exit 20 cloisonctl set 900 --diskspace 32M
	cloisonctl --quiet set 900 --diskspace 32M --save
	[[ $(inside_k) -gt 24576 ]]
	expect_exit 154 cloisonctl set 900 --diskspace 64M --save
	expect_out 'has 32M' cloisonctl set 900 --diskspace 64M --save
	logical_volume lvextend -L 64M "$volumes/ct"
	cloisonctl --quiet set 900 --diskspace 64M --save
	[[ $(inside_k) -gt 45000 ]]
	expect_exit 154 cloisonctl set 900 --diskspace 48M --save
	expect_out 'cannot be made smaller' cloisonctl set 900 --diskspace 48M --save
	stopped
	expect_exit 154 cloisonctl set 900 --diskspace 48M --save
	# all there is, at the next mount too
	cloisonctl --quiet set 900 --diskspace unlimited --save
	logical_volume lvextend -L 96M "$volumes/ct"
	cloisonctl --quiet start 900 --wait
	[[ $(inside_k) -gt 75000 ]]
	stopped
	all_used "$volumes/ct"
	e2fsck -fn "$volumes/ct"
	# whoever extends it himself is told, and has it
	resize2fs -f "$volumes/ct"
	expect_out 'Warning: .*reaches the end.*convert 900' cloisonctl start 900 --wait
	stopped
}

# The name leads to another file system, even another container's: that one is never mounted.
other_device() {
	volume ct 32
	volume ct1 32
	make_block 900 ct
	make_block 901 ct1
	logical_volume lvrename storageblock ct moved
	logical_volume lvrename storageblock ct1 ct
	wait_for test -b "$volumes/moved"
	expect_exit 50 cloisonctl start 900
	expect_out 'has not the container.s file system.*set --device' cloisonctl start 900
	not mountpoint "$root"
	expect_exit 86 cloisonctl set 900 --device "$volumes/ct" --save
	expect_exit 20 cloisonctl set 900 --device "$volumes/moved"
	volume ct2 32
	logical_volume lvrename storageblock ct other
	logical_volume lvrename storageblock ct2 ct
	expect_exit 86 make_block 903 ct --force
	expect_out 'is where container 900 looks' make_block 903 ct --force
	logical_volume lvremove -y "$volumes/ct"
	logical_volume lvrename storageblock other ct
	wait_for test -b "$volumes/ct"
	cloisonctl --quiet set 900 --device "$volumes/moved" --save
	grep -qx "VE_DEVICE=\"$volumes/moved\"" "$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	expect_exit 32 cloisonctl set 900 --device "$volumes/moved" --save
	stopped
	# one that is destroyed wipes what is its own
	cloisonctl --quiet destroy 901
	[[ $(has "$volumes/ct") == ext4 ]]
	cloisonctl --quiet start 900 --wait
	stopped
	make 902
	expect_exit 21 cloisonctl set 902 --device "$volumes/ct" --save
	# one whose device somebody uses stays there, and that is said
	mount "$volumes/moved" "$KTAP_TMP/mnt"
	expect_out 'in use.*its files stay' cloisonctl destroy 900
	[[ $(has "$volumes/moved") == ext4 && ! -e $etc/conf/900.conf ]]
}

converts() {
	local id
	volume ct 64
	volume ct2 48
	make 900 --diskspace 40M 2>/dev/null
	echo own >"$state/private/900/fs/own"
	mkfs.ext4 -q "$volumes/ct"
	expect_exit 86 cloisonctl convert 900 --layout block --device "$volumes/ct"
	expect_exit 20 cloisonctl convert 900 --layout block
	expect_exit 20 cloisonctl convert 900 --layout image --device "$volumes/ct"
	[[ -e $state/private/900/fs/own && ! -e $state/private/900.converting ]]
	cloisonctl --quiet convert 900 --layout block --device "$volumes/ct" --force
	[[ -e $record && ! -e $state/private/900/fs ]]
	# to a smaller one
	cloisonctl --quiet convert 900 --device "$volumes/ct2"
	grep -qx "VE_DEVICE=\"$volumes/ct2\"" "$etc/conf/900.conf"
	[[ -z $(has "$volumes/ct") && $(has "$volumes/ct2") == ext4 ]]
	expect_exit 86 cloisonctl convert 900 --device "$volumes/ct2" --force
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec2 900 cat /own) == own ]]
	# what the volume manager does better; and what is not on a device
	expect_exit 156 cloisonctl snapshot 900 --skip-suspend
	expect_out 'lvcreate -s' cloisonctl snapshot 900 --skip-suspend
	expect_exit 48 cloisonctl clone 900 901
	[[ ! -e $etc/conf/901.conf ]]
	# of one that runs, whose file system is frozen
	cloisonctl --quiet backup 900
	cloisonctl exec2 900 'echo on >/on'
	stopped
	id=$(cloisonctl backup-list -H 900 | awk 'END { print $1 }')
	expect_exit 171 cloisonctl restore-backup "$id" --ctid 901
	expect_out 'not restored onto a device' cloisonctl restore-backup "$id" --ctid 901
	cloisonctl --quiet restore-backup "$id" --ctid 901 --layout dir
	[[ $(<"$state/private/901/fs/own") == own && ! -e $state/private/901/fs/on ]]
	not grep VE_DEVICE "$etc/conf/901.conf"
	cloisonctl --quiet backup-delete "$id"
	# what can neither be written to disk nor undone has happened
	expect_out 'Warning: Cannot write .*nor undo that' strace -f -qq -o "$KTAP_TMP/trace" -P "$state/private" -P "$state/private/900" \
		-e inject=fsync:error=EIO -e inject=renameat2:error=EIO:when=2 cloisonctl convert 900 --layout dir
	[[ $(grep -c INJECTED "$KTAP_TMP/trace") == 2 && ! -e $state/private/900.converting ]]
	[[ $(<"$state/private/900/fs/own") == own && -z $(has "$volumes/ct2") ]]
	not grep VE_DEVICE "$etc/conf/900.conf"
}

# What a command that was cut off left: all of it, or nothing and an empty device.
cut_off() {
	local point
	volume ct 32
	"$here/crash/inject" --list "$KTAP_TMP/points" cloisonctl --quiet create 900 --ostemplate busybox --layout block --device "$volumes/ct"
	cloisonctl --quiet destroy 900
	while read -r point <&3; do
		"$here/crash/inject" --kill-all "$point" cloisonctl --quiet create 900 --ostemplate busybox --layout block --device "$volumes/ct" || true
		wait_for cloisonctl --quiet check --repair
		expect_out 'nothing is left' cloisonctl check --repair
		if [[ -e $record ]]; then
			cloisonctl --quiet mount 900
			[[ -e $root/bin/busybox ]]
			cloisonctl --quiet umount 900
			cloisonctl --quiet destroy 900
		fi
		[[ -z $(has "$volumes/ct") ]]
	done 3< <(awk '{ all[NR] = $1 } END { for (i = 1; i < 4; i++) print all[int(NR * i / 4)] }' "$KTAP_TMP/points")
	make_block 900 ct
	"$here/crash/inject" --list "$KTAP_TMP/points" cloisonctl --quiet destroy 900
	while read -r point <&3; do
		[[ -e $etc/conf/900.conf ]] || make_block 900 ct
		"$here/crash/inject" --kill-all "$point" cloisonctl --quiet destroy 900 || true
		wait_for cloisonctl --quiet check --repair
		expect_out 'nothing is left' cloisonctl check --repair
		[[ -e $record || -z $(has "$volumes/ct") ]]
	done 3< <(awk '{ all[NR] = $1 } END { for (i = 1; i < 4; i++) print all[int(NR * i / 4)] }' "$KTAP_TMP/points")
}

rates() {
	volume ct 128
	make_block 900 ct
	cloisonctl --quiet start 900 --wait
	is_held 900
}

ktap_plan 7
block_case "a life" lives
block_case "devices that are refused" refuses
block_case "a limit of I/O" rates
block_case "grows" grows
block_case "a name that leads elsewhere" other_device
block_case "converted, saved; copies are refused" converts
block_case "cut off" cut_off
ktap_finish
