# SPDX-License-Identifier: GPL-2.0-only
# Builds this source tree in the build roots and stages it as `make install` does.
#	ROOT/build/KVER		the modules for one kernel		ROOT/stage/KVER
#	trixie/build/tool	the tool and the test programs		trixie/stage/tool
# shellcheck shell=bash

# source_list: files of the tree that git knows or would take, NUL-terminated in $scratch/files, and each one's hash, mode
# and name in $scratch/sums.
source_list() {
	local file
	scratch
	git -C "$tree" -c safe.directory='*' ls-files -co --exclude-standard -z | sort -zu |
		while IFS= read -r -d '' file; do
			[[ ! -f $tree/$file && ! -L $tree/$file ]] || printf '%s\0' "$file"
		done >"$scratch/files"
	(cd "$tree" && xargs -0 sh -c 'stat -c "%a %N" -- "$@"; sha256sum -- "$@"' sh <"$scratch/files") >"$scratch/sums" 2>/dev/null || true
}

# What each part is built from, as patterns of names.
common_sources='Makefile|Kbuild|VERSION|mk/|include/'
declare -A part_sources=(
	[modules]="$common_sources|kmod/|selftests/kmod/"
	[tool]="$common_sources|userspace/|templates/|Documentation/man/"
	[selftests]="$common_sources|userspace/|selftests/"
)

# source_key PART: the hash of its sources.
source_key() {
	key "$(grep -E "[ '](${part_sources[$1]})" "$scratch/sums")"
}

# build_sync DIRECTORY: brings the copy up to date. Files are compared by content and get the time of the copy: several
# clones share the cache, and the times in one say nothing about the objects built from another. A file that its owner
# has just removed is missed by nobody.
build_sync() {
	local dir=$1 file
	mkdir -p "$dir"
	if [[ -f $dir.files ]]; then
		comm -z -13 "$scratch/files" "$dir.files" | while IFS= read -r -d '' file; do
			rm -f "$dir/$file"
		done
	fi
	rsync -lp --checksum --ignore-missing-args --from0 --files-from="$scratch/files" "$tree/" "$dir/"
	cp "$scratch/files" "$dir.files"
}

# stage_new DIRECTORY: an empty stage with Debian's merged /usr, so that a file installed in /lib is found in /usr/lib.
stage_new() {
	local name
	remove "$1"
	mkdir -p "$1"/usr/{lib,bin,sbin}
	for name in lib bin sbin; do
		ln -s "usr/$name" "$1/$name"
	done
}

# stage_tar STAGE: the stage as a tar, without the links to /usr.
stage_tar() {
	tar -C "$1" --exclude=./lib --exclude=./bin --exclude=./sbin --owner=0 --group=0 -cf - .
}

# unless_built PART NAME COMMAND...: skips what was done for these very sources.
unless_built() {
	local stamp=$2 key
	key=$(key "$(source_key "$1")" "$(cat "${stamp%/build/*}.key")")
	shift 2
	[[ ! -f $stamp.built || $(<"$stamp.built") != "$key" ]] || return 0
	rm -f "$stamp.built"
	"$@"
	echo "$key" >"$stamp.built"
}

make_modules() {
	local series=$1 root kver
	root=$(root_of "$series")
	kver=$(kver "$series")
	build_sync "$cache/root/$root/build/$kver"
	stage_new "$cache/root/$root/stage/$kver"
	in_root "$root" make -C "/build/$kver" -j "$(nproc)" modules "KDIR=/usr/src/linux-headers-$kver"
	in_root "$root" make -C "/build/$kver" install-modules "KDIR=/usr/src/linux-headers-$kver" "DESTDIR=/stage/$kver"
	make_depmod "$kver" "$cache/root/$root/stage/$kver/usr/lib/modules/$kver"
}

# make_depmod KVER MODULES: the kernel's own modules and ours in one index, as depmod on the machine would make it.
make_depmod() {
	local kver=$1 modules=$2 merged=$cache/kernel/$1/merged
	remove "$merged"
	mkdir -p "$merged/lib/modules" "$modules"
	cp -al "$cache/kernel/$kver/tree/lib/modules/$kver" "$merged/lib/modules/"
	remove "$merged/lib/modules/$kver"/modules.{dep,alias,symbols,softdep,devname}*
	cp -r "$modules/." "$merged/lib/modules/$kver/"
	depmod -b "$merged" "$kver"
	find "$merged/lib/modules/$kver" -maxdepth 1 -name 'modules.*' -newer "$merged/lib/modules" -exec cp -t "$modules" {} +
	remove "$merged"
}

make_tool() {
	build_sync "$cache/root/trixie/build/tool"
	stage_new "$cache/root/trixie/stage/tool"
	in_root trixie make -C /build/tool -j "$(nproc)" tool
	in_root trixie make -C /build/tool install-tool DESTDIR=/stage/tool
}

make_selftests() {
	build_sync "$cache/root/trixie/build/tool"
	in_root trixie make -C /build/tool -j "$(nproc)" selftests
}

# build_modules SERIES, build_tool, build_selftests: the parts, each at once done when nothing changed.
build_modules() {
	[[ -f $tree/Makefile ]] || return 0
	unless_built modules "$cache/root/$(root_of "$1")/build/$(kver "$1")" logged "modules-$1" make_modules "$1"
}

build_tool() {
	[[ -f $tree/Makefile ]] || return 0
	unless_built tool "$cache/root/trixie/build/tool" logged tool make_tool
}

build_selftests() {
	[[ -f $tree/Makefile ]] || return 0
	unless_built selftests "$cache/root/trixie/build/selftests" logged selftests make_selftests
}
