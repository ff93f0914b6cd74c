#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a template has once and each container must have for itself.
set -e

if [ -s /etc/machine-id ]; then
	: >/etc/machine-id
	[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
fi
if ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1; then
	rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
	# without it, the first start of sshd makes them
	! command -v ssh-keygen >/dev/null || ssh-keygen -A >/dev/null
fi
