#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 1800
# kernels: newest
# System calls of create and destroy fail: see crash/errors.sh.

. "$(dirname "$0")/crash/errors.sh"

small_template
ktap_plan 2
run_case "create" all_errors create
keep_container >/dev/null
run_case "destroy" all_errors destroy
ktap_finish
