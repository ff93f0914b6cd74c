#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# place: host
# timeout: 900
# Fuzzing of the tool's parsers: builds fuzz/fuzz_*.c in the build root and runs each from its corpus. One that finds
# something fails, and what it found is kept.
#	usage: fuzz.sh [--seconds N] [NAME [FILE]...]
# With FILEs, only they are run, to see again what was found.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

usage() {
	echo "usage: fuzz.sh [--seconds N] [NAME [FILE]...]" >&2
	exit 2
}

# build: the harness's own shell, so that its traps do not meet ours.
build() {
	# shellcheck disable=SC2016 # the inner shell expands
	bash -euo pipefail -c '
		. "$1/vm/lib/common.sh"
		. "$vmdir/lib/host.sh"
		. "$vmdir/lib/archive.sh"
		. "$vmdir/lib/roots.sh"
		. "$vmdir/lib/build.sh"
		host_check
		lock
		archive_resolve newest
		root_ready trixie
		source_list
		build_sync "$cache/root/trixie/build/fuzz"
		logged fuzz in_root trixie make -C /build/fuzz/selftests/fuzz -j "$(nproc)"
		conclude 0' build "$here"
}

# in_root COMMAND...
in_root() {
	# shellcheck disable=SC2016 # the inner shell expands
	bash -euo pipefail -c '
		. "$1/vm/lib/common.sh"
		. "$vmdir/lib/roots.sh"
		shift
		status=0
		in_root trixie "$@" || status=$?
		conclude "$status"' in_root "$here" "$@"
}

# fuzz NAME: what it found is in $built/found/NAME-*; the corpus grows from run to run in $built/grown.
built=${CLOISON_CACHE:-/var/cache/cloison}/root/trixie/build/fuzz/selftests/fuzz
fuzz() {
	local name=$1 dir=/build/fuzz/selftests/fuzz file found=("$built"/found/"$1"-*)
	rm -f "${found[@]}"
	mkdir -p "$built/found" "$built/grown/$name" "$built/corpus/$name"
	in_root "$dir/fuzz_$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -max_len=4096 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$dir/found/$name-" "$dir/grown/$name" "$dir/corpus/$name" \
		>"$KTAP_TMP/$name.out" 2>&1
	echo $? >"$KTAP_TMP/$name.status"
	for file in "$built"/found/"$name"-*; do
		[[ ! -e $file ]] || cp "$file" "$KTAP_TMP/"
	done
}

# It must have run, too: the count is the fuzzer's own.
judge() {
	local name=$1 runs file
	for file in "$KTAP_TMP/$name"-*; do
		[[ -e $file ]] || continue
		mkdir -p "$here/results/found"
		cp "$file" "$here/results/found/"
		echo "run it again with: selftests/fuzz.sh $name selftests/results/found/${file##*/}"
	done
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$KTAP_TMP/$name.out")
	if [[ $(<"$KTAP_TMP/$name.status") -ne 0 || ! $runs || $runs -lt 100 ]]; then
		tail -n 60 "$KTAP_TMP/$name.out"
		return 1
	fi
	echo "$runs runs" >"$KTAP_TMP/$name.runs"
}

# again NAME FILE...
again() {
	local name=$1 file
	shift
	mkdir -p "$built/again"
	for file in "$@"; do
		cp "$file" "$built/again/input" || exit 1
		echo "== $file" >&2
		in_root "/build/fuzz/selftests/fuzz/fuzz_$name" /build/fuzz/selftests/fuzz/again/input || exit 1
	done
}

seconds=10
if [[ $1 == --seconds ]]; then
	[[ $2 =~ ^[1-9][0-9]*$ ]] || usage
	seconds=$2
	shift 2
fi
[[ $1 != -* ]] || usage
names=()
for file in "$here"/fuzz/fuzz_*.c; do
	file=${file##*/fuzz_}
	names+=("${file%.c}")
done
if [[ $1 ]]; then
	[[ " ${names[*]} " == *" $1 "* ]] || { echo "no target $1; there are: ${names[*]}" >&2 && exit 2; }
	names=("$1")
	shift
fi
build || exit 1
if [[ $# -gt 0 ]]; then
	again "${names[0]}" "$@"
	exit 0
fi

ktap_plan "${#names[@]}"
for name in "${names[@]}"; do
	fuzz "$name" &
done
wait
for name in "${names[@]}"; do
	ktap_run "$name" judge "$name"
	[[ ! -f $KTAP_TMP/$name.runs ]] || ktap_say "$(<"$KTAP_TMP/$name.runs")"
done
ktap_finish
