#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A line USER:PASSWORD on stdin: nobody sees it in a list of processes.
set -e

IFS= read -r line
user=${line%%:*}

if ! grep -q "^$user:" /etc/passwd; then
	if command -v useradd >/dev/null; then
		useradd -m "$user"
	elif command -v adduser >/dev/null; then
		adduser -D "$user"
	else
		echo "there is no user $user, and no useradd or adduser to make one" >&2
		exit 1
	fi
fi
# printf is the shell's own
if command -v chpasswd >/dev/null; then
	printf '%s\n' "$line" | chpasswd
else
	# busybox's, which asks twice and needs no terminal for it
	printf '%s\n%s\n' "${line#*:}" "${line#*:}" | passwd "$user"
fi
