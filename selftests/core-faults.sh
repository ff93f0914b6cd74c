#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The modules when memory runs out, at every allocation of every request, see nl/faults.c. Only a debug kernel can do that.

. "$(dirname "$0")/core-lib.sh"

debugfs=/sys/kernel/debug

[[ -w /proc/self/fail-nth ]] || ktap_skip_all "this kernel injects no faults"

# Also allocations that may wait for memory; and without a line for each.
for kind in failslab fail_page_alloc; do
	echo N >$debugfs/$kind/ignore-gfp-wait
	echo 0 >$debugfs/$kind/verbose
done
echo N >$debugfs/fail_page_alloc/ignore-gfp-highmem
echo 0 >$debugfs/fail_page_alloc/min-order
echo 0 >$debugfs/fail_usercopy/verbose

# faults COMMAND: there must have been some
faults() {
	local out
	spawn 7 exit=0
	out=$("$here/nl/faults" "$1" 7 "$(stat -c %i "$base/7")" "${init[7]}")
	[[ $out =~ ^[1-9][0-9]*\ faults ]]
	echo "$1: $out" >>"$said"
	go 7
	[[ $(status 7) == 0 ]]
	[[ ! $(ids) ]]
}

# The same with two parts attached to the core, which allocate for each container.
faults_attached() {
	insmod "$here/kmod/cloison_test.ko"
	faults new
	[[ $(</sys/module/cloison_test/parameters/attached) == "$(</sys/module/cloison_test/parameters/detached)" ]]
}

# load MODULE [LAST]: see nl/faults.c
load() {
	local out
	rmmod "$1"
	out=$("$here/nl/faults" load "$(modinfo -n "$1")" "${@:2}")
	[[ $out =~ ^[1-9][0-9]*\ faults ]]
	echo "load $1: $out" >>"$said"
	modprobe "$1"
}

faulty() {
	mkdir -p "$base/7"
	faults "$1"
}

modprobe -r -a cloison_diag cloison_net 2>/dev/null
start_core
said=$KTAP_TMP/said
commands=(new set del get dump resolve)
ktap_plan $((${#commands[@]} + 4))
for command in "${commands[@]}"; do
	eval "case_$command() { faulty $command; }"
	check "$command" "case_$command"
done
attached() {
	mkdir -p "$base/7"
	faults_attached
}
check "new, with parts attached" attached
ktap_run "loading the module" load cloison
modprobe cloison_net
check "new, with the network attached" case_new
ktap_run "loading the network" load cloison_net
modprobe -r cloison_net
ktap_say "$(cat "$said")"
ktap_finish
