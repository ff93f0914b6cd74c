#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What processes pay for the accounting of their CPU time: two that wake each other, in a container, with cloison_sched
# loaded and without.

here=$(dirname "$0")
. "$here/parts/lib.sh"

once cloisonctl create 900 --ostemplate busybox
root=/var/lib/cloison/private/900/fs
install -m 755 /usr/lib/cloison/selftests/acct/work "$root/work"
once cloisonctl start 900 --wait

pingpong() { cloisonctl exec 900 /work ctx_switch 10000; }

once modprobe -r cloison_sched
without=$(least 5 pingpong)
once modprobe cloison_sched
result sched.account "$(least 5 pingpong)" "$without" unloaded ns lower 1.02
once cloisonctl stop 900 --fast
finish
