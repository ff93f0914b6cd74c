#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 700
# OpenVZ's files in /proc: formats, who sees what, and that they come and go.

. "$(dirname "$0")/acct-lib.sh"

names="kmemsize lockedpages privvmpages shmpages dummy numproc physpages vmguarpages oomguarpages numtcpsock numflock
	numpty numsiginfo tcpsndbuf tcprcvbuf othersockbuf dgramrcvbuf numothersock dcachesize numfile dummy dummy dummy
	dummy"

# rows FILE ID: the names, where every line is as wide as OpenVZ has it
rows() {
	awk -v id="$2:" '
		/^Version: 2\.5$/ && NR == 1 { next }
		NR == 2 {
			if ($0 !~ /^       uid  resource  +held  +maxheld  +barrier  +limit  +failcnt$/)
				print "head"
			next
		}
		length($0) != 129 { print "width", length($0) }
		$1 ~ /:$/ { mine = $1 == id; $1 = ""; $0 = $0 }
		NF != 6 { print "fields", NF }
		mine { print $1; for (i = 2; i <= 6; i++) if ($i !~ /^[0-9]+$/) print "number", $i }' "$1" | xargs
}

formats() {
	local want
	want=$(xargs <<<"$names")
	is "$(rows /proc/user_beancounters 900)" "$want"
	is "$(rows /proc/user_beancounters 901)" "$want"
	want="$(tr ' ' '\n' <<<"$want" | grep -v dummy | xargs) swappages"
	is "$(rows /proc/bc/resources 901)" "$want"
	# of one, with nothing in front
	is "$(awk 'length($0) != 129 { print "width" } { print $1 }' /proc/bc/900/resources | xargs)" "$want"
	# where each can be read in a small buffer
	is "$(dd if=/proc/user_beancounters bs=100 2>/dev/null | grep -c .)" "$(grep -c . /proc/user_beancounters)"
}

veinfo() {
	is "$(awk '{ print $1, $2, NF }' /proc/vz/veinfo | xargs)" "0 0 3 900 0 5 901 0 3"
	[[ $(sed -n 2p /proc/vz/veinfo) =~ ^\ {7}900\ {5}0\ +[0-9]+\ {7}10\.0\.90\.2\ fd00:0000:0000:0000:0000:0000:0000:0902$ ]]
	is "$(cat /proc/vz/veip)" "Version: 2.5
$(printf '%39s %10u\n' 10.0.90.2 900 fd00:0000:0000:0000:0000:0000:0000:0902 900)"
	is "$(cat /proc/vz/version)" "cloison $(cloisonctl version --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')"
}

vestat() {
	is "$(awk 'NR > 1 { print $1, NF }' /proc/vz/vestat | xargs)" "VEID 12 900 12 901 12"
	awk 'NR == 1 && $0 !~ /^Version: 2\.2/ { exit 1 }
		NR > 1 && length($0) != 12 * 21 - 1 { exit 1 }
		# ticks and nanoseconds of the uptime agree, and of all time used is a part
		NR > 2 && ($8 / 1e7 - $5 > 1 || $8 / 1e7 < $5 || $9 < ($2 + $3 + $4) * 1e7 - 3e7 || !$9) { exit 1 }' \
		/proc/vz/vestat
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

host_sees() {
	is "$(awk 'NR > 2 && $1 ~ /:$/ { print $1 }' /proc/user_beancounters | xargs)" "900: 901:"
	not as_nobody cat /proc/user_beancounters
	not as_nobody cat /proc/vz/veinfo
	not as_nobody cat /proc/bc/resources
	not as_nobody ls /proc/bc
	# root without the capabilities, and root of a user namespace of his own
	not setpriv --bounding-set -dac_override --inh-caps -dac_override cat /proc/user_beancounters
	not unshare --user --map-root-user cat /proc/user_beancounters
	is "$(find /proc/bc -mindepth 1 -printf '%P %m\n' | sort | xargs)" \
		"900 500 900/resources 400 901 500 901/resources 400 resources 400"
}

in900() {
	cloisonctl exec2 900 "$@"
}

container_sees() {
	is "$(in900 cat /proc/user_beancounters | awk 'NR > 2 && $1 ~ /:$/ { print $1 }')" 900:
	is "$(in900 cat /proc/vz/veinfo | awk '{ print $1, NF }')" "900 5"
	is "$(in900 cat /proc/vz/vestat | awk 'NR > 2 { print $1 }')" 900
	not in900 ls /proc/bc
	not in900 cat /proc/bc/resources
	not in900 cat /proc/bc/901/resources
	not in900 cat /proc/vz/veip
	# it is there: systemd asks for that alone
	in900 test -e /proc/bc
	in900 test -d /proc/vz
	# which the template has no user for
	in900 "chmod 755 / /bin /lib /usr; echo guest:x:1000:1000::/:/bin/sh >>/etc/passwd" || true
	is "$(in900 su guest -c "'id -u; test -e /proc/user_beancounters && echo there'" | xargs)" "1000 there"
	not in900 su guest -c "'cat /proc/user_beancounters'"
	not in900 su guest -c "'cat /proc/vz/veinfo'"
	# one who comes in by another door is the host's, and is not the host's root
	local init
	init=$(init_of 900)
	not nsenter -t "$init" -U -p -m cat /proc/user_beancounters
}

switched_off() {
	local was
	was=$(systemd-detect-virt) || true
	rmmod cloison_acct
	[[ ! -e /proc/bc && ! -e /proc/vz && ! -e /proc/user_beancounters ]]
	is "$(systemd-detect-virt)" "$was"
	not systemd-detect-virt --container --quiet
	modprobe cloison_acct proc=0
	[[ ! -e /proc/bc && ! -e /proc/vz && ! -e /proc/user_beancounters ]]
	[[ $(cloisonctl list -Ho numfile 900) -gt 0 ]]
	rmmod cloison_acct
	modprobe cloison_acct
	is "$(systemd-detect-virt)" "$was"
	not systemd-detect-virt --container --quiet
	[[ $(bc 900 numfile) -gt 0 ]]
}

# While files are read, and one is open.
reloads() {
	local i
	readers 5 100
	exec {open}</proc/user_beancounters
	read -ru "$open"
	for ((i = 0; i < 6; i++)); do
		rmmod cloison_acct
		modprobe cloison_acct
	done
	not read -ru "$open"
	exec {open}<&-
	stop_readers
	[[ $(bc 900 numproc) -gt 0 ]]
}

# readers COUNT ROUNDS: of everything, again and again
readers() {
	local i
	reading=()
	for ((i = 0; i < $1; i++)); do
		for ((j = 0; j < $2; j++)); do
			cat /proc/user_beancounters /proc/bc/resources /proc/bc/*/resources /proc/vz/ve*
		done >/dev/null 2>&1 &
		reading+=($!)
	done
}

stop_readers() {
	kill "${reading[@]}" 2>/dev/null || true
	wait "${reading[@]}" || true
}

deaths() {
	local counters vestat
	"$here/acct/work" readers 500 /proc/user_beancounters &
	counters=$!
	"$here/acct/work" readers 500 /proc/vz/vestat &
	vestat=$!
	cloisonctl --quiet stop 901 --fast
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	wait "$counters"
	wait "$vestat"
	cloisonctl --quiet start 901 --wait
	is "$(awk 'NR > 2 && $1 ~ /:$/ { print $1 }' /proc/bc/resources | grep -c 901)" 1
	cloisonctl --quiet stop 901 --fast
	[[ ! -e /proc/bc/901 ]]
}

# Its own limits may stop a reader wherever it is: nobody else waits for it.
slow_readers() {
	local i answers=0 group=/sys/fs/cgroup/cloison/902
	holder 902
	hold file 900
	hold child 20
	for ((i = 0; i < 8; i++)); do
		cloisonctl exec2 902 'while :; do cat /proc/user_beancounters /proc/vz/ve*; done' &
	done >/dev/null 2>&1 </dev/null
	reading_there() { [[ $(cloisonctl exec2 902 'ls /proc' | grep -cE '^[0-9]+$') -ge 30 ]]; }
	wait_for reading_there
	echo "1000 100000" >"$group/cpu.max"
	for ((i = 0; i < 5; i++)); do
		[[ $(timeout 10 cat /proc/bc/902/resources | wc -l) -lt 10 ]] || answers=$((answers + 1))
	done
	timeout 10 cloisonctl --quiet set 902 --numflock 10:20 2>/dev/null || answers=-1
	echo max >"$group/cpu.max"
	is "$answers" 5
	cloisonctl --quiet stop 902 --fast
	wait || true
}

# Registered by somebody else, with a cgroup that was removed: no reason not to load.
without_cgroup() {
	local group=/sys/fs/cgroup/cloison/905
	mkdir "$group"
	"$here/nl/nl_test" new id=905 "cgroup=$(stat -c %i "$group")"
	rmmod cloison_acct
	rmdir "$group"
	modprobe cloison_acct
	is "$(bc 905 vmguarpages)" 0
	is "$(bc 905 numproc)" ""
	# nor is one that takes its place the container's
	rmmod cloison_acct
	mkdir "$group"
	modprobe cloison_acct
	is "$(bc 905 numproc)" ""
	rmdir "$group"
	"$here/nl/nl_test" del id=905
	[[ ! -e /proc/bc/905 ]]
}

ktap_plan 10
make_running 900 --ipadd 10.0.90.2 --ipadd fd00::902
make_running 901
ktap_run "formats of beancounters" formats
ktap_run "veinfo, veip, version" veinfo
ktap_run "vestat" vestat
ktap_run "what the host sees" host_sees
ktap_run "what a container sees" container_sees
ktap_run "switched off, and what systemd takes the host for" switched_off
ktap_run "loaded and unloaded while files are read" reloads
ktap_run "a cgroup that was removed" without_cgroup
ktap_run "readers without time of their own" slow_readers
ktap_run "1,000 readers while containers die" deaths
ktap_finish
