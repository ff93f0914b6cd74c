# SPDX-License-Identifier: GPL-2.0-only
# Archives of container templates, built by the tool itself, on a disk of their own which each machine mounts at
# /var/lib/cloison/template/cache.
# shellcheck shell=bash

readonly TEMPLATES=(busybox debian-13 debian-12 services)

# templates_make IMAGE
templates_make() {
	local root=$cache/root/trixie name
	local archives=$root/var/lib/cloison/template/cache
	remove "$archives"
	# The tool as a user has it, in the build root; the root's own apt configuration tells recipes the mirror.
	stage_tar "$root/stage/tool" | tar -C "$root" --keep-directory-symlink -xf -
	cp -r "$tree/selftests/templates/." "$root/usr/share/cloison/templates/"
	mkdir -p "$archives"
	for name in "${TEMPLATES[@]}"; do
		in_root trixie cloisonctl template build "$name"
	done
	image_from "$archives" "$1" 4G
	remove "$archives"
}

templates_ready() {
	[[ -d $tree/templates && -f $tree/Makefile ]] || return 0
	cached "$cache/templates.img" "$(key "$tree/templates" "$tree/selftests/templates" "$(declare -p TEMPLATES)")" logged templates templates_make
}
