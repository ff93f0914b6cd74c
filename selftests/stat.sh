#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# stat and metrics: use moves the right figure by the right amount, and what is printed can be read by others.

. "$(dirname "$0")/cli-lib.sh"

# value METRIC ID [LABEL]: the sample's number, 0 if there is none.
value() {
	cloisonctl metrics | awk -v begin="cloison_$1{ctid=\"$2\"" -v label="${3:-}" '
		index($1, begin) == 1 && index($0, label) { print $NF; found = 1; exit }
		END { if (!found) print 0 }'
}

# grows METRIC ID LEAST MOST BEFORE: the difference is in those bounds.
grows() {
	local now
	now=$(value "$1" "$2" "${6:-}")
	awk -v before="$5" -v now="$now" -v least="$3" -v most="$4" \
		'BEGIN { d = now - before; exit !(least <= d && d <= most) }' && return
	ktap_say "$1: $5, then $now: not $3 to $4 more"
	return 1
}

# kernel_has FILE: the container's cgroup has it; older kernels lack some.
kernel_has() {
	[[ -e /sys/fs/cgroup/cloison/900/$1 ]]
}

# until_grows COMMAND METRIC LEAST MOST BEFORE: the command runs until that is so: how long it takes is the machine's affair.
until_grows() {
	local worked="$1" metric="$2" least="$3" most="$4" before="$5"
	at_work() {
		$worked &&
			grows "$metric" 900 "$least" "$most" "$before"
	}
	wait_for at_work || at_work
}

# one_counts; two_count: in the container
one_counts() {
	cloisonctl exec 900 'i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done'
}

two_count() {
	cloisonctl exec 900 'for n in 1 2; do (i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done) & done; wait'
}

processor() {
	local usage user system
	make_running 900
	user=$(value cpu_user_seconds_total 900)
	until_grows one_counts cpu_user_seconds_total 0.02 60 "$user"
	read -r usage user system < <(cloisonctl metrics |
		awk '/^cloison_cpu_(usage|user|system)_seconds_total/ { printf "%s ", $NF } END { print "" }')
	awk -v t="$usage" -v u="$user" -v s="$system" 'BEGIN { exit !(u + s > t * 0.99 && u + s < t * 1.01) }'
	# one processor for two: one of them waits
	user=$(value cpu_waiting_seconds_total 900)
	cloisonctl set 900 --cpumask 0
	! kernel_has cpu.pressure || until_grows two_count cpu_waiting_seconds_total 0.01 60 "$user"
	user=$(value cpu_throttled_seconds_total 900)
	cloisonctl set 900 --cpulimit 10
	until_grows one_counts cpu_throttled_seconds_total 0.05 600 "$user"
}

# What cloison_sched counts, and who shows it.
scheduler() {
	local steal seen
	modprobe -a cloison_acct cloison_view cloison_sched
	make_running 900 --cpumask 0
	steal=$(value sched_steal_seconds_total 900)
	seen=$(cloisonctl exec 900 'cat /proc/stat' | awk '$1 == "cpu" { print $9 }')
	taskset -c 0 "$here/acct/busy" spin &
	until_grows one_counts sched_steal_seconds_total 0.02 60 "$steal"
	kill $!
	# ticks, of each of which a part may be missing
	[[ $(cloisonctl exec 900 'cat /proc/stat' | awk '$1 == "cpu" { print $9 }') -ge $((seen + 1)) ]]
	cloisonctl metrics >"$KTAP_TMP/metrics"
	format "$KTAP_TMP/metrics"
	awk -F '[ "]' '/^cloison_(sched_run|cpu_usage)_seconds_total/ { if ($1 ~ /cpu/) c = $NF; else s = $NF }
		END { exit !(s > 0 && s <= c * 1.02 + 0.01) }' "$KTAP_TMP/metrics"
	# buckets add up, and no wait is longer than its bucket, nor all of them than all waits
	awk -F '[ "]' '/^cloison_sched_latency_seconds_bucket/ {
			if ($NF < last) exit 1
			least += ($NF - last) * below
			if ($6 != "+Inf") most += ($NF - last) * (below = $6); else open = $NF - last
			last = $NF; n++
		}
		/^cloison_sched_wait_seconds_total/ { wait = $NF }
		/^cloison_sched_latency_seconds_sum/ { sum = $NF }
		/^cloison_sched_latency_seconds_count/ { count = $NF }
		END { exit !(n == 24 && last > 0 && count == last && sum >= least / 2 && (open || sum <= most) && sum <= wait + 1e-6) }' \
		"$KTAP_TMP/metrics"
	[[ $(value sched_peak 900) == [12] ]]
	[[ $(value cpu_throttles_total 900) == 0 ]]
	cloisonctl stat 900 >"$KTAP_TMP/stat"
	grep -qE '^  sched\.wait +[0-9]+\.[0-9]{3} s$' "$KTAP_TMP/stat"
	grep -qE '^  sched\.latency_99 +([0-9]+\.[0-9]{6} s|more)$' "$KTAP_TMP/stat"
	cloisonctl stat --json 900 | grep -q '"below_ns": 1024'
	# two processes that wake each other, there and back; on two CPUs one may have no need to sleep
	put 900
	steal=$(value sched_voluntary_total 900)
	cloisonctl exec 900 '/work ctx_switch 1000'
	grows sched_voluntary_total 900 1000 8000 "$steal"
	cloisonctl stat 900 | grep -qE '^  sched\.voluntary +[0-9]{4,}$'
	# maxlat, totlat, numsched
	awk '$1 == 900 { exit !($10 > 0 && $11 >= $10 && $12 > 0) }' /proc/vz/vestat
	modprobe -r cloison_sched
	awk '$1 == 900 { exit !($10 == 0 && $11 == 0 && $12 == 0) }' /proc/vz/vestat
	seen=$(cloisonctl exec 900 'cat /proc/stat' | awk '$1 == "cpu" { print $9 }')
	[[ $seen -ge 1 ]]
	not sh -c 'cloisonctl metrics | grep -q cloison_sched'
	modprobe -r cloison_acct
}

# Who installs and starts has it, unless the configuration says no.
by_itself() {
	configure LOAD_SCHED maybe
	expect_exit 21 cloisonctl status 900
	configure LOAD_SCHED no
	modprobe -r cloison_sched
	make_running 900
	[[ ! -e /sys/module/cloison_sched ]]
	cloisonctl --quiet stop 900 --fast
	configure LOAD_SCHED
	cloisonctl --quiet start 900 --wait
	[[ $(value sched_run_seconds_total 900) != 0 ]]
	modprobe -r cloison_sched
	cloisonctl --quiet stop 900 --fast
	# a kernel that it was not built for
	mount -t tmpfs none "/lib/modules/$(uname -r)/updates"
	expect_out 'Warning: The module cloison_sched cannot be loaded: ' cloisonctl start 900 --wait
	umount "/lib/modules/$(uname -r)/updates"
	is_running 900
}

memory() {
	local before shmem
	make_running 900 --ram 48M --swap 0
	[[ $(value memory_limit_bytes 900) == 50331648 && $(value swap_limit_bytes 900) == 0 ]]
	before=$(value memory_used_bytes 900)
	shmem=$(value memory_shmem_bytes 900)
	cloisonctl exec 900 'dd if=/dev/zero of=/dev/shm/x bs=1M count=16'
	grows memory_shmem_bytes 900 16777216 16777216 "$shmem"
	grows memory_used_bytes 900 16000000 25000000 "$before"
	cloisonctl exec 900 'rm /dev/shm/x'
	[[ $(value memory_shmem_bytes 900) == "$shmem" ]]
	! kernel_has memory.peak || [[ $(value memory_peak_bytes 900) -gt $((before + 16000000)) ]]
	[[ $(value memory_oom_kills_total 900) == 0 ]]
	not cloisonctl exec 900 'dd if=/dev/zero of=/dev/null bs=64M count=1'
	[[ $(value memory_oom_kills_total 900) -ge 1 && $(value memory_limit_hits_total 900) -ge 1 ]]
	cloisonctl set 900 --ram unlimited
	[[ $(value memory_limit_bytes 900) == +Inf ]]
}

# put ID: the program that does things again and again
put() {
	install -m 755 "$here/acct/work" "$state/private/$1/fs/work"
}

# Page faults, to the number; they are told every two seconds.
faults() {
	local before
	make_running 900 --ram 64M
	put 900
	before=$(value memory_faults_total 900)
	cloisonctl exec 900 '/work page_fault 2560'
	# once more to warm up, a tenth; and those of who is there
	faulted() { grows memory_faults_total 900 2816 6000 "$before"; }
	wait_for faulted || faulted
	cloisonctl stat 900 | grep -qE '^  memory\.faults +[0-9]{4,}$'
	# from the disk, and nobody else's
	before=$(value memory_major_faults_total 900)
	cloisonctl exec 900 'sync'
	echo 3 >/proc/sys/vm/drop_caches
	cloisonctl exec 900 '/work nothing 1'
	major() { grows memory_major_faults_total 900 1 10000 "$before"; }
	wait_for major || major
}

# What waits for memory and for the disk is told as waiting: a file that does not fit, again and again.
pressures() {
	local memory io
	make_running 900 --ram 24M --swap 0
	kernel_has memory.pressure && kernel_has io.pressure || return "$KTAP_SKIP"
	memory=$(value memory_waiting_seconds_total 900)
	io=$(value io_waiting_seconds_total 900)
	# by the host: who writes as fast as that at his limit may be killed
	head -c 50331648 /dev/zero >"$state/private/900/fs/big"
	chmod 644 "$state/private/900/fs/big"
	sync
	echo 3 >/proc/sys/vm/drop_caches
	thrashed() {
		cloisonctl exec 900 'cat /big /big >/dev/null'
		grows memory_waiting_seconds_total 900 0.0001 600 "$memory" && grows io_waiting_seconds_total 900 0.0001 600 "$io"
	}
	wait_for thrashed || thrashed
	cloisonctl stat 900 | grep -qE '^  io\.waiting +[0-9.]+ s$'
	cloisonctl stat --json 900 | grep -qE '"stalled_us": [0-9]+'
	# its own file says the same, or has gone on
	io=$(value io_waiting_seconds_total 900)
	cloisonctl exec 900 'cat /proc/pressure/io' |
		awk -F 'total=' -v told="$io" '/^some/ { exit !($2 >= told * 1e6 - 1) }'
}

# The container's load, for the host, is what its own file has.
load() {
	make_running 900
	cloisonctl exec 900 'while :; do :; done' </dev/null >/dev/null 2>&1 &
	up() { [[ $(value load1 900) != @(0|0.00) ]]; }
	wait_for up
	own() { cloisonctl exec 900 'cat /proc/loadavg' | cut -d ' ' -f 1-3 | tr ' ' /; }
	same() { [[ $(cloisonctl list -Ho laverage 900 | xargs) == "$(own)" ]]; }
	wait_for same
	cloisonctl list -jo laverage 900 | python3 -c 'import json, sys
one, five, fifteen = json.load(sys.stdin)[0]["laverage"]
assert one > five >= fifteen >= 0'
	cloisonctl stat 900 | grep -qE '^  load\.1 +[0-9]+\.[0-9]{2}$'
	cloisonctl stat --json 900 | python3 -c 'import json, sys
assert json.load(sys.stdin)[0]["load"]["1"] > 0'
	cloisonctl metrics | grep -qE '^cloison_load15\{ctid="900",name=""\} [0-9]+\.[0-9]{2}$'
	# what all have is nothing for one of them, by whatever way he comes to it
	enters() (echo "$BASHPID" >/sys/fs/cgroup/cloison/900/cloison-exec/cgroup.procs && cat)
	not enters </sys/fs/cloison/loads
	[[ $(cut -d ' ' -f 1 /sys/fs/cloison/loads) == 900 ]]
	not setpriv --reuid 65534 --regid 65534 --clear-groups cat /sys/fs/cloison/loads
	cloisonctl --quiet stop 900 --fast
	[[ $(cloisonctl list -Hao laverage 900 | xargs) == - ]]
}

processes() {
	local before
	make_running 900 --numproc 40
	before=$(value processes_current 900)
	cloisonctl exec 900 'for i in 1 2 3 4 5 6 7; do sleep 1000 >/dev/null 2>&1 & done'
	grows processes_current 900 7 7 "$before"
	[[ $(value processes_limit 900) == 40 && $(value processes_refused_total 900) == 0 ]]
	not cloisonctl exec 900 'for i in $(seq 60); do sleep 1000 >/dev/null 2>&1 & done'
	[[ $(value processes_refused_total 900) -ge 1 ]]
}

devices() {
	local before device
	# the disk that its files are on
	device=$(mountpoint -d /)
	make_running 900
	before=$(value device_written_bytes_total 900 "\"$device\"")
	cloisonctl exec 900 'dd if=/dev/zero of=/x bs=1M count=4; sync'
	# what the file system writes beside it may be charged too
	grows device_written_bytes_total 900 4194304 8388608 "$before" "\"$device\""
	[[ $(value device_writes_total 900 "\"$device\"") -gt 0 ]]
}

network() {
	ip link del br0 2>/dev/null || true
	ip link add br0 type bridge
	ip addr add 10.0.92.1/24 dev br0
	ip link set br0 up
	make_running 900 --ipadd 10.0.91.2 --netif_add eth0,,,,br0
	cloisonctl exec 900 'ip addr add 10.0.92.2/24 dev eth0'
	ping -n -q -c 5 -i 0.1 -W 10 -s 1000 10.0.91.2
	[[ $(value network_received_packets_total 900 venet0) == 5 && $(value network_sent_packets_total 900 venet0) == 5 ]]
	[[ $(value network_received_bytes_total 900 venet0) == $((5 * 1028)) ]]
	before=$(value network_received_bytes_total 900 eth0)
	sent=$(value network_sent_packets_total 900 eth0)
	ping -n -q -c 5 -i 0.1 -W 10 -s 1000 10.0.92.2
	# with the frame's head; and ARP
	grows network_received_bytes_total 900 $((5 * 1042)) 7000 "$before" eth0
	grows network_sent_packets_total 900 5 20 "$sent" eth0
	# a source that is not its own
	cloisonctl exec 900 'ip addr add 10.0.91.77 dev venet0; ping -c 2 -W 1 -I 10.0.91.77 10.9.9.9' || true
	[[ $(value network_sent_drops_total 900 venet0) -ge 2 ]]
	[[ $(value network_sent_drops_by_reason_total 900 'venet0",reason="spoofed"') -ge 2 ]]
	before=$(value network_sent_drops_by_reason_total 900 'venet0",reason="scope"')
	not sh -c 'cloisonctl metrics | grep "by_reason.*eth0"'
	cloisonctl exec 900 'ping -c 1 -W 1 224.0.0.5' || true
	grows network_sent_drops_by_reason_total 900 1 5 "$before" 'venet0",reason="scope"'
	# they are the sum
	cloisonctl metrics >"$KTAP_TMP/metrics"
	format "$KTAP_TMP/metrics"
	awk '/^cloison_network_sent_drops_total.*venet0/ { all = $NF }
		/^cloison_network_sent_drops_by_reason_total/ { sum += $NF; n++ }
		END { exit !(n == 9 && all >= 3 && sum == all) }' "$KTAP_TMP/metrics"
	cloisonctl stat 900 | grep -qE '^    sent, dropped: [1-9][0-9]* scope, [1-9][0-9]* spoofed$'
	not sh -c 'cloisonctl stat 900 | grep -q "received, dropped"'
	cloisonctl stat --json 900 | tr -d ' \n' | grep -qE '"drops_by_reason":\{[^}]*"scope":[1-9][0-9]*,"spoofed":[1-9]'
	# what it calls an interface, or says of it, is its own business
	nsenter -t "$(init_of 900)" -n ip link add more type dummy
	[[ $(value network_sent_packets_total 900 more) == 0 ]]
	cloisonctl stop 900 --fast
	ip link del br0
}

# Packets that wait, and what a hold has no room for.
held() {
	make_running 900 --ipadd 10.0.91.2
	[[ $(value network_received_held_packets_total 900) == 0 ]]
	"$here/nl/net_test" hold id=900 packets=3
	not ping -n -q -c 5 -i 0.1 -W 1 10.0.91.2
	[[ $(value network_received_held_packets_total 900 venet0) == 3 && $(value network_received_queued_packets 900 venet0) == 3 ]]
	[[ $(value network_received_queued_bytes 900 venet0) -ge 252 && $(value network_sent_held_packets_total 900 venet0) == 0 ]]
	[[ $(value network_received_drops_by_reason_total 900 hold_full) == 2 ]]
	cloisonctl stat 900 | grep -qE '^    received, dropped: 2 hold_full$'
	cloisonctl stat 900 | grep -qE '^    received, held: 3 packets, [0-9.]+K? in 3 wait now$'
	cloisonctl metrics >"$KTAP_TMP/metrics"
	format "$KTAP_TMP/metrics"
	"$here/nl/net_test" discard id=900
	"$here/nl/net_test" release id=900
	[[ $(value network_received_queued_packets 900 venet0) == 0 && $(value network_received_held_packets_total 900 venet0) == 3 ]]
	[[ $(value network_received_drops_by_reason_total 900 discarded) == 3 ]]
	[[ $(value network_received_drops_total 900 venet0) == 5 ]]
	ping -c 1 -W 5 10.0.91.2
}

text_and_json() {
	make 901
	make_running 900 --name "web server" --ram unlimited
	cloisonctl stat >"$KTAP_TMP/stat"
	grep -qE '^CTID 900 web server, up [0-9]+ s$' "$KTAP_TMP/stat"
	grep -qE '^  cpu\.usage +[0-9]+\.[0-9]{3} s$' "$KTAP_TMP/stat"
	grep -qE '^  memory\.used +[0-9.]+[KM]$' "$KTAP_TMP/stat"
	[[ $(grep -c ^CTID "$KTAP_TMP/stat") == 1 ]]
	diff <(cloisonctl stat "web server" | cut -d ' ' -f 1-3 | head -n 1) <(echo "CTID 900 web")
	cloisonctl stat --json 900 >"$KTAP_TMP/json"
	grep -qE '"usage_us": [0-9]+' "$KTAP_TMP/json"
	grep -qE '"name": "web server"' "$KTAP_TMP/json"
	# no limit is null
	grep -qE '"limit_bytes": null' "$KTAP_TMP/json"
	diff <(cloisonctl stat --json 900 | tr -d ' \n' | grep -o '"interfaces":\[\]') <(echo '"interfaces":[]')
	expect_exit 31 cloisonctl stat 901
	expect_exit 14 cloisonctl stat nobody
	expect_exit 20 cloisonctl stat --no-such-option
	expect_exit 20 cloisonctl metrics 900
	cloisonctl stop 900 --fast
	[[ -z $(cloisonctl stat) && $(cloisonctl stat --json) == "[]" ]]
}

# Every line is what the format allows; a family's head comes once, before its samples.
format() {
	awk '
		function bad(why) { print why ": " $0; failed = 1 }
		/^# HELP cloison_[a-z0-9_]+ ./ { if ($3 in seen) bad("twice"); help = $3; next }
		/^# TYPE cloison_[a-z0-9_]+ (counter|gauge|histogram)$/ {
			if ($3 != help) bad("no help"); seen[$3]; family = $3; type = $4
			if (($4 == "counter") != ($3 ~ /_total$/)) bad("name and type")
			next
		}
		/^cloison_[a-z0-9_]+\{ctid="[0-9]+",name="[^"]*"(,[a-z]+="[^"]+")*\} ([0-9]+(\.[0-9]+)?|\+Inf)$/ {
			split($1, part, "{"); if (type == "histogram") sub(/_(bucket|sum|count)$/, "", part[1])
			if (part[1] != family) bad("not in its family")
			if (line[substr($0, 1, length($0) - length($NF))]++) bad("twice")
			samples++; next
		}
		{ bad("not the format") }
		END { exit failed || samples < 20 }' "$1"
}

metrics() {
	local i pids=()
	make 901 --name down
	make_running 900 --ipadd 10.0.91.2
	modprobe cloison_acct
	cloisonctl metrics >"$KTAP_TMP/metrics"
	format "$KTAP_TMP/metrics"
	grep -qF 'cloison_up{ctid="900",name=""} 1' "$KTAP_TMP/metrics"
	grep -qF 'cloison_up{ctid="901",name="down"} 0' "$KTAP_TMP/metrics"
	grep -q 'cloison_beancounter_held{ctid="900",name="",resource="numproc"} [1-9]' "$KTAP_TMP/metrics"
	not grep -q 'held.*numiptent' "$KTAP_TMP/metrics"
	# a file is whole at all times, and for all to read
	cloisonctl metrics --output "$KTAP_TMP/x.prom"
	format "$KTAP_TMP/x.prom"
	[[ $(stat -c %a "$KTAP_TMP/x.prom") == 644 ]]
	for ((i = 0; i < 8; i++)); do
		cloisonctl metrics --output "$KTAP_TMP/x.prom" &
		pids+=($!)
	done
	for ((i = 0; i < 8; i++)); do
		format "$KTAP_TMP/x.prom"
		wait "${pids[i]}"
	done
	[[ $(echo "$KTAP_TMP"/*prom*) == "$KTAP_TMP/x.prom" ]]
	expect_exit 3 cloisonctl metrics --output /no/such/x.prom
	expect_exit 3 cloisonctl metrics --output /proc/x.prom
	expect_exit 21 cloisonctl metrics --output /dev/null
	[[ -c /dev/null ]]
	not sh -c 'cloisonctl metrics >/dev/full'
	# a file that nobody can read is warned of once
	for i in 900 901; do
		echo 'HOSTNAME="' >>"$etc/conf/$i.conf"
	done
	cloisonctl metrics 2>&1 >"$KTAP_TMP/metrics" | grep -o 'Warning: .*conf/90[01]' | sort >"$KTAP_TMP/warnings"
	cat "$KTAP_TMP/warnings"
	[[ $(uniq "$KTAP_TMP/warnings" | wc -l) == 2 && -z $(uniq -d "$KTAP_TMP/warnings") ]]
	grep -q 'cloison_up{ctid="900",name=""} 1' "$KTAP_TMP/metrics"
	sed -i '$d' "$etc/conf/900.conf" "$etc/conf/901.conf"
	modprobe -r cloison_acct
	cloisonctl metrics >"$KTAP_TMP/metrics"
	format "$KTAP_TMP/metrics"
	not grep -q beancounter "$KTAP_TMP/metrics"
}

# What is installed for node_exporter: its directory is made, and the file is written again and again.
timer() {
	local file=/var/lib/prometheus/node-exporter/cloison.prom first
	make_running 900
	rm -rf /var/lib/prometheus
	systemctl start cloison-metrics.timer
	wait_for test -s "$file"
	format "$file"
	grep -qF 'cloison_up{ctid="900",name=""} 1' "$file"
	first=$(stat -c %i "$file")
	written_anew() { [[ $(stat -c %i "$file") != "$first" ]]; }
	wait_for written_anew
	systemctl stop cloison-metrics.timer
	not systemctl is-failed cloison-metrics.service
	rm -rf /var/lib/prometheus
}

# Containers come and go meanwhile: what is there is told, and that is no error.
while_they_die() {
	local i
	make_running 900
	(for i in 1 2 3 4; do
		cloisonctl --quiet restart 900 --fast
	done) &
	while kill -0 $! 2>/dev/null; do
		cloisonctl stat >/dev/null
		cloisonctl metrics >"$KTAP_TMP/metrics"
		grep -qE '^cloison_up\{ctid="900",name=""\} [01]$' "$KTAP_TMP/metrics"
	done
	wait $!
}

ktap_plan 15
run_case "processors" processor
run_case "the scheduler's module" scheduler
run_case "the scheduler's module, by itself" by_itself
run_case "memory" memory
run_case "page faults" faults
run_case "pressure of memory and disks" pressures
run_case "load averages" load
run_case "processes" processes
run_case "devices" devices
run_case "networks" network
run_case "packets on hold" held
run_case "text and JSON" text_and_json
run_case "metrics" metrics
run_case "the timer for node_exporter" timer
run_case "while containers come and go" while_they_die
ktap_finish
