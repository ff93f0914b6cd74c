#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# events, and the service that acts on them.

. "$(dirname "$0")/cli-lib.sh"

# heard REGEX
heard() {
	grep -qE -e "$1" "$KTAP_TMP/events"
}

text() {
	make 900
	events_begin
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet stop 900 --fast
	wait_for heard ' 900 deleted'
	[[ $(sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{4} //' "$KTAP_TMP/events") == "900 created
900 started
900 exited signal 9
900 deleted" ]]
	cloisonctl --quiet start 900 --wait
	cloisonctl exec 900 halt -f || true
	wait_for heard ' 900 exited halt$'
	cloisonctl --quiet start 900 --wait
	cloisonctl exec 900 reboot -f || true
	wait_for heard ' 900 exited reboot$'
	printf '#!/bin/sh\nexit 7\n' >"$state/private/900/fs/sbin/rcfail"
	chmod 755 "$state/private/900/fs/sbin/rcfail"
	ln -sf rcfail "$state/private/900/fs/sbin/init"
	cloisonctl --quiet start 900
	wait_for heard ' 900 exited exit 7$'
	kill -INT "$listener"
	wait "$listener"
}

json() {
	make 900
	make 901
	events_begin --json 900
	cloisonctl --quiet start 901
	cloisonctl --quiet start 900
	cloisonctl --quiet stop 900 --fast
	wait_for heard deleted
	python3 - "$KTAP_TMP/events" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [e["event"] for e in lines] == ["created", "started", "exited", "deleted"], lines
assert all(e["ctid"] == 900 and "T" in e["time"] for e in lines), lines
assert lines[2]["reason"] == "signal" and lines[2]["signal"] == 9, lines
END
	kill "$listener"
	wait "$listener"
}

ends_with_its_reader() {
	make 900
	cloisonctl events | head -n 1 >"$KTAP_TMP/first" &
	wait_for pgrep -x cloisonctl
	wait_for listening "$(pgrep -x cloisonctl)"
	cloisonctl --quiet start 900
	wait $!
	grep -q '900 created' "$KTAP_TMP/first"
	expect_exit 20 cloisonctl events --nosuch
	expect_exit 21 cloisonctl events nosuch
}

over_a_reload() {
	make 900
	events_begin
	unload
	wait_for heard '- module-unloaded'
	modprobe cloison
	wait_for heard '- module-loaded'
	cloisonctl --quiet start 900
	wait_for heard '900 started'
	kill "$listener"
	wait "$listener"
	cloisonctl --quiet stop 900 --fast
	unload
	expect_exit 5 cloisonctl events
	modprobe cloison
}

# watch: the service, here without systemd
watching() {
	cloisonctl watch >"$KTAP_TMP/watch" 2>&1 &
	watcher=$!
}

end_watch() {
	kill "$watcher"
	wait "$watcher"
}

is_swept() {
	[[ $(status "$1") == "CTID $1 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/$1 ]]
}

# other_init ID OLD: it runs with another init
other_init() {
	local now
	is_running "$1" && now=$(init_of "$1") && [[ $now && $now != "$2" ]]
}

guest_reboots() {
	local old
	make_running 900
	make_running 901
	watching
	old=$(init_of 900)
	# as a customer does it
	cloisonctl exec 900 reboot || true
	wait_for other_init 900 "$old"
	wait_for cloisonctl exec 900 test -e /run/cloison/up
	wait_for grep -q 'Container 900 ended (reboot): started again' "$KTAP_TMP/watch"
	cloisonctl exec 900 halt || true
	wait_for is_swept 900
	kill -9 "$(init_of 901)"
	wait_for is_swept 901
	grep -q 'Container 901 ended (signal): swept' "$KTAP_TMP/watch"
	# a stop is nobody's reboot
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet stop 900
	is_swept 900
	end_watch
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

# What ended while nobody watched.
found_dead() {
	local old
	make_running 900
	make_running 901
	old=$(init_of 900)
	cloisonctl exec 900 reboot -f || true
	kill -9 "$(init_of 901)"
	wait_for is_down 900
	wait_for is_down 901
	watching
	wait_for other_init 900 "$old"
	wait_for is_swept 901
	# killed, it loses nothing
	kill -9 "$watcher"
	wait "$watcher" || true
	old=$(init_of 900)
	wait_for cloisonctl exec 900 test -e /run/cloison/up
	cloisonctl exec 900 reboot -f || true
	wait_for is_down 900
	watching
	wait_for other_init 900 "$old"
	end_watch
}

# started_again: how often
started_again() {
	grep -c 'started again' "$KTAP_TMP/watch" || true
}

stays_down() {
	grep -q 'Container 900 rebooted 6 times .* stays down' "$KTAP_TMP/watch"
}

# goes_on COUNT: it was started again more often than that, or never will be
goes_on() {
	[[ $(started_again) -gt $1 ]] || stays_down
}

# Two minutes are the limit for six reboots: where the first ones take longer there are more.
reboot_loop() {
	local begun count
	make 900
	printf '#!/bin/sh\nexec /bin/busybox reboot -f\n' >"$state/private/900/fs/sbin/loop"
	chmod 755 "$state/private/900/fs/sbin/loop"
	ln -sf loop "$state/private/900/fs/sbin/init"
	watching
	begun=$SECONDS
	cloisonctl --quiet start 900
	until stays_down; do
		wait_for goes_on "$(started_again)"
	done
	is_swept 900
	count=$(started_again)
	echo "started again $count times in $((SECONDS - begun)) s"
	[[ $count == 5 || ($count -gt 5 && $((SECONDS - begun)) -ge 120) ]]
	end_watch
}

# stop_watching: it is told, but does not read
stop_watching() {
	kill -STOP "$watcher"
	wait_for grep -q '^State:.*stopped' "/proc/$watcher/status"
}

# its_socket: the line of the one that the watcher is told by
its_socket() {
	awk -v pid="$watcher" '$2 == 16 && $3 % 4194304 == pid && $4 != "00000000" { print; found = 1 } END { exit !found }' \
		/proc/net/netlink
}

# watching_little: with room for a few events only
watching_little() {
	local max
	max=$(sysctl -n net.core.rmem_max)
	sysctl -q net.core.rmem_max=8192
	watching
	wait_for its_socket
	sysctl -q net.core.rmem_max="$max"
}

# lost: how many events there was no room for
lost() {
	its_socket | awk '{ print $9 }'
}

# overflow: more events, of somebody else, than there is room for
overflow() {
	local before number cgroup=/sys/fs/cgroup/cloison-test/999
	before=$(lost)
	mkdir -p "$cgroup"
	number=$(stat -c %i "$cgroup")
	until [[ $(lost) -gt $before ]]; do
		for _ in {1..20}; do
			printf 'new id=999 cgroup=%s\ndel id=999\n' "$number"
		done | "$here/nl/nl_test" batch
	done >/dev/null
	rmdir "$cgroup" "${cgroup%/*}"
}

# begins NAME: a script of the host that runs when each container is mounted, and says in NAME that it begins and ends
begins() {
	printf '#!/bin/sh\necho "+ $VEID" >>%s\nsleep 0.5\necho "- $VEID" >>%s\n' "$1" "$1" >"$etc/conf/vps.mount"
	chmod 755 "$etc/conf/vps.mount"
}

# A host's worth of containers reboots: as many start at once as there are CPUs, each once, whatever is told twice.
wave() {
	local id width
	local -A old
	for id in {900..919}; do
		make_running "$id"
		old[$id]=$(init_of "$id")
	done
	begins "$KTAP_TMP/turns"
	watching_little
	stop_watching
	for id in {900..919}; do
		cloisonctl exec "$id" reboot -f || true
	done
	for id in {900..919}; do
		wait_for is_down "$id"
	done
	overflow
	kill -CONT "$watcher"
	for id in {900..919}; do
		wait_for other_init "$id" "${old[$id]}"
	done
	wait_for not pgrep -P "$watcher"
	end_watch
	rm "$etc/conf/vps.mount"
	[[ $(started_again) == 20 ]]
	[[ $(grep '^+' "$KTAP_TMP/turns" | sort -u | wc -l) == 20 && $(grep -c '^+' "$KTAP_TMP/turns") == 20 ]]
	width=$(awk '{ n += $1 == "+" ? 1 : -1 } n > max { max = n } END { print max }' "$KTAP_TMP/turns")
	echo "$width at once"
	[[ $width == "$(nproc)" ]]
}

# What was told and found as well is one reboot. Twice four would be too often.
lost_count_once() {
	local old
	make_running 900
	watching_little
	for _ in {1..4}; do
		wait_for cloisonctl exec 900 test -e /run/cloison/up
		old=$(init_of 900)
		stop_watching
		cloisonctl exec 900 reboot -f || true
		wait_for is_down 900
		overflow
		kill -CONT "$watcher"
		wait_for other_init 900 "$old"
	done
	wait_for not pgrep -P "$watcher"
	[[ $(started_again) == 4 ]]
	end_watch
}

# slow_start ID: its start takes longer than anybody would wait
slow_start() {
	printf '#!/bin/sh\n: >%s/slow-$VEID\nuntil [ -e %s/go ]; do sleep 0.2; done\n' "$KTAP_TMP" "$KTAP_TMP" >"$etc/conf/$1.mount"
	chmod 755 "$etc/conf/$1.mount"
}

# Those that hang keep the others waiting only for a while.
hang() {
	local id old
	for id in {900..903}; do
		make_running "$id"
	done
	old=$(init_of 903)
	# as many as may start at once
	for ((id = 900; id < 900 + $(nproc) && id < 903; id++)); do
		slow_start "$id"
	done
	watching
	for id in {900..902}; do
		cloisonctl exec "$id" reboot -f || true
		[[ ! -e $etc/conf/$id.mount ]] || wait_for test -e "$KTAP_TMP/slow-$id"
	done
	cloisonctl exec 903 reboot -f || true
	wait_for is_down 903
	wait_for other_init 903 "$old"
	[[ $(status 900) != *running ]]
	: >"$KTAP_TMP/go"
	wait_for is_running 900
	end_watch
	rm "$etc"/conf/90?.mount
}

# Who works on it goes first: its lock is waited for, then nothing is left to do.
locked_meanwhile() {
	make_running 900
	watching
	(
		exec {fd}>/run/cloison/lock/900.lck
		flock "$fd"
		kill -9 "$(init_of 900)"
		wait_for is_down 900
		sleep 1
		[[ $(status 900) == "CTID 900 exist mounted down" ]]
		cloisonctl --skiplock --quiet start 900 --wait
	)
	sleep 1
	is_running 900
	# it ends at once, with a child that waits
	(
		exec {fd}>/run/cloison/lock/900.lck
		flock "$fd"
		kill -9 "$(init_of 900)"
		wait_for is_down 900
		sleep 0.5
		kill "$watcher"
		wait_for not kill -0 "$watcher"
	)
	wait "$watcher"
	not pgrep -x cloisonctl
}

# The scripts of the host belong to a reboot too.
scripts_at_reboot() {
	local old
	make 900
	printf '#!/bin/sh\necho "$(basename "$0")" >>%s\n' "$KTAP_TMP/log" >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	cp "$etc/conf/900.mount" "$etc/conf/900.postumount"
	cloisonctl --quiet start 900 --wait
	watching
	old=$(init_of 900)
	cloisonctl exec 900 reboot -f || true
	wait_for other_init 900 "$old"
	cloisonctl exec 900 halt -f || true
	wait_for is_swept 900
	[[ $(tr '\n' ' ' <"$KTAP_TMP/log") == "900.mount 900.postumount 900.mount 900.postumount " ]]
	end_watch
	rm "$etc"/conf/900.{mount,postumount}
}

ktap_plan 12
run_case "events as text" text
run_case "events as JSON, of some containers" json
run_case "events end with their reader" ends_with_its_reader
run_case "events over a reload of the module" over_a_reload
run_case "a container that reboots comes back" guest_reboots
run_case "what ended while nobody watched" found_dead
run_case "a container that does nothing but reboot" reboot_loop
run_case "many that reboot at once" wave
run_case "events that were lost count no reboot twice" lost_count_once
run_case "containers that hang hold nobody up" hang
run_case "a container that is locked" locked_meanwhile
run_case "action scripts at a reboot" scripts_at_reboot
ktap_finish
