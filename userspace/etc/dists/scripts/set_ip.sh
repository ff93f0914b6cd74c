#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# IP_ADDR, the addresses of venet0 with blanks between; NETIF, other links whose addresses the host has set up, each with its
# type: "eth0 routed 10.0.60.2 fd60::2;eth1 ipvlan 10.0.70.2/24;". What manages links in the container leaves them alone;
# where that cannot be, and when people call it by hand (ifup), it comes to the same.
set -e

mark='# Written by the host: changes are lost.'
interfaces=/etc/network/interfaces
scripts=/etc/sysconfig/network-scripts
suse=/etc/sysconfig/network
netifrc=/etc/conf.d/net
has4='' has6=''

# put FILE: from the input, if its directory is there
put() {
	[ -d "${1%/*}" ] || return 0
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then
		rm "$1.new"
	else
		mv "$1.new" "$1"
	fi
}

# drop FILE: if it is ours
drop() {
	if [ -f "$1" ] && [ "$(head -n 1 "$1")" = "$mark" ]; then
		rm "$1"
	fi
}

# others FILE: its lines but for the link's block
others() {
	sed "/^# $link: written by the host/,/^# $link: end/d" "$1"
}

# block FILE: the input between two marks, instead of what was there between them; other lines stay
block() {
	new=$(
		echo "# $link: written by the host, changes are lost"
		cat
		echo "# $link: end"
	)
	# of several the last one is at the end
	[ "$(sed -n "/^# $link: written by the host/,/^# $link: end/p" "$1")" != "$new" ] || return 0
	{
		others "$1"
		echo "$new"
	} | put "$1"
}

# unblock FILE
unblock() {
	if [ -f "$1" ]; then
		others "$1" | put "$1"
	fi
}

# whole ADDRESS: with the length of its prefix
whole() {
	case $1 in
	*/*) echo "$1" ;;
	*:*) echo "$1/128" ;;
	*) echo "$1/32" ;;
	esac
}

# describe LINK TYPE ADDRESS...: which of them it has, and the gateways (gate4, gate6) of its default routes, if it is the
# first to have such. On venet0 none for IPv4: there it is the link alone (alone4). For IPv6 nobody has the gateway either: a
# route without one makes a neighbour for each destination.
describe() {
	link=$1 type=$2
	shift 2
	four='' six='' gate4='' gate6='' alone4=''
	for address; do
		# on such a link is nobody else
		[ "$type" != routed ] || address=${address%/*}
		case $address in
		*:*) six="$six $address" ;;
		*) four="$four $address" ;;
		esac
	done
	addresses="$four$six"
	[ "$type" != ipvlan ] || return 0
	if [ -n "$four" ] && [ -z "$has4" ]; then
		has4=yes
		if [ "$type" = venet ]; then alone4=yes; else gate4=169.254.1.1; fi
	fi
	if [ -n "$six" ] && [ -z "$has6" ]; then
		has6=yes
		gate6=fe80::1
	fi
}

# Debian, Alpine
ifupdown() {
	echo "auto $link"
	echo "iface $link inet manual"
	for address in $addresses; do
		echo "	up ip address replace $address dev $link"
	done
	[ -z "$alone4" ] || echo "	up ip route replace default dev $link"
	[ -z "$gate4" ] || echo "	up ip route replace default via $gate4 dev $link onlink"
	[ -z "$gate6" ] || echo "	up ip -6 route replace default via $gate6 dev $link"
}

# Red Hat before NetworkManager did it all: the initscripts
network_scripts() {
	n=0
	echo "$mark"
	printf '%s\n' "DEVICE=$link" ONBOOT=yes NM_CONTROLLED=no BOOTPROTO=none NOZEROCONF=yes
	for address in $four; do
		address=$(whole "$address")
		printf '%s\n' "IPADDR$n=${address%/*}" "PREFIX$n=${address#*/}" "ARPCHECK$n=no" "ARPUPDATE$n=no"
		n=$((n + 1))
	done
	[ -z "$alone4" ] || echo "GATEWAYDEV=$link"
	[ -z "$six" ] || {
		# shellcheck disable=SC2086 # words
		set -- $six
		printf '%s\n' IPV6INIT=yes "IPV6ADDR=$(whole "$1")"
		[ -z "$gate6" ] || echo "IPV6_DEFAULTGW=$gate6%$link"
		shift
		[ $# -eq 0 ] || echo "IPV6ADDR_SECONDARIES=\"$*\""
	}
}

# SUSE: wicked takes up what it is told only, and its predecessor takes down what it is not told of
sysconfig_network() {
	n=0
	mode=auto
	! command -v wicked >/dev/null || mode=manual
	echo "$mark"
	printf "%s='%s'\n" STARTMODE "$mode" BOOTPROTO static
	for address in $addresses; do
		printf "%s='%s'\n" "IPADDR_$n" "$(whole "$address")"
		n=$((n + 1))
	done
}

ifroute() {
	echo "$mark"
	[ -z "$alone4" ] || echo "default - - $link"
	[ -z "$gate4" ] || printf '%s\n' "$gate4 - - $link" "default $gate4 - $link"
	[ -z "$gate6" ] || echo "::/0 $gate6 - $link"
}

# Gentoo's netifrc
conf_d_net() {
	name=$(printf %s "$link" | tr -c '[:alnum:]' _)
	# what is there already is left as it is
	echo "config_$name=\"noop"
	for address in $addresses; do
		whole "$address"
	done
	echo '"'
	[ "$type" != ipvlan ] || return 0
	echo "routes_$name=\"${alone4:+default}${gate4:+default via $gate4 onlink}"
	[ -z "$gate6" ] || echo "-6 default via $gate6"
	echo '"'
}

# The files of the link that was described.
write() {
	if [ -n "$parts" ]; then
		{
			echo "$mark"
			ifupdown
		} | put "$interfaces.d/$link"
	elif [ -f $interfaces ] && others $interfaces | grep -q "^[[:blank:]]*iface[[:blank:]]*${link}[[:blank:]]"; then
		# somebody wrote that himself; busybox's ifup takes nothing of a file that has it twice
		unblock $interfaces
	elif [ -f $interfaces ] || { [ -d ${interfaces%/*} ] && command -v ifup >/dev/null; }; then
		[ -f $interfaces ] || printf 'auto lo\niface lo inet loopback\n\n' >$interfaces
		ifupdown | block $interfaces
	fi
	if [ -f $scripts/ifup-eth ]; then
		network_scripts | put "$scripts/ifcfg-$link"
		if [ -n "$gate4" ]; then
			printf '%s\n' "$mark" "default via $gate4 dev $link onlink" | put "$scripts/route-$link"
		else
			drop "$scripts/route-$link"
		fi
	fi
	if [ -f $suse/config ]; then
		sysconfig_network | put "$suse/ifcfg-$link"
		if [ -n "$alone4$gate4$gate6" ]; then
			ifroute | put "$suse/ifroute-$link"
		else
			drop "$suse/ifroute-$link"
		fi
	fi
	# what needs a network finds it, as somebody provides it
	if [ -x /etc/init.d/net.lo ]; then
		[ -e "/etc/init.d/net.$link" ] || ln -sf net.lo "/etc/init.d/net.$link"
		[ -f $netifrc ] || : >$netifrc
		conf_d_net | block $netifrc
	fi
}

# forget LINK: what was written of it, unless it is among those there are
forget() {
	case " $links " in
	*" $1 "*) return 0 ;;
	esac
	link=$1
	for written in "$interfaces.d/$link" "$scripts/ifcfg-$link" "$scripts/route-$link" "$suse/ifcfg-$link" "$suse/ifroute-$link"; do
		drop "$written"
	done
	unblock $interfaces
	unblock $netifrc
}

parts=''
if [ -d $interfaces.d ] && { [ ! -f $interfaces ] || grep -q '^[[:space:]]*source.*interfaces\.d' $interfaces; }; then
	parts=yes
fi
links=''
rest="${IP_ADDR:+venet0 venet $IP_ADDR;}$NETIF"
while [ -n "$rest" ]; do
	# shellcheck disable=SC2086 # words
	describe ${rest%%;*}
	rest=${rest#*;}
	links="$links $link"
	write
done

# those of which there are files
for file in "$interfaces.d"/* "$scripts"/ifcfg-* "$suse"/ifcfg-* $(sed -n 's/^# \([^ :]*\): written by the host.*/\1/p' \
	$interfaces $netifrc 2>/dev/null); do
	file=${file##*/}
	forget "${file#ifcfg-}"
done

# venet0 whether it is there or not: nobody else may have it
case " $links " in
*" venet0 "*) ;;
*) links=" venet0$links" ;;
esac
printf '[Match]\nName=%s\n\n[Link]\nUnmanaged=yes\n' "${links# }" | put /etc/systemd/network/10-venet0.network
printf '[keyfile]\nunmanaged-devices=%s\n' "$(echo "${links# }" | sed 's/^/interface-name:/; s/ /;interface-name:/g')" |
	put /etc/NetworkManager/conf.d/10-venet0.conf
if [ -f /etc/dhcpcd.conf ] && ! grep -qx "denyinterfaces$links" /etc/dhcpcd.conf; then
	# before the blocks of single interfaces, to one of which it would belong
	{
		echo "denyinterfaces$links"
		sed '/^denyinterfaces venet0/d' /etc/dhcpcd.conf
	} | put /etc/dhcpcd.conf
fi
