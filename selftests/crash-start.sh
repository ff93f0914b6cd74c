#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 1800
# kernels: newest
# start, set --save and stop, of a container with a network, are killed: see crash/kills.sh.

# with a network there are twice as many points, and each takes twice as long
: "${CRASH_EVERY:=24}"
. "$(dirname "$0")/crash/kills.sh"

small_template
ktap_plan 3
with_network >/dev/null
for verb in start set stop; do
	run_case "$verb" all_kills "$verb"
done
ktap_finish
