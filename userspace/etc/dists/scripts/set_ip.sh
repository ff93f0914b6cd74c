#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# IP_ADDR, the container's addresses with blanks between. The host has set them up. What manages links in
# the container leaves venet0 alone; where that cannot be, and when people call it by hand (ifup), it comes to the same.
set -e

link=venet0
# nobody has it: a route without a gateway makes a neighbour for each destination
gateway=fe80::1
four='' six=''
for address in $IP_ADDR; do
	case $address in
	*:*) six="$six $address" ;;
	*) four="$four $address" ;;
	esac
done

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

# block FILE: the input between two marks, instead of what was there between them; other lines stay
block() {
	{
		sed "/^# $link: written by the host/,/^# $link: end/d" "$1"
		echo "# $link: written by the host, changes are lost"
		cat
		echo "# $link: end"
	} | put "$1"
}

# unblock FILE
unblock() {
	if [ -f "$1" ]; then
		sed "/^# $link: written by the host/,/^# $link: end/d" "$1" | put "$1"
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

# Debian, Alpine
ifupdown() {
	echo "auto $link"
	echo "iface $link inet manual"
	for address in $IP_ADDR; do
		echo "	up ip address replace $address dev $link"
	done
	[ -z "$four" ] || echo "	up ip route replace default dev $link"
	[ -z "$six" ] || echo "	up ip -6 route replace default via $gateway dev $link"
}

# Red Hat before NetworkManager did it all: the initscripts
network_scripts() {
	n=0
	echo '# Written by the host: changes are lost.'
	printf '%s\n' "DEVICE=$link" ONBOOT=yes NM_CONTROLLED=no BOOTPROTO=none NOZEROCONF=yes
	for address in $four; do
		address=$(whole "$address")
		printf '%s\n' "IPADDR$n=${address%/*}" "PREFIX$n=${address#*/}" "ARPCHECK$n=no" "ARPUPDATE$n=no"
		n=$((n + 1))
	done
	[ -z "$four" ] || echo "GATEWAYDEV=$link"
	[ -z "$six" ] || {
		# shellcheck disable=SC2086 # words
		set -- $six
		printf '%s\n' IPV6INIT=yes "IPV6ADDR=$(whole "$1")" "IPV6_DEFAULTGW=$gateway%$link"
		shift
		[ $# -eq 0 ] || echo "IPV6ADDR_SECONDARIES=\"$*\""
	}
}

# SUSE: wicked takes up what it is told only, and its predecessor takes down what it is not told of
sysconfig_network() {
	n=0
	mode=auto
	! command -v wicked >/dev/null || mode=manual
	echo '# Written by the host: changes are lost.'
	printf "%s='%s'\n" STARTMODE "$mode" BOOTPROTO static
	for address in $IP_ADDR; do
		printf "%s='%s'\n" "IPADDR_$n" "$(whole "$address")"
		n=$((n + 1))
	done
}

# Gentoo's netifrc
conf_d_net() {
	# what is there already is left as it is
	echo "config_$link=\"noop"
	for address in $IP_ADDR; do
		whole "$address"
	done
	echo '"'
	echo "routes_$link=\"${four:+default}"
	[ -z "$six" ] || echo "-6 default via $gateway"
	echo '"'
}

interfaces=/etc/network/interfaces
if [ -d $interfaces.d ] && { [ ! -f $interfaces ] || grep -q '^[[:space:]]*source.*interfaces\.d' $interfaces; }; then
	interfaces=$interfaces.d/$link
	if [ -z "$IP_ADDR" ]; then
		rm -f $interfaces
	else
		{
			echo '# Written by the host: changes are lost.'
			ifupdown
		} | put $interfaces
	fi
elif [ -z "$IP_ADDR" ]; then
	unblock $interfaces
elif [ -f $interfaces ] || { [ -d ${interfaces%/*} ] && command -v ifup >/dev/null; }; then
	[ -f $interfaces ] || printf 'auto lo\niface lo inet loopback\n\n' >$interfaces
	ifupdown | block $interfaces
fi

if [ -f /etc/sysconfig/network-scripts/ifup-eth ]; then
	file=/etc/sysconfig/network-scripts/ifcfg-$link
	if [ -z "$IP_ADDR" ]; then
		rm -f $file
	else
		network_scripts | put $file
	fi
fi

if [ -f /etc/sysconfig/network/config ]; then
	file=/etc/sysconfig/network/ifcfg-$link
	if [ -z "$IP_ADDR" ]; then
		rm -f $file "/etc/sysconfig/network/ifroute-$link"
	else
		sysconfig_network | put $file
		{
			[ -z "$four" ] || echo "default - - $link"
			[ -z "$six" ] || echo "::/0 $gateway - $link"
		} | put "/etc/sysconfig/network/ifroute-$link"
	fi
fi

# what needs a network finds it, as somebody provides it
if [ -x /etc/init.d/net.lo ]; then
	[ -z "$IP_ADDR" ] || [ -e /etc/init.d/net.$link ] || ln -sf net.lo /etc/init.d/net.$link
	if [ -z "$IP_ADDR" ]; then
		unblock /etc/conf.d/net
	else
		[ -f /etc/conf.d/net ] || : >/etc/conf.d/net
		conf_d_net | block /etc/conf.d/net
	fi
fi

printf '[Match]\nName=%s\n\n[Link]\nUnmanaged=yes\n' $link | put /etc/systemd/network/10-$link.network
printf '[keyfile]\nunmanaged-devices=interface-name:%s\n' $link | put /etc/NetworkManager/conf.d/10-$link.conf
if [ -f /etc/dhcpcd.conf ] && ! grep -qx "denyinterfaces $link" /etc/dhcpcd.conf; then
	# before the blocks of single interfaces, to one of which it would belong
	{
		echo "denyinterfaces $link"
		cat /etc/dhcpcd.conf
	} | put /etc/dhcpcd.conf
fi
