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

# Red Hat before systemd
network=/etc/sysconfig/network
if [ -f $network ] && grep -q '^HOSTNAME=' $network; then
	sed -i "s/^HOSTNAME=.*/HOSTNAME=\"$HOSTNM\"/" $network
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
