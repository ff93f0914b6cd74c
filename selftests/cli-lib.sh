# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the command line share. Containers of these tests are 900 and up; most are busybox.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/ktap.sh"

# other tests unload it
if ! modprobe cloison; then
	echo "Bail out! no module cloison"
	exit "$KTAP_FAIL"
fi

state=/var/lib/cloison
etc=/etc/cloison

# make ID [OPTION...]: a stopped busybox container.
make() {
	local id=$1
	shift
	cloisonctl --quiet create "$id" --ostemplate busybox "$@"
}

# make_running ID [OPTION...]
make_running() {
	make "$@"
	cloisonctl --quiet start "$1" --wait
}

# mount_views: where the first start of all would mount them, and the host not be the same.
mount_views() {
	modprobe cloison_view
	mountpoint -q /sys/fs/cloison || mount -t cloisonview cloisonview /sys/fs/cloison
}

# configure KEY [VALUE]: a line of cloison.conf, or none.
configure() {
	sed -i "/^$1=/d" "$etc/cloison.conf"
	[[ $# -lt 2 ]] || echo "$1=\"$2\"" >>"$etc/cloison.conf"
}

status() {
	cloisonctl status "$1"
}

is_running() {
	[[ $(status "$1") == *" running" ]]
}

is_down() {
	[[ $(status "$1") == *" down" ]]
}

# events_begin [OPTION...]: into $KTAP_TMP/events, from now on, by the job $listener
# shellcheck disable=SC2120 # some give none
events_begin() {
	: >"$KTAP_TMP/events"
	cloisonctl events "$@" >"$KTAP_TMP/events" &
	listener=$!
	wait_for listening "$listener"
}

# in_call PID NUMBER: it waits in that system call
in_call() {
	[[ $(<"/proc/$1/syscall") == "$2 "* ]]
}

# listening PID: it has asked what it had to, and waits in poll(2) for what comes
listening() {
	in_call "$1" 7
}

# init_of ID: its init's pid on the host.
init_of() {
	head -n 1 "/sys/fs/cgroup/cloison/$1/init.scope/cgroup.procs"
}

# is_held ID: what it writes past the cache takes as long as 1 MB a second do with that limit, and less than half without.
is_held() {
	local start slow fast
	local write=(cloisonctl exec2 "$1" dd if=/dev/zero of=/held bs=64k count=64 oflag=direct)
	cloisonctl --quiet set "$1" --iolimit 1M
	start=${EPOCHREALTIME/./}
	"${write[@]}"
	slow=$(((${EPOCHREALTIME/./} - start) / 1000))
	cloisonctl --quiet set "$1" --iolimit 0
	start=${EPOCHREALTIME/./}
	"${write[@]}"
	fast=$(((${EPOCHREALTIME/./} - start) / 1000))
	cloisonctl exec2 "$1" rm /held
	ktap_say "4 MB took $slow ms at 1 MB/s, $fast without a limit"
	[[ $slow -ge 3000 && $((fast * 2)) -lt $slow ]]
}

cgroup_file() {
	cat "/sys/fs/cgroup/cloison/$1/$2"
}

is_unloaded() {
	umount -q /sys/fs/cloison
	# shellcheck disable=SC2046 # names
	modprobe -q -r -a $(ls /sys/module/cloison/holders) cloison
	[[ ! -e /sys/module/cloison ]]
}

# unload: the core, with all on top of it that tests may have left.
unload() {
	wait_for is_unloaded
}

# clean: nothing is left of the containers of a test case, whatever it did.
clean() {
	local conf id
	for conf in "$etc"/conf/9*.conf; do
		[[ -e $conf ]] || continue
		id=$(basename "$conf" .conf)
		cloisonctl --quiet stop "$id" --fast 2>/dev/null
		cloisonctl --quiet destroy "$id"
	done
	rm -rf "$state"/private/9*
	rm -f "$etc"/conf/9*.conf*
}
trap 'clean; rm -rf "$KTAP_TMP"' EXIT

# run_case NAME FUNCTION [ARGUMENT...]: a test case that begins with nothing there.
run_case() {
	ktap_run "$@"
	clean
}
