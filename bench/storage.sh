#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 3072
# icount: no
# How long create takes from debian-13. Of overlays the first unpacks the template for all; measured is one of the others.

here=$(dirname "$0")
. "$here/parts/lib.sh"

state=/var/lib/cloison
cache=$state/template/cache

make_one() { cloisonctl --quiet create "$1" --ostemplate debian-13 --layout "$2"; }

unpack() {
	mkdir "$state/unpacked"
	tar -C "$state/unpacked" --zstd --numeric-owner --acls --xattrs -xf "$cache/debian-13.tar.zst"
	sync -f "$state/unpacked"
}

# What podman has unpacked already, too.
podman_one() { podman create --quiet --network none server /usr/sbin/init; }

time_of() {
	local start
	start=$(now_us)
	once "$@"
	echo $(($(now_us) - start))
}

once make_one 900 overlay
overlay=$(time_of make_one 901 overlay)
dir=$(time_of make_one 902 dir)
tar=$(time_of unpack)
rm -rf "$state/unpacked"
zstd -qdc $cache/debian-13.tar.zst >/var/tmp/server.tar
once podman import --quiet /var/tmp/server.tar server
rm /var/tmp/server.tar
once podman_one
podman=$(time_of podman_one)
result storage.create "$overlay" "$dir" dir us lower 0.05
result storage.create_tar "$overlay" "$tar" "tar" us lower 0.05
result storage.create_podman "$overlay" "$podman" podman us lower 1.00
finish
