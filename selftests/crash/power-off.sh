#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine's part of power-off.sh. The file "boot" beside it says whether this is the first boot, which makes containers and
# powers off, or the second, which looks at what that and its own start have left.
#
#	201	BOOTORDER 10, an address
#	202	BOOTORDER 5, an image
#	203	no BOOTORDER, on a disk of its own
#	204	BOOTORDER 5, does not end by itself
#	205	does not start with the host, and runs
set -eE
trap 'echo "FAILED: $BASH_COMMAND (line $LINENO)"' ERR
cd "$(dirname "$0")"

etc=/etc/cloison
state=/var/lib/cloison
log=/var/lib/power-off

failed() {
	echo "FAILED: $*"
	exit 1
}

wait_for() {
	local end=$((SECONDS + 240))
	until "$@" >/dev/null 2>&1; do
		[[ $SECONDS -lt $end ]] || failed "in vain: $*"
		sleep 0.1
	done
}

runs() {
	[[ $(cloisonctl status "$1") == *" running" ]]
}

# The link that containers answer on comes late and goes; the disk of 203 is mounted by systemd.
units() {
	cat >/etc/systemd/system/uplink.service <<-'END'
		[Unit]
		Before=network-online.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'sleep 3; ip link add up0 type veth peer name up1; ip addr add 10.0.0.1/16 dev up0; ip link set up0 up; ip link set up1 up'
		ExecStop=ip link del up0
		[Install]
		WantedBy=network-online.target
	END
	truncate -s 200M /srv/containers.img
	mkfs.ext4 -q /srv/containers.img
	mkdir -p /srv/containers
	cat >/etc/systemd/system/srv-containers.mount <<-'END'
		[Unit]
		Before=local-fs.target
		[Mount]
		What=/srv/containers.img
		Where=/srv/containers
		Options=loop
		[Install]
		WantedBy=local-fs.target
	END
	systemctl daemon-reload
	systemctl enable --now uplink.service srv-containers.mount
}

# vps.WHEN: who, which boot, whether link and disk are there, when
scripts() {
	local when
	for when in mount umount postumount; do
		cat >"$etc/conf/vps.$when" <<-END
			#!/bin/sh
			link=no; [ ! -e /sys/class/net/up0 ] || link=yes
			disk=no; ! mountpoint -q /srv/containers || disk=yes
			boot=second; [ "\$(cat /proc/sys/kernel/random/boot_id)" != "\$(cat $log/first)" ] || boot=first
			echo "\$boot $when \$VEID \$link \$disk \$(cut -d . -f 1 /proc/uptime)" >>$log/events
		END
		chmod 755 "$etc/conf/vps.$when"
	done
}

# mark ID: its files tell of an orderly end
mark() {
	mkdir -p "$1/etc/rc.d"
	printf '#!/bin/sh\necho $1 >>/root/rc\n' >"$1/etc/rc.d/mark"
	chmod 755 "$1/etc/rc.d/mark"
}

make() {
	local id=$1
	shift
	cloisonctl --quiet create "$id" --ostemplate busybox --onboot yes "$@"
}

first() {
	modprobe -a cloison cloison_net
	mkdir -p "$log"
	cp /proc/sys/kernel/random/boot_id "$log/first"
	units
	scripts
	make 201 --bootorder 10 --ipadd 10.0.201.2
	make 202 --bootorder 5 --layout image --diskspace 64M
	make 203 --private /srv/containers/203
	make 204 --bootorder 5 --stop-timeout 3
	make 205 --onboot no
	mark "$state/private/201/fs"
	mark /srv/containers/203/fs
	# a link to /bin/busybox: from here, the host's
	rm "$state/private/204/fs/sbin/halt"
	printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"$state/private/204/fs/sbin/halt"
	chmod 755 "$state/private/204/fs/sbin/halt"
	systemctl enable --now cloison.service
	cloisonctl --quiet start 205 --wait
	for id in 201 202 203 204; do
		wait_for cloisonctl exec2 "$id" test -e /run/cloison/up
	done
	cloisonctl exec2 202 'echo kept >/root/file'
	echo off
	cut -d . -f 1 /proc/uptime >"$log/off"
	sync
	systemctl poweroff
	sleep infinity
}

# order BOOT WHEN: the containers, in that order
order() {
	awk -v boot="$1" -v when="$2" '$1 == boot && $2 == when { printf "%s ", $3 }' "$log/events"
}

# position BOOT WHEN ID
position() {
	awk -v boot="$1" -v when="$2" -v id="$3" '$1 == boot && $2 == when { n++ } $1 == boot && $2 == when && $3 == id { print n; exit }' "$log/events"
}

stopped() {
	local last
	[[ $(wc -w <<<"$(order first postumount)") -eq 5 ]] || return
	# 203 and 205, then 202 and 204, then 201
	[[ $(position first postumount 203) -le 2 && $(position first postumount 205) -le 2 ]] || return
	[[ $(position first postumount 201) -eq 5 ]] || return
	# as one shuts down, not killed; but 204, when its three seconds were over
	[[ $(<"$state/private/201/fs/root/rc") == $'start\nstop\nstart' ]] || return
	[[ $(</srv/containers/203/fs/root/rc) == $'start\nstop\nstart' ]] || return
	last=$(awk '$1 == "first" && $2 == "postumount" { t = $6 } END { print t }' "$log/events")
	echo "stopped within $((last - $(<"$log/off"))) s"
	[[ $((last - $(<"$log/off"))) -lt 90 ]]
}

started() {
	[[ $(wc -w <<<"$(order second mount)") -eq 4 ]] || return
	[[ $(position second mount 201) -eq 1 && $(position second mount 203) -eq 4 ]] || return
	for id in 201 202 203 204; do
		runs "$id" || return
	done
	not_running 205
}

not_running() {
	[[ $(cloisonctl status "$1") == "CTID $1 exist unmounted down" ]]
}

# Whichever boot it was.
network() {
	[[ -z $(awk '$2 != "postumount" && $4 != "yes"' "$log/events") ]] || return
	[[ $(order first umount) == *201* ]]
}

disks() {
	[[ -z $(awk '$5 != "yes"' "$log/events") ]] || return
	[[ $(cloisonctl exec2 202 cat /root/file) == kept ]] || return
	# a file system that somebody held when the host went off is mended when it is mounted
	! dmesg | grep -E 'EXT4-fs.*(recovery complete|orphan cleanup)' || return
	cloisonctl check --repair | grep -E '^(mended|FAILED)' && return 1
	cloisonctl check --repair | grep -q 'nothing is left'
}

second() {
	local what status=0
	wait_for systemctl is-active cloison.service
	wait_for cloisonctl exec2 201 test -e /run/cloison/up
	wait_for cloisonctl exec2 203 test -e /run/cloison/up
	trap - ERR
	for what in stopped started network disks; do
		if "$what"; then
			echo "$what"
		else
			echo "FAILED: $what"
			status=1
		fi
	done
	[[ $status -eq 0 ]] || cat "$log/events"
	exit "$status"
}

"$(<boot)"
