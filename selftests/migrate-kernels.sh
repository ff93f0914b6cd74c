#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: 6.12
# also: newest
# timeout: 900
# The hosts have different kernels: a container moves to the newer one while it runs, and back.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

new=$(echo /boot/vmlinuz-*)
new=${new#*-}

is_new() {
	[[ $(command ssh -o ConnectTimeout=5 node2 uname -r) == "$new" ]]
}

# Node 2 boots it, without containers.
boots() {
	ssh node2 '
		mkdir -p /etc/systemd/system/cloison.service.d
		printf "[Service]\nExecStartPre=/bin/sh -c '"'until ip addr show eth0 | grep -q 10.99.0.2; do sleep 0.1; done'"'\n" \
			>/etc/systemd/system/cloison.service.d/link.conf
		systemctl -q enable cloison
		cloisonctl host-upgrade --timeout 600' || true
	ssh -O exit node2 2>/dev/null || true
	wait_for is_new || wait_for is_new
	command ssh -S "$line" -MNf node2 </dev/null >/dev/null 2>&1
	ssh node2 modprobe -a cloison cloison_net
	[[ $(uname -r) != "$new" ]]
}

counted() {
	on "$1" cloisonctl exec 900 cat /root/said
}

counts_on() {
	[[ $(counted "$1") -gt $2 ]]
}

# goes FROM TO
goes() {
	local n
	n=$(counted "$1")
	on "$1" cloisonctl migrate --live "node$2" 900
	nowhere_left "$1" 900
	wait_for counts_on "$2" "$n"
	[[ $(on "$2" cloisonctl exec 900 md5sum /dev/shm/memory | cut -d ' ' -f 1) == "$sum" ]]
	echo still there >&3
	read -rt 60 -u 3 answer
	[[ $answer == "still there" ]]
}

# Memory, time that goes on, and a connection of this host's.
there_and_back() {
	local sum answer
	make_running 900 --ipadd 10.99.0.100 --ram 128M
	printf '#!/bin/sh\nn=0\nwhile :; do n=$((n + 1)); echo $n >/root/tmp; mv /root/tmp /root/said; sleep 0.2; done\n' \
		>"$state/private/900/fs/root/count"
	chmod 755 "$state/private/900/fs/root/count"
	cloisonctl exec 900 'dd if=/dev/urandom of=/dev/shm/memory bs=1M count=4 2>/dev/null
		nc -l -p 7 -e cat </dev/null >/dev/null 2>&1 &
		setsid /root/count </dev/null >/dev/null 2>&1 &'
	sum=$(cloisonctl exec 900 md5sum /dev/shm/memory | cut -d ' ' -f 1)
	wait_for cloisonctl exec 900 'netstat -tln | grep -q :7 && test -s /root/said'
	exec 3<>/dev/tcp/10.99.0.100/7
	goes 1 2
	goes 2 1
	exec 3>&-
}

ktap_plan 2
ktap_run_next "node 2 boots the newer kernel" boots
ktap_run_next "to the newer kernel, and back" there_and_back
ktap_finish
