#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest
# shellcheck disable=SC2016 # what a shell in the container expands
# Distributions other than Debian: a busybox container with the files that make each what it is, and what the host
# writes into them. That the programs themselves do with it what they should cannot be tried here.

. "$(dirname "$0")/cli-lib.sh"

fs=$state/private/900/fs

# file PATH [LINE...]: in the container
file() {
	mkdir -p "$(dirname "$fs$1")"
	: >"$fs$1"
	[[ $# -eq 1 ]] || printf '%s\n' "${@:2}" >"$fs$1"
}

# program PATH [LINE...]
program() {
	file "$1" '#!/bin/sh' "${@:2}"
	chmod 755 "$fs$1"
}

# has PATH LINE...: those and no other
has() {
	diff "$fs$1" <(printf '%s\n' "${@:2}")
}

# says PATH EXPRESSION VALUE: what a shell finds in the file
says() {
	[[ $(env -i sh -c ". $fs$1 && echo \"$2\"") == "$3" ]]
}

# addresses LINK
addresses() {
	cloisonctl exec 900 "ip -o address show dev $1" | awk '{ print $4 }'
	cloisonctl exec 900 'ip route; ip -6 route show default' | sed 's/ onlink//'
}

marks() {
	find "$fs/etc" -type f -exec stat -c '%n %i %Z' {} + | sort
}

ours=(--ipadd 10.9.0.2 --ipadd 10.9.1.2/24 --ipadd fd09::2 --ipadd fd09::3
	--hostname www.example.net --nameserver 192.0.2.1 --searchdomain example.net)
others=(--netif_add 'eth0,type=routed,ip=10.9.2.2/24 fd09:2::2' --netif_add 'eth1,type=ipvlan,link=eth0,vlan=7,ip=10.9.7.2/24')
prepare() {
	make 900 "${ours[@]}"
	cp -a "$fs/etc" "$KTAP_TMP/etc"
}

# family NAME: what it has, and what becomes of it: at start, when the same is set again, with no addresses any more, and
# with other interfaces.
family() {
	rm -rf "${fs:?}/etc"
	cp -a "$KTAP_TMP/etc" "$fs/etc"
	sed -i "s/^OSTEMPLATE=.*/OSTEMPLATE=\"$1-9-x86_64\"/" "$etc/conf/900.conf"
	echo untouched >"$KTAP_TMP/target"
	"$1_has"
	chown -R --no-dereference --reference="$fs/bin" "$fs/etc" "$fs/usr"
	cloisonctl --quiet start 900 --wait 2>"$KTAP_TMP/errors"
	diff "$KTAP_TMP/errors" /dev/null
	"$1_gets"
	[[ $(<"$fs/etc/hostname") == www.example.net ]]
	[[ $(<"$fs/etc/resolv.conf") == $'search example.net\nnameserver 192.0.2.1' ]]
	marks >"$KTAP_TMP/marks"
	cloisonctl --quiet set 900 "${ours[@]}" --save
	marks | diff "$KTAP_TMP/marks" -
	cloisonctl --quiet set 900 --ipdel all --nameserver 192.0.2.2
	[[ $(<"$fs/etc/resolv.conf") == $'search example.net\nnameserver 192.0.2.2' ]]
	"$1_loses"
	# interfaces to which the host gives addresses; and when these go, or are another type's
	cloisonctl --quiet set 900 "${others[@]}" --save
	"$1_joins"
	marks >"$KTAP_TMP/marks"
	cloisonctl --quiet set 900 --ifname eth1 --netif_set 'ip=10.9.7.2/24' --save
	marks | diff "$KTAP_TMP/marks" -
	cloisonctl --quiet set 900 --netif_del eth0 --netif_del eth1 --save
	"$1_loses"
	[[ $(<"$KTAP_TMP/target") == untouched ]]
	cloisonctl --quiet stop 900 --fast
}

# taken_up LINK: by ifup, which changes nothing
taken_up() {
	addresses "$1" >"$KTAP_TMP/addresses"
	cloisonctl exec 900 "touch /run/ifstate; ifup $1"
	addresses "$1" | diff "$KTAP_TMP/addresses" -
}

alpine_has() {
	program /usr/sbin/adduser 'echo "$*" >/root/adduser; echo "$2::1000:1000::/:/bin/sh" >>/etc/passwd'
	mkdir -p "$fs"/etc/network/if-{pre-up,up,post-up,down}.d
	file /etc/network/interfaces 'auto lo' 'iface lo inet loopback'
	# a link of a hostile customer leads nowhere but in his own files
	ln -s "../../../../../../../$KTAP_TMP/target" "$fs/etc/dhcpcd.conf"
	file /etc/motd 'Welcome to Alpine!'
}

alpine_gets() {
	has /etc/network/interfaces 'auto lo' 'iface lo inet loopback' '# venet0: written by the host, changes are lost' \
		'auto venet0' 'iface venet0 inet manual' \
		$'\tup ip address replace 10.9.0.2 dev venet0' $'\tup ip address replace 10.9.1.2/24 dev venet0' \
		$'\tup ip address replace fd09::2 dev venet0' $'\tup ip address replace fd09::3 dev venet0' \
		$'\tup ip route replace default dev venet0' $'\tup ip -6 route replace default via fe80::1 dev venet0' \
		'# venet0: end'
	# what its init does, and what people do
	taken_up venet0
	cloisonctl --quiet set 900 --userpasswd anna:secret
	[[ $(<"$fs/root/adduser") == "-D anna" ]]
	grep -q '^anna:[^:]\{13,\}:' "$fs/etc/passwd"
}

alpine_joins() {
	has /etc/network/interfaces 'auto lo' 'iface lo inet loopback' '# eth0: written by the host, changes are lost' \
		'auto eth0' 'iface eth0 inet manual' \
		$'\tup ip address replace 10.9.2.2 dev eth0' $'\tup ip address replace fd09:2::2 dev eth0' \
		$'\tup ip route replace default via 169.254.1.1 dev eth0 onlink' \
		$'\tup ip -6 route replace default via fe80::1 dev eth0' '# eth0: end' \
		'# eth1: written by the host, changes are lost' 'auto eth1' 'iface eth1 inet manual' \
		$'\tup ip address replace 10.9.7.2/24 dev eth1' '# eth1: end'
	taken_up eth0
	taken_up eth1
}

alpine_loses() {
	has /etc/network/interfaces 'auto lo' 'iface lo inet loopback'
}

centos_has() {
	file /etc/sysconfig/network NETWORKING=yes HOSTNAME=localhost.localdomain
	file /etc/sysconfig/network-scripts/ifup-eth
	file /etc/sysconfig/network-scripts/ifcfg-eth9 DEVICE=eth9
}

centos_gets() {
	local ifcfg=/etc/sysconfig/network-scripts/ifcfg-venet0
	says /etc/sysconfig/network '$NETWORKING $HOSTNAME' 'yes www.example.net'
	says "$ifcfg" '$DEVICE $ONBOOT $NM_CONTROLLED $GATEWAYDEV $IPV6_DEFAULTGW' 'venet0 yes no venet0 fe80::1%venet0'
	says "$ifcfg" '$IPADDR0/$PREFIX0 $IPADDR1/$PREFIX1 $IPADDR2' '10.9.0.2/32 10.9.1.2/24 '
	says "$ifcfg" '$IPV6ADDR $IPV6ADDR_SECONDARIES' 'fd09::2/128 fd09::3'
}

centos_joins() {
	local dir=/etc/sysconfig/network-scripts
	says "$dir/ifcfg-eth0" '$DEVICE $ONBOOT $IPADDR0/$PREFIX0 $GATEWAYDEV $IPV6ADDR $IPV6_DEFAULTGW' \
		'eth0 yes 10.9.2.2/32  fd09:2::2/128 fe80::1%eth0'
	grep -qx 'default via 169.254.1.1 dev eth0 onlink' "$fs$dir/route-eth0"
	says "$dir/ifcfg-eth1" '$DEVICE $IPADDR0/$PREFIX0 $GATEWAYDEV' 'eth1 10.9.7.2/24 '
	[[ ! -e $fs$dir/route-eth1 ]]
}

# What he has of the same kind is his own.
centos_loses() {
	diff <(ls "$fs/etc/sysconfig/network-scripts") <(printf '%s\n' ifcfg-eth9 ifup-eth)
}

# Of its releases without initscripts.
fedora_has() {
	mkdir -p "$fs/etc/NetworkManager/conf.d" "$fs/etc/sysconfig/network-scripts"
}

fedora_gets() {
	has /etc/NetworkManager/conf.d/10-venet0.conf '[keyfile]' 'unmanaged-devices=interface-name:venet0'
	has /etc/NetworkManager/conf.d/10-cloison-dns.conf '[main]' 'dns=none'
	[[ ! -e $fs/etc/sysconfig/network-scripts/ifcfg-venet0 ]]
}

fedora_joins() {
	has /etc/NetworkManager/conf.d/10-venet0.conf '[keyfile]' \
		'unmanaged-devices=interface-name:venet0;interface-name:eth0;interface-name:eth1'
}

fedora_loses() {
	has /etc/NetworkManager/conf.d/10-venet0.conf '[keyfile]' 'unmanaged-devices=interface-name:venet0'
}

opensuse_has() {
	program /usr/sbin/wicked
	file /etc/sysconfig/network/config 'NETCONFIG_DNS_POLICY="auto"' 'NETCONFIG_DNS_STATIC_SEARCHLIST=""' \
		'NETCONFIG_DNS_STATIC_SERVERS=""'
	ln -s hostname "$fs/etc/HOSTNAME"
	ln -s /run/netconfig/resolv.conf "$fs/etc/resolv.conf"
}

opensuse_gets() {
	local dir=/etc/sysconfig/network
	says "$dir/ifcfg-venet0" '$STARTMODE $BOOTPROTO $IPADDR_0 $IPADDR_1 $IPADDR_2 $IPADDR_3' \
		'manual static 10.9.0.2/32 10.9.1.2/24 fd09::2/128 fd09::3/128'
	has "$dir/ifroute-venet0" '# Written by the host: changes are lost.' 'default - - venet0' '::/0 fe80::1 - venet0'
	says "$dir/config" '$NETCONFIG_DNS_POLICY $NETCONFIG_DNS_STATIC_SERVERS $NETCONFIG_DNS_STATIC_SEARCHLIST' \
		'auto 192.0.2.1 example.net'
	[[ -L $fs/etc/HOSTNAME && ! -L $fs/etc/resolv.conf ]]
}

opensuse_joins() {
	local dir=/etc/sysconfig/network
	says "$dir/ifcfg-eth0" '$STARTMODE $IPADDR_0 $IPADDR_1' 'manual 10.9.2.2/32 fd09:2::2/128'
	has "$dir/ifroute-eth0" '# Written by the host: changes are lost.' '169.254.1.1 - - eth0' \
		'default 169.254.1.1 - eth0' '::/0 fe80::1 - eth0'
	says "$dir/ifcfg-eth1" '$IPADDR_0' 10.9.7.2/24
	[[ ! -e $fs$dir/ifroute-eth1 ]]
}

opensuse_loses() {
	[[ $(ls "$fs/etc/sysconfig/network") == config ]]
	says /etc/sysconfig/network/config '$NETCONFIG_DNS_STATIC_SERVERS' 192.0.2.2
}

gentoo_has() {
	program /etc/init.d/net.lo
	file /etc/conf.d/hostname 'hostname="localhost"'
	file /etc/conf.d/net 'config_eth0="dhcp"'
}

gentoo_gets() {
	says /etc/conf.d/hostname '$hostname' www.example.net
	says /etc/conf.d/net '$(echo $config_eth0: $config_venet0: $routes_venet0)' \
		'dhcp: noop 10.9.0.2/32 10.9.1.2/24 fd09::2/128 fd09::3/128 : default -6 default via fe80::1'
	[[ $(readlink "$fs/etc/init.d/net.venet0") == net.lo ]]
}

gentoo_joins() {
	says /etc/conf.d/net '$(echo $config_eth0: $routes_eth0: $config_eth1: $routes_eth1)' \
		'noop 10.9.2.2/32 fd09:2::2/128 : default via 169.254.1.1 onlink -6 default via fe80::1 : noop 10.9.7.2/24 :'
}

gentoo_loses() {
	has /etc/conf.d/net 'config_eth0="dhcp"'
}

arch_has() {
	mkdir -p "$fs/etc/systemd/network"
	file /etc/dhcpcd.conf hostname 'interface eth1' metric=5
}

arch_gets() {
	has /etc/systemd/network/10-venet0.network '[Match]' Name=venet0 '' '[Link]' Unmanaged=yes
	has /etc/dhcpcd.conf 'denyinterfaces venet0' hostname 'interface eth1' metric=5
}

arch_joins() {
	has /etc/systemd/network/10-venet0.network '[Match]' 'Name=venet0 eth0 eth1' '' '[Link]' Unmanaged=yes
	has /etc/dhcpcd.conf 'denyinterfaces venet0 eth0 eth1' hostname 'interface eth1' metric=5
}

arch_loses() {
	arch_gets
}

# Debian's, from the file at start; what was written before goes, and what he has written himself stays.
from_file() {
	local dir=/etc/network/interfaces.d
	rm -rf "${fs:?}/etc"
	cp -a "$KTAP_TMP/etc" "$fs/etc"
	file /etc/network/interfaces "source $dir/*"
	mkdir "$fs$dir"
	chown -R --no-dereference --reference="$fs/bin" "$fs/etc"
	ip link add br9 type bridge
	cloisonctl --quiet set 900 --ipdel all --netif_add eth0,type=routed,ip=10.9.2.2 --netif_add eth2,,,,br9,ip=10.9.3.2 --save
	cloisonctl --quiet start 900 --wait
	# what it is only kept to it is not given
	[[ ! -e $fs$dir/eth2 ]]
	has "$dir/eth0" '# Written by the host: changes are lost.' 'auto eth0' 'iface eth0 inet manual' \
		$'\tup ip address replace 10.9.2.2 dev eth0' $'\tup ip route replace default via 169.254.1.1 dev eth0 onlink'
	cloisonctl --quiet set 900 --ipadd 10.9.0.2 --save
	grep -qx $'\tup ip route replace default dev venet0' "$fs$dir/venet0"
	not grep -q default "$fs$dir/eth0"
	cloisonctl --quiet stop 900 --fast
	ip link del br9
	cloisonctl --quiet set 900 --ipdel all --netif_del all --save
	file "$dir/eth1" 'iface eth1 inet dhcp'
	cloisonctl --quiet start 900 --wait
	[[ $(ls "$fs$dir") == eth1 ]]
	cloisonctl --quiet stop 900 --fast
	# in one file: what is there already of a link
	rm -r "${fs:?}$dir"
	file /etc/network/interfaces 'auto eth0' 'iface eth0 inet dhcp'
	cloisonctl --quiet set 900 --netif_add eth0,type=routed,ip=10.9.2.2 --save
	cloisonctl --quiet start 900 --wait
	has /etc/network/interfaces 'auto eth0' 'iface eth0 inet dhcp'
}

# All that are named have what the scripts need.
all_named() {
	local conf
	for conf in /usr/share/cloison/dists/*.conf; do
		grep -qx 'SET_IP="set_ip.sh"' "$conf"
	done
	[[ -e /usr/share/cloison/dists/gentoo.conf ]]
}

ktap_plan 9
ktap_run "a container" prepare
for family in alpine centos fedora opensuse gentoo arch; do
	ktap_run "$family" family "$family"
	cloisonctl --quiet stop 900 --fast
done
ktap_run "debian: from the file" from_file
cloisonctl --quiet stop 900 --fast
ktap_run "files of distributions" all_named
ktap_finish
