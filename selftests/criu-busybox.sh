#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.12
# A small container goes through dump and restore, twice, with processes, a pipe and a TCP connection at work; and goes
# on if it cannot be dumped.

. "$(dirname "$0")/criu/lib.sh"

# Numbers flow into a file, through a pipe, and through a connection; a missing one would be noticed.
starts() {
	start busybox
	cat >"$fs/root/work" <<-'EOF'
		#!/bin/sh
		numbers() {
			n=0
			while :; do
				n=$((n + 1))
				echo $n
				sleep 0.1
			done
		}
		follow() {
			last=0
			while read -r n; do
				[ "$n" = $((last + 1)) ] || echo "$last, then $n" >>"/tmp/$1.lost"
				last=$n
				echo $n >"/tmp/$1"
			done
			echo "end after $last" >>"/tmp/$1.lost"
		}
		"$@"
	EOF
	# nc gives its connection to the program: it would itself end when a poll is interrupted, as a restore does.
	cat >"$fs/root/all" <<-'EOF'
		#!/bin/sh
		/root/work numbers >>/tmp/file &
		/root/work numbers | /root/work follow pipe &
		nc -l -p 7000 -e /root/work follow tcp &
		sleep 1
		nc 127.0.0.1 7000 -e /root/work numbers &
	EOF
	chmod +x "$fs/root/work" "$fs/root/all"
	inside '/root/all </dev/null >/dev/null 2>&1'
	working
}

# last WHAT: the number that came last.
last() {
	tail -n 1 "$fs/tmp/$1"
}

is_beyond() {
	[[ $(last "$1") -gt $2 ]]
}

working() {
	local what n
	for what in file pipe tcp; do
		n=$(last "$what" || echo 0)
		wait_for is_beyond "$what" $((n + 5))
	done
	awk '$1 != NR { print NR, "is", $1; exit 1 }' "$fs/tmp/file"
	not cat "$fs"/tmp/*.lost
}

runs_commands() {
	register
	[[ -x $nl ]] || return 0
	inside 'netstat -tn' | grep '127.0.0.1:7000.*ESTABLISHED'
	not inside 'echo 1 >/proc/sys/kernel/sysrq'
	inside 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

# A process in a namespace of its own kind, which criu refuses.
refused() {
	look "$tmp/before"
	inside 'unshare -u sleep 9999 </dev/null >/dev/null 2>&1 &'
	wait_for pgrep -f '^sleep 9999'
	not checkpoint_dump "$ct" "$tmp/refused"
	grep "Can't dump nested uts namespace" "$tmp/refused/dump.log"
	[[ $(cloisonctl status "$ct") == *" running" ]]
	working
	# None is stopped or traced still; some come and go.
	pgrep --uid "$(<"$tmp/ids")" | sed 's,.*,/proc/&/status,' >"$tmp/tasks"
	not xargs grep -qsE '^(TracerPid:.[1-9]|State:.[tT])' <"$tmp/tasks"
	pkill -f '^sleep 9999'
	look "$tmp/after"
	diff "$tmp/before" "$tmp/after"
}

ktap_plan 14
check "start" starts
check "what cannot be dumped runs on" refused
for time in "" ", again"; do
	check "dump$time" dump
	check "restore$time" restore
	check "work goes on$time" working
	check "clock goes on$time" clock_goes_on
	check "known to the tool$time" runs_commands
done
check "nothing is left" ends
check "a second life" starts
ktap_finish
