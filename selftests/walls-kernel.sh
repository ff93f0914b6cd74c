#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: system calls, settings of the kernel, and what it listens to.

. "$(dirname "$0")/walls-lib.sh"

# By all doors; the host's root gets through to each of them.
system_calls() {
	local calls
	calls=$("$escape" syscalls | grep -c reached)
	[[ $calls -ge 25 ]]
	refused syscalls
}

system_calls_32() {
	works syscalls32
	refused syscalls32
}

system_calls_x32() {
	refused x32
}

user_namespaces() {
	works newuser
	refused newuser
	not in900 'unshare -U true'
}

modules() {
	local ko
	ko=$(find "/lib/modules/$(uname -r)" -name 'dummy.ko*' | head -n 1)
	cp "$ko" "$state/private/900/fs/"
	modprobe dummy numdummies=0
	not in900 "insmod /$(basename "$ko")"
	not in900 'rmmod dummy'
	grep -q ^dummy /proc/modules
	modprobe -r dummy
	not in900 "insmod /$(basename "$ko")"
	not grep -q ^dummy /proc/modules
	insmod "$ko" 2>/dev/null || modprobe dummy
	grep -q ^dummy /proc/modules
	modprobe -r dummy
	rm "$state/private/900/fs/$(basename "$ko")"
}

# Programs that the kernel runs as root of the host: their names are settings.
helpers() {
	in900 'mkdir -p /tmp/proc /tmp/sys && mount -t proc p /tmp/proc && mount -t sysfs s /tmp/sys'
	local file
	for file in kernel/core_pattern kernel/modprobe kernel/poweroff_cmd kernel/sysrq kernel/panic kernel/cap_last_cap \
		kernel/randomize_va_space kernel/unprivileged_bpf_disabled vm/drop_caches vm/overcommit_memory vm/panic_on_oom \
		vm/mmap_min_addr fs/suid_dumpable fs/protected_symlinks fs/file-max kernel/threads-max kernel/printk; do
		[[ -e /proc/sys/$file ]] || continue
		echo "open-write /proc/sys/$file"
		echo "open-write /tmp/proc/sys/$file"
	done | refused_each
	[[ ! -e /sys/kernel/uevent_helper ]] || refused write /tmp/sys/kernel/uevent_helper /escape
	refused open-write /tmp/sys/kernel/mm/transparent_hugepage/enabled
	refused open-write /tmp/sys/module/kernel/parameters/initcall_debug || true
	refused open-write /tmp/sys/power/state || not test -e /sys/power/state
	works open-write /proc/sys/kernel/core_pattern
	in900 'umount /tmp/proc; umount /tmp/sys'
}

# Newer kernels give each user namespace a binfmt_misc of its own, which is well; older ones refuse to mount it.
binary_formats() {
	modprobe binfmt_misc || true
	mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc b /proc/sys/fs/binfmt_misc
	host_state >"$KTAP_TMP/before"
	in900 'mkdir -p /tmp/b && mount -t binfmt_misc b /tmp/b &&
		echo ":walls:M::WALL::/escape:F" >/tmp/b/register' || true
	[[ ! -e /proc/sys/fs/binfmt_misc/walls ]]
	printf 'WALLS' >"$KTAP_TMP/format" && chmod 755 "$KTAP_TMP/format"
	not "$KTAP_TMP/format"
	echo ':walls:M::WALL::/bin/true:' >/proc/sys/fs/binfmt_misc/register
	"$KTAP_TMP/format"
	echo -1 >/proc/sys/fs/binfmt_misc/walls
	in900 'umount /tmp/b' || true
}

# Fresh mounts, without our masks: the names of all that opens for writing must be known, and be the container's own.
writable_files() {
	in900 'mkdir -p /tmp/proc /tmp/sys && mount -t proc p /tmp/proc && mount -t sysfs s /tmp/sys'
	works writable /proc/sys/kernel >/dev/null
	in900 '/escape writable /tmp/proc; /escape writable /tmp/sys' >"$KTAP_TMP/writable" || true
	# of its network, ipc, user and pid namespace; pressure takes a wish to be told, and no setting
	grep -vE -e '^/sys/net/' \
		-e '^/sys/kernel/(sem|sem_next_id|shm_next_id|msg_next_id|shmmax|shmall|shmmni|shm_rmid_forced|msgmax|msgmni|msgmnb|auto_msgmni)$' \
		-e '^/sys/fs/mqueue/' -e '^/sys/user/max_' -e '^/sys/kernel/(ns_last_pid|pid_max)$' -e '^/sys/vm/memfd_noexec$' \
		-e '^/pressure/(cpu|io|memory)$' \
		-e '^/(devices/virtual|class)/net/lo/' -e '^/devices/virtual/net/lo/' \
		"$KTAP_TMP/writable" >"$KTAP_TMP/unknown" || true
	cat "$KTAP_TMP/unknown"
	[[ ! -s $KTAP_TMP/unknown ]]
	grep -q '^/sys/net/ipv4/ip_forward$' "$KTAP_TMP/writable"
	# and none of them is the host's. A firewall's module may be loaded for a container; this one shows in settings of
	# the host's, and nf_conntrack_log_invalid asks for it
	modprobe -q nf_log_syslog || true
	sysctl -a 2>/dev/null | grep -vE 'random.(boot_id|uuid|entropy)|nr_|-nr|-state|stat_|ns_last_pid|ipfrag|neigh.default.gc_stale|pty.nr' >"$KTAP_TMP/sysctl"
	sed -n 's,^/sys/,/tmp/proc/sys/,p' "$KTAP_TMP/writable" | in900 '/escape poke' >"$KTAP_TMP/poked"
	[[ $(wc -l <"$KTAP_TMP/poked") -gt 50 ]]
	sysctl -a 2>/dev/null | grep -vE 'random.(boot_id|uuid|entropy)|nr_|-nr|-state|stat_|ns_last_pid|ipfrag|neigh.default.gc_stale|pty.nr' |
		diff "$KTAP_TMP/sysctl" -
	# the one that the kernel forgot to close
	! grep -q nf_hooks_lwtunnel "$KTAP_TMP/writable" ||
		refused write /tmp/proc/sys/net/netfilter/nf_hooks_lwtunnel 1
	in900 'umount /tmp/proc; umount /tmp/sys'
	cloisonctl --quiet restart 900 --fast --wait
}

names_and_time() {
	works time
	in900 'hostname walls; echo walls >/proc/sys/kernel/domainname' || true
	[[ $(hostname) != walls ]]
	refused time
	in900 'date -s 2001-01-01; hwclock -w' || true
	[[ $(date +%Y) -gt 2001 ]]
}

reboots() {
	make_running 901
	cloisonctl exec2 901 'reboot -f' || true
	wait_for is_down 901
	refused reboot
	is_running 900
	cloisonctl --quiet stop 901
	cloisonctl --quiet destroy 901
}

kernel_log() {
	dmesg >/dev/null
	not in900 dmesg
	not in900 'cat /proc/kmsg'
	refused syscall syslog
	not in900 'echo x >/dev/kmsg && test -c /dev/kmsg'
	in900 'rm -f /dev/kmsg'
}

keyrings() {
	printf 'syscall %s\n' keyctl add_key request_key | refused_each
	works add-key walls-key
	grep -q walls-key /proc/keys
	in900 'mkdir -p /tmp/proc && mount -t proc p /tmp/proc && cat /tmp/proc/keys; umount /tmp/proc' >"$KTAP_TMP/keys"
	cat "$KTAP_TMP/keys"
	not grep -q walls-key "$KTAP_TMP/keys"
	# no other one can be made: nothing runs with the operator's
	local max status
	max=$(sysctl -n kernel.keys.maxkeys)
	sysctl -q kernel.keys.maxkeys=1
	status_of "$escape" with-keyring cloisonctl exec2 900 true 2>"$KTAP_TMP/said"
	sysctl -q kernel.keys.maxkeys="$max"
	cat "$KTAP_TMP/said"
	[[ $status -ne 0 ]]
	grep -q "operator's keyring: Disk quota exceeded" "$KTAP_TMP/said"
	"$escape" with-keyring cloisonctl exec2 900 true
}

# Our own module's family, the audit system, udev: of the initial network namespace, and closed.
netlink() {
	local id listener
	id=$("$escape" family cloison)
	[[ $id -gt 16 ]]
	refused family cloison
	works families "$id" "$id"
	refused families "$id" "$id"
	cloisonctl list -a >/dev/null
	is_running 900
	refused audit
	start_until "$KTAP_TMP/uevents" listening "$escape" uevents 20
	listener=$!
	in900 '/escape uevent' || true
	not grep -q walls "$KTAP_TMP/uevents"
	works uevent
	wait_for grep -q walls "$KTAP_TMP/uevents"
	kill "$listener"
	wait "$listener" || true
}

# Its devices and addresses only; the host's do not show and cannot be taken.
network() {
	# a module for tunnels or bonds, once loaded, puts something into each new namespace
	not grep -vxE 'lo|(sit|tunl|gre|gretap|erspan|ip6tnl|ip6gre)0|bonding_masters' <(in900 'ls /sys/class/net')
	in900 'ip link add d0 type dummy' || true
	[[ ! -e /sys/class/net/d0 ]]
	in900 'ip addr add 10.9.8.7/24 dev lo'
	not grep -q 10.9.8.7 <(ip addr)
	in900 'ip addr del 10.9.8.7/24 dev lo'
}

# numbers of families (socket(2)) that a container may have, and some that it may not: CAN, Bluetooth, ALG, vsock, XDP
families=(1 2 10 16 17)
odd_families=(3 4 5 9 15 21 26 29 30 31 33 38 39 40 41 43 44 45)

socket_families() {
	local f
	for f in "${families[@]}"; do
		in900 "/escape socket $f $((f == 16 || f == 17 ? 3 : 1)) 0"
	done
	works socket 38 5 0
	for f in "${odd_families[@]}" 4294967295 294; do
		printf 'socket %s 5 0\nsocket %s 1 0\nsocket %s 3 0\n' "$f" "$f" "$f"
	done | refused_each
	# SCTP, MPTCP, SMC: they cannot be checkpointed
	works socket 2 1 262
	printf 'socket %s 1 %s\n' 2 262 10 262 2 132 10 132 2 256 2 33 | refused_each
}

# Their arguments are in memory, where no filter sees them: another wall, which needs the BPF LSM.
socket_families_32() {
	local status
	grep -q bpf /sys/kernel/security/lsm || return "$KTAP_SKIP"
	works socketcall 38 5 0
	status_of in900 '/escape socketcall 2 1 0'
	[[ $status == "$WORKED" || $status == "$ABSENT" ]]
	printf 'socketcall %s 5 0\n' 38 40 21 30 | refused_each
	printf 'socketcall 2 1 %s\n' 262 132 | refused_each
}

# A container does not bring code into the kernel by asking for what is not there yet.
autoload() {
	grep -q bpf /sys/kernel/security/lsm || return "$KTAP_SKIP"
	modprobe -r -q minix tipc dummy || true
	not grep -qE '^(minix|tipc|dummy) ' /proc/modules
	in900 'mount -t minix none /tmp; ip link add d0 type dummy; printf "\001\377\177\376" >/odd; chmod 755 /odd; /odd' || true
	in900 '/escape socketcall 30 1 0' || true
	not grep -qE '^(minix|tipc|dummy) ' /proc/modules
	mount -t minix none /mnt 2>/dev/null || true
	grep -q '^minix ' /proc/modules
	modprobe -r minix
	# firewalls are the customers' own business
	in900 '/escape socket 16 3 12'
	rm -f "$state/private/900/fs/odd"
}

# Who may have a trigger looked at as often as he likes gets a real-time thread for it. 6.1 lets everybody who may write
# to the file of a cgroup.
pressure() {
	local kernel
	kernel=$(uname -r)
	in900 'mkdir /sys/fs/cgroup/w; { printf "some 50000 500000" >&3; } 3<>/sys/fs/cgroup/w/cpu.pressure 2>/dev/null; echo $?' >"$KTAP_TMP/status"
	in900 'rmdir /sys/fs/cgroup/w'
	[[ $(<"$KTAP_TMP/status") == 1 || $kernel == 6.1.* ]]
}

guest 900
# loaded, or the host's root would be refused too
modprobe -a vsock algif_hash 2>/dev/null

ktap_plan 18
wall "system calls" system_calls
wall "threads of the kernel that watch pressure" pressure
wall "system calls of 32 bits" system_calls_32
wall "system calls of x32" system_calls_x32
wall "user namespaces inside" user_namespaces
wall "modules" modules
wall "programs that the kernel runs, and other settings" helpers
wall "binary formats" binary_formats
wall "what is writable in /proc and /sys is its own" writable_files
wall "names and the time" names_and_time
wall "reboot" reboots
wall "the kernel's log" kernel_log
wall "keys" keyrings
wall "netlink families: ours, audit, uevents" netlink
wall "the network" network
wall "odd socket families" socket_families
wall "odd socket families by socketcall" socket_families_32
wall "no module is loaded for it" autoload
ktap_finish
