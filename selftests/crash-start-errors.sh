#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 1800
# kernels: newest
# System calls of start, set --save and stop fail: see crash/errors.sh.

. "$(dirname "$0")/crash/errors.sh"

small_template
ktap_plan 3
keep_container >/dev/null
for verb in start set stop; do
	run_case "$verb" all_errors "$verb"
done
ktap_finish
