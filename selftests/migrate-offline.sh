#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# early: yes
# timeout: 900
# Containers are moved to another host and back while they do not run, or are stopped for it.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

# fill ID: files of all kinds.
fill() {
	local fs=$state/private/$1/fs base
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/$1.conf")
	mkdir -p "$fs/srv/a b"
	echo text >"$fs/srv/a b/ü"
	ln "$fs/srv/a b/ü" "$fs/srv/hard"
	ln -s ../nowhere "$fs/srv/soft"
	mkfifo "$fs/srv/fifo"
	echo sparse | dd of="$fs/srv/sparse" bs=1M seek=64 conv=notrunc status=none
	touch "$fs/srv/old" "$fs/srv/cap"
	chown -hR $((base + 1000)):$((base + 50)) "$fs/srv"
	chmod 4751 "$fs/srv/old"
	touch -d '2001-02-03 04:05:06.789' "$fs/srv/old"
	setfattr -n user.colour -v red "$fs/srv/hard"
	setfacl -m "u:$((base + 7)):rwx" "$fs/srv/a b"
	setcap -n "$base" cap_net_raw+ep "$fs/srv/cap"
}

there_and_back() {
	make 900 --name web --hostname web1 --numproc 50 --ipadd 10.99.0.100 --onboot yes
	printf '#!/bin/sh\necho ran >/tmp/started-%s\n' 900 >"$etc/conf/900.start"
	# what is written between the passes and leaves size and time as they were, as a mapping does
	printf 'test -e /root/same || { echo old >/root/same; touch -d "2037-01-01 00:00:00" /root/same; }\n' >>"$etc/conf/900.start"
	printf '#!/bin/sh\necho new >/root/same; touch -d "2037-01-01 00:00:00" /root/same\n' >"$etc/conf/900.stop"
	chmod 755 "$etc/conf/900.start" "$etc/conf/900.stop"
	fill 900
	picture 900 >"$KTAP_TMP/before"
	local before
	before=$(grep -v ^LOCAL_ "$etc/conf/900.conf")
	cloisonctl migrate node2 web
	nowhere_left 1 900
	[[ $(place 900) == $'1: deleted unmounted down\n2: exist unmounted down' ]]
	picture_on 2 900 >"$KTAP_TMP/there"
	diff -u "$KTAP_TMP/before" "$KTAP_TMP/there"
	[[ $(ssh node2 "grep -v ^LOCAL_ $etc/conf/900.conf; cloisonctl status web") == "$before"$'\nCTID 900 exist unmounted down' ]]
	ssh node2 "cloisonctl start web --wait; cloisonctl exec web cat /tmp/started-900"
	[[ $(ssh node2 cloisonctl exec web cat /root/same) == old ]]
	ping -c 1 -W 5 10.99.0.100
	# it runs, and is started again; sparse stays sparse
	ssh node2 cloisonctl migrate --offline node1 900
	is_running 900
	nowhere_left 2 900
	[[ $(stat -c %b "$state/private/900/fs/srv/sparse") -lt 100 ]]
	[[ $(cloisonctl exec 900 cat /root/same) == new ]]
	[[ $(cloisonctl exec 900 'cat /tmp/started-900; stat -c "%u %a" /srv/old') == $'ran\n1000 4751' ]]
	ssh node2 ping -c 1 -W 5 10.99.0.100
	cloisonctl stop 900 --fast
	picture 900 | grep '|\?srv' | sort >"$KTAP_TMP/after"
	grep '|\?srv' "$KTAP_TMP/before" | sort | diff -u - "$KTAP_TMP/after"
}

# The target has given the range to another container.
other_ids() {
	make 900
	echo true >"$etc/conf/900.start"
	fill 900
	picture 900 >"$KTAP_TMP/before"
	ssh node2 "cloisonctl --quiet create 902 --ostemplate busybox --local_uid $(stat -c %u "$state/private/900/fs")"
	cloisonctl migrate --compress --bandwidth 50M node2 900
	picture_on 2 900 >"$KTAP_TMP/there"
	diff -u "$KTAP_TMP/before" "$KTAP_TMP/there"
	not on 2 bash -c '[[ $(stat -c %u /var/lib/cloison/private/900/fs) == $(stat -c %u /var/lib/cloison/private/902/fs) ]]'
	ssh node2 cloisonctl migrate --keep node1 900
	picture 900 | diff -u "$KTAP_TMP/before" -
	on 2 test -e /var/lib/cloison/private/900.migrated/fs/srv/hard
	on 2 test -e /etc/cloison/conf/900.start.migrated
	expect_exit 14 ssh node2 cloisonctl start 900
	# and may come again
	cloisonctl migrate --check-only node2 900
}

# tree DIRECTORY: a script that shows all that may be different there; times of directories may be off by less than a second
tree() {
	cat <<-EOF
		cd "$1/srv" || exit
		find . -printf '%y %m %T@ %p %l\n' | sed 's/\.[0-9]* / /' | sort
		find . ! -type d -printf '%n %s %p\n' | sort
		find . -type f -exec md5sum {} + | sort
		# which names are one file's
		find . -type f -links +1 -printf '%i %p\n' | sort -k 2 |
			awk '!(\$1 in first) { first[\$1] = NR } { i = \$1; \$1 = ""; print first[i] \$0 }'
	EOF
}

# is_old DIRECTORY...: a pass that begins now finds that they have not changed since (it begins two seconds earlier).
is_old() {
	[[ ! $(find "$@" -maxdepth 0 -newerct '3 seconds ago') ]]
}

# Never still until it is stopped: the last pass, which looks at nothing else, finds all that has changed since the one before.
changes() {
	local i kept listed=0
	make_running 900
	cloisonctl exec 900 '
		mkdir -p /srv/still/deep/a /srv/work /srv/inplace
		for i in 1 2 3 4 5 6 7 8 9; do echo $i >/srv/still/deep/a/$i; ln /srv/still/deep/a/$i /srv/still/$i; done
		printf 00000000 >/srv/inplace/same
		cat >/root/churn
		setsid sh /root/churn </dev/null >/dev/null 2>&1 &' <<-"EOF"
			cd /srv/work || exit
			i=0
			while :; do
				i=$((i + 1)) n=$((i % 7))
				echo $i >"#$n"; echo $i >";$n"; echo $i >"a b$n"
				ln -f "#$n" link; ln -sf $i "soft$n"
				rm -rf "gone$n"; [ $((i % 3)) = 0 ] || mkdir "gone$n"
				mkdir -p d$n/e/f; echo $i >d$n/e/f/deep
				mv d$n away$n; mv away$n d$n
				rm -rf moved$n; [ $((i % 2)) = 0 ] || mv d$n moved$n
				chmod 6$n$n "a b$n"
				# neither its size nor its time tells
				printf %08d $i >../inplace/same; touch -d "2020-01-01 00:00:00" ../inplace/same
			done
		EOF
	wait_for test -e "$state/private/900/fs/srv/work/a b6"
	# what rsync misses while it runs has all be looked at once more
	for ((i = 0; i < 6 && listed < 2; i++)); do
		# or all might have been moved since
		wait_for is_old "$state/private/900/fs" "$state/private/900/fs/srv/still"
		cloisonctl --verbose migrate --keep node2 900 >"$KTAP_TMP/said" 2>&1
		grep -E '[0-9] names in the last pass|All names .*: not all came' "$KTAP_TMP/said"
		! grep -q '[0-9] names in the last pass' "$KTAP_TMP/said" || listed=$((listed + 1))
		kept=$state/private/900.migrated/fs
		tree "$kept" | bash >"$KTAP_TMP/here"
		[[ $(wc -l <"$KTAP_TMP/here") -gt 50 ]]
		tree /var/lib/cloison/private/900/fs | ssh node2 bash | diff "$KTAP_TMP/here" -
		ssh node2 cloisonctl --quiet migrate node1 900
		cloisonctl exec 900 'setsid sh /root/churn </dev/null >/dev/null 2>&1 &'
	done
	[[ $listed -eq 2 ]]
}

# refused STATUS REGEX [OPTION...]
refused() {
	expect_exit "$1" cloisonctl migrate "${@:3}" node2 900
	expect_out "$2" cloisonctl migrate --check-only "${@:3}" node2 900
	[[ $(status 900) == *" exist unmounted down" ]]
}

# report OPTION: of a migration, as programs have it
report() {
	{ cloisonctl migrate --json "$1" node2 900 2>/dev/null || true; } |
		python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["ctid"], r["host"], r["status"], r["error"])'
}

refusals() {
	local words
	make 900 --name web --ipadd 10.99.0.100
	cloisonctl migrate --check-only node2 900
	nowhere_left 2 900
	expect_exit 1 cloisonctl migrate node2
	expect_exit 1 cloisonctl migrate --bandwidth slow node2 900
	expect_exit 1 cloisonctl migrate -- -oProxyCommand=false 900
	expect_exit 10 cloisonctl migrate node2 999
	expect_exit 10 cloisonctl migrate node2 nobody
	# it is there, though nobody can read what it is
	cp "$etc/conf/900.conf" "$KTAP_TMP/900.conf"
	echo 'HOSTNAME="' >>"$etc/conf/900.conf"
	expect_exit 15 cloisonctl migrate node2 900
	expect_exit 15 cloisonctl migrate --settle 900
	expect_exit 10 cloisonctl migrate --settle nobody
	cp "$KTAP_TMP/900.conf" "$etc/conf/900.conf"
	for words in "--dry-run --settle" "--settle --resolve here" "--live --settle" "--keep --resolve here" "--json --settle"; do
		# shellcheck disable=SC2086 # several words
		expect_exit 1 cloisonctl migrate $words 900
	done
	expect_exit 4 cloisonctl migrate nowhere 900
	ln -s "$(command -v cloisonctl)" "$KTAP_TMP/vzmigrate"
	expect_exit 1 "$KTAP_TMP/vzmigrate" -r perhaps node2 900
	expect_exit 1 "$KTAP_TMP/vzmigrate" --nodeps=cpu,foo node2 900
	expect_exit 4 "$KTAP_TMP/vzmigrate" -fcpu --nodeps=ipv6,all nowhere 900
	expect_exit 0 "$KTAP_TMP/vzmigrate" --help
	expect_exit 2 "$KTAP_TMP/vzmigrate" -r no --online node2 900
	expect_exit 4 "$KTAP_TMP/vzmigrate" nowhere 900
	expect_exit 10 "$KTAP_TMP/vzmigrate" node2 999
	refused 2 'not running' --live
	[[ $(report --check-only) == "900 node2 0 None" ]]
	[[ $(report --live) == "900 node2 2 Container is not running"* ]]
	ssh node2 'cloisonctl --quiet create 900 --ostemplate busybox'
	refused 9 'container 900 already'
	# what the administrator has put there for it is not taken for a part of what is undone
	ssh node2 'cloisonctl --quiet destroy 900; echo own >/etc/cloison/conf/900.mount'
	refused 9 'action script /etc/cloison/conf/900.mount already'
	[[ $(ssh node2 cat /etc/cloison/conf/900.mount) == own ]]
	ssh node2 'rm /etc/cloison/conf/900.mount; cloisonctl --quiet create 901 --ostemplate busybox --name web'
	refused 9 'Container 901 has the name web'
	ssh node2 'cloisonctl --quiet set 901 --name other --ipadd 10.99.0.100 --save'
	refused 12 'Container 901 has the address 10.99.0.100'
	ssh node2 'cloisonctl --quiet destroy 901'
	cloisonctl --quiet set 900 --netif_add eth0,,,,nobridge --save
	refused 15 'nobridge, which does not exist'
	cloisonctl --quiet set 900 --netif_del eth0 --save
	# what is not Cloison, or another one
	pretend <<-'EOF'
		#!/bin/sh
		printf '\000\000\000\031\000\000\000\002{"status":0,"protocol":9}'
		cat >/dev/null
	EOF
	refused 17 'speaks another protocol'
	# a newer one that speaks ours as well, and has no objections
	pretend <<-'EOF'
		#!/bin/sh
		printf '\000\000\000\044\000\000\000\002{"status":0,"protocol":9,"oldest":3}'
		printf '\000\000\000\014\000\000\000\002{"status":0}'
		cat >/dev/null
	EOF
	cloisonctl migrate --check-only node2 900
	pretend <<-'EOF'
		#!/bin/sh
		echo Welcome to this machine
	EOF
	refused 4 'Cannot speak to Cloison on node2'
	ssh node2 'rm /usr/local/sbin/cloisonctl; mkdir -p /mnt/small; mount -t tmpfs -o size=1m small /mnt/small; echo VE_PRIVATE=/mnt/small/\$VEID >>/etc/cloison/cloison.conf'
	refused 6 'has room for'
	fallocate -l 100M "$state/private/900/fs/big"
	refused 6 'Its files take 10[0-9] MB'
	rm "$state/private/900/fs/big"
	ssh node2 'sed -i /small/d /etc/cloison/cloison.conf; umount /mnt/small'
	# as deep as its root likes: nothing of the host's walks down there
	python3 -c '
import os, sys
os.chdir(sys.argv[1])
for _ in range(8000):
    os.mkdir("d")
    os.chdir("d")' "$state/private/900/fs/root"
	(ulimit -s 1024 && cloisonctl migrate --check-only node2 900)
	rm -r "$state/private/900/fs/root/d"
	nowhere_left 2 900
	(
		flock 9
		expect_exit 20 cloisonctl migrate node2 900
	) 9>/run/cloison/lock/900.lck
	cloisonctl start 900
}

# It does not start there: it is given back.
given_back() {
	printf '#!/bin/sh\ntest ! -e /run/no-900\n' >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	make_running 900
	ssh node2 touch /run/no-900
	expect_exit 7 cloisonctl migrate node2 900
	ssh node2 rm /run/no-900
	is_running 900
	nowhere_left 2 900
	expect_exit 14 ssh node2 cloisonctl start 900
	cloisonctl migrate node2 900
	[[ $(ssh node2 cloisonctl status 900) == *" running" ]]
}

# It ran there, if not for long: what it wrote is not thrown away.
not_given_back() {
	local files
	make_running 900
	printf '#!/bin/sh\necho written >>/written\nexit 1\n' >"$etc/conf/900.start"
	chmod 755 "$etc/conf/900.start"
	expect_exit 7 cloisonctl migrate node2 900
	[[ $(ssh node2 cloisonctl status 900) == *" exist unmounted down" ]]
	nowhere_left 1 900
	files=$(ssh node2 'cat /var/lib/cloison/private/900/fs/written')
	[[ $files == written ]]
}

unlocked() {
	on "$1" flock -n /run/cloison/lock/900.lck true
}

# moves_slowly: 900, and there is time to do something to it; by the process $tool.
moves_slowly() {
	cloisonctl --quiet migrate --bandwidth 20K node2 900 &
	tool=$!
	wait_for receives
}

gives_up() {
	local status=0
	wait "$1" || status=$?
	[[ $status -eq 4 ]]
}

cut_off() {
	local tool
	make_running 900
	moves_slowly
	pkill -KILL -P "$tool" -x ssh
	gives_up "$tool"
	is_running 900
	wait_for nowhere_left 2 900
	# nor does it matter when somebody loses patience
	moves_slowly
	kill "$tool"
	gives_up "$tool"
	is_running 900
	wait_for nowhere_left 2 900
}

is_stopped() {
	[[ $(status 900) == *" exist unmounted down" ]]
}

# What the target cannot be told yet does not start again what somebody has stopped since.
stays_stopped() {
	local tool
	make_running 900
	moves_slowly
	printf '#!/bin/sh\nexit 1\n' | pretend
	pkill -KILL -P "$tool" -x ssh
	gives_up "$tool"
	is_running 900
	cloisonctl stop 900 --fast
	expect_exit 4 cloisonctl migrate --settle 900
	is_stopped
	ssh node2 rm /usr/local/sbin/cloisonctl
	cloisonctl migrate --settle 900
	is_stopped
	[[ ! -e /var/lib/cloison/migrate/900 ]]
	wait_for nowhere_left 2 900
	# nor does a tool that was killed
	cloisonctl --quiet start 900 --wait
	moves_slowly
	kill -KILL "$tool"
	wait "$tool" || true
	wait_for unlocked 1
	cloisonctl stop 900 --fast
	cloisonctl migrate --settle 900
	is_stopped
	wait_for nowhere_left 2 900
}

# It became node2's and runs, and nobody could note or tell that: what is stopped there then, or takes its number, is not started.
stays_stopped_there() {
	local tool note=/var/lib/cloison/migrate/900
	make_running 900
	dies_there rename 4 "$note"
	cloisonctl --quiet migrate node2 900 &
	tool=$!
	wait_for ssh node2 "/usr/sbin/cloisonctl status 900 | grep ' running' && flock -n /run/cloison/lock/900.lck true"
	kill -KILL "$tool"
	wait "$tool" || true
	wait_for unlocked 1
	ssh node2 rm /usr/local/sbin/cloisonctl
	[[ $(ssh node2 grep -e STATE -e RUNNING "$note") == $'STATE="owned"\nRUNNING="yes"' ]]
	ssh node2 cloisonctl stop 900 --fast
	[[ $(ssh node2 grep RUNNING "$note") == 'RUNNING="no"' ]]
	# as if it had ended by itself
	ssh node2 "sed -i '/^RUNNING=/s/no/yes/' $note; cloisonctl --quiet destroy 900; cloisonctl --quiet create 900 --ostemplate busybox"
	cloisonctl migrate --settle 900
	nowhere_left 1 900
	[[ $(ssh node2 cloisonctl status 900) == *" exist unmounted down" ]]
}

is_owned() {
	ssh node2 grep -q owned /var/lib/cloison/migrate/900
}

# It is node2's, who has begun to give it to another host since, when node1 asks, who had not heard of that.
is_heard_late() {
	local tool
	make 900
	dies_there fsync 3 /var/lib/cloison/migrate
	cloisonctl --quiet migrate node2 900 &
	tool=$!
	wait_for is_owned
	kill -KILL "$tool"
	wait "$tool" || true
	wait_for unlocked 1
	ssh node2 rm /usr/local/sbin/cloisonctl
	# hello, check; prepare has no room; abort
	cat >/usr/local/sbin/cloisonctl <<-'EOF'
		#!/bin/sh
		printf '\000\000\000\044\000\000\000\002{"status":0,"protocol":9,"oldest":3}'
		printf '\000\000\000\014\000\000\000\002{"status":0}'
		printf '\000\000\000\014\000\000\000\002{"status":6}'
		printf '\000\000\000\014\000\000\000\002{"status":0}'
		cat >/dev/null
	EOF
	chmod 755 /usr/local/sbin/cloisonctl
	expect_exit 6 ssh node2 cloisonctl migrate node1 900
	rm /usr/local/sbin/cloisonctl
	not ssh node2 test -e /var/lib/cloison/migrate/900
	cloisonctl migrate --settle 900
	nowhere_left 1 900
	[[ $(ssh node2 cloisonctl status 900) == *" exist unmounted down" ]]
}

# killed_as_it_starts: the tool, when all is undone but that. It is not forgotten that it ran.
killed_as_it_starts() {
	touch /run/kill-900
	cloisonctl --quiet migrate node2 900 || true
	[[ ! -e /run/kill-900 ]]
	wait_for unlocked 1
	not is_running 900
	cloisonctl migrate --settle 900
	is_running 900
	[[ ! -e /var/lib/cloison/migrate/900 ]]
	wait_for nowhere_left 2 900
}

undone() {
	printf '#!/bin/sh\n! rm /run/kill-900 2>/dev/null || pkill -KILL -o -f "^cloisonctl --quiet migrate "\ntest ! -e /run/no-900\n' >"$etc/conf/900.mount"
	printf '#!/bin/sh\n! rm /run/cut-900 2>/dev/null || pkill -KILL -f "^ssh .*migrate-receive"\n' >"$etc/conf/900.umount"
	chmod 755 "$etc/conf/900.mount" "$etc/conf/900.umount"
	make_running 900
	touch /run/cut-900
	killed_as_it_starts
	ssh node2 touch /run/no-900
	killed_as_it_starts
	ssh node2 rm /run/no-900
}

# given_untold ID: the second journal's directory is not on disk yet. The first is to find its own.
given_untold() {
	install -d -m 700 /var/lib/cloison/migrate
	strace -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=4 cloisonctl --quiet migrate node2 "$1" || true
	on 2 bash -c "until flock -n /run/cloison/lock/$1.lck true; do sleep 0.1; done"
	expect_exit 9 cloisonctl start "$1"
	expect_exit 9 ssh node2 cloisonctl start "$1"
}

both_are_settled() {
	[[ $(grep -c settled "$KTAP_TMP/watch") == 2 ]]
}

# The service needs nobody to tell it.
watched() {
	local watcher
	make 901
	given_untold 901
	printf '#!/bin/sh\n! rm /run/kill-900 2>/dev/null || pkill -KILL -o -f "^cloisonctl --quiet migrate "\n' >"$etc/conf/900.umount"
	chmod 755 "$etc/conf/900.umount"
	make_running 900
	touch /run/kill-900
	cloisonctl --quiet migrate node2 900 || true
	wait_for unlocked 1
	not is_running 900
	cloisonctl watch >"$KTAP_TMP/watch" 2>&1 &
	watcher=$!
	wait_for is_running 900
	wait_for nowhere_left 2 900
	wait_for nowhere_left 1 901
	wait_for both_are_settled
	kill "$watcher"
	wait "$watcher"
	[[ $(ssh node2 cloisonctl status 901) == *" exist unmounted down" ]]
}

# Only the source could say, and it is lost.
resolved() {
	make 900
	given_untold 900
	expect_exit 1 cloisonctl migrate --resolve nowhere 900
	ssh node2 cloisonctl migrate --resolve there 900
	nowhere_left 2 900
	cloisonctl migrate --resolve here 900
	cloisonctl start 900
	expect_exit 1 cloisonctl migrate --resolve here 900
}

ktap_plan 13
run_case "there and back" there_and_back
run_case "other ids" other_ids
run_case "what changes all the time" changes
run_case "refused before anything is touched" refusals
run_case "given back" given_back
run_case "not given back" not_given_back
run_case "cut off" cut_off
run_case "stopped since" stays_stopped
run_case "stopped since, there" stays_stopped_there
run_case "gone on since" is_heard_late
run_case "killed as it is undone" undone
run_case "settled by the service" watched
run_case "resolved by hand" resolved
ktap_finish
