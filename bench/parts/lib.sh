# SPDX-License-Identifier: GPL-2.0-only
# What the measurements share.
# shellcheck shell=bash

set -euo pipefail
shopt -s inherit_errexit

now_us() {
	echo $(($(date +%s%N) / 1000))
}

# Where what is measured puts its output, to be shown if it fails.
words=$(mktemp)

# once COMMAND...: fails loudly.
once() {
	"$@" >"$words" 2>&1 </dev/null || {
		echo "failed: $*"
		cat "$words"
		exit 1
	}
}

# measure ROUNDS COMMAND...: the mean time of a round in us, after one that warms the caches
measure() {
	local rounds=$1 start i
	shift
	once "$@"
	start=$(now_us)
	for ((i = 0; i < rounds; i++)); do
		once "$@"
	done
	echo $((($(now_us) - start) / rounds))
}

# least ROUNDS COMMAND...: of the numbers that it prints; what else a machine does only ever adds
least() {
	local i
	for ((i = 0; i < $1; i++)); do
		"${@:2}"
	done | sort -n | head -n 1
}

# result NAME OURS PEER WHO UNIT BETTER [MOST]: false if ours is more than MOST times the peer's.
result() {
	local ratio
	ratio=$(awk "BEGIN { r = $2 / $3; printf r < 0.1 ? \"%.4f\" : \"%.2f\", r }")
	echo "bench: $1 ours=$2 peer($4)=$3 unit=$5 better=$6 ratio=$ratio${7:+ most=$7}"
	[[ ! ${7:-} ]] || awk "BEGIN { exit !($2 / $3 <= $7) }" || missed=1
}
missed=

finish() {
	[[ ! $missed ]] || echo "a figure is worse than it must be"
	[[ ! $missed ]]
}

# small_template: busybox without most of its hundreds of links, which are what takes time when many are created.
small_template() {
	local cache=/var/lib/cloison/template/cache
	zstd -qdc $cache/busybox.tar.zst | tar --delete -f - --wildcards './usr/bin/*' './usr/sbin/*' |
		zstd -q -1 -o $cache/small.tar.zst
}

# crun_bundle DIRECTORY CTID: for a container like CTID, with its root file system and ids, and its views if there are any.
crun_bundle() {
	local base views=/sys/fs/cloison
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "/etc/cloison/conf/$2.conf")
	sed "s/@BASE@/$base/g; s,@ROOT@,/var/lib/cloison/private/$2/fs,; s,@NAME@,$2," \
		"$(dirname "${BASH_SOURCE[0]}")/config.json" >"$1/config.json"
	! mountpoint -q "$views" || python3 "$(dirname "${BASH_SOURCE[0]}")/views.py" "$views" "$1/config.json"
	# crun enters the root file system as root of the container
	chmod 711 /var/lib/cloison /var/lib/cloison/private "/var/lib/cloison/private/$2"
}
