# SPDX-License-Identifier: GPL-2.0-only
# What every part of the harness shares: messages, phases, the cache and its lock.
# shellcheck shell=bash

export LC_ALL=C
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Exit codes of the harness itself; everything else is the script's own status.
readonly EXIT_USAGE=2 EXIT_SILENT=124 EXIT_KERNEL=125 EXIT_HARNESS=126
export EXIT_USAGE EXIT_SILENT EXIT_KERNEL EXIT_HARNESS

vmdir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tree=$(cd "$vmdir/../.." && pwd)
cache=${CLOISON_CACHE:-/var/cache/cloison}
verbose=${verbose:-}
readonly vmdir tree cache

say() {
	printf 'vm: %s\n' "$*" >&2
}

die() {
	say "$*"
	exit "$EXIT_HARNESS"
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# phase NAME COMMAND...: says, with --verbose, how long COMMAND took. It is called plainly, never in a
# condition, so that `set -e` stays in force inside COMMAND.
phase() {
	local name=$1 start
	shift
	start=$(now_ms)
	"$@"
	if [[ $verbose ]]; then
		say "$(printf '%7d ms  %s' $(($(now_ms) - start)) "$name")"
	fi
}

# logged NAME COMMAND...: keeps the chatter of a long build in a file; when the build ends us, on_exit shows its end.
current_log=
logged() {
	current_log=$cache/log/$1.log
	shift
	mkdir -p "$cache/log"
	"$@" >"$current_log" 2>&1
	current_log=
}

# conclude STATUS: exits with a status that was meant; any other end is a failure of the harness.
concluded=
conclude() {
	concluded=1
	exit "$1"
}

# The trap may come while output goes elsewhere.
exec {stderr}>&2

# Commands to run at exit, last first, whatever the reason for it.
cleanups=()
on_exit() {
	local status=$? i
	trap - EXIT INT TERM
	exec 2>&"$stderr"
	if [[ $status -ne 0 && ! $concluded ]]; then
		if [[ $current_log ]]; then
			say "failed; the end of $current_log:"
			tail -n 40 "$current_log" >&2
		fi
		[[ $status -eq 130 || $status -eq 143 ]] || status=$EXIT_HARNESS
	fi
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
		eval "${cleanups[i]}" || true
	done
	exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# remove PATH...: never crosses into something mounted there.
remove() {
	rm -rf --one-file-system -- "$@"
}

# scratch: a directory of this run, gone at exit; its name is in $scratch. The snapshots of the machines' disks grow here,
# so it is on the cache's disk, not on a /tmp that may be memory.
scratch() {
	[[ -z ${scratch:-} ]] || return 0
	mkdir -p "$cache/run"
	find "$cache/run" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf --one-file-system {} + # of runs that were killed
	scratch=$(mktemp -d "$cache/run/XXXXXX")
	cleanups+=('remove "$scratch"')
}

# key WORD...: one hash over the words and, for those that name files or directories, over what is in them.
key() {
	local word
	for word in "$@"; do
		if [[ -d $word ]]; then
			(cd "$word" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum)
		elif [[ -f $word ]]; then
			cat "$word"
		else
			printf '%s\n' "$word"
		fi
	done | sha256sum | cut -c 1-16
}

# cached PATH KEY COMMAND...: PATH as COMMAND makes it out of inputs with hash KEY. COMMAND gets a temporary name as
# last argument, so that what stands under PATH is always whole.
cached() {
	local path=$1 key=$2
	shift 2
	if [[ -e $path && -f $path.key && $(<"$path.key") == "$key" ]]; then
		return
	fi
	mkdir -p "${path%/*}"
	remove "$path.new" "$path.key"
	"$@" "$path.new"
	remove "$path"
	mv "$path.new" "$path"
	echo "$key" >"$path.key"
}

# The lock covers preparing (roots, images, builds), not the machines' run.
lock() {
	mkdir -p "$cache"
	exec {lock_fd}>"$cache/lock"
	if ! flock -n "$lock_fd"; then
		say "waiting for another run that is building"
		flock "$lock_fd"
	fi
}

unlock() {
	exec {lock_fd}>&-
}

# packages LIST: the names in packages/LIST, comments left out.
packages() {
	sed 's/#.*//; /^[[:space:]]*$/d' "$vmdir/packages/$1"
}
