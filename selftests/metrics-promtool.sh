#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# place: host
# kernels: newest
# timeout: 900
# What metrics prints of containers that have all there is, as Prometheus' own checker reads it. Runs on the host.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

# promtool: the harness's own shell, so that its traps do not meet ours.
promtool() {
	# shellcheck disable=SC2016 # the inner shell expands
	bash -euo pipefail -c '
		. "$1/vm/lib/common.sh"
		. "$vmdir/lib/host.sh"
		. "$vmdir/lib/archive.sh"
		. "$vmdir/lib/promtool.sh"
		lock
		archive_resolve newest
		promtool_ready
		echo "$cache/promtool"
		conclude 0' promtool "$here"
}

checked() {
	local file
	file=$(promtool)
	cat >"$KTAP_TMP/script" <<-'END'
		#!/bin/bash
		set -euo pipefail
		modprobe -a cloison cloison_acct cloison_sched
		cloisonctl --quiet create 900 --ostemplate busybox --name one --ram 64M --ipadd 10.0.90.2
		cloisonctl --quiet create 901 --ostemplate busybox --name down
		cloisonctl --quiet start 900 --wait
		cloisonctl exec 900 'dd if=/dev/zero of=/x bs=1M count=4; sync; ping -c 1 10.0.90.2' >/dev/null
		cloisonctl metrics >metrics
		./promtool check metrics <metrics >said 2>&1 || echo "promtool: exit status $?" >>said
		cat said
		[[ ! -s said ]]
		# a word is not enough for it: it would have found something
		sed 's/cloison_sched_latency_seconds_bucket/cloison_sched_waits_total/' metrics >spoilt
		! ./promtool check metrics <spoilt >/dev/null 2>&1
		for name in up cpu_usage beancounter_held sched_latency_seconds_bucket device_written_bytes_total \
			network_sent_bytes_total load1; do
			grep -q "^cloison_$name[_a-z]*{" metrics || { echo "no $name" && exit 1; }
		done
	END
	"$here/vm/run" --kernel newest --timeout 600 "$KTAP_TMP/script" "$file" 2>&1
}

ktap_plan 1
ktap_run "promtool has nothing to say" checked
ktap_finish
