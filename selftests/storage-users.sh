#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Quotas of a container's own users and groups, in images and on devices: set on the host, by the container's ids.

. "$(dirname "$0")/cli-lib.sh"

root=$state/root/900
layout=image
truncate -s 64M "$KTAP_TMP/disk"
disk=$(losetup --find --show "$KTAP_TMP/disk")
trap 'clean; losetup -d "$disk"; rm -rf "$KTAP_TMP"' EXIT

# who reads it is no root of the host's
chmod 755 "$KTAP_TMP"
# quotactl_fd(2) of the file system at descriptor 8; K KiB for user or group (0, 1) ID, or what it has: "LIMIT USED"
cat >"$KTAP_TMP/quota.py" <<-'END'
	import ctypes, os, struct, sys
	verb, kind, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	call = ctypes.CDLL(None, use_errno=True).syscall
	block = ctypes.create_string_buffer(72)
	if verb == "set":
	    struct.pack_into("<8QI", block, 0, int(sys.argv[4]), 0, 0, 0, 0, 0, 0, 0, 1)
	command = {"get": 0x800007, "set": 0x800008, "on": 0x800002}[verb]
	if call(443, 8, command << 8 | kind, number, block):
	    sys.exit(os.strerror(ctypes.get_errno()))
	limit, _, used = struct.unpack_from("<3Q", block)
	print(limit, used // 1024)
END

# quota VERB USER|GROUP ID [K]
quota() {
	python3 "$KTAP_TMP/quota.py" "$@" 8<"$root"
}

# is_full USER|GROUP ID K: nearly, for files are extended by more than one block at once
is_full() {
	local limit used
	read -r limit used < <(quota get "$1" "$2")
	[[ $limit -eq $3 && $used -le $3 && $used -gt $(($3 * 3 / 4)) ]] || { echo "$used of $limit" && return 1; }
}

# within COMMAND...: by all-capable root of its user namespace, whom no filter of system calls holds back
within() {
	nsenter -t "$(init_of 900)" -U -S 0 -G 0 "$@"
}

inside() {
	cloisonctl exec2 900 "$@"
}

# write USER FILE MEGABYTES: that much is all on disk
write() {
	inside "su $1 -c 'dd if=/dev/zero of=$2 bs=1M count=$3 conv=fsync 2>&1'"
}

exceeds() {
	expect_out 'quota exceeded' write "$@"
	not write "$@"
}

# begin [OPTION...]: an image with the users 1000 and 1001, who are in the group 50
begin() {
	local size=64M
	[[ $layout == image ]] || size=320M
	make 900 --layout "$layout" --diskspace "$size" "$@"
	cloisonctl --quiet start 900 --wait
	# which the template has no users for
	inside 'chmod 755 / /bin /lib /usr 2>/dev/null; printf "one:x:1000:50::/:/bin/sh\ntwo:x:1001:50::/:/bin/sh\n" >>/etc/passwd; mkdir -m 1777 /data'
}

stopped() {
	cloisonctl --quiet stop 900 --fast
}

# What was asked for in silence; nobody was warned.
silent() {
	local said
	said=$("$@" 2>&1)
	[[ -z $said ]] || { echo "$said" && return 1; }
}

limits() {
	begin --quotaugidlimit 100
	quota set 0 1000 8192
	quota set 1 50 16384
	exceeds one /data/one 20
	is_full 0 1000 8192
	# the other's share of the group's
	exceeds two /data/two 20
	is_full 1 50 16384
	[[ $(quota get 0 1001) == "0 "* ]]
	# its root is nobody's, and may have a limit as well
	if [[ $layout == image ]]; then
		inside dd if=/dev/zero of=/data/root bs=1M count=20
		quota set 0 0 30000
		expect_out 'quota exceeded' inside dd if=/dev/zero of=/data/more bs=1M count=20
		inside rm /data/root /data/more
	fi
	inside rm /data/two
	# all this stays where it is, through a restart and while it is off
	silent cloisonctl --quiet set 900 --quotaugidlimit 0 --save
	write one /data/one 20
	[[ $(quota get 0 1000) == "8192 2048"* ]]
	silent cloisonctl --quiet set 900 --quotaugidlimit 100 --save
	exceeds one /data/again 2
	inside rm /data/one
	stopped
	silent cloisonctl --quiet start 900 --wait
	exceeds one /data/one 20
	silent cloisonctl --quiet set 900 --diskquota no --save
	write one /data/one 20
	silent cloisonctl --quiet set 900 --diskquota yes --save
	exceeds one /data/again 2
}

# The kernel lets only the host's root, in whose user namespace such a file system is mounted, set limits.
refused_inside() {
	local verb
	begin --quotaugidlimit 100
	quota set 0 1000 8192
	for verb in set on; do
		expect_out 'Operation not permitted' within python3 "$KTAP_TMP/quota.py" "$verb" 0 1000 16384 8<"$root"
		not within python3 "$KTAP_TMP/quota.py" "$verb" 0 1000 16384 8<"$root"
	done
	expect_out 'Operation not permitted' within python3 "$KTAP_TMP/quota.py" get 0 1000 8<"$root"
	[[ $(quota get 0 1000) == "8192 0" ]]
}

converted() {
	local has
	begin --quotaugidlimit 100
	quota set 0 1000 8192
	quota set 1 50 16384
	# of zeroes a conversion makes holes
	inside "su one -c 'dd if=/dev/urandom of=/data/one bs=1M count=4'"
	stopped
	cloisonctl --quiet convert 900 --layout image
	silent cloisonctl --quiet start 900 --wait
	has="$(quota get 0 1000), $(quota get 1 50)"
	echo "has $has"
	[[ $has == "8192 4096, 16384 4096" ]]
	exceeds one /data/one 20
	# smaller
	inside rm /data/one
	stopped
	cloisonctl --quiet set 900 --diskspace 48M --save
	silent cloisonctl --quiet start 900 --wait
	exceeds one /data/one 20
	stopped
	# to a device
	cloisonctl --quiet convert 900 --layout block --device "$disk"
	silent cloisonctl --quiet start 900 --wait
	[[ $(quota get 1 50) == "16384 "* ]]
	inside rm /data/one
	exceeds one /data/one 20
	silent cloisonctl --quiet set 900 --quotaugidlimit 0 --save
	write one /data/one 20
	stopped
	# to where there are none
	cloisonctl --quiet set 900 --quotaugidlimit 100 --save
	expect_out 'QUOTAUGIDLIMIT has no effect' eval 'cloisonctl convert 900 --layout dir && cloisonctl check containers'
}

# One that was made without counts nobody; that is said, again and again, until there is a new one.
made_without() {
	begin
	expect_out 'made without quotas of users: cloisonctl convert 900' cloisonctl set 900 --quotaugidlimit 100 --save
	grep -qx 'QUOTAUGIDLIMIT="100"' "$etc/conf/900.conf"
	not quota get 0 1000
	stopped
	expect_out 'made without quotas of users' cloisonctl start 900 --wait
	is_running 900
	stopped
	cloisonctl --quiet convert 900
	silent cloisonctl --quiet start 900 --wait
	quota set 0 1000 8192
	exceeds one /data/one 20
}

# xfs counts always; from an ext4 they come along.
with_xfs() {
	layout=image:xfs
	limits
	stopped
	cloisonctl --quiet convert 900 --layout image
	silent cloisonctl --quiet start 900 --wait
	[[ $(quota get 0 1000) == "8192 "* && $(quota get 1 50) == "16384 "* ]]
	stopped
	cloisonctl --quiet convert 900 --layout image:xfs
	cloisonctl --quiet set 900 --quotaugidlimit 0 --save
	silent cloisonctl --quiet start 900 --wait
	write one /data/one 20
	inside rm /data/one
	silent cloisonctl --quiet set 900 --quotaugidlimit 100 --save
	exceeds one /data/one 20
}

bad() {
	expect_exit 21 make 901 --quotaugidlimit many
	begin --quotaugidlimit 100
	expect_exit 20 cloisonctl set 900 --quotaugidlimit 0
	expect_exit 62 strace -f -qq -o "$KTAP_TMP/trace" -e inject=quotactl_fd:error=EIO cloisonctl set 900 --quotaugidlimit 0 --save
	grep INJECTED "$KTAP_TMP/trace"
	grep -qx 'QUOTAUGIDLIMIT="100"' "$etc/conf/900.conf"
	# on one that runs not, nothing is to be done yet
	stopped
	sed -i 's/^QUOTAUGIDLIMIT=.*/QUOTAUGIDLIMIT="x"/' "$etc/conf/900.conf"
	expect_out 'Bad value of QUOTAUGIDLIMIT: x' cloisonctl start 900 --wait
	expect_exit 21 cloisonctl set 900 --diskspace 72M --save
}

ktap_plan 6
run_case "limits hold" limits
run_case "nobody sets them inside" refused_inside
run_case "converted, and smaller" converted
run_case "made without" made_without
run_case "with xfs" with_xfs
run_case "bad input, and a failure" bad
ktap_finish
