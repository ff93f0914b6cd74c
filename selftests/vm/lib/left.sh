# SPDX-License-Identifier: GPL-2.0-only
# A run whose time is limited: when what still runs is stopped.
# shellcheck shell=bash disable=SC2034 # others use it

# So many seconds after the time from which no test begins a test that runs is stopped: more than most tests take.
LEFT_GRACE=${LEFT_GRACE:-600}

# So long, if time is limited, second tries may begin (see again.sh).
AGAIN_SECONDS=300

# What a test says that it takes at most is true of a machine that has its processors for itself. One that hangs is found
# so many times later, on a kernel for debugging too.
TIMES=2
TIMES_DEBUG=5
