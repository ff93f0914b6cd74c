#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 3072
# Layouts: how long create takes from debian-13, and what disk and page cache some running containers of one template
# need. Of overlays the first unpacks the template for all; measured is one of the others.

here=$(dirname "$0")
. "$here/parts/lib.sh"

state=/var/lib/cloison
cache=$state/template/cache
containers=3

used_disk() {
	sync
	df -k --output=used $state | tail -n 1
}

# The cache of files, that of what was written not counted.
used_cache() {
	awk '$1 == "Cached:" { print $2 }' /proc/meminfo
}

make_one() { cloisonctl --quiet create "$1" --ostemplate server --layout "$2"; }
remove_one() { cloisonctl --quiet destroy "$1"; }

unpack() {
	mkdir "$state/unpacked"
	tar -C "$state/unpacked" --zstd --numeric-owner --acls --xattrs -xf "$cache/debian-13.tar.zst"
	sync -f "$state/unpacked"
}

time_of() {
	local start
	start=$(now_us)
	once "$@"
	echo $(($(now_us) - start))
}

# servers LAYOUT: what disk and cache so many running ones need, in KiB; they read what their programs would map.
servers() {
	local disk memory id
	disk=$(used_disk)
	for ((id = 900; id < 900 + containers; id++)); do
		once make_one $id "$1"
	done
	disk=$(($(used_disk) - disk))
	echo 3 >/proc/sys/vm/drop_caches
	# the tool's own pages are there before and after
	once cloisonctl --quiet start 899 --wait
	once cloisonctl --quiet stop 899 --fast
	memory=$(used_cache)
	for ((id = 900; id < 900 + containers; id++)); do
		once cloisonctl --quiet start $id --wait
	done
	memory=$(($(used_cache) - memory))
	for ((id = 900; id < 900 + containers; id++)); do
		once cloisonctl --quiet stop $id --fast
		once remove_one $id
	done
	echo "$disk $memory"
}

# Debian's files with an init that reads the libraries, and is up at once.
init=$(mktemp -d)
mkdir -p "$init/usr/sbin"
cat >"$init/usr/sbin/init" <<-'EOI'
	#!/bin/sh
	cat /usr/lib/x86_64-linux-gnu/*.so* /usr/bin/* >/dev/null
	: >/run/cloison/up
	exec sleep infinity
EOI
chmod 755 "$init/usr/sbin/init"
zstd -qdc $cache/debian-13.tar.zst >/var/tmp/server.tar
tar -C "$init" --owner=0 --group=0 -rf /var/tmp/server.tar ./usr/sbin/init
zstd -q -1 --rm -o $cache/server.tar.zst /var/tmp/server.tar

once make_one 900 overlay
overlay=$(time_of make_one 901 overlay)
dir=$(time_of make_one 902 dir)
tar=$(time_of unpack)
rm -rf "$state/unpacked"
result storage.create "$overlay" "$dir" dir us lower 0.05
result storage.create_tar "$overlay" "$tar" "tar" us lower 0.05
for id in 900 901 902; do
	once remove_one $id
done

once cloisonctl --quiet create 899 --ostemplate busybox
read -r disk memory < <(servers dir)
read -r disk_shared memory_shared < <(servers overlay)
# the tree is there already, and counts as what the overlays need
tree=$(du -sk "$state"/template/tree/server@* | cut -f 1)
result storage.disk "$((disk_shared + tree))" "$disk" dir KiB lower 0.40
result storage.cache "$memory_shared" "$memory" dir KiB lower 0.40
finish
