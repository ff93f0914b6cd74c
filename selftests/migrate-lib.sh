# SPDX-License-Identifier: GPL-2.0-only
# What the tests of migration share: this is node1, and there is a node2.
# shellcheck shell=bash disable=SC2029 # what is for node2 may expand here

. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

# One connection to node2 for the whole test: a login takes seconds in an emulated machine. The tool makes its own.
line=$KTAP_TMP/line
ssh() {
	command ssh -S "$line" "$@"
}
ssh -MNf node2 </dev/null >/dev/null 2>&1

hang_up() {
	ssh -O exit node2 2>/dev/null
	rm -rf "$KTAP_TMP"
}
trap 'clean; hang_up' EXIT

# on NODE COMMAND...: 1 is this one.
on() {
	if [[ $1 == 1 ]]; then
		"${@:2}"
	else
		ssh node2 "$(printf '%q ' "${@:2}")"
	fi
}

receives() {
	ssh node2 grep -q receiving /var/lib/cloison/migrate/900
}

# fails_with STATUS: the process $tool, and the container runs on with the memory that it had
fails_with() {
	local status=0
	# shellcheck disable=SC2154 # the caller's
	wait "$tool" || status=$?
	[[ $status -eq $1 ]]
	is_running 900
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" ]]
}

# shellcheck disable=SC2120 # some give none
# remembering [OPTION...]: 900 runs, with a process whose id is $life.
remembering() {
	make_running 900 --ipadd 10.99.0.100 "$@"
	cloisonctl exec 900 'setsid sleep 99999 </dev/null >/dev/null 2>&1 &'
	wait_for cloisonctl exec 900 pidof sleep
	life=$(cloisonctl exec 900 pidof sleep)
}

# pretend: what is called cloisonctl on node2 from now on.
pretend() {
	ssh node2 'cat >/usr/local/sbin/cloisonctl; chmod 755 /usr/local/sbin/cloisonctl'
}

# dies_there SYSCALL N PATH [SIGNAL]: the tool on node2 is killed when it is about to do that to PATH for the Nth time, or gets SIGNAL
# when it has done so; then it is none.
dies_there() {
	pretend <<-EOF
		#!/bin/sh
		printf '#!/bin/sh\\nexit 1\\n' >/usr/local/sbin/no
		chmod 755 /usr/local/sbin/no
		mv /usr/local/sbin/no /usr/local/sbin/cloisonctl
		# of a rename it looks at the first name only
		exec strace -qq -o /dev/null -P $3 -P $3.tmp -e trace=$1 -e inject=$1:signal=${4:-KILL}:when=$2 /usr/sbin/cloisonctl "\$@"
	EOF
}

# picture ID: its files with all that belongs to them, ids as it sees them. On the node where it is run.
picture() {
	local base
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "/etc/cloison/conf/$1.conf")
	cd "/var/lib/cloison/private/$1/fs" || return
	find . -path './dev/*' -o -printf '%P|%y|%m|%U|%G|%s|%n|%l|%T@\n' |
		awk -F '|' -v OFS='|' -v base="$base" '{ $4 -= base; $5 -= base; if ($2 == "d") $6 = 0; print }' | sort
	find . -type f ! -path './dev/*' -exec md5sum {} + | sort
	getfattr -R -h -d -m '^user' . 2>/dev/null
	getfacl -R -n -p . | awk -v base="$base" 'match($0, /[0-9][0-9][0-9][0-9][0-9][0-9][0-9]+/) {
		id = substr($0, RSTART, RLENGTH) - base
		$0 = substr($0, 1, RSTART - 1) id substr($0, RSTART + RLENGTH)
	} { print }'
	getcap -r -n . | sed "s/rootid=$base/rootid=BASE/"
}

# picture_on NODE ID
picture_on() {
	on "$1" bash -c "$(declare -f picture); picture $2"
}

# place ID: on which nodes it exists, runs, and may be started; "1: exist running" and the like. Exactly one has it.
place() {
	local node
	for node in 1 2; do
		on "$node" cloisonctl status "$1" | sed "s/^CTID $1/$node:/"
	done
}

# What a client said last, in $KTAP_TMP/CLIENT: the number of an answer, and the ms it took, until one is wrong.
answered() {
	tail -n 1 "$KTAP_TMP/$1" | grep -o '^[0-9]*'
}

is_beyond() {
	[[ $(answered "$1") -gt $2 ]]
}

# goes_on CLIENT
goes_on() {
	not grep end "$KTAP_TMP/$1"
	wait_for is_beyond "$1" $(($(answered "$1") + 3))
}

# longest CLIENT
longest() {
	awk '$2 > most { most = $2 } END { print most " ms was the longest wait for an answer" }' "$KTAP_TMP/$1"
}

nowhere_left() {
	local node=$1 id=$2
	on "$node" bash -c "ls -d /etc/cloison/conf/$id.* /var/lib/cloison/private/$id* /var/lib/cloison/root/$id /sys/fs/cgroup/cloison/$id 2>/dev/null" |
		grep -v -e destroyed -e '\.migrated$' && return 1
	return 0
}

clean_node() {
	local conf id
	# what a case that failed pretended
	rm -f /usr/local/sbin/{cloisonctl,criu}
	for conf in /etc/cloison/conf/9*.conf /var/lib/cloison/migrate/9*; do
		[[ -e $conf ]] || continue
		id=$(basename "$conf" .conf)
		rm -f "/var/lib/cloison/migrate/$id"
		cloisonctl --quiet stop "$id" --fast 2>/dev/null
		cloisonctl --quiet destroy "$id" 2>/dev/null
	done
	rm -rf /var/lib/cloison/private/9*
	rm -f /etc/cloison/conf/9*
	return 0
}

clean() {
	clean_node
	ssh node2 "$(declare -f clean_node); clean_node"
}
