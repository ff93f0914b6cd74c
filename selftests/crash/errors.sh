# SPDX-License-Identifier: GPL-2.0-only
# Each system call of a command fails once. The command must fail with a message and a status of vzctl's, and leave all as it
# was, or do what it was asked to. The same command again must succeed.
# ENOMEM stands for all errors that the tool does not tell apart, EINTR is given where a signal can bring it about (signal(7));
# CRASH_ERRORS="EIO ENOSPC" runs it with others.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

errors=${CRASH_ERRORS:-ENOMEM EINTR}

# ignored CALL: it may fail and the command succeed all the same.
ignored() {
	case $1 in
	# asked for because it may not be there: what is needed is looked for afterwards
	"mkdir "* | "mkdirat "* | "unlink "*.tmp) ;;
	# the holder's pid in a lock file is for people; controllers are asked for, then looked for; the rest is best effort
	"ftruncate "*.lck | "write "*.lck | "write "*/cgroup.subtree_control | "write "*/oom_score_adj) ;;
	# what was done, for people
	"openat /var/log/cloison.log" | "write /var/log/cloison.log") ;;
	# what CRIU said, for people; a limit for files that are gone, which the next ones get anew
	"unlink "*.log | "quotactl_fd "*) ;;
	# removed at the next repair if not now: a rest of a creation, a name or mount point of no container
	"unlink "*/conf.before | "unlink /etc/cloison/names/"* | *" "*/lock/names.lck | "rmdir $state/root/"*) ;;
	# a file that others may not read: it gets the mode of a new one
	"fchmod "*) ;;
	# best effort, see confine.c
	"setpriority "* | "prlimit64 "* | "ioprio_set "* | "sched_setscheduler "* | "sched_setaffinity "* | \
		"personality "*) ;;
	# whether an interface of an earlier life is there still: what is missed check --repair finds
	"socket "* | "bind "*) ;;
	# explanations of the kernel's are for people, buffer sizes for speed
	"setsockopt "*) ;;
	# they do not fail for any such reason: fcntl(2) is F_SETFL
	"umask "* | "kill "* | "fcntl "*) ;;
	# isatty(3): then it is none, and nothing is drawn there
	"ioctl "*) ;;
	# a container may have no /root; back to where the tool was called, which ends soon
	"chdir "* | "fchdir "*) ;;
	# what it says was finished: who finds it finishes that again
	"unlink "*/mounting) ;;
	*) return 1 ;;
	esac
}

# tried_again POINT CALL: what userns.c goes back with.
tried_again() {
	[[ $1 == 1.* && ($2 == setresuid* || $2 == prctl*) ]]
}

# interruptible CALL: signal(7), "Interruption of system calls", and those that wait for a lock.
interruptible() {
	[[ $1 =~ ^(openat|write|flock|sendto|sendmsg|fsync|syncfs|clone|clone3|bind|fcntl|getrandom)\  ]]
}

# fail_at VERB ERROR POINT: sets $status, and $call: which one failed, if it came to one.
fail_at() {
	local -n command=$1_command
	status=0
	"$1_before"
	"$inject" --own --report "$KTAP_TMP/report" --error "$2" "$3" "${command[@]}" >"$KTAP_TMP/stdout" 2>"$KTAP_TMP/stderr" ||
		status=$?
	# as it was this time
	call=$(<"$KTAP_TMP/report")
	call=${call#hit }
	look failed
}

# foreign VERB POINT: a call of rm or tar. How they bear errors is theirs; what they end with is what counts.
foreign() {
	[[ ($1 == create || $1 == destroy) && $2 != 1.* ]]
}

# warned: a script for the host name that cannot be run keeps no container down, nor one that cannot be asked up.
warned() {
	grep -q '^Warning: ' "$KTAP_TMP/stderr"
}

# documented STATUS: exit.h has it
documented() {
	[[ " 1 3 5 7 8 9 33 46 47 48 50 51 52 61 108 139 " == *" $1 "* ]]
}

all_errors() {
	local verb=$1 point call error status n=0 passed=0 bad=0 key
	local -A seen
	list "$verb" --own
	while read -r point _ call <&3; do
		[[ $call != exit_group* ]] || continue
		for error in $errors; do
			[[ $error != EINTR ]] || interruptible "$call" || continue
			n=$((n + 1))
			fail_at "$verb" "$error" "$point"
			[[ $call ]] || { echo "did not come to $point this time" && continue; }
			if [[ $status -eq 0 ]]; then
				passed=$((passed + 1))
				if [[ $call == "unlink /etc/cloison/names/"* || $call == *" "*/lock/names.lck || $call == "mkdir /run"* ||
					$call == "rmdir $state/root/"* || $call == "unlink "*/conf.before ]]; then
					# see ignored()
					cloisonctl check --repair
					look failed
				fi
				if ! same failed after && ! { warned && like "$verb" failed after; }; then
					echo "$error at $point, $call: success, but not what it should be"
					diff "$KTAP_TMP/after" "$KTAP_TMP/failed" || true
					bad=1
				elif ! foreign "$verb" "$point" && ! ignored "$call" && ! tried_again "$point" "$call" &&
					! warned && [[ $error != EINTR ]]; then
					echo "$error at $point, $call: ignored"
					bad=1
				fi
				continue
			fi
			if ! documented "$status" || [[ ! -s $KTAP_TMP/stderr ]]; then
				echo "$error at $point, $call: status $status, and says: $(<"$KTAP_TMP/stderr")"
				bad=1
			fi
			key=$(<"$KTAP_TMP/failed")
			[[ ! ${seen[$key]:-} ]] || continue
			seen[$key]=1
			if not same failed before; then
				echo "$error at $point, $call: status $status, and left: $(<"$KTAP_TMP/stderr")"
				diff "$KTAP_TMP/before" "$KTAP_TMP/failed" || true
				# what takes things away goes on where it was; set applies before it saves
				[[ $verb == stop || $verb == destroy || $verb == set ]] || bad=1
			fi
			"${verb}_again"
		done
	done 3<"$KTAP_TMP/points"
	echo "$verb: $n errors, $passed without harm, ${#seen[@]} states"
	[[ $bad -eq 0 ]]
	ends "$verb"
}
