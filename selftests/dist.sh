#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest
# (What is written into files is the same on all.)
# Host name, resolver and passwords in the container's own files.
# shellcheck disable=SC2094 # the output is waited for while it is written

. "$(dirname "$0")/cli-lib.sh"

fs=$state/private/900/fs

# config LINE...: added to the configuration
config() {
	printf '%s\n' "$@" >>"$etc/conf/900.conf"
}

dist_case() {
	run_case "$@"
	rm -rf "$etc/dists"
}

at_start() {
	make 900 --hostname www.example.net
	printf '127.0.0.1 localhost\n10.0.0.1 other\n127.0.1.1 old\n' >"$fs/etc/hosts"
	printf '# mine\noptions ndots:2\nnameserver 10.9.9.9\nsearch old\n' >"$fs/etc/resolv.conf"
	config 'NAMESERVER="192.0.2.1 2001:db8::1"' 'SEARCHDOMAIN="example.net example.com"'
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec 900 hostname) == www.example.net ]]
	[[ $(<"$fs/etc/hostname") == www.example.net ]]
	[[ $(<"$fs/etc/hosts") == $'127.0.0.1 localhost\n10.0.0.1 other\n127.0.1.1 www.example.net www' ]]
	[[ $(<"$fs/etc/resolv.conf") == "search example.net example.com
nameserver 192.0.2.1
nameserver 2001:db8::1
# mine
options ndots:2" ]]
	# they belong to the container's root
	[[ $(stat -c %u%a "$fs/etc/resolv.conf") == "$(stat -c %u "$fs/bin")644" ]]
	# again: nothing changes
	stat -c %Z "$fs"/etc/{hosts,hostname,resolv.conf} >"$KTAP_TMP/before"
	cloisonctl --quiet restart 900 --fast
	stat -c %Z "$fs"/etc/{hosts,hostname,resolv.conf} | cmp "$KTAP_TMP/before"
}

inherited() {
	make 900
	printf 'nameserver 192.0.2.7\nnameserver 192.0.2.8\nsearch a.example b.example\n' >/etc/resolv.conf
	config 'NAMESERVER="inherit"' 'SEARCHDOMAIN="inherit"'
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec 900 cat /etc/resolv.conf) == "search a.example b.example
nameserver 192.0.2.7
nameserver 192.0.2.8" ]]
	rm /etc/resolv.conf
}

# No process but init, when there is nothing to set.
nothing_to_set() {
	make 900
	strace -qq -e trace=clone,clone3,fork,vfork -o "$KTAP_TMP/strace" cloisonctl --quiet start 900
	[[ $(wc -l <"$KTAP_TMP/strace") == 1 ]]
	[[ ! -e $fs/etc/hostname ]]
}

# The distribution's file, then its family's, then the default; the administrator's first.
which_script() {
	make 900 --hostname one
	mkdir -p "$etc/dists/scripts"
	echo 'echo "$VE_STATE $HOSTNM" >/root/mine' >"$etc/dists/scripts/mine.sh"
	echo 'SET_HOSTNAME="mine.sh"' >"$etc/dists/busybox.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(<"$fs/root/mine") == "starting one" ]]
	[[ ! -e $fs/etc/hostname ]]
	cloisonctl --quiet stop 900 --fast
	sed -i 's/^OSTEMPLATE=.*/OSTEMPLATE="busybox-1-x86_64"/' "$etc/conf/900.conf"
	rm "$fs/root/mine"
	cloisonctl --quiet start 900 --wait
	[[ -e $fs/root/mine ]]
	cloisonctl --quiet stop 900 --fast
	# what is wrong with them is said, and the container starts
	echo 'SET_HOSTNAME="nosuch.sh"' >"$etc/dists/busybox.conf"
	expect_out 'Warning: SET_HOSTNAME: .*nosuch.sh' cloisonctl start 900 --wait
	is_running 900
	cloisonctl --quiet stop 900 --fast
	echo 'SET_HOSTNAME="../../passwd"' >"$etc/dists/busybox.conf"
	expect_out 'Warning: SET_HOSTNAME=' cloisonctl start 900 --wait
	is_running 900
	cloisonctl --quiet stop 900 --fast
	echo 'exit 9' >"$etc/dists/scripts/mine.sh"
	echo 'PRE_START="mine.sh"' >"$etc/dists/busybox.conf"
	expect_out 'Warning: mine.sh failed in the container with status 9' cloisonctl start 900 --wait
	is_running 900
}

# Links of a hostile customer lead nowhere but in his own files.
hostile_files() {
	make 900 --hostname evil
	echo untouched >/root/target
	ln -sf ../../../../../../../root/target "$fs/etc/hostname"
	ln -sf /root/target "$fs/etc/hosts"
	config 'NAMESERVER="192.0.2.1"'
	ln -sf /run/nowhere/resolv.conf "$fs/etc/resolv.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(</root/target) == untouched ]]
	[[ ! -L $fs/etc/resolv.conf && $(<"$fs/etc/resolv.conf") == "nameserver 192.0.2.1" ]]
	cloisonctl --quiet stop 900 --fast
	# a shell that gets hold of what runs beside it: process 1, which is the tool's until it is init
	mv "$fs/bin/sh" "$fs/bin/sh.good"
	cat >"$fs/bin/sh" <<'END'
#!/bin/busybox sh
# once: after that, process 1 is the container's init
[ ! -e /root/loot ] || exec /bin/busybox sh "$@"
{ ls -l /proc/1/fd /proc/1/exe; head -c 1 /proc/1/mem /proc/1/environ; kill -9 1; kill -STOP 1; } >/root/loot 2>&1
END
	chmod 755 "$fs/bin/sh"
	cloisonctl --quiet start 900
	is_running 900
	[[ $(grep -cE 'Permission denied' "$fs/root/loot") -ge 3 ]]
	not grep -q -- '->' "$fs/root/loot"
}

# What a running container's files become, by set.
by_set() {
	make_running 900
	cloisonctl --quiet set 900 --hostname two.example.net --nameserver 192.0.2.3 --searchdomain example.org --save
	[[ $(cloisonctl exec 900 hostname) == two.example.net ]]
	[[ $(<"$fs/etc/hostname") == two.example.net ]]
	[[ $(<"$fs/etc/resolv.conf") == $'search example.org\nnameserver 192.0.2.3' ]]
	cloisonctl --quiet set 900 --nameserver 192.0.2.4
	[[ $(<"$fs/etc/resolv.conf") == $'search example.org\nnameserver 192.0.2.4' ]]
	# a shell that hangs or fails is the customer's own loss, and decides nothing about what is saved
	printf '#!/bin/busybox false\n' >"$fs/bin/fail"
	chmod 755 "$fs/bin/fail"
	ln -sf fail "$fs/bin/sh"
	expect_exit 108 cloisonctl set 900 --ram 300M --hostname three --save
	grep -qx 'HOSTNAME="three"' "$etc/conf/900.conf"
	grep -qx 'PHYSPAGES="0:300M"' "$etc/conf/900.conf"
	expect_exit 74 cloisonctl set 900 --cpuunits 777 --userpasswd root:third --save
	grep -qx 'CPUUNITS="777"' "$etc/conf/900.conf"
	# but one that is wrong is known before
	expect_exit 21 cloisonctl set 900 --cpuunits 778 --userpasswd root --save
	grep -qx 'CPUUNITS="777"' "$etc/conf/900.conf"
}

passwords() {
	make 900
	cloisonctl --quiet set 900 --userpasswd 'root:first one'
	not grep -q '^root::' "$fs/etc/passwd"
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	cp "$fs/etc/passwd" "$KTAP_TMP/passwd"
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet set 900 --userpasswd root:second
	not cmp -s "$fs/etc/passwd" "$KTAP_TMP/passwd"
	# each of several, and none if one of them is wrong
	echo 'two:*:2000:2000::/:/bin/sh' >>"$fs/etc/passwd"
	cp "$fs/etc/passwd" "$KTAP_TMP/passwd"
	expect_exit 21 cloisonctl set 900 --userpasswd root:third --userpasswd two --userpasswd two:x
	cmp "$fs/etc/passwd" "$KTAP_TMP/passwd"
	cloisonctl --quiet set 900 --userpasswd root:third --userpasswd two:another
	[[ $(comm -13 <(sort "$KTAP_TMP/passwd") <(sort "$fs/etc/passwd") | cut -d : -f 1) == $'root\ntwo' ]]
	expect_exit 21 cloisonctl set 900 --userpasswd root
	expect_exit 21 cloisonctl set 900 --userpasswd $'root:x\nroot2::0:0'
	expect_exit 74 cloisonctl set 900 --userpasswd nosuch:x
	cloisonctl --quiet stop 900 --fast
	printf 'new:secret\n' >"$KTAP_TMP/new"
	expect_exit 1 cloisonctl runscript 900 /usr/share/cloison/dists/scripts/set_userpass.sh <"$KTAP_TMP/new"
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
}

debian() {
	cloisonctl --quiet create 900 --ostemplate debian-13 --hostname deb.example.net --ram 512M
	config 'NAMESERVER="192.0.2.1"' 'SEARCHDOMAIN="example.net"'
	cloisonctl --quiet set 900 --userpasswd root:geheim
	[[ $(sed -n 's/^root:\([^:]*\):.*/\1/p' "$fs/etc/shadow") == '$'* ]]
	cloisonctl --quiet set 900 --userpasswd anna:geheim
	grep -q '^anna:[$]' "$fs/etc/shadow"
	# what a template may have, and two containers must not
	echo 0123456789abcdef0123456789abcdef >"$fs/etc/machine-id"
	mkdir -p "$fs/etc/ssh"
	echo key >"$fs/etc/ssh/ssh_host_ed25519_key"
	# resolved is not in the template: what it would find is
	mkdir -p "$fs/run/systemd/resolve"
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$fs/etc/resolv.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec 900 hostname) == deb.example.net ]]
	[[ $(cloisonctl exec 900 cat /etc/hostname) == deb.example.net ]]
	[[ $(cloisonctl exec 900 getent hosts deb.example.net) == 127.0.1.1* ]]
	[[ $(<"$fs/etc/systemd/resolved.conf.d/50-cloison.conf") == $'[Resolve]\nDNS=192.0.2.1\nDomains=example.net' ]]
	[[ $(<"$fs/etc/machine-id") =~ ^[0-9a-f]{32}$ && $(<"$fs/etc/machine-id") != 0123* ]]
	[[ ! -e $fs/etc/ssh/ssh_host_ed25519_key && ! -e $state/private/900/fresh ]]
	# a login with that password, on the console
	log_in | cloisonctl console 900 >"$KTAP_TMP/out" || true
	grep -q 'is 42' "$KTAP_TMP/out" || { ktap_say "the console:" "$(<"$KTAP_TMP/out")" && false; }
}

# log_in: what is typed there
log_in() {
	{
		wait_for grep -q 'login:' "$KTAP_TMP/out"
		printf 'root\r'
		wait_for grep -q 'assword:' "$KTAP_TMP/out"
		# login drops what was typed before it asked
		sleep 2
		printf 'geheim\r'
		wait_for grep -q '# $' "$KTAP_TMP/out"
		printf 'echo is $((40 + 2))\r'
		wait_for grep -q 'is 42' "$KTAP_TMP/out"
	} 2>&1
}

ktap_plan 8
dist_case "host name and resolver at start" at_start
dist_case "the host's resolver" inherited
dist_case "nothing to set costs nothing" nothing_to_set
dist_case "which script is run" which_script
dist_case "hostile files" hostile_files
dist_case "set, in a running container" by_set
dist_case "passwords" passwords
dist_case "Debian" debian
ktap_finish
