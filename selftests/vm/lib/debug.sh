# SPDX-License-Identifier: GPL-2.0-only
# The kernel of the series "debug": the newest suite's linux-source package with debug.config, built here, since no
# package has it. $cache/debug/ keeps what came of it:
#	vmlinux		what is booted: a bzImage, since the entry for PVH runs code with KASAN's checks before
#			there is memory for them, and ends in a triple fault
#	tree/		modules, as kernels.sh has them
#	headers/	what modules are built against
# shellcheck shell=bash

readonly DEBUG_CONFIG=$vmdir/debug.config

# debug_resolve: "KVER VERSION" into $cache/kernel/debug, of the sources to take.
debug_resolve() {
	local suite=${series_suite[debug]} version
	version=$(archive_newest "$suite" linux-source)
	[[ $version ]] || die "$suite: there is no linux-source"
	echo "${version%%[-~]*}-debug $version" >"$cache/kernel/debug"
}

# debug_sources DIRECTORY
debug_sources() {
	local dir=$1 suite=${series_suite[debug]} version deb
	version=$(cut -d ' ' -f 2 "$cache/kernel/debug")
	deb=$(archive_depends "$suite" linux-source "$version" | grep -x 'linux-source-[0-9.]*')
	remove "$dir" "$dir.deb"
	mkdir -p "$dir" "$dir.deb"
	(cd "$dir.deb" && archive_apt "$suite" apt-get -q download "$deb=$version")
	dpkg-deb --fsys-tarfile "$dir.deb"/*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ -C "$dir" --strip-components=1
	remove "$dir.deb"
}

# debug_configured DIRECTORY: true if the configuration is as debug.config asks; says what is not. An option that is
# unknown, or needs another that is off, would otherwise be off without a word.
debug_configured() {
	local line name bad=0
	while IFS= read -r line; do
		name=${line#\# }
		name=${name%%[= ]*}
		case $line in
		'# CONFIG_'*' is not set') ! grep -q "^$name=" "$1/.config" || bad=1 ;;
		CONFIG_*) grep -qxF -- "$line" "$1/.config" || bad=1 ;;
		*) continue ;;
		esac
		[[ $bad -eq 0 ]] || { echo "debug.config: it came to nothing: $line" && return 1; }
	done <"$DEBUG_CONFIG"
}

# debug_make DIRECTORY. The sources stay in the build root until all is done: a build that was interrupted goes on.
debug_make() {
	local out=$1 kver root=$cache/root/trixie dir=/build/linux-debug key
	kver=$(kver debug)
	key=$(cat "$cache/kernel/debug")
	if [[ ! -f $root$dir.unpacked || $(<"$root$dir.unpacked") != "$key" ]]; then
		remove "$root$dir.unpacked"
		debug_sources "$root$dir"
		echo "$key" >"$root$dir.unpacked"
	fi
	if ! cmp -s "$DEBUG_CONFIG" "$root$dir/debug.config"; then
		cp "$DEBUG_CONFIG" "$root$dir/debug.config.new"
		in_root trixie sh -ec "
			cd $dir
			make x86_64_defconfig
			cat debug.config.new >>.config
			make olddefconfig"
		debug_configured "$root$dir"
		mv "$root$dir/debug.config.new" "$root$dir/debug.config"
	fi
	in_root trixie sh -ec "
		cd $dir
		make -j $(nproc) bzImage modules
		[ \"\$(make -s kernelrelease)\" = '$kver' ]
		rm -rf out
		make INSTALL_MOD_PATH=$dir/out/tree INSTALL_MOD_STRIP=1 DEPMOD=true modules_install
		make run-command KBUILD_RUN_COMMAND='\$(srctree)/scripts/package/install-extmod-build out/headers'
		cp arch/x86/boot/bzImage out/vmlinux
		strip --strip-debug -o out/headers/vmlinux vmlinux"
	remove "$root$dir/out/tree/lib/modules/$kver/build"
	mkdir -p "$root$dir/out/tree/usr"
	ln -s ../lib "$root$dir/out/tree/usr/lib"
	mv "$root$dir/out" "$out"
	remove "$root$dir" "$root$dir.unpacked"
}

debug_make_logged() {
	say "building the debug kernel, which takes long (see $cache/log/debug.log)"
	logged debug debug_make "$@"
}

# debug_built: $cache/debug. It is long work under a lock of its own: others' runs go on.
debug_built() {
	local fd
	exec {fd}>"$cache/debug.lock"
	flock "$fd"
	cached "$cache/debug" "$(key "$(cat "$cache/kernel/debug")" "$DEBUG_CONFIG")" debug_make_logged
	exec {fd}>&-
}

# debug_kernel DIRECTORY: as kernel_make leaves it.
debug_kernel() {
	local dir=$1 kver
	kver=$(kver debug)
	mkdir "$dir"
	cp -al "$cache/debug/vmlinux" "$cache/debug/tree" "$dir/"
	depmod -b "$dir/tree" "$kver"
	kernel_initrd "$dir/tree" "$kver" "$dir/initrd.d" >"$dir/initrd"
	remove "$dir/initrd.d"
	image_from "$dir/tree/lib/modules" "$dir/modules.img" 512M
}

# debug_ready: $cache/kernel/KVER, and the headers in the build root.
debug_ready() {
	local kver key headers
	kver=$(kver debug)
	key=$(key "$(cat "$cache/debug.key")" "$vmdir/guest/init" "$cache/image/busybox" "$(declare -f debug_kernel kernel_initrd)")
	cached "$cache/kernel/$kver" "$key" debug_kernel
	headers=$cache/root/$(root_of debug)/usr/src/linux-headers-$kver
	cmp -s "$cache/debug.key" "$headers.key" || rm -f "$cache/root/$(root_of debug)/build/$kver.built"
	cached "$headers" "$(cat "$cache/debug.key")" cp -a "$cache/debug/headers"
}
