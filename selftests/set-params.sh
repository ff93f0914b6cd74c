#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# Parameters of `create` and `set` beyond the limits of cli-limits.sh: what each does, in the file and in the container.

. "$(dirname "$0")/cli-lib.sh"

conf() {
	grep -qxF "$2" "$etc/conf/$1.conf"
}

names() {
	make 900 --name "web server"
	make 901
	[[ $(status "web server") == "CTID 900 exist unmounted down" ]]
	cloisonctl --quiet start "web server" --wait
	[[ $(cloisonctl exec "web server" 'echo in') == in ]]
	# taken, by the file and the link
	expect_exit 131 cloisonctl set 901 --name "web server" --save
	expect_out 'already used by container 900' cloisonctl set 901 --name "web server" --save
	expect_exit 131 cloisonctl create 902 --ostemplate busybox --name "web server"
	[[ ! -e $etc/conf/902.conf ]]
	# nor by one that runs from one that does not: the kernel knows only those that run
	cloisonctl --quiet set 901 --name idle --save
	expect_exit 131 cloisonctl set 900 --name idle --save
	cloisonctl --quiet start 901 --wait
	cloisonctl --quiet set 901 --name '' --save
	# a name is found by the file: it cannot be lent
	expect_exit 131 cloisonctl set 900 --name other
	cloisonctl --quiet set 900 --name other --save
	expect_exit 21 cloisonctl exec "web server" true
	[[ $(cloisonctl exec other 'echo in') == in ]]
	[[ $(readlink "$etc/names/other") == ../conf/900.conf && ! -e "$etc/names/web server" ]]
	# a link that the file does not speak for counts for nothing
	ln -s ../conf/901.conf "$etc/names/false"
	expect_exit 21 cloisonctl status false
	cloisonctl --quiet set 901 --name false --save
	[[ $(status false) == "CTID 901 "* ]]
	cloisonctl --quiet set 901 --name '' --save
	[[ ! -e $etc/names/false ]]
	expect_exit 21 cloisonctl status false
	# a check is not hidden by a container of its name
	cloisonctl --quiet set 901 --name kernel --save
	cloisonctl check --json kernel | grep -q '"check": *"kernel"'
	cloisonctl --quiet set 901 --name '' --save
	cloisonctl --quiet stop other --fast
	cloisonctl --quiet destroy other
	[[ ! -e $etc/names/other ]]
}

the_host() {
	expect_exit 21 cloisonctl start 0
	expect_out 'the host itself' cloisonctl set 0 --cpuunits 1000
}

file_only() {
	make 900 --onboot yes --bootorder 7 --description 'the "first" $one' --disabled yes --stop-timeout 3
	conf 900 'ONBOOT="yes"'
	conf 900 'BOOTORDER="7"'
	conf 900 'DESCRIPTION="the \"first\" \$one"'
	expect_exit 105 cloisonctl start 900
	cloisonctl --quiet set 900 --disabled no --onboot no --save
	conf 900 'ONBOOT="no"'
	cloisonctl --quiet start 900
	expect_exit 21 cloisonctl set 900 --onboot perhaps --save
	conf 900 'ONBOOT="no"'
}

cpusets() {
	make_running 900 --cpumask 0
	[[ $(cgroup_file 900 cpuset.cpus) == 0 && $(cgroup_file 900 cpuset.cpus.effective) == 0 ]]
	[[ $(cloisonctl exec 900 "sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status") == 0 ]]
	cloisonctl --quiet set 900 --cpumask all --nodemask 0 --save
	[[ $(cgroup_file 900 cpuset.cpus.effective) == "$(</sys/devices/system/cpu/online)" ]]
	[[ $(cgroup_file 900 cpuset.mems) == 0 ]]
	# auto: the CPUs of the nodes
	cloisonctl --quiet set 900 --cpumask auto --save
	[[ $(cgroup_file 900 cpuset.cpus) == "$(</sys/devices/system/node/node0/cpulist)" ]]
	expect_exit 1 cloisonctl set 900 --nodemask 63
	expect_exit 21 cloisonctl set 900 --cpumask 1-0
}

io_limits() {
	local disk
	make_running 900 --iolimit 5 --iopslimit 300 --ioprio 6
	disk=$(lsblk -ndo PKNAME,MAJ:MIN "$(findmnt -no SOURCE -T "$state")" | awk '{print $NF}')
	cgroup_file 900 io.max | grep -qx "$disk rbps=5242880 wbps=5242880 riops=300 wiops=300"
	[[ $(cgroup_file 900 io.weight) == "default 140" ]]
	conf 900 'IOLIMIT="5242880"'
	cloisonctl --quiet set 900 --iolimit 0 --save
	cgroup_file 900 io.max | grep -qx "$disk rbps=max wbps=max riops=300 wiops=300"
	cloisonctl --quiet set 900 --iopslimit unlimited --ioprio 4 --save
	[[ -z $(cgroup_file 900 io.max) && $(cgroup_file 900 io.weight) == "default 100" ]]
	# a private area on no disk cannot be limited
	mkdir -p "$KTAP_TMP/tmpfs"
	mount -t tmpfs tmpfs "$KTAP_TMP/tmpfs"
	make 901 --private "$KTAP_TMP/tmpfs/901" --iolimit 5
	expect_exit 148 cloisonctl start 901
	cloisonctl --quiet set 901 --iolimit 0 --save
	cloisonctl --quiet start 901
	cloisonctl --quiet stop 901 --fast
	cloisonctl --quiet destroy 901
	umount "$KTAP_TMP/tmpfs"
}

bounding_set() {
	cloisonctl exec "$1" "sed -n 's/^CapBnd:\t//p' /proc/$2/status"
}

capabilities() {
	local before
	make_running 900
	before=$(bounding_set 900 1)
	[[ $((16#$before >> 12 & 1)) -eq 1 && $((16#$before >> 25 & 1)) -eq 0 ]]
	# a running container keeps what it has, unless told to restart
	expect_out 'next start' cloisonctl set 900 --capability net_admin:off --capability sys_time:on --save
	[[ $(bounding_set 900 1) == "$before" ]]
	expect_exit 20 cloisonctl set 900 --capability net_admin:off --setmode restart
	cloisonctl --quiet set 900 --capability net_admin:off,sys_time:on --setmode restart --save
	for pid in 1 self; do
		[[ $((16#$(bounding_set 900 "$pid") >> 12 & 1)) -eq 0 ]]
		[[ $((16#$(bounding_set 900 "$pid") >> 25 & 1)) -eq 1 ]]
	done
	expect_exit 8 cloisonctl exec 900 'ip link add d type dummy'
	# the clock is the host's whatever the set says
	expect_out "can't set date" cloisonctl exec 900 'date -s 2001-01-01'
	expect_exit 21 cloisonctl set 900 --capability fly:on
	expect_exit 21 cloisonctl set 900 --setmode perhaps
}

features() {
	local module modules=(sit ipip ip_gre bridge wireguard
		ppp_async ppp_synctty ppp_deflate bsd_comp ppp_mppe ppp_generic)
	modinfo "${modules[@]}" >/dev/null 2>&1 || return "$KTAP_SKIP"
	for module in "${modules[@]}"; do
		modprobe -r -q "$module" || true
	done
	make_running 900
	# what the host does not load, a container does not have
	not cloisonctl exec 900 'ip link add wg0 type wireguard'
	[[ ! -d /sys/module/wireguard ]]
	expect_exit 21 cloisonctl set 900 --features fly:on --save
	expect_out 'fly:on; it takes .*bridge or wireguard' cloisonctl set 900 --features fly:on --save
	cloisonctl --quiet set 900 --setmode restart --save \
		--features sysfs:on,sit:on,ipip:on,ipgre:on,ppp:on,bridge:on,wireguard:on
	for module in "${modules[@]}"; do
		[[ -d /sys/module/$module ]]
	done
	cloisonctl exec 900 'ip link add wg0 type wireguard && ip link add b0 type bridge && test -c /dev/ppp'
	# what OpenVZ's file asks for and no user namespace can have, and what nobody knows
	sed -i 's/^FEATURES=.*/FEATURES="nfs:on fly:on sit:on"/' "$etc/conf/900.conf"
	cloisonctl --quiet stop 900 --fast
	expect_out 'nfs:on.*not possible' cloisonctl start 900
	cloisonctl --quiet stop 900 --fast
	expect_out 'fly:on.*not known: it takes' cloisonctl start 900
	is_running 900
	cloisonctl --quiet stop 900 --fast
	# their tunnels would be in each container that others make
	wait_for modprobe -r -a sit ipip ip_gre
}

devices() {
	local disk
	mknod -m 600 "$KTAP_TMP/zero" c 1 5
	make_running 900
	modprobe -r tun 2>/dev/null || true
	expect_exit 8 cloisonctl exec 900 'head -c 1 </dev/net/tun'
	# it appears at once, belongs to the container's root, and works
	cloisonctl --quiet set 900 --devnodes net/tun:rw --save
	cloisonctl exec 900 'test -c /dev/net/tun'
	expect_out 'bad state|Input.output error' cloisonctl exec 900 'head -c 1 </dev/net/tun'
	cloisonctl --quiet restart 900 --fast --wait
	cloisonctl exec 900 'test -c /dev/net/tun'
	# only what was given: reading alone
	disk=$(findmnt -no SOURCE -T /)
	cloisonctl --quiet set 900 --devnodes "${disk#/dev/}:r" --save
	[[ $(cloisonctl exec 900 "head -c 512 <$disk | wc -c") == 512 ]]
	expect_out 'not permitted' cloisonctl exec 900 ": >$disk"
	[[ $(cloisonctl exec 900 "stat -c %u $disk") == 0 ]]
	# and taken away again, though the node is there still
	cloisonctl --quiet set 900 --devnodes "${disk#/dev/}:none" --save
	expect_out 'not permitted' cloisonctl exec 900 "head -c 512 <$disk"
	not grep -q "${disk#/dev/}" "$etc/conf/900.conf"
	cloisonctl exec 900 'test -c /dev/net/tun'
	expect_exit 86 cloisonctl set 900 --devnodes no/such:rw --save
	expect_exit 21 cloisonctl set 900 --devnodes ../etc/shadow:rw
	cloisonctl --quiet stop 900 --fast
	[[ ! -e /run/cloison/dev/900 ]]
}

# A link where /dev/net should be: nothing is made outside the container.
devices_in_a_trap() {
	make_running 900
	mkdir "$KTAP_TMP/trap"
	cloisonctl exec 900 "mkdir -p /$KTAP_TMP/trap && rm -rf /dev/net && ln -s $KTAP_TMP/trap /dev/net"
	cloisonctl --quiet set 900 --devnodes net/tun:rw
	[[ -z $(ls "$KTAP_TMP/trap") ]]
	cloisonctl exec 900 "test -c $KTAP_TMP/trap/tun"
}

samples() {
	make 900 --config vswap-256m --hostname keep
	conf 900 'ORIGIN_SAMPLE="vswap-256m"'
	conf 900 'PHYSPAGES="0:256M"'
	cloisonctl --quiet start 900
	cloisonctl --quiet set 900 --applyconfig vswap-1g --cpuunits 2000 --save
	conf 900 'ORIGIN_SAMPLE="vswap-1g"'
	conf 900 'HOSTNAME="keep"'
	[[ $(cgroup_file 900 memory.max) == 1073741824 && $(cgroup_file 900 cpu.weight) == 200 ]]
	# a running one has its beancounters at once, in the module that it is loaded for
	wait_for modprobe -r cloison_acct
	echo 'NUMFILE="4321:4321"' >"$etc/conf/ve-counted.conf-sample"
	cloisonctl --quiet set 900 --applyconfig counted
	rm "$etc/conf/ve-counted.conf-sample"
	[[ $(cloisonctl list -H -o numfile.l 900) == 4321 ]]
	not grep -q NUMFILE "$etc/conf/900.conf"
	expect_exit 109 cloisonctl set 900 --applyconfig none-such --save
	expect_exit 82 cloisonctl create 901 --ostemplate busybox --config none-such
	conf 900 'ORIGIN_SAMPLE="vswap-1g"'
}

ids() {
	local base
	make 900
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/900.conf")
	expect_exit 21 cloisonctl create 901 --ostemplate busybox --local_uid "$((base + 1))"
	expect_out 'belong to container 900' cloisonctl create 901 --ostemplate busybox --local_uid "$((base - 1))"
	# nor by a file that was copied
	make 902
	cloisonctl --quiet start 900
	sed -i "s/^LOCAL_\(.\)ID=.*/LOCAL_\1ID=\"$((base + 1))\"/" "$etc/conf/902.conf"
	expect_exit 21 cloisonctl start 902
	expect_out 'belong to container 900' cloisonctl start 902
	is_down 902
	# nor when both start at the same time
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet start 900 &
	cloisonctl --quiet start 902 &
	wait
	[[ $(cloisonctl list -1 | wc -l) -le 1 ]]
	cloisonctl --quiet stop 902 --fast || true
	[[ ! -e $etc/conf/901.conf ]]
	expect_exit 21 cloisonctl create 901 --ostemplate busybox --local_uid 200000 --local_gid 300000
	make 901 --local_uid 200000
	[[ $(stat -c %u "$state/private/901/fs") == 200000 ]]
	# either of the two says it
	cloisonctl --quiet destroy 901
	make 901 --local_gid 300000
	[[ $(stat -c %u:%g "$state/private/901/fs") == 300000:300000 ]]
}

# A file as OpenVZ's tools wrote it, put there by hand.
openvz_file() {
	cat >"$etc/conf/900.conf" <<-'EOF'
		# This file was written by a panel.
		ONBOOT="yes"
		PHYSPAGES="0:65536"
		SWAPPAGES="0:512M"
		KMEMSIZE="14372700:14790164"
		NUMPROC="240:240"
		PRIVVMPAGES="65536:69632"
		DISKSPACE="2G:2.2G"
		DISKINODES="131072:144179"
		QUOTATIME="0"
		CPUUNITS="1000"
		NETFILTER="stateless"
		OSTEMPLATE="busybox"
		ORIGIN_SAMPLE="vswap-256m"
		HOSTNAME="old.example.com"
		IP_ADDRESS="10.1.1.1"
		FEATURES="nfs:on "
		CAPABILITY="VE_ADMIN:on NET_ADMIN:on "
		MY_PANEL="its own"
	EOF
	cp "$etc/conf/900.conf" "$KTAP_TMP/before"
	cloisonctl --quiet create 900
	cloisonctl --quiet start 900 --wait
	[[ $(cgroup_file 900 memory.max) == 268435456 && $(cgroup_file 900 pids.max) == 240 ]]
	[[ $(cloisonctl exec 900 hostname) == old.example.com ]]
	cloisonctl --quiet set 900 --cpuunits 2000 --save
	# nothing but what was changed or added has changed
	diff "$KTAP_TMP/before" "$etc/conf/900.conf" | grep '^[<>]' | sed 's/=.*//' | sort -u |
		diff - <(printf '%s\n' '< CPUUNITS' '> CPUUNITS' '> LOCAL_GID' '> LOCAL_UID')
	# shellcheck disable=SC1091 # written by the test
	(. "$etc/conf/900.conf" && [[ $MY_PANEL == "its own" && $CPUUNITS == 2000 ]])
}

no_longer_applies() {
	make 900
	cat >>"$etc/conf/900.conf" <<-'EOF'
		DISKSPACE="2G:2.2G"
		KMEMSIZE="14372700:14790164"
		FEATURES="nfs:on "
		NETFILTER="stateless"
		DCACHE="1M:1M"
		IPTENTRIES="128"
	EOF
	cloisonctl check --json >"$KTAP_TMP/check" || true
	for key in KMEMSIZE FEATURES NETFILTER DCACHE IPTENTRIES; do
		grep -q "900.conf: $key has no effect" "$KTAP_TMP/check"
	done
	grep -q "container 900: disk limits are not enforced" "$KTAP_TMP/check"
	not grep -q "900.conf: PHYSPAGES" "$KTAP_TMP/check"
}

validation() {
	local file=$KTAP_TMP/ubc.conf
	printf '%s\n' 'KMEMSIZE="1M:2M"' 'NUMPROC="100:100"' 'DCACHESIZE="1M:1M"' 'NUMTCPSOCK="100:100"' \
		'TCPSNDBUF="64K:128K"' >"$file"
	expect_exit 2 cloisonctl vzcfgvalidate "$file"
	expect_out 'Error: barrier of KMEMSIZE should be at least 3096576' cloisonctl vzcfgvalidate "$file"
	expect_out 'Error: limit of TCPSNDBUF should be at least 321536' cloisonctl vzcfgvalidate "$file"
	expect_exit 0 cloisonctl vzcfgvalidate -r "$file"
	expect_exit 0 cloisonctl vzcfgvalidate "$file"
	grep -qx 'KMEMSIZE="3096576:3096576"' "$file"
	# those that somebody agrees to, each asked for once
	printf '%s\n' 'KMEMSIZE="1M:2M"' 'NUMPROC="100:100"' 'DCACHESIZE="1M:1M"' 'NUMTCPSOCK="100:100"' \
		'TCPSNDBUF="64K:128K"' >"$file"
	expect_exit 2 cloisonctl vzcfgvalidate -i "$file" <<<$'n\ny'
	grep -qx 'KMEMSIZE="1M:2M"' "$file"
	grep -qx 'TCPSNDBUF="65536:321536"' "$file"
	[[ $(cloisonctl vzcfgvalidate -i "$file" </dev/null | grep -c 'Set barrier of KMEMSIZE to 3096576?') -eq 1 ]]
	expect_exit 0 cloisonctl vzcfgvalidate -i "$file" <<<yes
	# one that limits memory as VSwap does needs none of that
	printf '%s\n' 'PHYSPAGES="0:256M"' 'KMEMSIZE="1M:2M"' 'NUMPROC="100:100"' 'DCACHESIZE="1M:1M"' >"$file"
	expect_exit 0 cloisonctl vzcfgvalidate "$file"
	# unless it is to be taken for one that does not
	expect_exit 2 cloisonctl vzcfgvalidate -v no "$file"
	expect_out 'Error: limit of PHYSPAGES should be at least unlimited' cloisonctl vzcfgvalidate -v no "$file"
	expect_exit 1 cloisonctl vzcfgvalidate -v perhaps "$file"
	printf '%s\n' 'KMEMSIZE="1M:2M"' 'NUMPROC="100:100"' 'DCACHESIZE="1M:1M"' 'VMGUARPAGES="1:2"' >"$KTAP_TMP/old"
	expect_out 'Error: limit of VMGUARPAGES should be at least unlimited' cloisonctl vzcfgvalidate "$KTAP_TMP/old"
	expect_exit 0 cloisonctl vzcfgvalidate -v yes "$KTAP_TMP/old"
	expect_exit 0 cloisonctl vzcfgvalidate -r "$KTAP_TMP/old"
	grep -qx 'VMGUARPAGES="1:unlimited"' "$KTAP_TMP/old"
	echo 'NUMFILE="200:100"' >>"$file"
	expect_exit 2 cloisonctl vzcfgvalidate "$file"
	expect_exit 1 cloisonctl vzcfgvalidate "$KTAP_TMP/none"
	expect_exit 1 cloisonctl vzcfgvalidate
}

splitting() {
	local ram
	rm -f "$etc/conf/ve-quarter.conf-sample"
	cloisonctl vzsplit -n 4 -f quarter
	ram=$(sed -n 's/^PHYSPAGES="0:\(.*\)M"/\1/p' "$etc/conf/ve-quarter.conf-sample")
	[[ $ram -gt 0 && $((ram * 4 * 1024)) -lt $(awk '/MemTotal/ { print $2 }' /proc/meminfo) ]]
	expect_exit 21 cloisonctl vzsplit -n 4 -f quarter
	make_running 900 --config quarter
	[[ $(cgroup_file 900 memory.max) == $((ram << 20)) ]]
	# one made of a container's file: what makes it that one is not taken
	printf '%s\n' 'NAME="theirs"' 'HOSTNAME="theirs"' 'VE_ROOT="/srv/theirs"' 'CPUUNITS="1234"' >"$etc/conf/ve-quarter.conf-sample"
	cloisonctl --quiet set 900 --applyconfig quarter --save
	conf 900 'CPUUNITS="1234"'
	not grep -q theirs "$etc/conf/900.conf"
	expect_exit 20 cloisonctl vzsplit
	expect_exit 21 cloisonctl vzsplit -n 0
	expect_exit 20 cloisonctl vzsplit -n 4 quarter
	expect_exit 21 cloisonctl vzsplit -n 4 -v perhaps
	# the disk of the private areas, which may be another
	mkdir -p "$KTAP_TMP/small"
	mount -t tmpfs -o size=40M tmpfs "$KTAP_TMP/small"
	configure VE_PRIVATE "$KTAP_TMP/small/private/\$VEID"
	cloisonctl vzsplit -n 4 | grep -qx 'DISKSPACE="[1-9]M:[1-9]M"'
	configure VE_PRIVATE
	umount "$KTAP_TMP/small"
	rm -f "$etc/conf/ve-quarter.conf-sample"
}

recorded_only() {
	make 900
	expect_out 'recorded only' cloisonctl set 900 --kmemsize 12M:16M --numfile 9312 --save
	conf 900 'KMEMSIZE="12M:16M"'
	conf 900 'NUMFILE="9312:9312"'
}

# What vzctl takes and has no effect here says so, and is kept.
without_effect() {
	local option value key
	expect_out 'Warning: Disk limits of container 900 are not enforced' cloisonctl create 900 --ostemplate busybox --layout simfs --diskspace 2G:2.2G
	conf 900 'DISKSPACE="2G:2.2G"'
	while read -r option value key; do
		expect_out "Warning: --$option has no effect: ." cloisonctl set 900 "--$option" "$value" --save
		conf 900 "$key"
	done <<-'EOF'
		quotaugidlimit 1000 QUOTAUGIDLIMIT="1000"
		mount_opts noatime MOUNT_OPTS="noatime"
		meminfo pages:65536 MEMINFO="pages:65536"
		iptables iptable_nat IPTABLES="iptable_nat"
		netfilter stateful NETFILTER="stateful"
	EOF
	# these have one, where the file system limits
	cloisonctl --quiet set 900 --diskspace 1048576 --diskinodes 131072:144179 --diskquota no --quotatime 0 --save 2>/dev/null
	conf 900 'DISKSPACE="1048576:1048576"'
	conf 900 'DISKINODES="131072:144179"'
	conf 900 'DISK_QUOTA="no"'
	conf 900 'QUOTATIME="0"'
	[[ -z $(cloisonctl --quiet set 900 --netfilter full --save 2>&1) ]]
	expect_exit 21 cloisonctl set 900 --netfilter some --save
	expect_exit 21 cloisonctl set 900 --meminfo pages --save
	expect_exit 21 cloisonctl set 900 --diskspace 2:x --save
	expect_out 'skip-fsck.* no effect' cloisonctl start 900 --skip-fsck --skip-remount --skip_ve_setup
	is_running 900
}

# A file that lies elsewhere stays there, and whose it is.
file_elsewhere() {
	make 900
	mv "$etc/conf/900.conf" "$KTAP_TMP/900.conf"
	chgrp 7 "$KTAP_TMP/900.conf"
	chmod 640 "$KTAP_TMP/900.conf"
	ln -s "$KTAP_TMP/900.conf" "$etc/conf/900.conf"
	cloisonctl --quiet set 900 --hostname there --save
	[[ -L $etc/conf/900.conf ]]
	grep -qx 'HOSTNAME="there"' "$KTAP_TMP/900.conf"
	[[ $(stat -c %g:%a "$KTAP_TMP/900.conf") == 7:640 ]]
}

# What cannot be had is refused, and changes nothing.
refused() {
	expect_exit 63 cloisonctl create 900 --ostemplate busybox --layout ploop:expanded --config unlimited
	expect_exit 21 cloisonctl create 900 --ostemplate busybox --velayout zfs
	expect_exit 21 cloisonctl create 900 --ostemplate busybox --ve_layout zfs
	[[ ! -e $etc/conf/900.conf ]]
	make 900
	cp "$etc/conf/900.conf" "$KTAP_TMP/before"
	expect_exit 104 cloisonctl set 900 --netdev_add eth0 --cpuunits 500 --save
	expect_exit 86 cloisonctl set 900 --cpuunits 500 --pci_add 01:00.0 --save
	expect_exit 20 cloisonctl set 900 --cpuunits 500 --force
	expect_exit 20 cloisonctl set 900 --reset_ub --cpuunits 500
	expect_exit 21 cloisonctl set 900 --applyconfig_map cpu --save
	expect_exit 21 cloisonctl set 900 --applyconfig_map name --save
	expect_exit 31 cloisonctl set 900 --reset_ub
	cmp "$KTAP_TMP/before" "$etc/conf/900.conf"
}

# As vzmigrate does it: a file from another host, its paths set, its name mapped; and limits edited by hand.
moved_and_edited() {
	make 900 --ram 64M
	mv "$state/private/900" "$state/private/900.moved"
	expect_exit 20 cloisonctl set 900 --private "$state/private/900.moved"
	expect_exit 21 cloisonctl set 900 --private elsewhere --save
	expect_out '^CT configuration saved' cloisonctl set 900 --private "$state/private/900.moved" --root /tmp/900 --save --force
	echo 'NAME="wanderer"' >>"$etc/conf/900.conf"
	expect_exit 21 cloisonctl status wanderer
	cloisonctl --quiet set 900 --applyconfig_map name --save
	cloisonctl --quiet start wanderer
	mountpoint -q /tmp/900
	expect_exit 32 cloisonctl set 900 --root /tmp/other --save
	sed -i 's/^PHYSPAGES=.*/PHYSPAGES="0:96M"/' "$etc/conf/900.conf"
	cloisonctl --quiet set 900 --reset_ub
	[[ $(cgroup_file 900 memory.max) == $((96 << 20)) ]]
	# and stays mounted when told so
	expect_out '^Container was stopped' cloisonctl stop 900 --fast --skip-umount
	[[ $(status 900) == "CTID 900 exist mounted down" ]]
	expect_exit 41 cloisonctl set 900 --root /tmp/other --save
	cloisonctl --quiet umount 900
	not mountpoint -q /tmp/900
	cloisonctl --quiet set 900 --ostemplate debian-13 --save
	conf 900 'OSTEMPLATE="debian-13"'
}

ktap_plan 20
run_case "names" names
run_case "container 0 is the host" the_host
run_case "what is in the file only" file_only
run_case "CPUs and nodes" cpusets
run_case "I/O limits" io_limits
run_case "capabilities" capabilities
run_case "features" features
run_case "devices" devices
run_case "devices, where links lie in the way" devices_in_a_trap
run_case "samples" samples
run_case "user ids given by hand" ids
run_case "a file of OpenVZ's" openvz_file
run_case "what no longer applies" no_longer_applies
run_case "options of vzctl's without effect" without_effect
run_case "options of vzctl's that are refused" refused
run_case "a file that is kept elsewhere" file_elsewhere
run_case "moved and edited by hand" moved_and_edited
run_case "vzcfgvalidate" validation
run_case "vzsplit" splitting
run_case "beancounters nobody enforces" recorded_only
ktap_finish
