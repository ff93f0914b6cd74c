# SPDX-License-Identifier: GPL-2.0-only
# The machine that runs the harness: is it fit, and what does it lack?
# shellcheck shell=bash

host_check() {
	local missing=() package
	[[ $(id -u) -eq 0 ]] || die "must run as root (it makes chroots and file systems)"
	[[ -f /etc/debian_version ]] || die "needs Debian 12 or 13"
	[[ $(dpkg --print-architecture) == amd64 ]] || die "needs an amd64 machine"
	for package in $(packages host); do
		[[ -f /var/lib/dpkg/info/$package.list || -f /var/lib/dpkg/info/$package:amd64.list ]] || missing+=("$package")
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	say "installing what this machine lacks: ${missing[*]}"
	logged host-packages host_install "${missing[@]}"
}

host_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update
	apt-get -q install -y --no-install-recommends "$@"
}

# Hardware virtualization, when there is any. /dev/kvm alone proves nothing: it may exist and not run a stock kernel.
host_has_kvm() {
	[[ -w /dev/kvm ]] && grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo
}
