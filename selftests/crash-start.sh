#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# kernels: newest
# start, set --save and stop are killed: see crash/kills.sh.

. "$(dirname "$0")/crash/kills.sh"

small_template
ktap_plan 3
keep_container >/dev/null
for verb in start set stop; do
	run_case "$verb" all_kills "$verb"
done
ktap_finish
