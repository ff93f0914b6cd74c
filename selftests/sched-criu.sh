#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest
# alone: newest
# timeout: 900
# Dump and restore while our scheduler is in charge: tasks are of the class that CRIU knows.

here=$(dirname "$0")
trap 'cloisonctl --quiet sched disable' EXIT
if ! cloisonctl --quiet sched enable; then
	echo "Bail out! the scheduler cannot be enabled"
	exit 1
fi
"$here/checkpoint.sh"
status=$?
if [[ $(cloisonctl sched status) != *"(enabled)"* ]]; then
	cloisonctl sched status | sed 's/^/# /'
	echo "Bail out! the scheduler was ejected"
	status=1
fi
exit $status
