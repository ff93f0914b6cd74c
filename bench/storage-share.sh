#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 3072
# icount: no
# What disk and page cache fifty running containers of one template need, overlays and directories. No times are measured.

here=$(dirname "$0")
. "$here/parts/lib.sh"

state=/var/lib/cloison
cache=$state/template/cache
containers=50

used_disk() {
	sync
	df -k --output=used $state | tail -n 1
}

# The cache of files, that of what was written not counted.
used_cache() {
	awk '$1 == "Cached:" { print $2 }' /proc/meminfo
}

# servers LAYOUT: what disk and cache so many running ones need, in KiB; they read what their programs would map.
servers() {
	local disk memory id
	disk=$(used_disk)
	for ((id = 900; id < 900 + containers; id++)); do
		once cloisonctl --quiet create $id --ostemplate shared --layout "$1"
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
		once cloisonctl --quiet destroy $id
	done
	echo "$disk $memory"
}

# busybox with 16 MB of libraries, which its init reads, and is up at once.
shared=$(mktemp -d)
mkdir -p "$shared/sbin" "$shared/lib"
head -c 16M /dev/urandom >"$shared/lib/libraries"
cat >"$shared/sbin/init" <<-'EOI'
	#!/bin/sh
	cat /lib/libraries >/dev/null
	: >/run/cloison/up
	exec sleep 1000000
EOI
chmod 755 "$shared" "$shared/sbin" "$shared/lib" "$shared/sbin/init"
zstd -qdc $cache/busybox.tar.zst >/var/tmp/shared.tar
tar --delete -f /var/tmp/shared.tar ./sbin/init
tar -C "$shared" --owner=0 --group=0 -rf /var/tmp/shared.tar ./sbin/init ./lib/libraries
zstd -q -1 --rm -o $cache/shared.tar.zst /var/tmp/shared.tar
rm -r "$shared"

once cloisonctl --quiet create 899 --ostemplate busybox
read -r disk memory < <(servers dir)
read -r disk_shared memory_shared < <(servers overlay)
# the tree is there already, and counts as what the overlays need
tree=$(du -sk "$state"/template/tree/shared@* | cut -f 1)
result storage.disk "$((disk_shared + tree))" "$disk" dir KiB lower 0.10
result storage.cache "$memory_shared" "$memory" dir KiB lower 0.10
finish
