#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# icount: no
# timeout: 3600
# memory: 3072
# Live migrations there and back, while a third machine asks all the time:
#
#	third, 10.98.0.2 ---- 10.98.0.1, node1, 10.99.0.1 ---- 10.99.0.2, node2
#
# how long a container stands still, against what CRIU alone takes to dump and to restore the same processes, with the images
# in memory, the least of both; the longest time a client waits for an answer, against the longest freeze; what is sent,
# against files and memory. No request may fail. Of three containers: busybox with a web server; Debian with systemd and
# nginx; the same with 256 MB of memory that is idle, where CRIU alone is what it would take without rounds that go before.
# MIGRATIONS=N, 4 without, of each; KINDS="busybox systemd idle".
#
# shellcheck disable=SC2029 # what is for node2 may expand here

# Machines with two processors and a clock: times depend on the host, only ratios of one run say something.

here=$(dirname "$0")
. "$here/parts/lib.sh"

migrations=${MIGRATIONS:-4}
kinds=${KINDS:-busybox systemd idle}
private=/var/lib/cloison/private/900
tmp=$(mktemp -d)

on() {
	if [[ $1 == 1 ]]; then
		"${@:2}"
	else
		ssh node2 "${@:2}"
	fi
}

third() {
	ip netns add third
	ip link add third0 type veth peer name eth0 netns third
	ip addr add 10.98.0.1/24 dev third0
	ip link set third0 up
	ip -n third link set lo up
	ip -n third addr add 10.98.0.2/24 dev eth0
	ip -n third link set eth0 up
	ip -n third route add default via 10.98.0.1
	ssh node2 'modprobe -a cloison cloison_net; ip route add 10.98.0.0/24 via 10.99.0.1'
}

page() {
	head -c 20000 /bin/busybox | base64
	echo "the whole page"
}

make_busybox() {
	once cloisonctl --quiet create 900 --ostemplate busybox --ipadd 10.99.0.100 --ram 128M
	mkdir -p $private/fs/www
	page >$private/fs/www/page
	# memory that is not all zeroes
	printf '#!/bin/sh\nv=$(base64 /bin/busybox | head -c 8000000)\nwhile :; do sleep 1; done\n' >$private/fs/root/hold
	chmod 755 $private/fs/root/hold
	once cloisonctl --quiet start 900 --wait
	once cloisonctl exec 900 'httpd -p 80 -h /www; nc -ll -p 7 -e cat </dev/null >/dev/null 2>&1 &
		setsid /root/hold </dev/null >/dev/null 2>&1 &'
	sleep 10
}

make_systemd() {
	once cloisonctl --quiet create 900 --ostemplate services --layout overlay --ipadd 10.99.0.100 --ram 768M
	once cloisonctl --quiet start 900 --wait
	page | cloisonctl exec 900 'cat >/var/www/html/page'
	once cloisonctl exec 900 'printf "[Socket]\nListenStream=7\nAccept=yes\n" >/etc/systemd/system/echo.socket
		printf "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n" >/etc/systemd/system/echo@.service
		systemctl daemon-reload && systemctl start echo.socket'
}

make_idle() {
	local fill='for i = 1, 250000 do redis.call("set", i, i .. string.rep("x", 1000)) end'
	make_systemd
	# else it forks, to save what is in there, when it likes
	once cloisonctl exec 900 "redis-cli config set save ''"
	once cloisonctl exec 900 "redis-cli eval '$fill' 0"
	awk '$1 == "anon" && $2 > 250000000 { found = 1 } END { exit !found }' /sys/fs/cgroup/cloison/900/memory.stat
}

# criu_ms: what CRIU takes to dump and restore it, images in memory, the best of three
criu_ms() {
	local i dumped restored took='s/^CRIU took \([0-9]*\) ms, and waited for \([0-9]*\) .*/\1 - \2/p'
	mkdir -p /var/lib/cloison/dump
	mount -t tmpfs tmpfs /var/lib/cloison/dump
	for ((i = 0; i < 3; i++)); do
		dumped=$(cloisonctl --verbose suspend 900 2>&1 | tee -a "$tmp/suspend" |
			sed -n "$took")
		restored=$(cloisonctl --verbose resume 900 2>&1 | tee -a "$tmp/resume" |
			sed -n "$took")
		echo $((dumped + restored))
	done | sort -n | head -n 1
	umount /var/lib/cloison/dump
}

# field NAME FILE: of a report
field() {
	grep -o "\"$1\": *[0-9]*" "$2" | head -n 1 | grep -o '[0-9]*$'
}

# steps FILE: where the time without the container goes
steps() {
	tr -d '\n ' <"$1" | grep -o '{"step":[^}]*"down":true}' |
		sed 's/.*"step":"\([^"]*\)","ms":\([0-9]*\).*/\1 \2/' | tr '\n' ',' | sed 's/,$//; s/,/ ms, /g; s/$/ ms/'
}

# moves KIND
moves() {
	local kind=$1 memory files criu client i from gap failed
	rm -f "$tmp"/*
	"make_$kind"
	memory=$(awk '$1 == "anon" || $1 == "shmem" { n += $2 } END { print n }' /sys/fs/cgroup/cloison/900/memory.stat)
	files=$(du -sx --block-size=1 $private | cut -f 1)
	criu=$(criu_ms)
	[[ $criu -gt 0 ]] || {
		tail -n 5 "$tmp/suspend" "$tmp/resume"
		exit 1
	}
	mkfifo "$tmp/stop"
	exec 7<>"$tmp/stop"
	ip netns exec third python3 "$here/parts/migrate-client.py" 10.99.0.100 <"$tmp/stop" >"$tmp/client" 2>&1 7<&- &
	client=$!
	sleep 5
	for ((i = 1; i <= migrations; i++)); do
		from=$((2 - i % 2))
		on $from cloisonctl migrate --live --json node$((3 - from)) 900 >"$tmp/report.$i" 2>"$words" || {
			cat "$tmp/report.$i" "$words"
			tail -n 5 "$tmp/client"
			exit 1
		}
		[[ ! -s $words ]] || cat "$words"
		echo "$kind, migration $i: down $(field down_ms "$tmp/report.$i") ms: $(steps "$tmp/report.$i")"
		field down_ms "$tmp/report.$i" >>"$tmp/down"
		sleep 5
	done
	exec 7>&-
	wait $client || true
	grep failed "$tmp/client" || true
	failed=$(grep -c failed "$tmp/client" || true)
	awk '{ n[$1]++; if ($3 > most[$1]) most[$1] = $3 } END { for (k in n) print k ": " n[k] ", the slowest " most[k] " ms" }' "$tmp/client"
	gap=$(awk '$3 != "failed" && $3 > most { most = $3 } END { print most }' "$tmp/client")
	result "migrate.freeze.$kind" "$(sort -n "$tmp/down" | head -n 1)" "$criu" "CRIU alone" ms lower
	result "migrate.gap.$kind" "$gap" "$(sort -n "$tmp/down" | tail -n 1)" "the freeze" ms lower
	result "migrate.bytes.$kind" "$(field bytes "$tmp/report.1")" $((files + memory)) "files and memory" bytes lower
	echo "$failed of $(wc -l <"$tmp/client") requests failed"
	[[ $failed -eq 0 ]] || missed=1
	on $((1 + migrations % 2)) cloisonctl --quiet stop 900 --fast
	on $((1 + migrations % 2)) cloisonctl --quiet destroy 900
}

third
for kind in $kinds; do
	moves "$kind"
done
finish
