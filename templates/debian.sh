# SPDX-License-Identifier: GPL-2.0-only
# For recipes that build from Debian's archive: sourced, with bash.
# shellcheck shell=bash

# The mirror this machine's own apt uses for archive $1 (Debian or Debian-Security).
debian_mirror() {
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
		awk -F '|' -v label="$1" '$1 == "Debian" && $2 == label { print $3; exit }'
}

# The sources of suite $1, from those mirrors.
debian_sources() {
	main=$(debian_mirror Debian)
	security=$(debian_mirror Debian-Security)
	if [ -z "$main" ]; then
		echo "apt knows no mirror of Debian's archive: run apt-get update first" >&2
		return 1
	fi
	keys="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
	echo "deb $keys $main $1 main"
	echo "deb $keys $main $1-updates main"
	if [ -n "$security" ]; then
		echo "deb $keys $security $1-security main"
	fi
}

# debian_build SUITE ARCHIVE [PACKAGE...]: a system with systemd, what an administrator expects to find, and those packages.
# No host name and machine id: each container gets its own. /dev is made at each start. Documentation is what nobody reads
# there.
debian_build() (
	set -o pipefail
	suite=$1
	archive=$2
	shift 2
	if ! command -v mmdebstrap >/dev/null; then
		echo "mmdebstrap is missing: apt install mmdebstrap" >&2
		return 1
	fi
	sources=$(debian_sources "$suite") || return
	include=systemd-sysv,dbus,libpam-systemd,login,iproute2,iputils-ping,netbase,procps,ifupdown,less,ca-certificates
	for package; do
		include=$include,$package
	done
	# shellcheck disable=SC2016 # $1 is for the hooks
	echo "$sources" | mmdebstrap --mode=root --variant=minbase --format=tar --include="$include" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook='rm -f "$1/etc/hostname"; : >"$1/etc/machine-id"' \
		--customize-hook='rm -f "$1"/etc/resolv.conf' \
		--customize-hook='printf "auto lo\niface lo inet loopback\n" >"$1/etc/network/interfaces"' \
		"$suite" - | zstd -q -9 -T0 -o "$archive"
)
