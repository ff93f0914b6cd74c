#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# Snapshots and clones, in each layout: what they are of, that they are consistent and whole, that nothing else changes.

. "$(dirname "$0")/storage-lib.sh"

root=$state/root/900
private=$state/private/900
snapshots=$private.snapshots
view=$KTAP_TMP/view
mkdir "$view"
trap '! mountpoint -q "$view" || umount "$view"; clean; rm -rf "$state"/private/9*.snapshots "$KTAP_TMP"' EXIT

inside() {
	cloisonctl exec2 900 "$@"
}

# picture DIR BASE FILE: all that a copy must have as it was, with ids as the container sees them.
picture() (
	local -a what=(kinds root root.old etc bin/busybox)
	cd "$1"
	find . -maxdepth 1 -printf '%p %y %m %U %G %T@\n' | awk -v base="$2" '{ $4 -= base; $5 -= base; print }' | sort
	find "${what[@]}" -printf '%p %y %m %U %G %n %T@ %l ' \( -type f -printf '%s' , -printf '\n' \) |
		awk -v base="$2" '{ $4 -= base; $5 -= base; print }' | sort
	getfattr -R -h -d -m '^(user|security)' -e hex "${what[@]}" 2>/dev/null |
		sed 's/^\(security.capability=.*\)......../\1/' | sort
	getfacl -R -n -p "${what[@]}" 2>/dev/null |
		awk -F : -v OFS=: -v base="$2" '/^(user|group):[0-9]/ { $2 -= base } !/^# (owner|group)/' | sort
	find "${what[@]}" -type f -print0 | sort -z | xargs -0 md5sum
) >"$3"

# mounted_picture ID FILE: of one that is down.
mounted_picture() {
	cloisonctl --quiet mount "$1"
	picture "$state/root/$1" "$(base_of "$1")" "$2"
	cloisonctl --quiet umount "$1"
}

# make_kinds LAYOUT: running, with some of all there is, and two files that are written one after the other.
make_kinds() {
	make_running 900 --layout "$1" --diskspace 48M
	inside 'mkdir -p /kinds/sub /numbers; cd /kinds; echo one >file; ln file sub/link; ln -s /etc/shadow out; mkfifo fifo
		chown 1000:50 file; chmod 4751 file; busybox dd if=/dev/zero of=sparse bs=1 count=1 seek=3000000 2>/dev/null
		rm /etc/inittab; mv /root /root.old; mkdir /root'
	setfattr -n user.note -v text "$root/kinds/file"
	setfacl -m "u:$(($(base_of 900) + 1001)):rw" "$root/kinds/sub"
	setcap -n "$(base_of 900)" cap_net_raw+ep "$root/kinds/sparse"
}

# Renamed, so that each is whole by itself.
write_numbers() {
	inside 'cd /numbers; n=0; { while :; do n=$((n + 1)); echo $n >new; mv new a; echo $n >new; mv new b; sleep 0.02; done; } </dev/null >/dev/null 2>&1 &'
	wait_for test -s "$root/numbers/b"
}

is_past() {
	[[ $(<"$root/numbers/b") -gt $1 ]]
}

# numbers_go_on: it runs.
numbers_go_on() {
	local n
	n=$(<"$root/numbers/b")
	wait_for is_past "$n"
}

# numbers_agree DIR: as they were at one moment.
numbers_agree() {
	local a b
	a=$(<"$1/numbers/a")
	b=$(<"$1/numbers/b")
	[[ $a -eq $b || $a -eq $((b + 1)) ]]
}

# listed FIELDS [OPTION...]
listed() {
	cloisonctl snapshot-list 900 -H -o "$@" | sed 's/ *$//'
}

# id_of NAME
id_of() {
	listed uuid --id "$1"
}

# change: what is to be as it was again; the container is down.
change() {
	cloisonctl --quiet mount 900
	rm -r "$root/kinds" "$root/root.old"
	echo other >"$root/bin/busybox"
	cloisonctl --quiet umount 900
}

lives() {
	local id
	make_kinds "$1"
	write_numbers
	cloisonctl snapshot 900 --name first --description 'the first one' --skip-suspend
	numbers_go_on
	id=$(id_of first)
	[[ $id =~ ^\{[0-9a-f-]{36}\}$ && $(listed current,layout,memory --id "$id") =~ ^\*\ +"$1"\ +no$ ]]
	# looked at: as it was at one moment, not to be written, not to be removed
	cloisonctl snapshot-mount 900 --id "$id" --target "$view"
	numbers_agree "$view"
	not touch "$view/numbers/a"
	[[ $(findmnt -no OPTIONS "$view") == *nosuid*nodev* && $(listed mounted) == "$view" && $(listed device) == "$view" ]]
	expect_exit 160 cloisonctl snapshot-mount 900 --id "$id" --target "$view"
	expect_exit 158 cloisonctl snapshot-delete 900 --id "$id"
	# it runs, and is down then
	inside 'echo 0 >/numbers/a; echo new >/new'
	cloisonctl snapshot-switch 900 --id first
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	expect_exit 41 cloisonctl destroy 900
	cloisonctl snapshot-umount 900 --id "$id"
	expect_exit 161 cloisonctl snapshot-umount 900 --id "$id"
	# of one that is down; all is the same, and the configuration
	mounted_picture 900 "$KTAP_TMP/before"
	not grep -q '^./new ' "$KTAP_TMP/before"
	cloisonctl --quiet snapshot 900 --name second
	[[ $(listed parent_uuid --id second) == "$id" ]]
	cloisonctl --quiet set 900 --hostname other --name other --save
	change
	cloisonctl --quiet snapshot-switch 900 --id second
	mounted_picture 900 "$KTAP_TMP/after"
	diff "$KTAP_TMP/before" "$KTAP_TMP/after"
	# the clone shows that the snapshot is as it was
	change
	[[ $(listed current --id second) == "*" && -z $(listed current --id first) ]]
	not grep HOSTNAME "$etc/conf/900.conf"
	grep -qx 'NAME="other"' "$etc/conf/900.conf"
	# a copy with other ids
	cloisonctl clone 900 901 --id second --hostname copy
	[[ $(base_of 900) != "$(base_of 901)" ]]
	mounted_picture 901 "$KTAP_TMP/after"
	diff "$KTAP_TMP/before" "$KTAP_TMP/after"
	cloisonctl --quiet start 901 --wait
	[[ $(cloisonctl exec2 901 'cat /kinds/file; hostname; stat -c %u /kinds/file') == $'one\ncopy\n1000' ]]
	cloisonctl --quiet stop 901 --fast
	cloisonctl --quiet destroy 901
	# all goes with it
	cloisonctl --quiet destroy 900
	[[ -z $(find "$state/private" "$state/root" -mindepth 1) ]]
}

clones() {
	make_kinds "$1"
	cloisonctl --quiet set 900 --name source --ipadd 10.0.90.1 --onboot yes --save
	cloisonctl --quiet set 900 --port_add tcp:8900:80 --save
	write_numbers
	expect_out 'no addresses' cloisonctl clone source 901 --name copy
	numbers_go_on
	not grep -E '^(IP_ADDRESS|PORTS|NETIF)' "$etc/conf/901.conf"
	grep -qx 'ONBOOT="yes"' "$etc/conf/901.conf"
	cloisonctl --quiet start copy --wait
	numbers_agree "$state/root/901"
	[[ $(cloisonctl exec2 901 stat -c %u:%g:%a /kinds/file) == 1000:50:4751 ]]
	# two of the same time, with walls between
	cloisonctl --quiet stop 901 --fast
	expect_exit 44 cloisonctl clone 900 901
	expect_exit 44 cloisonctl clone 900 900
	expect_exit 21 cloisonctl clone 900
	expect_exit 21 cloisonctl clone 900 902 --id no-such
	expect_exit 131 cloisonctl clone 900 902 --name copy
	expect_exit 20 cloisonctl clone 900 902 --nothing
	expect_exit 14 cloisonctl clone 903 902
	[[ ! -e $etc/conf/902.conf && ! -e $state/private/902 ]]
	cloisonctl --quiet clone 900 902 --ipadd 10.0.90.2
	grep -qx 'IP_ADDRESS="10.0.90.2"' "$etc/conf/902.conf"
	is_running 900
}

tree() {
	local a b c slow id='{11111111-2222-4333-8444-555555555555}'
	# meanwhile, one that takes longer to stand still than a process in a container has time to answer
	make_running 902 --layout image --diskspace 32M
	strace -f -o "$KTAP_TMP/trace" -e trace=setsid -e inject=setsid:delay_enter=62s cloisonctl --quiet snapshot 902 --skip-suspend --name slow &
	slow=$!
	make 900
	expect_exit 20 cloisonctl snapshot-delete 900
	expect_exit 20 cloisonctl snapshot-mount 900 --id x
	expect_exit 158 cloisonctl snapshot-delete 900 --id "$id"
	expect_exit 159 cloisonctl snapshot-switch 900 --id "$id"
	expect_exit 160 cloisonctl snapshot-mount 900 --id "$id" --target "$view"
	expect_exit 167 cloisonctl snapshot-list 900 --id "$id"
	expect_exit 21 cloisonctl snapshot 900 --id 11111111
	expect_exit 21 cloisonctl snapshot 900 --name $'two\nlines'
	expect_exit 21 cloisonctl snapshot-list 900 -o nothing
	expect_exit 14 cloisonctl snapshot 901
	expect_exit 20 cloisonctl snapshot-switch 900 --id "$id" --skip-resume --must-resume
	[[ -z $(listed uuid) && ! -e $snapshots ]]
	cloisonctl --quiet snapshot 900 --id "${id:1:36}" --name a
	expect_exit 156 cloisonctl snapshot 900 --id "$id"
	cloisonctl --quiet snapshot 900 --name b
	cloisonctl --quiet snapshot 900 --name c --skip-config
	a=$(id_of a) b=$(id_of b) c=$(id_of c)
	[[ $a == "$id" && $(listed name) == $'a\nb\nc' && $(listed parent_uuid) == $'\n'"$a"$'\n'"$b" ]]
	[[ $(cloisonctl snapshot-list 900 | head -n 1) =~ ^PARENT_UUID\ +C\ UUID\ +DATE\ +NAME$ ]]
	[[ $(cloisonctl snapshot-list 900 -H | tail -n 1) == "$b * $c "*" c" ]]
	[[ $(cloisonctl snapshot-list 900 -L | head -n 1) =~ ^uuid\ +UUID$ ]]
	[[ $(cloisonctl snapshot-list 900 --json | python3 -c 'import json, sys
for s in json.load(sys.stdin): print(s["name"], s["parent"], s["current"])') == "a None False"$'\n'"b $a False"$'\n'"c $b True" ]]
	# what was made, as the list has it, and no other word
	[[ $(cloisonctl snapshot 900 --name e --description 'by "us"' --json 2>/dev/null | python3 -c 'import json, sys
s = json.load(sys.stdin)
print(s["uuid"], s["parent"], s["current"], s["name"], s["description"], s["memory"])') == "$(id_of e) $c True e by \"us\" False" ]]
	expect_exit 156 cloisonctl snapshot 900 --id "$id" --json
	[[ -z $(cloisonctl snapshot 900 --id "$id" --json 2>/dev/null) ]]
	cloisonctl --quiet snapshot-switch 900 --id "$c"
	cloisonctl --quiet snapshot-delete 900 --id e
	# who loses his parent has his grandparent
	cloisonctl --quiet snapshot-delete 900 --id "$b"
	[[ $(listed parent_uuid) == $'\n'"$a" ]]
	expect_exit 156 cloisonctl snapshot 900 --id "$b"
	cloisonctl --quiet snapshot-switch 900 --id "$a"
	expect_exit 159 cloisonctl snapshot-switch 900 --id "$a" --must-resume
	cloisonctl --quiet snapshot 900 --name d
	[[ $(listed parent_uuid --id d) == "$a" && $(listed parent_uuid --id c) == "$a" ]]
	# a configuration that is no part of it
	cloisonctl --quiet set 900 --hostname later --save
	cloisonctl --quiet snapshot-switch 900 --id "$c"
	grep -q later "$etc/conf/900.conf"
	cloisonctl --quiet snapshot-switch 900 --id d --skip-config
	grep -q later "$etc/conf/900.conf"
	# which may be kept elsewhere
	mv "$etc/conf/900.conf" "$KTAP_TMP/900.conf"
	ln -s "$KTAP_TMP/900.conf" "$etc/conf/900.conf"
	cloisonctl --quiet snapshot-switch 900 --id d
	[[ -L $etc/conf/900.conf ]]
	not grep later "$KTAP_TMP/900.conf"
	expect_out 'has snapshots' cloisonctl migrate 127.0.0.1 900
	expect_out 'Move .*900.snapshots first' cloisonctl set 900 --private "$private.other" --save
	expect_exit 44 cloisonctl set 900 --private "$private.other" --save
	not grep -q other "$etc/conf/900.conf"
	cloisonctl --quiet set 900 --private "$private" --save
	for id in a c d; do
		cloisonctl --quiet snapshot-delete 900 --id "$id"
	done
	[[ ! -e $snapshots && -z $(listed uuid) ]]
	cloisonctl --quiet set 900 --private "$private.other" --save
	wait "$slow"
	[[ $(cloisonctl snapshot-list 902 -H -o name) =~ ^slow\ *$ ]]
	timeout 60 cloisonctl exec2 902 touch /file
}

# A snapshot shares its container's template, and keeps its layout.
layouts() {
	local cache=$state/template/cache/ss-share.tar.zst
	zstd -dqc "$state/template/cache/busybox.tar.zst" | zstd -q -f -o "$cache"
	cloisonctl --quiet create 900 --ostemplate ss-share --layout overlay
	cloisonctl --quiet snapshot 900 --name shares
	cloisonctl --quiet convert 900 --layout dir
	[[ $(listed current) == "*" ]]
	expect_exit 53 cloisonctl template remove ss-share
	cloisonctl --quiet snapshot-switch 900 --id shares
	[[ -d $private/overlay && ! -e $private/fs ]]
	grep -qx 'VE_LAYOUT="overlay"' "$etc/conf/900.conf"
	cloisonctl --quiet mount 900
	[[ -x $root/bin/busybox ]]
	cloisonctl --quiet umount 900
	cloisonctl --quiet destroy 900
	cloisonctl --quiet template remove ss-share
}

settled() {
	cloisonctl check --repair 900
}

# nothing_left: no command waits, and repair finds nothing to do.
nothing_left() {
	expect_out 'nothing is left' cloisonctl check --repair
}

# killed CALL PATH N COMMAND...: at the Nth system call of that kind about that file.
killed() {
	local status=0
	strace -o "$KTAP_TMP/trace" -P "$2" -e trace="$1" -e inject="$1:signal=KILL:when=$3" "${@:4}" || status=$?
	[[ $status -eq 137 ]]
}

# While files are copied the tool is killed: what stood still goes on, half a copy is none.
copying_killed() {
	make_running 900 --layout "$1" --diskspace 32M
	inside mkdir /numbers
	write_numbers
	mkdir -p "$KTAP_TMP/bin"
	printf '#!/bin/sh\nkill -9 $PPID\n' >"$KTAP_TMP/bin/cp"
	chmod +x "$KTAP_TMP/bin/cp"
	expect_exit 137 env PATH="$KTAP_TMP/bin:$PATH" cloisonctl --quiet snapshot 900 --skip-suspend
	# who froze it for the tool lets it go on
	wait_for test ! -e /run/cloison/still/900
	numbers_go_on
	[[ -z $(listed uuid) && -n $(ls -A "$snapshots") ]]
	wait_for settled
	numbers_go_on
	[[ ! -e $snapshots ]]
	nothing_left
	# the next command is as good
	expect_exit 137 env PATH="$KTAP_TMP/bin:$PATH" cloisonctl --quiet clone 900 901
	[[ $(status 901) == "CTID 901 deleted unmounted down" ]]
	wait_for cloisonctl --quiet snapshot 900 --skip-suspend --name whole
	numbers_go_on
	cloisonctl --quiet check --repair
	[[ ! -e $etc/conf/901.conf ]]
	expect_exit 137 env PATH="$KTAP_TMP/bin:$PATH" cloisonctl --quiet snapshot-switch 900 --id whole
	numbers_go_on
	wait_for settled
	nothing_left
	[[ $(listed name) == whole ]]
	[[ $1 != image ]] || thawed
}

# The tool is killed, and its note is gone, before the file system is frozen: it does not stay so.
thawed() {
	strace -f -o "$KTAP_TMP/trace" -e trace=setsid -e inject=setsid:delay_enter=3s cloisonctl --quiet snapshot 900 --skip-suspend &
	wait_for test -e /run/cloison/still/900
	rm /run/cloison/still/900
	pkill -KILL -P $!
	# it ends with the last that it traces
	wait $! || :
	not fsfreeze --unfreeze "$root"
	echo 0 >/sys/fs/cgroup/cloison/900/cgroup.freeze
	numbers_go_on
}

content() {
	cat "$private/fs/content"
}

# The moments between which something is decided.
steps_killed() {
	local id
	make 900
	echo old >"$private/fs/content"
	id='{11111111-2222-4333-8444-555555555555}'
	killed rename "$snapshots/.$id" 1 cloisonctl --quiet snapshot 900 --id "$id"
	[[ -z $(listed uuid) ]]
	expect_out 'half made' cloisonctl check 900
	wait_for settled
	[[ ! -e $snapshots ]]
	killed rename "$private/current.tmp" 1 cloisonctl --quiet snapshot 900 --id "$id"
	[[ $(listed uuid) == "$id" ]]
	wait_for settled
	echo new >"$private/fs/content"
	cloisonctl --quiet set 900 --hostname new --save
	killed renameat2 "$private.converting" 1 cloisonctl --quiet snapshot-switch 900 --id "$id"
	wait_for settled
	[[ $(content) == new && ! -e $private.converting ]]
	grep -q HOSTNAME "$etc/conf/900.conf"
	# from here on it is what it was
	killed rename "$etc/conf/900.conf.tmp" 1 cloisonctl --quiet snapshot-switch 900 --id "$id"
	[[ $(content) == old ]]
	grep -q HOSTNAME "$etc/conf/900.conf"
	expect_out 'snapshot-switch that was cut off' cloisonctl check 900
	wait_for settled
	not grep HOSTNAME "$etc/conf/900.conf"
	[[ $(content) == old && ! -e $private.converting && $(listed current) == "*" ]]
	nothing_left
	killed unlink "$private/conf.switched" 1 cloisonctl --quiet snapshot-switch 900 --id "$id"
	wait_for cloisonctl --quiet start 900 --wait
	[[ $(content) == old && ! -e $private.converting && ! -e $private/conf.switched ]]
	killed fsync "$snapshots" 1 cloisonctl --quiet snapshot-delete 900 --id "$id"
	[[ -z $(listed uuid) ]]
	wait_for settled
	[[ ! -e $snapshots ]]
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet snapshot 900 --id "$id"
	killed rename "$private" 1 cloisonctl --quiet destroy 900
	[[ $(listed uuid) == "$id" ]]
	killed rename "$etc/conf/900.conf" 1 cloisonctl --quiet destroy 900
	wait_for settled
	[[ ! -e $snapshots && $(status 900) == *deleted* ]]
	# whose are they?
	mkdir -p "$snapshots/$id"
	expect_exit 44 cloisonctl create 900 --ostemplate busybox
	rm -r "$snapshots"
}

ktap_plan 9
for layout in dir overlay image; do
	run_case "$layout: a life" lives $layout
done
for layout in dir image; do
	run_case "$layout: killed while it copies" copying_killed $layout
done
run_case "clones of one that runs" clones image
run_case "a tree of them" tree
run_case "layouts" layouts
run_case "killed at each step" steps_killed
ktap_finish
