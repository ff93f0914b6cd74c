#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# kernels: newest
# create and destroy are killed: see crash/kills.sh.

. "$(dirname "$0")/crash/kills.sh"

small_template
ktap_plan 2
run_case "create" all_kills create
keep_container >/dev/null
run_case "destroy" all_kills destroy
ktap_finish
