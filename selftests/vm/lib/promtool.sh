# SPDX-License-Identifier: GPL-2.0-only
# Prometheus' checker of its text format, which only one test wants: it is ninety megabytes that no machine needs otherwise.
# shellcheck shell=bash

# promtool_make FILE
promtool_make() {
	local suite=backports
	scratch
	archive_dir "$suite"
	(cd "$scratch" && archive_apt "$suite" apt-get -q download promtool)
	dpkg-deb --fsys-tarfile "$scratch"/promtool_*.deb | tar -xO ./usr/bin/promtool >"$1"
	chmod 755 "$1"
}

# promtool_ready: it is $cache/promtool then.
promtool_ready() {
	cached "$cache/promtool" "$(key "$vmdir/lib/promtool.sh")" logged promtool promtool_make
}
