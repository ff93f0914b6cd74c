#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Templates from elsewhere: archives and OCI images, good, damaged, hostile, cut off.

. "$(dirname "$0")/templates-lib.sh"

# The files of busybox's template.
tree=$KTAP_TMP/tree
mkdir "$tree"
zstd -dqc "$cache"/busybox.tar.zst | tar -C "$tree" -xf -

# nothing_is_left NAME: of an import that failed.
nothing_is_left() {
	not compgen -G "$cache/$1.*"
	not compgen -G "$cache/.$1.*"
}

archives() {
	local file=$KTAP_TMP/rootfs.tar.zst
	tar -C "$tree" --numeric-owner --zstd -cf "$file" .
	cloisonctl template import lxc "$file" --sha256 "$(sha256sum <"$file" | cut -c 1-64)"
	[[ $(cd "$cache" && echo lxc*) == "lxc.tar.zst lxc.tar.zst.sha256" ]]
	cloisonctl template verify lxc
	cloisonctl --quiet create 900 --ostemplate lxc --layout overlay
	# one that is there stays, unless it is to be replaced; what is used of it stays anyway
	zstd -dqc "$file" | gzip >"$KTAP_TMP"/vz.tar.gz
	expect_exit 21 cloisonctl template import lxc "$KTAP_TMP"/vz.tar.gz
	[[ -e $cache/lxc.tar.zst ]]
	cloisonctl template import lxc --force - <"$KTAP_TMP"/vz.tar.gz
	[[ $(cd "$cache" && echo lxc*) == "lxc.tar.gz lxc.tar.gz.sha256" ]]
	cloisonctl --quiet create 901 --ostemplate lxc
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet start 901 --wait
	# plain, from a pipe; and one that has its files in rootfs/
	zstd -dqc "$file" | cloisonctl template import plain -
	[[ -e $cache/plain.tar ]]
	tar -C "$tree" --transform 's,^\.,rootfs,' -cf "$KTAP_TMP"/lxd.tar .
	# holes are not packed as zeros
	mkdir "$KTAP_TMP"/rootfs
	truncate -s 1T "$KTAP_TMP"/rootfs/holes
	tar -C "$KTAP_TMP" --sparse -rf "$KTAP_TMP"/lxd.tar rootfs/holes
	timeout 120 cloisonctl template import lxd "$KTAP_TMP"/lxd.tar
	cloisonctl --quiet create 902 --ostemplate lxd
	[[ $(stat -c %a "$state"/private/902/fs/tmp) == 1777 && -e $state/private/902/fs/bin/busybox ]]
	[[ $(stat -c %s:%b "$state"/private/902/fs/holes) == 1099511627776:0 ]]
}

bad_archives() {
	local file=$KTAP_TMP/bad.tar.zst
	tar -C "$tree" --zstd -cf "$KTAP_TMP"/whole.tar.zst .
	expect_exit 47 cloisonctl template import bad "$KTAP_TMP"/whole.tar.zst --sha256 "$(printf 'a%.0s' {1..64})"
	nothing_is_left bad
	head -c 300000 "$KTAP_TMP"/whole.tar.zst >"$file"
	expect_exit 47 cloisonctl template import bad "$file"
	nothing_is_left bad
	expect_exit 47 cloisonctl template import bad /etc/passwd
	expect_exit 3 cloisonctl template import bad "$KTAP_TMP"/nosuch
	expect_exit 47 cloisonctl template import bad "$KTAP_TMP"
	expect_exit 21 cloisonctl template import ../bad "$KTAP_TMP"/whole.tar.zst
	expect_exit 20 cloisonctl template import bad
	nothing_is_left bad
	# what is there already is not touched
	cp "$KTAP_TMP"/whole.tar.zst "$cache"/bad.tar.zst
	expect_exit 47 cloisonctl template import bad "$file" --force
	cmp "$KTAP_TMP"/whole.tar.zst "$cache"/bad.tar.zst
	rm "$cache"/bad.tar.zst
	mkdir "$KTAP_TMP"/empty
	touch "$KTAP_TMP"/empty/file
	tar -C "$KTAP_TMP"/empty -cf "$KTAP_TMP"/empty.tar .
	expect_out 'no /sbin/init' cloisonctl template import empty "$KTAP_TMP"/empty.tar
	[[ -e $cache/empty.tar ]]
}

# blob DIR FILE: into the image; what it is described by.
blob() {
	local sum
	sum=$(sha256sum <"$2" | cut -c 1-64)
	cp "$2" "$1/blobs/sha256/$sum"
	printf '{"digest":"sha256:%s","size":%d}' "$sum" "$(stat -c %s "$2")"
}

# image DIR LAYER...
image() {
	local dir=$1 layer layers=()
	shift
	rm -rf "$dir"
	mkdir -p "$dir"/blobs/sha256
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir"/oci-layout
	for layer; do
		layers+=("$(blob "$dir" "$layer")")
	done
	(IFS=,; echo "{\"schemaVersion\":2,\"layers\":[${layers[*]}]}") >"$KTAP_TMP"/manifest
	echo "{\"schemaVersion\":2,\"manifests\":[$(blob "$dir" "$KTAP_TMP"/manifest)]}" >"$dir"/index.json
}

# layer NAME DIR: an archive of what is in it.
layer() {
	tar -C "$2" --numeric-owner -czf "$KTAP_TMP/$1" .
}

oci() {
	local base=$KTAP_TMP/base over=$KTAP_TMP/over dir=$KTAP_TMP/image fs=$state/private/900/fs
	cp -a "$tree" "$base"
	mkdir "$base"/srv "$base"/srv/all "$base"/srv/was-dir
	touch "$base"/srv/gone "$base"/srv/stays "$base"/srv/all/old "$base"/srv/was-dir/file
	mkdir -p "$base"/srv/gone-dir/sub
	echo lower >"$base"/srv/changes
	layer one "$base"
	mkdir -p "$over"/srv/all
	touch "$over"/srv/.wh.gone "$over"/srv/.wh.gone-dir "$over"/srv/all/.wh..wh..opq "$over"/srv/all/new "$over"/srv/was-dir
	echo upper >"$over"/srv/changes
	chown 1000:50 "$over"/srv/changes
	layer two "$over"
	image "$dir" "$KTAP_TMP"/one "$KTAP_TMP"/two
	cloisonctl template import oci "$dir"
	not compgen -G "$cache/.oci*"
	cloisonctl --quiet create 900 --ostemplate oci
	[[ $(cd "$fs"/srv && echo *) == "all changes stays was-dir" ]]
	[[ $(ls -A "$fs"/srv/all) == new && -f $fs/srv/was-dir && $(<"$fs"/srv/changes) == upper ]]
	[[ $(($(stat -c %u "$fs"/srv/changes) - $(stat -c %u "$fs"/srv/stays))) == 1000 ]]
	cloisonctl --quiet start 900 --wait
	# the same, packed
	tar -C "$dir" -cf "$KTAP_TMP"/image.tar .
	cloisonctl template import packed "$KTAP_TMP"/image.tar
	cloisonctl --quiet create 901 --ostemplate packed
	[[ ! -e $state/private/901/fs/srv/gone && -e $state/private/901/fs/bin/busybox ]]
}

bad_images() {
	local dir=$KTAP_TMP/image file
	layer one "$tree"
	image "$dir" "$KTAP_TMP"/one
	# a layer is not what its digest says
	for file in "$dir"/blobs/sha256/*; do
		[[ $(stat -c %s "$file") -lt 10000 ]] || printf x >>"$file"
	done
	expect_out 'is damaged' cloisonctl template import bad "$dir"
	expect_exit 47 cloisonctl template import bad "$dir"
	image "$dir" "$KTAP_TMP"/one
	echo x >"$dir"/index.json
	expect_exit 47 cloisonctl template import bad "$dir"
	echo '{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}' >"$dir"/index.json
	expect_exit 47 cloisonctl template import bad "$dir"
	echo '{"manifests":[{"platform":{"architecture":"none"}}]}' >"$dir"/index.json
	expect_out 'nothing for Linux' cloisonctl template import bad "$dir"
	# a link out of it
	rm "$dir"/index.json
	ln -s /etc/passwd "$dir"/index.json
	expect_out 'Cannot open index.json' cloisonctl template import bad "$dir"
	nothing_is_left bad
}

# Layers that want out: by links, by whiteouts through them, by paths, and with a node.
hostile_images() {
	local dir=$KTAP_TMP/image one=$KTAP_TMP/h1 two=$KTAP_TMP/h2 outside=/tmp/image-outside
	mkdir -p "$one" "$two"/out "$outside"
	touch "$outside"/precious
	chmod 777 "$outside"
	chmod 666 "$outside"/precious
	ln -s "$outside" "$one"/out
	touch "$two"/out/.wh.precious "$two"/out/.wh..wh..opq "$two"/out/escaped
	layer one "$one"
	layer two "$two"
	echo x >"$KTAP_TMP"/climb
	tar -P --transform 's,.*,../../../../../../tmp/image-outside/climbed,' -czf "$KTAP_TMP"/three "$KTAP_TMP"/climb
	tar -P --transform 's,.*,../../../../../../tmp/image-outside/.wh.precious,' -czf "$KTAP_TMP"/four "$KTAP_TMP"/climb
	image "$dir" "$KTAP_TMP"/one "$KTAP_TMP"/two "$KTAP_TMP"/three "$KTAP_TMP"/four
	cloisonctl template import hostile "$dir" || true
	[[ $(ls -A "$outside") == precious ]]
	mkdir "$one"/etc
	mknod "$one"/etc/disk b 8 0
	layer one "$one"
	image "$dir" "$KTAP_TMP"/one
	expect_exit 47 cloisonctl template import node "$dir"
	nothing_is_left node
	rm -r "$outside"
}

# Killed while it reads, and while what it has unpacked is there.
cut_off() {
	local tool
	mkfifo "$KTAP_TMP"/slow
	cloisonctl template import slow "$KTAP_TMP"/slow &
	tool=$!
	exec 9>"$KTAP_TMP"/slow
	head -c 100000 "$cache"/busybox.tar.zst >&9
	wait_for test -s "$cache"/.slow.tar.zst
	expect_exit 9 cloisonctl template import slow "$KTAP_TMP"/slow
	kill -9 "$tool"
	wait "$tool" || true
	exec 9>&-
	mkdir -p "$cache"/.slow.unpacked/root/bin
	[[ ! -e $cache/slow.tar.zst ]]
	expect_out '^mended +slow: a build or import of a template that was cut off' cloisonctl check --repair
	nothing_is_left slow
	# and without that, the next one clears away
	mkdir -p "$cache"/.slow.unpacked/root/bin
	cloisonctl template import slow "$cache"/busybox.tar.zst
	not compgen -G "$cache/.slow*"
	cloisonctl --quiet create 900 --ostemplate slow
}

# What is small and unpacks to more than there is room for is ended before the disk is full, by space or by inodes.
bombs() {
	local disk=$KTAP_TMP/disk bomb=$KTAP_TMP/bomb trees=$state/template/tree host=$KTAP_TMP/host file
	mkdir -p "$bomb"/rootfs/bin "$trees" "$host"
	touch "$bomb"/rootfs/bin/sh
	truncate -s 400M "$bomb"/rootfs/zeros
	tar -C "$bomb" --zstd -cf "$bomb"/large.tar.zst rootfs
	rm "$bomb"/rootfs/zeros
	mkdir "$bomb"/rootfs/files
	(cd "$bomb"/rootfs/files && seq 10000 | xargs touch)
	tar -C "$bomb" --zstd -cf "$bomb"/files.tar.zst rootfs
	layer too-many "$bomb"/rootfs
	image "$bomb"/image "$KTAP_TMP"/too-many
	truncate -s 200M "$disk"
	mkfs.ext4 -q -m 0 -N 4096 -O quota,project -E quotatype=prjquota "$disk"
	mount -o loop "$disk" "$cache"
	for file in large files; do
		expect_exit 46 cloisonctl template import bomb "$bomb/$file.tar.zst"
		nothing_is_left bomb
	done
	expect_exit 46 cloisonctl template import bomb "$bomb"/image
	expect_exit 46 cloisonctl template import bomb - </dev/zero
	nothing_is_left bomb
	umount "$cache"
	mount -o loop "$disk" "$trees"
	for file in large files; do
		cp "$bomb/$file.tar.zst" "$cache/$file.tar.zst"
		expect_exit 46 cloisonctl create 900 --ostemplate "$file" --layout overlay
		[[ ! -e $etc/conf/900.conf && $(ls -A "$trees") == lost+found ]]
	done
	umount "$trees"
	# where there are quotas, and the container has not both limits
	mount -o loop,prjquota "$disk" "$host"
	expect_out 'more than nine tenths' cloisonctl create 900 --ostemplate large --private "$host/900" --diskspace unlimited
	expect_out 'more than nine tenths' cloisonctl create 900 --ostemplate files --private "$host/900" --diskspace 20M --diskinodes unlimited
	[[ ! -e $etc/conf/900.conf && $(ls -A "$host") == lost+found ]]
	umount "$host"
}

ktap_plan 7
run_case "archives" archives
run_case "archives that are none, or damaged" bad_archives
run_case "OCI images" oci
run_case "OCI images that are none, or damaged" bad_images
run_case "OCI images with layers that want out" hostile_images
run_case "an import that is killed" cut_off
run_case "archives that would fill the disk" bombs
ktap_finish
