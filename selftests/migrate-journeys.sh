#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# A container that travels: after each journey the processes are the same ones, who waited waits, they have what they had in
# memory, and however often it went nothing of it is left on either host. There and back JOURNEYS=N times; twice without.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

journeys=${JOURNEYS:-2}

# What a host has because of containers, as it is now.
belongings() {
	echo "mounts $(grep -c . /proc/self/mountinfo)"
	ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/link \1/' | sort
	ip -o addr show scope global | awk '{ print "address", $2, $4 }' | sort
	ip route | sort
	ip neigh show proxy | sort
	find /sys/fs/cgroup/cloison -type d 2>/dev/null | sort
	pgrep -l -x 'cloisonctl|criu|rsync|tar|zstd' | cut -d ' ' -f 2 | sort
	losetup -n -O BACK-FILE
	cloisonctl list -a -H -o ctid,status
	# of what became of the last sixteen attempts there is a note
	find /run/cloison /var/lib/cloison /etc/cloison -maxdepth 3 ! -path '*/fs/*' ! -path '*/tree/*' ! -name '*.kept' | sort
	grep -E '^(cloison|nft|nf_conntrack|loop|overlay)' /proc/modules | cut -d ' ' -f 1,3 | sort
	ls /sys/fs/bpf
}

on_both() {
	local node
	for node in 1 2; do
		on "$node" bash -c "$(declare -f belongings); belongings" >"$KTAP_TMP/$1.$node"
	done
}

as_before() {
	on_both after
	cmp "$KTAP_TMP/before.1" "$KTAP_TMP/after.1" && cmp "$KTAP_TMP/before.2" "$KTAP_TMP/after.2"
}

# program NAME: its text comes from stdin.
program() {
	cat >"$state/private/900/fs/root/$1"
	chmod 755 "$state/private/900/fs/root/$1"
}

programs() {
	# says again and again what it has in memory, which is no other's
	program hold <<-'EOF'
		#!/bin/sh
		v=$(head -c 300000 /dev/urandom | base64)
		n=0
		while :; do
			n=$((n + 1))
			echo $n $(echo "$v" | md5sum) >tmp.$1
			mv tmp.$1 said.$1
			sleep 1
		done
	EOF
	# those who stay: in a wait for a child, a sleep, a read, an open, an accept
	program begin <<-'EOF'
		#!/bin/sh
		cd /root
		mkfifo ask
		stays() {
			setsid "$@" </dev/null >/dev/null 2>&1 &
			echo $! >>pids
		}
		for n in 1 2 3; do
			stays ./hold $n
		done
		stays sleep 6000
		stays sh -c 'sleep 5000 | cat'
		stays sh -c 'while :; do read -r word <ask; echo "$word" >answer; done'
		stays nc -l -p 7 -e cat
	EOF
	# look WORD: who is there of them, what they have in memory; as they say it now, and not before
	program look <<-'EOF'
		#!/bin/sh
		cd /root
		echo "$1" >ask
		for n in 1 2 3; do
			before=$(cut -d ' ' -f 1 said.$n)
			until [ $(cut -d ' ' -f 1 said.$n) -gt $before ]; do
				sleep 1
			done
		done
		until [ "$(cat answer)" = "$1" ]; do
			sleep 1
		done
		for pid in $(cat pids); do
			echo "$pid $(tr '\0' ' ' </proc/$pid/cmdline)"
		done
		cut -d ' ' -f 2 said.1 said.2 said.3
	EOF
}

# look NODE
look() {
	on "$1" cloisonctl exec 900 timeout 90 /root/look "$RANDOM"
}

begins() {
	local n
	ssh node2 modprobe -a cloison cloison_net
	make_running 900 --ipadd 10.99.0.100 --ram 64M --name traveller
	programs
	cloisonctl exec 900 /root/begin
	for n in 1 2 3; do
		wait_for test -s "$state/private/900/fs/root/said.$n"
	done
	look 1 >"$KTAP_TMP/first"
	cat "$KTAP_TMP/first"
	[[ $(sort -u "$KTAP_TMP/first" | wc -l) -eq 10 && $(wc -w <"$KTAP_TMP/first") -gt 20 ]]
}

# journey: all is as it was, and the other host reaches it.
journey() {
	cloisonctl --quiet migrate --live node2 900
	look 2 | diff "$KTAP_TMP/first" -
	ping -n -q -c 1 -W 5 10.99.0.100
	ssh node2 cloisonctl --quiet migrate --live node1 900
	look 1 | diff "$KTAP_TMP/first" -
	ssh node2 ping -n -q -c 1 -W 5 10.99.0.100
}

travels() {
	local i
	for ((i = 1; i <= journeys; i++)); do
		echo "journey $i"
		journey
		# what is made once stays: notes of who had it, modules
		[[ $i -gt 1 ]] || on_both before
	done
}

# Some goes a little later.
leaves_nothing() {
	nowhere_left 2 900
	wait_for as_before || diff "$KTAP_TMP/before.1" "$KTAP_TMP/after.1"
	diff "$KTAP_TMP/before.2" "$KTAP_TMP/after.2"
}

ktap_plan 3
ktap_run_next "a container with processes" begins
ktap_run_next "there and back" travels
ktap_run_next "nothing is left" leaves_nothing
ktap_finish
