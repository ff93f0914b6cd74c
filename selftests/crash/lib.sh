# SPDX-License-Identifier: GPL-2.0-only
# What the tests share that interrupt a command at every point of it. A verb is described by functions:
#	VERB_command	an array, what is run
#	VERB_before	brings about the state it begins with, whatever there is
#	VERB_again	the same command again, or saying that it is done; then all must work
# Everything that can be seen of the container on the host is its picture. That of the state before and of the state
# after the verb are taken first; what is found later is compared to these.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../cli-lib.sh"

# the first start would, and have more points than the others
mount_views

inject=$here/crash/inject
cache=$state/template/cache
exists="CTID 900 exist unmounted down"

# Every so many points: all would take ten minutes. CRASH_EVERY=1 tries them all.
every=${CRASH_EVERY:-6}

# What of the picture a verb changes before or after the rest, and is not undone: by a script that was killed, say.
# The network of set's is as before, as after, or as set_middle makes it: see repaired.
declare -A halfway=([set]='^(net|memory\.max|hostname) |/fs/etc/hostname ' [start]='/fs/etc/hostname ')

# small_template: all that create and start need, in a few files, so that all of tar's calls can be tried too; of busybox
# there is only the beginning, see keep_container. Its init ends at once when it is told to. Its script for the host name
# needs no program.
small_template() {
	local dir=$KTAP_TMP/template
	mkdir -p "$dir"/{bin,sbin,etc,dev,proc,sys,run} "$etc/dists/scripts"
	echo 'SET_HOSTNAME="crash.sh"' >"$etc/dists/crash.conf"
	echo 'echo "$HOSTNM" >/etc/hostname' >"$etc/dists/scripts/crash.sh"
	head -c 30000 /usr/bin/busybox >"$dir/bin/busybox"
	chmod 755 "$dir/bin/busybox"
	ln -s busybox "$dir/bin/sh"
	cat >"$dir/sbin/init" <<-'END'
		#!/bin/sh
		trap 'exit 0' USR2
		: >/run/cloison/up
		while :; do
			busybox sleep 1000 &
			wait
		done
	END
	printf '#!/bin/sh\n: >/run/cloison/halting\nkill -USR2 1\n' >"$dir/sbin/halt"
	chmod 755 "$dir"/sbin/*
	tar -C "$dir" --owner=0 --group=0 -cf - . | zstd -qf -o "$cache/crash.tar.zst"
}

# look NAME: a picture into a file. The guards are no container's own: where they are gone the next start puts them up.
look() {
	"$here/crash/picture" 900 | grep -v guards >"$KTAP_TMP/$1"
}

# same NAME NAME: the two pictures
same() {
	[[ $(<"$KTAP_TMP/$1") == "$(<"$KTAP_TMP/$2")" ]]
}

# with_network: a network for containers, with a neighbour to tell of them; nobody is asked, which takes a second.
with_network() {
	modprobe cloison_net
	ip link add lan0 type bridge
	trap 'clean; configure SKIP_ARPDETECT; ip link del lan0; rm -rf "$KTAP_TMP"' EXIT
	ip addr add 10.0.60.1/24 dev lan0
	ip link set lan0 up
	configure SKIP_ARPDETECT yes
	set_command=(cloisonctl set 900 --ram 100M --hostname two --ifname eth0 --netif_set ip=10.0.60.5 --ipadd 10.0.60.4 --save)
	network=(--ipdel all --ipadd 10.0.60.2 --ifname eth0 --netif_set ip=10.0.60.3)
	keep_container --ipadd 10.0.60.2 --netif_add eth0,type=routed,ip=10.0.60.3 --netif_add eth1,,,,lan0
}

# list VERB [OPTION]: the points of it, to $KTAP_TMP/points; and the pictures before and after.
list() {
	local -n command=$1_command
	rm -f "$KTAP_TMP/middle"
	"$1_before"
	if [[ $(type -t "$1_middle") == function ]]; then
		"$1_middle"
		look middle
		"$1_before"
	fi
	look before
	"$inject" "${@:2}" --list "$KTAP_TMP/points" "${command[@]}"
	look after
	not same before after
	"$1_again"
	echo "$1: $(wc -l <"$KTAP_TMP/points") points, one in $every is tried"
	sed -i -n "$(((every + 1) / 2))~${every}p" "$KTAP_TMP/points"
}

# saying WHAT...: the line to find what failed by.
saying() {
	echo "--- $*"
}

# is_whole: no half container is to be seen.
is_whole() {
	local status
	status=$(status 900)
	[[ $status =~ ^"CTID 900 "(deleted unmounted down|exist (un)?mounted down|exist mounted running)$ ]]
	[[ ! -e $etc/conf/900.conf ]] || { sh -n "$etc/conf/900.conf" && grep -q '^LOCAL_UID="[0-9]*"$' "$etc/conf/900.conf"; }
	[[ $status != *running ]] || [[ $(cloisonctl exec2 900 echo alive) == alive ]]
}

# like VERB NAME NAME: the two pictures, but for what the verb changes first.
like() {
	local skip=${halfway[$1]:-^$}
	[[ $(grep -vE "$skip" "$KTAP_TMP/$2") == "$(grep -vE "$skip" "$KTAP_TMP/$3")" ]]
}

# connected NAME NAME...: the network of the first picture is that of one of the others.
connected() {
	local found name
	found=$(sed -n '/^net /p' "$KTAP_TMP/$1")
	for name in "${@:2}"; do
		[[ ! -e $KTAP_TMP/$name || $found != "$(sed -n '/^net /p' "$KTAP_TMP/$name")" ]] || return 0
	done
	diff "$KTAP_TMP/$2" "$KTAP_TMP/$1"
	return 1
}

# repaired VERB: check --repair leads to the state before or to the state after, and then has nothing to say.
repaired() {
	cloisonctl check --repair
	look repaired
	if not like "$1" repaired before && not like "$1" repaired after; then
		diff "$KTAP_TMP/before" "$KTAP_TMP/repaired" || true
		return 1
	fi
	connected repaired before after middle
}

nothing_left() {
	expect_out 'nothing is left' cloisonctl check --repair
	[[ -z $(find "$state/private" "$state/root" "$etc/names" -mindepth 1) ]]
	not ls "$etc"/conf/900.conf /sys/fs/cgroup/cloison/900
	look left
	not grep '^net ' "$KTAP_TMP/left"
}

# ends VERB: what there is after all can still be stopped and destroyed.
ends() {
	"$1_before"
	if [[ -e $etc/conf/900.conf ]]; then
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 900
	fi
	nothing_left
}

works() {
	[[ $(cloisonctl exec2 900 echo alive) == alive ]]
}

# The verbs.
create_command=(cloisonctl create 900 --ostemplate crash --hostname one --name alpha)
create_before() {
	rm -rf "$state"/private/900* "$etc"/conf/900.conf* "$etc"/names
	mkdir "$etc"/names
}
create_again() {
	local status=0
	"${create_command[@]}" || status=$?
	[[ $status -eq 0 || $status -eq 44 ]]
	[[ $(status alpha) == "$exists" ]]
	[[ $(<"$etc/conf/900.conf") == *'HOSTNAME="one"'* && -x $state/private/900/fs/bin/busybox ]]
}

# keep_container [PARAMETER...]: a container as create makes it, kept aside, is faster to bring back than to make.
keep_container() {
	create_before
	create_again
	[[ $# -eq 0 ]] || cloisonctl --quiet set 900 "$@" --save
	cat /usr/bin/busybox >"$state/private/900/fs/bin/busybox"
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet stop 900 --fast
	echo 'STOP_TIMEOUT="10"' >>"$etc/conf/900.conf"
	cp -a "$state/private/900" "$etc/conf/900.conf" "$KTAP_TMP/"
}
stopped_before() {
	[[ -d $state/private/900 ]] || cp -a "$KTAP_TMP/900" "$state/private/"
	[[ -d $state/root/900 ]] || mkdir "$state/root/900"
	[[ ! -e $etc/conf/900.conf.destroyed ]] || rm "$etc/conf/900.conf.destroyed"
	if [[ ! -e $etc/conf/900.conf || $(<"$etc/conf/900.conf") != "$(<"$KTAP_TMP/900.conf")" ]]; then
		cp "$KTAP_TMP/900.conf" "$etc/conf/"
	fi
	[[ -L $etc/names/alpha ]] || ln -s ../conf/900.conf "$etc/names/alpha"
}

start_command=(cloisonctl start 900)
start_before() {
	stopped_before
	[[ ! -e /sys/fs/cgroup/cloison/900 ]] || cloisonctl --quiet stop 900 --fast
}
start_again() {
	local status=0
	"${start_command[@]}" || status=$?
	[[ $status -eq 0 || $status -eq 32 ]]
	works
}

set_command=(cloisonctl set 900 --ram 100M --hostname two --save)
network=()	# what set begins with
set_before() {
	stopped_before
	if [[ ! -e /sys/fs/cgroup/cloison/900 ]] || is_down 900; then
		cloisonctl --quiet start 900
	fi
	[[ ${#network[@]} -eq 0 ]] || cloisonctl --quiet set 900 "${network[@]}" 2>/dev/null
	echo max >/sys/fs/cgroup/cloison/900/memory.max
	nsenter -u -t "$(init_of 900)" busybox hostname one
}
# Interfaces first, then the other addresses.
set_middle() {
	[[ ${#network[@]} -eq 0 ]] || cloisonctl --quiet set 900 --ifname eth0 --netif_set ip=10.0.60.5 2>/dev/null
}
set_again() {
	"${set_command[@]}"
	grep -qx 'PHYSPAGES="0:100M"' "$etc/conf/900.conf"
	[[ $(cgroup_file 900 memory.max) == 104857600 && $(cloisonctl exec2 900 busybox hostname) == two ]]
	works
}

stop_command=(cloisonctl stop 900)
stop_before() {
	stopped_before
	if is_down 900; then
		cloisonctl --quiet start 900 --wait
	fi
}
# stop_settles: a container that was told to end does so, whatever became of who told it.
stop_settles() {
	local init
	init=$(init_of 900 2>/dev/null) || return 0
	if [[ ! $init || -e /proc/$init/root/run/cloison/halting ]]; then
		wait_for is_down 900
		wait_for grep -qx 'populated 0' /sys/fs/cgroup/cloison/900/cgroup.events
	fi
}
stop_again() {
	"${stop_command[@]}"
	[[ $(status 900) == "$exists" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

destroy_command=(cloisonctl destroy 900)
destroy_before() {
	start_before
}
destroy_again() {
	local status=0
	"${destroy_command[@]}" || status=$?
	[[ $status -eq 0 || $status -eq 14 ]]
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
}
