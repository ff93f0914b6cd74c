#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# A container's own view of the machine, with busybox.

. "$(dirname "$0")/view-lib.sh"

files='/proc/cpuinfo /proc/diskstats /proc/loadavg /proc/meminfo /proc/stat /proc/swaps /proc/uptime /proc/vmstat'
files+=' /sys/devices/system/cpu/online /sys/devices/system/cpu/possible /sys/devices/system/cpu/present'

# container: the one that most cases look at.
container() {
	is_running 900 2>/dev/null || make_running 900 --ram 64M --swap 0
}

# Who installs and starts has it, with nothing more to do.
by_itself() {
	wait_for view_unload
	expect_out 'ok .*cloison_view is not loaded: start does that' cloisonctl check modules
	make_running 900 --ram 64M --swap 0
	[[ $(mem MemTotal) == 65536 ]]
	in900 'grep -q cloisonview /proc/mounts'
	# it has gone meanwhile: the next start loads it again
	cloisonctl --quiet stop 900 --fast
	wait_for view_unload
	cloisonctl --quiet start 900 --wait
	[[ $(mem MemTotal) == 65536 ]]
	# a kernel that it was not built for
	cloisonctl --quiet stop 900 --fast
	wait_for view_unload
	mount -t tmpfs none "/lib/modules/$(uname -r)/updates"
	expect_out 'Warning: The module cloison_view cannot be loaded: ' cloisonctl start 900 --wait
	umount "/lib/modules/$(uname -r)/updates"
	[[ $(in900 echo in) == in ]]
}

without_module() {
	wait_for view_unload
	configure LOAD_VIEW maybe
	expect_exit 21 cloisonctl status 900
	configure LOAD_VIEW no
	expect_out 'hint.*cloison_view is not loaded' cloisonctl check modules
	make_running 900
	configure LOAD_VIEW
	[[ ! -e /sys/module/cloison_view ]]
	not in900 'grep cloisonview /proc/mounts'
	[[ $(mem MemTotal) == $(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) ]]
	# one that runs already bears that it comes, and has no view
	modprobe cloison_view
	expect_exit 0 cloisonctl check modules
	[[ $(in900 echo in) == in ]]
}

memory() {
	local free
	container
	[[ $(mem MemTotal) == 65536 && $(mem SwapTotal) == 0 && $(mem SwapFree) == 0 ]]
	[[ $(in900 'wc -l </proc/swaps') == 1 ]]
	[[ $(in900 'top -b -n 1' | awk '/^Mem:/ { print $2 + $4 }') == 65536 ]]
	# 32 MB that stay, to the page
	free=$(mem MemFree)
	in900 'head -c 33554432 /dev/zero >/dev/shm/x'
	[[ $(mem MemFree) -le $((free - 32768 + 4096)) ]]
	wait_for shmem_is 32768 65536
	adds_up
	in900 'rm /dev/shm/x'
	wait_for shmem_is 0 1024
	[[ $(mem MemFree) -ge $((free - 8192)) ]]
	# a limit that is changed
	cloisonctl --quiet set 900 --ram 96M
	[[ $(mem MemTotal) == 98304 ]]
	adds_up
	cloisonctl --quiet set 900 --ram 64M
}

shmem_is() {
	local now
	now=$(mem Shmem)
	[[ $now -ge $1 && $now -le $2 ]]
}

adds_up() {
	in900 'cat /proc/meminfo' | awk '
		{ v[$1] = $2 }
		function bad(what) { print what; exit 1 }
		END {
			if (!v["MemTotal:"] || v["MemTotal:"] < v["MemFree:"] + v["Cached:"] + v["SReclaimable:"])
				bad("total")
			if (v["MemAvailable:"] < v["MemFree:"] || v["MemAvailable:"] > v["MemTotal:"]) bad("available")
			if (v["SwapFree:"] > v["SwapTotal:"]) bad("swap")
			if (v["Slab:"] != v["SReclaimable:"] + v["SUnreclaim:"]) bad("slab")
		}'
}

# cpus ID: how many it has, which all that tells it must agree upon.
cpus() {
	cloisonctl exec2 "$1" '
		n=$(grep -c "^processor" /proc/cpuinfo)
		last=$((n - 1))
		[ "$(sed -n "s/^processor.*: //p" /proc/cpuinfo | tail -n 1)" = $last ] &&
		[ "$(grep -c "^cpu[0-9]" /proc/stat)" = $n ] && grep -q "^cpu$last " /proc/stat || exit 1
		[ $n = 1 ] && want=0 || want=0-$last
		for f in online possible present; do
			[ "$(cat /sys/devices/system/cpu/$f)" = $want ] || exit 1
		done
		echo $n'
}

processors() {
	local host
	host=$(nproc)
	container
	[[ $(cpus 900) == "$host" ]]
	cloisonctl --quiet set 900 --cpulimit 50
	[[ $(cpus 900) == 1 ]]
	cloisonctl --quiet set 900 --cpulimit 0
	[[ $(cpus 900) == "$host" ]]
	cloisonctl --quiet set 900 --cpumask $((host - 1))
	[[ $(cpus 900) == 1 && $(in900 nproc) == 1 ]]
	cloisonctl --quiet set 900 --cpumask all
	[[ $(cpus 900) == "$host" ]]
}

# When it was started, by the one file, and how long ago, by the other, make the time of day.
times() {
	container
	# shellcheck disable=SC2016 # $1 is awk's
	in900 'cat /proc/uptime; awk "/^btime/ { print \$2 }" /proc/stat; date +%s; cat /proc/uptime' >"$KTAP_TMP/times"
	awk -v cpus="$(nproc)" '
		NR == 1 { first = $1 }
		NR == 2 { boot = $1 }
		NR == 3 { passed = $1 - boot }
		NR == 4 && $2 > ($1 + 1) * cpus { exit 1 }
		NR == 4 { exit !(passed >= first - 2 && passed <= $1 + 2) }' "$KTAP_TMP/times"
	[[ $(in900 cut -d . -f 1 /proc/uptime) -lt $(cut -d . -f 1 /proc/uptime) ]]
	in900 uptime | grep -q 'load average'
}

# ticks: user and system time of the container.
ticks() {
	in900 "awk '\$1 == \"cpu\" { print \$2 + \$4 }' /proc/stat"
}

used_more_than() {
	[[ $(ticks) -gt $1 ]]
}

load_is_up() {
	[[ $(in900 'cut -d " " -f 1 /proc/loadavg') != 0.00 ]]
}

load() {
	local before
	container
	make_running 901
	before=$(ticks)
	in900 '(while :; do :; done) </dev/null >/dev/null 2>&1 & (while :; do :; done) </dev/null >/dev/null 2>&1 &'
	wait_for load_is_up
	wait_for used_more_than $((before + 100))
	# the two, and who reads; none of them is seen by another
	in900 'cut -d " " -f 4 /proc/loadavg' | grep -E '^[2-9]/[4-9]$'
	in900 "sed -n 's/^procs_running //p' /proc/stat" | grep -E '^[2-9]$'
	cloisonctl exec2 901 'cut -d " " -f 4 /proc/loadavg' | grep -E '^[12]/[1-5]$'
}

# Readers side by side, while the number of CPUs changes.
never_back() {
	local n
	container
	cat >"$state/private/900/fs/reader" <<-'EOS'
		BEGIN {
			for (i = 0; i < 60; i++) {
				while ((getline line <"/proc/stat") > 0) {
					if (split(line, f) < 10 || f[1] !~ /^cpu/)
						continue
					for (j = 2; j < 10; j++) {
						if (f[j] < seen[f[1] j]) {
							print f[1], j, seen[f[1] j], "then", f[j]
							exit 1
						}
						seen[f[1] j] = f[j]
					}
				}
				close("/proc/stat")
				getline up <"/proc/uptime"
				close("/proc/uptime")
				split(up, u)
				if (u[1] + 0 < last || u[2] + 0 < idle) {
					print "uptime", last, idle, "then", up
					exit 1
				}
				last = u[1] + 0
				idle = u[2] + 0
			}
		}
	EOS
	for n in 1 2 3 4 5 6; do
		in900 'awk -f /reader' >"$KTAP_TMP/reader.$n" 2>&1 &
		readers[n]=$!
	done
	for n in 100 200 50 0; do
		cloisonctl --quiet set 900 --cpulimit "$n"
	done
	for n in "${!readers[@]}"; do
		wait "${readers[n]}" || { cat "$KTAP_TMP/reader.$n" && return 1; }
	done
}
readers=()

odd_reads() {
	local whole
	container
	# one that does not change
	whole=$(in900 'md5sum </proc/cpuinfo')
	[[ $(in900 'dd if=/proc/cpuinfo bs=1 2>/dev/null | md5sum') == "$whole" ]]
	[[ $(in900 'dd if=/proc/cpuinfo bs=13 2>/dev/null | md5sum') == "$whole" ]]
	[[ $(in900 'dd if=/proc/cpuinfo bs=1M 2>/dev/null | md5sum') == "$whole" ]]
	[[ $(in900 'dd if=/proc/cpuinfo bs=1 skip=3 count=6 2>/dev/null') == cessor ]]
	[[ ! $(in900 'dd if=/proc/cpuinfo bs=1M skip=1 2>/dev/null') ]]
	[[ $(in900 'exec 3</proc/uptime; read a <&3; read b <&3; echo "${b:-end}"') == end ]]
	in900 "for f in $files; do
			cat \$f >/dev/null || exit 1
			! echo 1 >\$f && ! rm \$f || exit 1
		done"
}

become_900() {
	echo "$BASHPID" >/sys/fs/cgroup/cloison/900/cloison-exec/cgroup.procs
	head -n 1
}

of_whom() {
	local host file
	container
	host=$(head -n 1 /proc/meminfo)
	[[ $(head -n 1 "$point/meminfo") == "$host" ]]
	[[ $(<"$point/cpu.online") == "$(</sys/devices/system/cpu/online)" ]]
	[[ $(grep -c ^processor "$point/cpuinfo") == $(grep -c ^processor /proc/cpuinfo) ]]
	for file in "$point"/*; do
		[[ $file == */pressure.* ]] || cat "$file" >/dev/null
	done
	# the host through the container's mount, and one of the container by a descriptor of the host's
	[[ $(head -n 1 "/proc/$(init_of 900)/root/proc/meminfo") == "$host" ]]
	[[ $(become_900 <"$point/meminfo") == *" 65536 kB" ]]
}

# said NAME: of what sysinfo(2) says in the container
said() {
	in900 /sysinfo | sed -n "s/^$1 //p"
}

# The system call, which some programs ask where others read the files.
sysinfo() {
	local free
	[[ -e /sys/kernel/btf/cloison_view ]] || return "$KTAP_SKIP"
	container
	install -m 755 "$here/acct/sysinfo" "$state/private/900/fs/sysinfo"
	[[ $(said totalram) == 65536 && $(said bufferram) == 0 && $(said totalswap) == 0 && $(said freeswap) == 0 ]]
	[[ $(said uptime) -lt $(cut -d . -f 1 /proc/uptime) ]]
	[[ $(in900 'free -k' | awk '/^Mem:/ { print $2 }') == 65536 ]]
	free=$(said freeram)
	[[ $free -lt 65536 && $free -gt 40000 ]]
	in900 'head -c 33554432 /dev/zero >/dev/shm/x'
	[[ $(said freeram) -le $((free - 32768 + 4096)) ]]
	shared() { [[ $(mem Shmem) -ge 32768 && $(said sharedram) -ge 32768 ]]; }
	wait_for shared
	in900 'rm /dev/shm/x'
	# its own tasks, of the last five seconds
	few() { [[ $(said procs) -ge 1 && $(said procs) -le 20 ]]; }
	wait_for few
	in900 '(i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done) </dev/null >/dev/null 2>&1 &'
	loaded() { [[ $(said load0) -gt 0 ]]; }
	wait_for loaded
	in900 uptime | grep -q 'load average: 0\.0*[1-9]'
	# the host sees itself
	[[ $("$here/acct/sysinfo" | sed -n 's/^totalram //p') -gt 1000000 ]]
}

pressure() {
	local what
	container
	in900 'test -e /proc/pressure/cpu' || return "$KTAP_SKIP"
	[[ -e /sys/fs/cgroup/cloison/900/cpu.pressure ]] || return "$KTAP_SKIP"
	for what in cpu io memory; do
		in900 "grep -E '^(some|full) avg10=[0-9.]+ .*total=[0-9]+$' /proc/pressure/$what"
	done
}

disks() {
	local before
	container
	before=$(faults)
	in900 'head -c 4194304 /dev/zero >/file && sync'
	wait_for wrote 4096
	in900 'awk "NF != 20 { exit 1 }" /proc/diskstats'
	wait_for faulted_more_than "$before"
}

faults() {
	in900 "sed -n 's/^pgfault //p' /proc/vmstat"
}

faulted_more_than() {
	[[ $(faults) -gt $1 ]]
}

# wrote KB: to disks, says the file; 20 fields as the kernel's own has.
wrote() {
	in900 'cat /proc/diskstats' | awk -v kb="$1" '{ n += $10 / 2 } END { exit n < kb }' &&
		in900 'cat /proc/vmstat' | awk -v kb="$1" '$1 == "pgpgout" { exit $2 < kb }'
}

reads() {
	cloisonctl exec2 "$1" 'ls /proc' | grep -cE '^[0-9]+$' | grep -qx '[4-9]'
}

# They die while they read.
dying_readers() {
	local id n
	for id in 900 901 902; do
		make_running "$id"
		for n in 1 2 3; do
			cloisonctl exec2 "$id" "while :; do cat $files >/dev/null; done" \
				</dev/null >/dev/null 2>&1 &
		done
	done
	for id in 900 901 902; do
		wait_for reads "$id"
		cloisonctl --quiet stop "$id" --fast
	done
	wait || true
	cloisonctl --quiet start 900 --wait
	[[ $(in900 'grep -c . /proc/loadavg') == 1 ]]
}

# A thousand that all read at once, while the containers of some of them die.
thousand_readers() {
	local id file pids=()
	for id in 900 901 902; do
		make_running "$id" --numproc 1000 --ram 512M
		install -m 755 "$here/acct/work" "$state/private/$id/fs/work"
	done
	for id in 900 901 902; do
		for file in meminfo stat loadavg; do
			# those of who dies go on until then
			cloisonctl exec2 "$id" "while /work readers 120 /proc/$file && [ $id != 902 ]; do :; done" \
				>"$KTAP_TMP/readers.$id.$file" 2>&1 </dev/null &
			[[ $id != 902 ]] || pids+=($!)
		done
	done
	reading_in() { [[ $(cgroup_file "$1" pids.current) -gt 100 ]]; }
	wait_for reading_in 900
	wait_for reading_in 901
	kill -9 "$(init_of 900)"
	cloisonctl --quiet stop 901 --fast
	wait_for is_down 900
	for id in "${pids[@]}"; do
		wait "$id"
	done
	# what a read took, which it says if none failed
	for file in meminfo stat loadavg; do
		grep -qxE '[0-9]+' "$KTAP_TMP/readers.902.$file" || { cat "$KTAP_TMP/readers.902.$file" && return 1; }
	done
	wait || true
	cloisonctl --quiet start 901 --wait
	[[ $(cloisonctl exec2 901 'grep -c . /proc/loadavg') == 1 ]]
}

# What a container had somewhere else, by the file that is for the host alone.
carried() {
	local was now
	make_running 900
	was=$(in900 'grep "^cpu" /proc/stat')
	python3 - "$point" <<-'END'
		import ctypes, errno, fcntl, os, struct, sys
		form = struct.Struct("=IIQ3Q")
		def ioc(direction, number):
		    return direction << 30 | form.size << 16 | ord("c") << 8 | number
		GET, CARRY = ioc(3, 0xc0), ioc(1, 0xc1)
		def ask(request, id, cpus, times, load=(0, 0, 0), name="loads"):
		    with open(sys.argv[1] + "/" + name) as f:
		        return form.unpack(fcntl.ioctl(f, request, form.pack(id, cpus, ctypes.addressof(times) if times else 0, *load)))
		def refused(error, *args, **more):
		    try:
		        ask(*args, **more)
		    except OSError as e:
		        assert e.errno == error, (e, args, more)
		    else:
		        raise AssertionError((error, args, more))
		def get():
		    got = ask(GET, 900, 1000, times)
		    return got[1], list(times[:6 * got[1]]), [load / 65536 for load in got[3:]]
		times = (ctypes.c_uint64 * 6000)()
		for request in GET, CARRY:
		    refused(errno.ENOENT, request, 901, 1, times)
		    refused(errno.ENOENT, request, 0, 1, times)
		    refused(errno.EINVAL, request, 900, 0, times)
		    refused(errno.EINVAL, request, 900, 65537, times)
		    refused(errno.EFAULT, request, 900, 1000, None)
		    refused(errno.ENOTTY, request, 900, 1, times, name="stat")
		refused(errno.ENOTTY, ioc(3, 0xc2), 900, 1, times)
		cpus, before, _ = get()
		assert cpus == os.cpu_count()
		if cpus > 1:
		    refused(errno.ENOSPC, GET, 900, 1, times)
		# of more CPUs than there are here, which the last one takes
		more = 1000
		for i in range(6 * more):
		    times[i] = 1000000 * (i % 6 + 1)
		ask(CARRY, 900, more, times, [65536 * n for n in (30, 20, 10)])
		now, after, loads = get()
		assert now >= cpus
		for i in range(6 * cpus):
		    own = 1000000 * (i % 6 + 1)
		    least = before[i] + own
		    assert least <= after[i] < least + own * more, (i, before[i], after[i])
		assert sum(after[5::6]) >= sum(before[5::6]) + 6000000 * more
		for load, had in zip(loads, (30, 20, 10)):
		    assert 0.5 * had < load <= had, loads
		# what cannot be is bounded
		times[0] = 2**64 - 1
		ask(CARRY, 900, 1, times, [2**64 - 1] * 3)
		assert 2**56 <= get()[1][0] < 2**57
		assert 60000 < get()[2][2] <= 65536
		with open(sys.argv[1] + "/loads") as f:
		    os.seteuid(65534)
		    try:
		        fcntl.ioctl(f, GET, form.pack(900, 1, ctypes.addressof(times), 0, 0, 0))
		    except OSError as e:
		        assert e.errno == errno.EPERM, e
		    else:
		        raise AssertionError("anybody may")
	END
	now=$(in900 'grep "^cpu" /proc/stat')
	awk 'FNR == NR { was[$1] = $5; next } $5 < was[$1] + 400 { print; exit 1 }' <(echo "$was") <(echo "$now")
}

unloading() {
	make_running 900
	not rmmod cloison_view 2>/dev/null
	umount "$point"
	# the container's own mounts keep it
	not rmmod cloison_view 2>/dev/null
	[[ $(in900 'grep -c . /proc/uptime') == 1 ]]
	cloisonctl --quiet stop 900 --fast
	wait_for view_unload
	[[ ! -e $point ]]
	modprobe cloison_view
	cloisonctl --quiet start 900 --wait
	in900 'grep -q cloisonview /proc/mounts'
}

ktap_plan 16
run_case "start loads the module" by_itself
run_case "containers start without the module" without_module
ktap_run "memory by limit and use" memory
ktap_run "processors" processors
ktap_run "times" times
ktap_run "no figure goes back" never_back
ktap_run "reads in pieces, writes" odd_reads
ktap_run "of whom it tells" of_whom
ktap_run "sysinfo(2)" sysinfo
ktap_run "pressure" pressure
ktap_run "disks and events" disks
run_case "tasks and their load" load
run_case "readers that die" dying_readers
run_case "1,000 readers while containers die" thousand_readers
run_case "figures of another life" carried
run_case "unloading" unloading
ktap_finish
