# SPDX-License-Identifier: GPL-2.0-only
# Commands are killed at their points: where that is, crash/class.h says. After each kill, what is seen must be a container
# or none, and check --repair must lead to the state before the command or that after it. For each state that kills leave
# (there are far fewer than points) the same command again must go on as well.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# kill_at VERB MODE POINT
kill_at() {
	local -n command=$1_command
	"$1_before"
	"$inject" --report "$KTAP_TMP/report" "--$2" "$3" "${command[@]}" >/dev/null 2>&1 || [[ $? -ne 125 && $? -ne 142 ]]
	[[ $(<"$KTAP_TMP/report") == hit* ]] || echo "did not come to $3 this time"
	[[ $1 != stop ]] || stop_settles
	look killed
}

# A state that was seen before needs no second look: what the tool does next is the same.
all_kills() {
	local verb=$1 point processes call mode key n=0
	local -A seen
	list "$verb"
	while read -r point processes call <&3; do
		for mode in kill kill-all; do
			# with one process they are the same
			[[ $mode == kill || $processes -gt 1 ]] || continue
			n=$((n + 1))
			kill_at "$verb" "$mode" "$point"
			key=$(<"$KTAP_TMP/killed")
			[[ ! ${seen[$key]:-} ]] || continue
			seen[$key]=1
			saying "$mode at $point, $call"
			is_whole
			repaired "$verb"
			kill_at "$verb" "$mode" "$point"
			"${verb}_again"
			look again
			connected again after
		done
	done 3<"$KTAP_TMP/points"
	echo "$verb: $n kills, ${#seen[@]} states"
	ends "$verb"
}
