#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The table of addresses and the protocol: who may speak, what is refused and how. Containers without namespaces: no
# packet flows.

. "$(dirname "$0")/net-lib.sh"

add() {
	"$net" add "$@"
}

# table [ID]: what the dump says, on one line.
table() {
	"$net" -d addr ${1:+"id=$1"} | tr '\n' ' '
}

# Ends the line: the address is that container's.
owner() {
	[[ $("$net" addr "ip=$1") == "$2" ]]
}

add_and_delete() {
	new 5
	new 6
	add id=6 ip=10.0.0.6
	add id=5 ip=10.0.0.5
	add id=5 ip=fd00::5
	add id=5 ip=10.0.1.5 plen=32
	[[ $(table) == "5 10.0.0.5/32 5 fd00::5/128 5 10.0.1.5/32 6 10.0.0.6/32 " ]]
	[[ $(table 6) == "6 10.0.0.6/32 " ]]
	expect_out '^ENOENT' "$net" -d addr id=7
	owner 10.0.0.5 "5 10.0.0.5/32"
	owner fd00::5 "5 fd00::5/128"
	expect_out "^EADDRNOTAVAIL: the address is no container's$" "$net" addr ip=10.0.0.7
	"$net" del id=5 ip=10.0.0.5
	[[ $(table 5) == "5 fd00::5/128 5 10.0.1.5/32 " ]]
	expect_out '^EADDRNOTAVAIL: the container does not have that address$' "$net" del id=5 ip=10.0.0.5
	expect_out '^EADDRNOTAVAIL' "$net" del id=5 ip=10.0.0.6
	"$nl" del id=5
	[[ $(table) == "6 10.0.0.6/32 " ]]
	expect_out '^ENOENT: no such container$' add id=5 ip=10.0.0.5
	add id=6 ip=fd00::5
}

in_use() {
	new 5
	new 6
	add id=5 ip=10.0.0.5
	add id=5 ip=fd00::5
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=10.0.0.5
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=fd00::5
	expect_out '^EEXIST: ' add id=5 ip=10.0.0.5
	expect_out '^EADDRINUSE: it overlaps .* container 5$' add id=6 ip=10.0.0.0 plen=24
	expect_out '^EADDRINUSE: it overlaps .* container 5$' add id=6 ip=fd00:: plen=64
	[[ ! $(table 6) ]]
	"$nl" del id=5
	add id=6 ip=10.0.0.0 plen=24
}

prefixes() {
	new 5
	new 6
	add id=5 ip=10.0.0.16 plen=28
	add id=5 ip=2001:db8:: plen=48
	owner 10.0.0.31 "5 10.0.0.16/28"
	owner 2001:db8:0:ffff::1 "5 2001:db8::/48"
	expect_out '^EADDRNOTAVAIL' "$net" addr ip=10.0.0.32
	expect_out '^EADDRNOTAVAIL' "$net" addr ip=10.0.0.15
	expect_out '^EADDRNOTAVAIL' "$net" addr ip=2001:db8:1::
	# Into it, around it, beside it.
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=10.0.0.20
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=10.0.0.16 plen=30
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=10.0.0.0 plen=8
	expect_out '^EADDRINUSE: .* container 5$' add id=6 ip=2001:db8:0:1:: plen=64
	add id=6 ip=10.0.0.32 plen=28
	add id=6 ip=10.0.0.15
	owner 10.0.0.47 "6 10.0.0.32/28"
	# One's own may overlap; each is there by itself.
	add id=5 ip=10.0.0.20
	owner 10.0.0.20 "5 10.0.0.20/32"
	"$net" del id=5 ip=10.0.0.16 plen=28
	owner 10.0.0.20 "5 10.0.0.20/32"
	expect_out '^EADDRNOTAVAIL' "$net" addr ip=10.0.0.21
	expect_out '^EADDRNOTAVAIL' "$net" del id=5 ip=10.0.0.20 plen=30
	# IPv4 and IPv6 do not meet.
	expect_out '^EINVAL: an IPv4 address has 4 bytes$' "$net" addr ip=::ffff:10.0.0.20
	expect_out '^EINVAL: an IPv4 address has 4 bytes$' "$net" del id=5 ip=::ffff:10.0.0.20
}

not_for_containers() {
	new 5
	local ip
	for ip in 0.0.0.0 127.0.0.1 224.0.0.1 239.1.2.3 255.255.255.255 :: ::1 \
		::10.0.0.1 fe80::1 febf::1 ff02::1 ff0e::1; do
		expect_out '^EINVAL: not an address that a container can have$' add id=5 "ip=$ip"
	done
	expect_out '^EINVAL: the address has bits beyond the prefix$' add id=5 ip=10.0.0.1 plen=28
	expect_out '^EINVAL: the address has bits beyond the prefix$' add id=5 ip=fd00::1 plen=64
	local plen
	for plen in 0 7 33 128 255; do
		expect_out '^ERANGE: ' add id=5 ip=10.0.0.0 "plen=$plen"
	done
	for plen in 0 15 129 255; do
		expect_out '^ERANGE: ' add id=5 ip=fd00:: "plen=$plen"
	done
	[[ ! $(table) ]]
}

malformed() {
	new 5
	local len hex
	for len in 0 1 3 5 8 12 15 17 64; do
		hex=$(head -c "$len" /dev/zero | tr '\0' 'x')
		expect_out '^(EINVAL|ERANGE): ' add id=5 "ip:raw=$hex"
		expect_out '^(EINVAL|ERANGE): ' "$net" addr "ip:raw=$hex"
	done
	expect_out '^EINVAL: attribute 1 is missing$|^EINVAL: ' add ip=10.0.0.5
	expect_out '^EINVAL: attribute 3 is missing$|^EINVAL: ' add id=5
	expect_out '^EINVAL: ' "$net" addr
	expect_out '^EINVAL: ' "$net" addr ip=10.0.0.5 id=5
	expect_out '^EINVAL' "$net" -d addr ip=10.0.0.5
	expect_out '^EINVAL' "$net" -d get id=5
	expect_out '^EINVAL: ' "$net" get
	expect_out '^EINVAL: ' "$net" host-set
	expect_out '^EINVAL: ' "$net" host-get id=5
	expect_out '^EINVAL: ' "$net" hold id=5 ip=10.0.0.5
	expect_out '^EINVAL: ' "$net" release id=5 packets=1
	expect_out '^EINVAL: ' add id=5 ip=10.0.0.5 99=1
	expect_out '^EINVAL: ' add id=5 ip=10.0.0.5 netns:u32=0
	expect_out '^(EINVAL|ERANGE): ' add id:u64=5 ip=10.0.0.5
	expect_out '^(EINVAL|ERANGE): ' add id=5 ip=10.0.0.5 plen:u32=32
	expect_out '^ERANGE: ' "$net" host-set shortcut=2
	expect_out '^ERANGE: ' "$net" set id=5 shortcut=2
	expect_out '^EINVAL: ' "$net" set id=5
	expect_out '^EINVAL: ' "$net" set shortcut=0
	expect_out '^ENOENT: no such container' "$net" set id=7 shortcut=0
	local id
	for id in 0 2147483645 4294967295; do
		expect_out '^ERANGE: ' add "id=$id" ip=10.0.0.5
		expect_out '^ERANGE: ' "$net" get "id=$id"
		expect_out '^ERANGE' "$net" -d addr "id=$id"
	done
	expect_out '^EOPNOTSUPP' "$net" 0
	expect_out '^EOPNOTSUPP' "$net" 99
	expect_out '^EOPNOTSUPP' "$net" -d hold id=5
	[[ ! $(table) ]]
	count_is 5 to.queued 0
}

# For each command, with what would be right otherwise.
every_command() {
	"$@" "$net" bind id=5 "netns=$(ns 5)"
	"$@" "$net" add id=5 ip=10.0.0.6
	"$@" "$net" del id=5 ip=10.0.0.5
	"$@" "$net" addr ip=10.0.0.5
	"$@" "$net" -d addr
	"$@" "$net" get id=5
	"$@" "$net" -d get
	"$@" "$net" hold id=5
	"$@" "$net" release id=5
	"$@" "$net" discard id=5
	"$@" "$net" host-set shortcut=1
	"$@" "$net" host-get
	"$@" "$net" set id=5 shortcut=0
}

refused() {
	expect_out '^EPERM: ' "${by[@]}" "$@"
}

who_may_speak() {
	new 5
	add id=5 ip=10.0.0.5
	ip netns add ct5
	by=(unshare --user --map-root-user)
	every_command refused
	by=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
	every_command refused
	expect_exit 3 unshare --net "$net" host-get
	[[ $(table) == "5 10.0.0.5/32 " ]]
	[[ $("$net" host-get) == "shortcut 0"* ]]
	no_line 'netns|max-packets|shortcut 0' "$net" get id=5
}

binding() {
	new 5
	new 6
	ip netns add ct5
	ip netns add ct6
	expect_out '^EBADF: not a network namespace$' "$net" bind id=5 netns:u32=999
	expect_out '^EINVAL: not a network namespace$' "$net" bind id=5 netns=/dev/null
	expect_out '^EINVAL: not a network namespace$' "$net" bind id=5 netns=/proc/self/ns/mnt
	expect_out '^EINVAL: .* host ' "$net" bind id=5 netns=/proc/self/ns/net
	expect_out '^ENOENT: ' "$net" bind id=7 "netns=$(ns 5)"
	expect_out '^EINVAL: ' "$net" bind id=5
	"$net" bind id=5 "netns=$(ns 5)"
	"$net" bind id=5 "netns=$(ns 5)"
	expect_out '^EBUSY: the container has another ' "$net" bind id=5 "netns=$(ns 6)"
	expect_out '^EBUSY: .* container 5$' "$net" bind id=6 "netns=$(ns 5)"
	"$net" get id=5 | grep "netns $(stat -Lc %i "$(ns 5)") "
	no_line netns "$net" get id=6
	# Either end goes: the other is free.
	ip netns del ct5
	wait_for "$net" bind id=5 "netns=$(ns 6)"
	"$nl" del id=5
	"$net" bind id=6 "netns=$(ns 6)"
}

# More than fits into one message, or into one round of a dump.
many() {
	new 5
	new 6
	{
		for ((i = 0; i < 4096; i += 2)); do
			echo "add id=5 ip=2001:db8:1111:2222:3333:4444:5555:$(printf %x "$((0x1000 + i))")"
			echo "add id=6 ip=10.$(((i + 1) % 7)).$((i / 256)).$((i % 256 + 1))"
		done
		echo "add id=6 ip=fd00::6"
	} >"$tmp/batch"
	"$net" batch <"$tmp/batch"
	[[ $("$net" -d addr | sort -u | wc -l) == 4097 ]]
	[[ $("$net" -d addr id=5 | wc -l) == 2048 ]]
	owner "10.$((4095 % 7)).15.255" "6 10.$((4095 % 7)).15.255/32"
	# One goes in the middle of a dump, which is more than the pipe takes: it is told.
	"$net" -d addr | {
		read -r _
		"$nl" del id=6
		tail -n 1
	} | grep -x interrupted
	sed -n '/id=5/s/^add/del/p' "$tmp/batch" | "$net" batch
	[[ ! $(table) ]]
}

# A container goes in the middle of a dump of them, or gets a network namespace.
many_containers() {
	local all change
	mapfile -t all < <(seq 800)
	new_many ct "${all[@]}"
	[[ $("$net" -d get | wc -l) == 800 ]]
	ip netns add ct5
	for change in "$nl del id=800" "$net bind id=5 netns=$(ns 5)"; do
		"$net" -d get | {
			read -r _
			$change
			tail -n 1
		} | grep -x interrupted
	done
	[[ $("$net" -d get | wc -l) == 799 ]]
}

start_net
ktap_plan 9
net_check "add, delete, list" add_and_delete
net_check "an address has one owner" in_use
net_check "prefixes" prefixes
net_check "addresses that no container has" not_for_containers
net_check "malformed requests" malformed
net_check "who may speak" who_may_speak
net_check "binding" binding
net_check "4,097 addresses" many
net_check "800 containers" many_containers
ktap_finish
