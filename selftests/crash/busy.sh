#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine's part of power-cut.sh: looks whether what was there before the power cut is there, then works on containers
# until the next one. The file "boot" beside it has the number of this boot and a seed; "acks" has a line "BOOT N" for each
# operation that the tool had reported as done when the power was cut; with a file "last" it does not go on to work.
#
# Each operation is written to a log on disk before it begins. What a later one follows was done.
set -eE
shopt -s nullglob
trap 'echo "FAILED: $BASH_COMMAND (line $LINENO)"' ERR
cd "$(dirname "$0")"

read -r boot seed <<<"$(<boot)"
etc=/etc/cloison
state=/var/lib/cloison
dir=/var/lib/power-cut
workers=(101 102 103 104 105 106)
always=(201 202)
declare -A ram # of the containers there are

failed() {
	echo "FAILED: $*"
	exit 1
}

exists() {
	[[ $(cloisonctl status "$1") == *" exist "* ]]
}

runs() {
	[[ $(cloisonctl status "$1") == *" running" ]]
}

wait_for() {
	local end=$((SECONDS + 240))
	until "$@" >/dev/null 2>&1; do
		[[ $SECONDS -lt $end ]] || failed "in vain: $*"
		sleep 0.1
	done
}

# entries ID: how many files it has
entries() {
	find "$state/private/$1/fs" -xdev | wc -l
}

# actual ID: its setting, as its file has it; "none" if there is no such container.
actual() {
	if exists "$1"; then
		sed -n 's/^PHYSPAGES="0:\(.*\)"$/\1/p' "$etc/conf/$1.conf"
	else
		echo none
	fi
}

# after OPERATION ID VALUE BEFORE: the setting it leaves
after() {
	case $1 in
	create | set) echo "$3" ;;
	destroy) echo none ;;
	*) echo "$4" ;;
	esac
}

# expect ID WANT [OR]
expect() {
	local is
	is=$(actual "$1")
	[[ $is == "$2" || $is == "${3:-$2}" ]] || failed "container $1 has $is, not $2${3:+ or $3}"
	if [[ $is == none ]]; then
		[[ ! -e $state/private/$1 && ! -e $etc/conf/$1.conf ]] || failed "half of container $1 is there"
		unset "ram[$1]"
	else
		ram[$1]=$is
	fi
}

# What the log of the boot before says, against what is there.
compare() {
	local id n op value last_id='' last_before='' count=0
	# shellcheck disable=SC1090 # what declare -p wrote
	. "$dir/base.$((boot - 1))"
	while read -r n op id value; do
		last_id=$id
		last_before=${ram[$id]:-none}
		ram[$id]=$(after "$op" "$id" "$value" "$last_before")
		count=$n
	done <"$dir/log.$((boot - 1))"
	grep -qx "$((boot - 1)) $count" acks && last_before=
	echo "operations before the cut: $count${last_before:+, the last in flight}"
	for id in "${workers[@]}"; do
		if [[ $id == "$last_id" ]]; then
			expect "$id" "${ram[$id]:-none}" "$last_before"
		else
			expect "$id" "${ram[$id]:-none}"
		fi
	done
	# the one that was worked on must work
	if [[ $last_id ]] && exists "$last_id"; then
		cloisonctl --quiet start "$last_id" --wait
		[[ $(cloisonctl exec2 "$last_id" echo alive) == alive ]]
		cloisonctl --quiet stop "$last_id" --fast
	fi
}

files_whole() {
	local conf id
	for conf in "$etc"/conf/*.conf; do
		sh -n "$conf"
		[[ $(grep -cE '^(PHYSPAGES="0:[0-9]+M"|LOCAL_UID="[0-9]+")$' "$conf") -eq 2 ]] || failed "$conf is not whole"
	done
	for conf in "$state"/private/*; do
		id=${conf##*/}
		[[ $id =~ ^[0-9]+$ ]] || failed "$conf is left"
		[[ -e $etc/conf/$id.conf ]] || failed "$conf has no configuration"
		[[ $(entries "$id") -ge $(<"$dir/entries") ]] || failed "files are missing in $conf"
		cmp -s "$conf/fs/bin/busybox" "$state/private/201/fs/bin/busybox" || failed "a bad file in $conf"
	done
}

check_all() {
	# it starts containers while it is not active yet
	wait_for systemctl is-active cloison.service
	for id in "${always[@]}"; do
		runs "$id" || failed "container $id was not started with the machine"
	done
	cloisonctl check --repair | grep -E '^(mended|FAILED)' || true
	cloisonctl check --repair | grep -q 'nothing is left'
	files_whole
	for id in "${always[@]}"; do
		[[ $(cloisonctl exec2 "$id" echo alive) == alive ]]
	done
	compare
	echo checked
}

first_boot() {
	modprobe cloison
	mkdir -p "$dir"
	for id in "${always[@]}"; do
		cloisonctl --quiet create "$id" --ostemplate busybox --ram 64M
		sed -i 's/^ONBOOT=.*/ONBOOT="yes"/' "$etc/conf/$id.conf"
	done
	entries 201 >"$dir/entries"
	systemctl enable cloison.service
	sync
}

# do OPERATION ID [VALUE]
n=0
do_one() {
	local op=$1 id=$2 value=${3:-}
	n=$((n + 1))
	echo "$n $op $id $value" >>"$dir/log.$boot"
	sync "$dir/log.$boot"
	case $op in
	create) cloisonctl --quiet create "$id" --ostemplate busybox --ram "$value" ;;
	set) cloisonctl --quiet set "$id" --ram "$value" --save ;;
	stop | start) cloisonctl --quiet "$op" "$id" ;;
	destroy) cloisonctl --quiet destroy "$id" ;;
	esac
	echo "done $boot $n"
	ram[$id]=$(after "$op" "$id" "$value" "${ram[$id]:-none}")
}

one_operation() {
	local id=${workers[RANDOM % ${#workers[@]}]} value=$((RANDOM % 900 + 100))M
	if [[ ${ram[$id]:-none} == none ]]; then
		do_one create "$id" "$value"
		return
	fi
	case $((RANDOM % 8)) in
	[0-3]) do_one set "$id" "$value" ;;
	4 | 5)
		if runs "$id"; then
			do_one stop "$id"
		else
			do_one start "$id"
		fi
		;;
	*)
		if runs "$id"; then
			cloisonctl --quiet stop "$id" --fast
		fi
		do_one destroy "$id"
		;;
	esac
}

if [[ $boot -eq 1 ]]; then
	first_boot
else
	check_all
fi
if [[ -e last ]]; then
	exit 0
fi
for id in "${workers[@]}"; do
	[[ ${ram[$id]:-none} != none ]] || unset "ram[$id]"
done
declare -p ram | sed 's/^declare -A/declare -gA/' >"$dir/base.$boot"
: >"$dir/log.$boot"
sync
RANDOM=$((seed + boot))
echo busy
while :; do
	one_operation
done
