#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# IP_ADDR, the container's addresses with blanks between. The host has set them up. What manages links in
# the container leaves venet0 alone, and what people call by hand (ifup) comes to the same.
set -e

link=venet0

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

ifupdown() {
	four='' six=''
	echo '# Written by the host: changes are lost.'
	echo "auto $link"
	echo "iface $link inet manual"
	for address in $IP_ADDR; do
		case $address in
		*:*) six=-6 ;;
		*) four=-4 ;;
		esac
		echo "	up ip address replace $address dev $link"
	done
	for family in $four $six; do
		echo "	up ip $family route replace default dev $link"
	done
}

if [ -z "$IP_ADDR" ]; then
	rm -f /etc/network/interfaces.d/$link
else
	ifupdown | put /etc/network/interfaces.d/$link
fi
printf '[Match]\nName=%s\n\n[Link]\nUnmanaged=yes\n' $link | put /etc/systemd/network/10-$link.network
printf '[keyfile]\nunmanaged-devices=interface-name:%s\n' $link | put /etc/NetworkManager/conf.d/10-$link.conf
