# SPDX-License-Identifier: GPL-2.0-only
# Build roots: a Debian suite in a directory of the cache, entered by chroot.
# shellcheck shell=bash

# root_of SERIES: a kernel's modules are built with the compiler of its own suite.
root_of() {
	case $1 in
	6.1) echo bookworm ;;
	*) echo trixie ;;
	esac
}

# The trixie root can also see trixie-backports: apt takes from there only what nothing else satisfies.
root_sources() {
	case $1 in
	trixie | machine) archive_sources backports ;;
	*) archive_sources "$1" ;;
	esac
}

# root_make LIST SUITE DIRECTORY
root_make() {
	local list=$1 suite=$2 dir=$3 sources conf
	scratch
	sources=$scratch/$list.list
	conf=$scratch/$list.conf
	root_sources "$list" >"$sources"
	archive_apt_conf >"$conf"
	# In a mount namespace of its own: whatever happens, no mount stays behind in the directory.
	logged "root-$list" unshare --mount mmdebstrap --mode=root --variant=apt --quiet \
		--aptopt="$conf" --include="$(packages "$list" | paste -sd ,)" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$dir" "$sources"
	cp "$conf" "$dir/etc/apt/apt.conf.d/90host"
}

root_ready() {
	local list=$1
	[[ -f $KEYRING ]] || die "$KEYRING is missing: install debian-archive-keyring"
	cached "$cache/root/$list" "$(key "$vmdir/packages/$list" "$(declare -f root_make root_sources)")" root_make "$list" "$list"
}

# in_root ROOT COMMAND...: runs it in the root, with the file systems that programs expect. They live in a mount and
# pid namespace of its own, so nothing stays mounted and nothing keeps running.
in_root() {
	local root=$cache/root/$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands
	env -i PATH="$PATH" HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		unshare --mount --pid --fork --kill-child sh -ec '
		cd "$1"
		mount -t proc proc proc
		mount -t sysfs -o ro sysfs sys
		mount --rbind /dev dev
		mount -t tmpfs tmpfs tmp
		[ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >etc/resolv.conf
		[ ! -e /etc/hosts ] || cat /etc/hosts >etc/hosts
		shift
		exec chroot . "$@"' sh "$root" "$@"
}

# root_headers SERIES: the kernel's headers in its build root. INITRD=No: headers may pull in the kernel's image,
# whose initramfs nobody will boot.
root_headers() {
	local root kver
	root=$(root_of "$1")
	kver=$(kver "$1")
	[[ ! -f $cache/root/$root/usr/src/linux-headers-$kver/Makefile ]] || return 0
	logged "headers-$1" in_root "$root" env INITRD=No sh -ec "
		apt-get -q update
		apt-get -q install -y linux-headers-$kver
		apt-get clean"
}
