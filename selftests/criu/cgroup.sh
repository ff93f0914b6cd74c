# SPDX-License-Identifier: GPL-2.0-only
# The control groups of a container around a checkpoint. CRIU 4.1 restores which task was in which group, and leaves
# out groups without tasks, the owners of files, and when subtree_control may be written.
# shellcheck shell=bash

# What a container's systemd or the tool may have set; a kernel may lack any of them.
readonly LIMITS=(
	cgroup.max.depth cgroup.max.descendants
	cpu.idle cpu.max cpu.max.burst cpu.uclamp.max cpu.uclamp.min cpu.weight
	cpuset.cpus cpuset.mems
	io.max io.weight
	memory.high memory.low memory.max memory.min memory.oom.group
	memory.swap.high memory.swap.max memory.zswap.max memory.zswap.writeback
	pids.max
)

# cgroup_save CGROUP DIRECTORY: the whole tree, while nothing in it runs.
cgroup_save() {
	local group file line
	(
		cd "$1" || exit
		find . -type d -printf '%p\n' >"$2/cgroup.groups"
		find . -printf '%U:%G %p\n' >"$2/cgroup.owners"
		while read -r group; do
			line=$(<"$group/cgroup.subtree_control")
			[[ ! $line ]] || echo "$group +${line// / +}"
		done <"$2/cgroup.groups" >"$2/cgroup.subtree_control"
		while read -r group; do
			for file in "${LIMITS[@]}"; do
				[[ -e $group/$file ]] || continue
				while read -r line; do
					echo "$group/$file $line"
				done <"$group/$file"
			done
		done <"$2/cgroup.groups" >"$2/cgroup.limits"
	)
}

# cgroup_make CGROUP DIRECTORY: the groups, parents first. Controllers wait: a group that has them for its children
# takes no task, and CRIU passes through.
cgroup_make() {
	(
		mkdir "$1" && cd "$1" || exit
		xargs -d '\n' mkdir -p <"$2/cgroup.groups"
		cgroup_chown "$2"
	)
}

# cgroup_delegate CGROUP DIRECTORY: the controllers, once all tasks are where they were, and before files are opened:
# an inotify watch on memory.events wants to find it.
cgroup_delegate() {
	local group controllers
	(
		cd "$1" || exit
		while read -r group controllers; do
			echo "$controllers" >"$group/cgroup.subtree_control"
		done <"$2/cgroup.subtree_control"
		cgroup_chown "$2"
	)
}

# cgroup_limit CGROUP DIRECTORY: the limits, last: CRIU itself would run into them.
cgroup_limit() {
	local file line
	(
		cd "$1" || exit
		while read -r file line; do
			# Written only if it differs: some defaults are read as what cannot be written.
			grep -qxF "$line" "$file" || echo "$line" >"$file"
		done <"$2/cgroup.limits"
	)
}

# cgroup_chown DIRECTORY: what of the tree here is there already, to its owner.
cgroup_chown() {
	local owner
	cut -d ' ' -f 1 "$1/cgroup.owners" | sort -u | while read -r owner; do
		sed -n "s/^$owner //p" "$1/cgroup.owners" | while read -r file; do
			[[ ! -e $file ]] || echo "$file"
		done | xargs -r -d '\n' chown "$owner"
	done
}

# cgroup_remove CGROUP: the tree, once the last task is gone.
cgroup_remove() {
	until grep -qx 'populated 0' "$1/cgroup.events"; do
		sleep 0.05
	done
	find "$1" -depth -type d -exec rmdir {} +
}
