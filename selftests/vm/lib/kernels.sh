# SPDX-License-Identifier: GPL-2.0-only
# A kernel as the machines boot it, in $cache/kernel/KVER/:
#	vmlinux		the ELF image, entered through PVH (QEMU loads it faster than a bzImage, which also unpacks itself)
#	initrd		busybox and the modules needed to reach the root file system
#	modules.img	ext4 of /usr/lib/modules
#	tree/		the same, unpacked, for depmod
# shellcheck shell=bash

# What the initramfs loads; the rest comes from the root file system.
readonly INITRD_MODULES=(virtio_pci virtio_blk virtio_console virtio_net virtio_rng ext4 overlay)

# kernel_download SERIES DIRECTORY: unpacks the image's packages (newer kernels are split: image, binary, modules).
kernel_download() {
	local series=$1 dir=$2 suite=${series_suite[$1]} kver version package packages=()
	read -r kver version <"$cache/kernel/$series"
	packages=("linux-image-$kver=$version")
	for package in $(archive_depends "$suite" "linux-image-$kver" "$version" | 
		grep -xF -e "linux-base-$kver" -e "linux-binary-$kver" -e "linux-modules-$kver"); do
		packages+=("$package=$version")
	done
	mkdir "$dir/debs"
	(cd "$dir/debs" && archive_apt "$suite" apt-get -q download "${packages[@]}")
	for package in "$dir"/debs/*.deb; do
		dpkg-deb -x "$package" "$dir/unpacked"
	done
	mkdir -p "$dir/tree/lib/modules" "$dir/tree/usr"
	for package in "$dir/unpacked/lib/modules/$kver" "$dir/unpacked/usr/lib/modules/$kver"; do
		[[ ! -d $package ]] || mv "$package" "$dir/tree/lib/modules/"
	done
	ln -s ../lib "$dir/tree/usr/lib"
	if [[ -f $dir/unpacked/boot/vmlinuz-$kver ]]; then
		mv "$dir/unpacked/boot/vmlinuz-$kver" "$dir/vmlinuz"
	else
		mv "$dir/tree/lib/modules/$kver/vmlinuz" "$dir/vmlinuz"
	fi
	mkdir "$dir/boot"
	find "$dir/unpacked" "$dir/tree/lib/modules/$kver" -maxdepth 2 -type f \
		\( -name 'config*' -o -name 'System.map*' \) -exec mv -t "$dir/boot" {} +
	remove "$dir/debs" "$dir/unpacked"
}

# number FILE OFFSET LENGTH: a little-endian number.
number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# kernel_unpack BZIMAGE: the ELF image inside (offsets: the kernel's Documentation/arch/x86/boot.rst).
kernel_unpack() {
	local image=$1 start length magic unpack
	start=$(((($(number "$image" $((0x1f1)) 1) + 1) * 512) + $(number "$image" $((0x248)) 4)))
	length=$(number "$image" $((0x24c)) 4)
	magic=$(od -An -t x1 -j "$start" -N 4 "$image" | tr -d ' ')
	case $magic in
	fd377a58) unpack=(xz -dc) ;;
	28b52ffd) unpack=(zstd -dcq) ;;
	1f8b*) unpack=(gzip -dc) ;;
	02214c18) unpack=(lz4 -dc) ;;
	*) die "$image: unknown compression $magic" ;;
	esac
	# The payload ends with its unpacked length, four bytes that are not part of the compressed stream (of gzip they are).
	[[ ${unpack[0]} == gzip ]] || length=$((length - 4))
	dd if="$image" bs=1M iflag=skip_bytes,count_bytes skip="$start" count="$length" status=none | "${unpack[@]}"
}

# kernel_initrd BASE KVER DIRECTORY: the initramfs's content, modules numbered in their order of loading.
kernel_initrd() {
	local base=$1 kver=$2 dir=$3 module file n=100
	mkdir -p "$dir"/{bin,dev,proc,sys,root,modules}
	cp "$cache/image/busybox" "$dir/bin/busybox"
	cp "$vmdir/guest/init" "$dir/init"
	for module in "${INITRD_MODULES[@]}"; do
		# "insmod /path/name.ko" or "builtin name"
		modprobe -d "$base" -S "$kver" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		cp "$file" "$dir/modules/$((n++))-${file##*/}"
	done
	(cd "$dir" && find . | cpio --quiet -o -H newc -R 0:0)
}

# kernel_make SERIES DIRECTORY. Modules are unpacked: under emulation that is slow work for each load, here it is done once.
kernel_make() {
	local series=$1 dir=$2 kver
	kver=$(kver "$series")
	mkdir "$dir"
	kernel_download "$series" "$dir"
	find "$dir/tree/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -r -n 200 -P "$(nproc)" xz -d
	find "$dir/tree/lib/modules" -name '*.ko.zst' -print0 | xargs -0 -r -n 200 -P "$(nproc)" zstd -dq --rm
	depmod -b "$dir/tree" "$kver"
	kernel_unpack "$dir/vmlinuz" >"$dir/vmlinux"
	kernel_initrd "$dir/tree" "$kver" "$dir/initrd.d" >"$dir/initrd"
	remove "$dir/initrd.d"
	image_from "$dir/tree/lib/modules" "$dir/modules.img" 2G
}

kernel_make_logged() {
	logged "kernel-$1" kernel_make "$@"
}

# kernel_ready SERIES
kernel_ready() {
	local kver
	kver=$(kver "$1")
	cached "$cache/kernel/$kver" \
		"$(key "$kver" "$vmdir/guest/init" "$vmdir/lib/kernels.sh" "$cache/image/busybox")" kernel_make_logged "$1"
}

# Kernels that no series uses any more.
kernels_prune() {
	local dir series
	for dir in "$cache"/kernel/*/; do
		dir=${dir%/}
		for series in "${ALL_SERIES[@]}"; do
			[[ ! -f $cache/kernel/$series || $(kver "$series") != "${dir##*/}" ]] || continue 2
		done
		remove "$dir" "$dir.key" "$cache/root"/*/build/"${dir##*/}"
	done
}
