#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# HOSTNM into the container's files. The kernel has it already.
set -e

names=$HOSTNM
[ "${HOSTNM%%.*}" = "$HOSTNM" ] || names="$HOSTNM ${HOSTNM%%.*}"

# read by systemd, by OpenRC and by sysvinit's scripts
if [ "$(cat /etc/hostname 2>/dev/null)" != "$HOSTNM" ]; then
	printf '%s\n' "$HOSTNM" >/etc/hostname
fi

# set_line FILE KEY: if there is one that says otherwise
set_line() {
	if [ -f "$1" ] && grep "^$2=" "$1" | grep -qvxF "$2=\"$HOSTNM\""; then
		sed -i "s/^$2=.*/$2=\"$HOSTNM\"/" "$1"
	fi
}

# Red Hat before systemd, Gentoo before it read /etc/hostname
set_line /etc/sysconfig/network HOSTNAME
set_line /etc/conf.d/hostname hostname

# SUSE's old name for it, and Slackware's
if [ -f /etc/HOSTNAME ] && [ "$(cat /etc/HOSTNAME)" != "$HOSTNM" ]; then
	printf '%s\n' "$HOSTNM" >/etc/HOSTNAME
fi

# Programs look their own name up: the address is Debian's for hosts without a fixed one.
line="127.0.1.1 $names"
hosts=/etc/hosts
if [ "$HOSTNM" != localhost ] && ! grep -qxF "$line" $hosts 2>/dev/null; then
	{
		grep -v '^127\.0\.1\.1[[:space:]]' $hosts 2>/dev/null || echo '127.0.0.1 localhost'
		echo "$line"
	} >$hosts.cloison
	chmod 644 $hosts.cloison
	mv $hosts.cloison $hosts
fi
