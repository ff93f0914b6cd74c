#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# NAMESERVER and SEARCHDOMAIN, lists with blanks, into the resolver's configuration;
# what is empty stays as it is.
set -e

resolv=/etc/resolv.conf

# systemd-resolved has resolv.conf for itself
resolved() {
	dir=/etc/systemd/resolved.conf.d
	file=$dir/50-cloison.conf
	mkdir -p $dir
	servers=${NAMESERVER:-$(sed -n 's/^DNS=//p' $file 2>/dev/null)}
	domains=${SEARCHDOMAIN:-$(sed -n 's/^Domains=//p' $file 2>/dev/null)}
	{
		echo '[Resolve]'
		[ -z "$servers" ] || echo "DNS=$servers"
		[ -z "$domains" ] || echo "Domains=$domains"
	} >$file.new
	mv $file.new $file
	[ "$VE_STATE" != running ] || systemctl try-restart systemd-resolved
}

plain() {
	{
		if [ -n "$SEARCHDOMAIN" ]; then
			echo "search $SEARCHDOMAIN"
		fi
		for server in $NAMESERVER; do
			echo "nameserver $server"
		done
		if [ -f $resolv ]; then
			while read -r key rest || [ -n "$key" ]; do
				case $key in
				nameserver) [ -z "$NAMESERVER" ] || continue ;;
				search | domain) [ -z "$SEARCHDOMAIN" ] || continue ;;
				esac
				echo "$key${rest:+ $rest}"
			done <$resolv
		fi
	} >$resolv.cloison
	if cmp -s $resolv.cloison $resolv; then
		rm $resolv.cloison
		return
	fi
	chmod 644 $resolv.cloison
	# a link to what some other program keeps in /run gives way
	mv -f $resolv.cloison $resolv
}

# NetworkManager would write what it has from its own links
networkmanager() {
	file=/etc/NetworkManager/conf.d/10-cloison-dns.conf
	[ -d ${file%/*} ] && [ ! -f $file ] || return 0
	printf '[main]\ndns=none\n' >$file
	if [ "$VE_STATE" = running ] && command -v systemctl >/dev/null; then
		systemctl try-reload-or-restart NetworkManager
	fi
}

# set_line FILE KEY VALUE: unless VALUE is empty or FILE has it
set_line() {
	if [ -n "$3" ] && ! grep -qxF "$2=\"$3\"" "$1"; then
		sed -i "s|^$2=.*|$2=\"$3\"|" "$1"
	fi
}

# SUSE's netconfig leaves a resolv.conf that is not its own alone; but who calls it to write one has the same
netconfig() {
	file=/etc/sysconfig/network/config
	if [ -f $file ]; then
		set_line $file NETCONFIG_DNS_STATIC_SERVERS "$NAMESERVER"
		set_line $file NETCONFIG_DNS_STATIC_SEARCHLIST "$SEARCHDOMAIN"
	fi
}

networkmanager
netconfig
case $(readlink $resolv || true) in
*systemd/resolve/*) resolved ;;
*) plain ;;
esac
