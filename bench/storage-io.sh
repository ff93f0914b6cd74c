#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 3072
# Layouts: the mean time of one read or write past the page cache, in each layout and in the host's own file system, all on
# one kind of device: null_blk, in memory, which answers after 500 us: to a processor of 500 million instructions a second
# what flash with its 100 us is to one of five times as many. A file is written first, so that what is measured allocates no
# more, and ext4 has made its tables. fio has the container's ids.

here=$(dirname "$0")
. "$here/parts/lib.sh"

disk=/mnt/disk
root=/var/lib/cloison/root

modprobe null_blk nr_devices=2 gb=1 memory_backed=1 queue_mode=2 irqmode=2 completion_nsec=500000
once mkfs.ext4 -q -E nodiscard /dev/nullb0
mkdir -p $disk
once mount /dev/nullb0 $disk

# io_in DIRECTORY ID FIO-OPTION...
io_in() (
	cd "$1"
	setpriv --reuid "$2" --regid "$2" --clear-groups \
		fio --name=io --filename=file --size=64M --direct=1 --ioengine=psync --randrepeat=1 "${@:3}"
)

# no_lazy: no ext4 writes tables that its mkfs left for later
no_lazy() {
	while pgrep -x ext4lazyinit >/dev/null; do
		sleep 1
	done
}

# measured DIRECTORY ID KIND BLOCK: ns
measured() {
	io_in "$1" "$2" --rw="$3" --bs="$4" --number_ios=2000 --output-format=json 2>/dev/null |
		python3 -c 'import json, sys
text = sys.stdin.read()
job = json.loads(text[text.index("{"):])["jobs"][0]
print(round(job[sys.argv[1]]["lat_ns"]["mean"]))' "${3#rand}"
}

# all_of DIRECTORY ID: of the four kinds, one after the other
all_of() {
	once io_in "$1" "$2" --rw=write --bs=1M --end_fsync=1
	once no_lazy
	measured "$1" "$2" read 128k
	measured "$1" "$2" write 128k
	measured "$1" "$2" randread 4k
	measured "$1" "$2" randwrite 4k
}

# of_layout LAYOUT OPTION...
of_layout() {
	local base
	once cloisonctl --quiet create 900 --ostemplate busybox --private $disk/900 --layout "$@"
	once cloisonctl --quiet start 900 --wait
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' /etc/cloison/conf/900.conf)
	all_of $root/900/root "$base"
	once cloisonctl --quiet stop 900 --fast
	once cloisonctl --quiet destroy 900
}

mkdir $disk/bare
# the first time costs what later ones find ready
all_of $disk/bare 0 >/dev/null
mapfile -t bare < <(all_of $disk/bare 0)
rm -r $disk/bare
for layout in dir overlay image block; do
	# what may be lost: a twentieth, and a tenth of an image, which lies on a file system
	most=1.05
	options=()
	case $layout in
	image)
		most=1.11
		options=(--diskspace 200M)
		;;
	block) options=(--device /dev/nullb1) ;;
	esac
	mapfile -t ours < <(of_layout $layout "${options[@]}")
	i=0
	for kind in read write random_read random_write; do
		result storage.io.$layout.$kind "${ours[i]}" "${bare[i]}" "host's" ns lower $most
		i=$((i + 1))
	done
done
finish
