# SPDX-License-Identifier: GPL-2.0-only
# Dumps and restores a container with nothing but criu, as Documentation/checkpoint.rst says.
# shellcheck shell=bash

criu_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$criu_dir/cgroup.sh"

readonly DEVICES=(null zero full random urandom tty)
# What the restore mounts as the container's root: its own root must be able to look into the path.
readonly STAGING=/usr/lib/cloison/rootfs
readonly SOCKOPT=/usr/lib/cloison/criu-sockopt.so

readonly CRIU_OPTIONS=(
	--tcp-established --file-locks --link-remap --ext-unix-sk
	--manage-cgroups=soft --action-script "$criu_dir/action"
)

# criu_ready: what the kernel must have before criu asks it about sockets.
criu_ready() {
	local module
	for module in inet_diag tcp_diag udp_diag unix_diag af_packet_diag netlink_diag; do
		modprobe "$module"
	done
	# Only built for kernels without UDP-Lite.
	! modinfo cloison_diag >/dev/null 2>&1 || modprobe cloison_diag
}

# criu_run COMMAND...: as criu needs it on this host.
criu_run() {
	local version preload=
	version=$(criu --version | sed -n 's/^Version: //p')
	# Linux 6.16 changed what getsockopt answers; criu knows since 4.2.
	if [[ $(printf '%s\n' 4.2 "$version" | sort -V | head -n 1) != 4.2 ]]; then
		preload=$SOCKOPT
	fi
	(
		# criu mounts cgroup2 without options, which takes nsdelegate and memory_recursiveprot away from the
		# whole host, unless done in a cgroup namespace; one with the same root, for the same paths.
		echo "$BASHPID" >/sys/fs/cgroup/cgroup.procs
		LD_PRELOAD=$preload exec unshare --cgroup --mount --propagation private "$@"
	)
}

# container_init ID: the process that is 1 inside.
container_init() {
	local pid name ids
	find "/sys/fs/cgroup/cloison/$1" -name cgroup.procs -exec cat {} + | while read -r pid; do
		while read -r name ids; do
			[[ $name != NSpid: || ${ids##*[[:space:]]} != 1 ]] || echo "$pid"
		done <"/proc/$pid/status"
	done 2>/dev/null
}

# container_views PID: of its mounts the views of cloison_view.ko, each as NAME PATH.
container_views() {
	awk '/ - cloisonview / { print substr($4, 2), $5 }' "/proc/$1/mountinfo"
}

# checkpoint_dump ID DIRECTORY [OPTION...]: images of container ID; without --leave-running it is gone then.
checkpoint_dump() {
	local id=$1 images=$2 init device view path external=()
	shift 2
	init=$(container_init "$id")
	for device in "${DEVICES[@]}"; do
		external+=(--external "mnt[/dev/$device]:$device")
	done
	mkdir -p "$images"
	container_views "$init" >"$images/views"
	while read -r view path; do
		external+=(--external "mnt[$path]:view.$view")
	done <"$images/views"
	CGROUP=/sys/fs/cgroup/cloison/$id IMAGES=$images criu_run criu dump "${CRIU_OPTIONS[@]}" "${external[@]}" \
		--network-lock skip -t "$init" -D "$images" -o dump.log -v4 "$@"
}

# checkpoint_restore ID DIRECTORY: the container runs on; criu is gone, and the mount of the root with it.
checkpoint_restore() {
	local id=$1 images=$2 device view external=()
	for device in "${DEVICES[@]}"; do
		external+=(--external "mnt[$device]:/dev/$device")
	done
	while read -r view _; do
		external+=(--external "mnt[view.$view]:/sys/fs/cloison/$view")
	done <"$images/views"
	cgroup_make "/sys/fs/cgroup/cloison/$id" "$images"
	# shellcheck disable=SC2016 # the arguments of sh
	CGROUP=/sys/fs/cgroup/cloison/$id IMAGES=$images criu_run sh -c '
		mount --bind "$1" "$2" && mount -o remount,bind,nodev "$2" && shift && exec criu restore --root "$@"' sh \
		"/var/lib/cloison/private/$id/fs" "$STAGING" "${CRIU_OPTIONS[@]}" "${external[@]}" \
		-D "$images" -o restore.log -v4 -d --pidfile "$images/pid"
}
