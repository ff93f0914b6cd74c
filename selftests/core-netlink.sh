#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Netlink: who may speak to the kernel, and what bad requests are answered.

. "$(dirname "$0")/core-lib.sh"

# For each command, with what would be right otherwise.
every_command() {
	"$@" "$nl" new id=6 "cgroup=$(cgroup 6)"
	"$@" "$nl" set id=5 name=x
	"$@" "$nl" del id=5
	"$@" "$nl" get id=5
	"$@" "$nl" -d get
	"$@" "$nl" resolve pid=1
}

refused() {
	expect_out '^EPERM: ' "${by[@]}" "$@"
}

# The explanation of a refused dump gets lost in Linux 6.1.
user_namespace_root() {
	new 5
	by=(unshare --user --map-root-user)
	every_command refused
	expect_out '^EPERM$' "${by[@]}" "$nl" listen 1 5
	[[ $(ids) == 5 ]]
}

no_capability() {
	new 5
	by=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
	every_command refused
	expect_out '^EPERM$' "${by[@]}" "$nl" listen 1 5
	by=(setpriv --reuid=65534 --clear-groups)
	every_command refused
	expect_out '^EPERM$' "${by[@]}" "$nl" listen 1 5
	[[ $(ids) == 5 ]]
}

invisible() {
	expect_out '^ENOENT' unshare --net env "NL_FAMILY=$1" "${@:2}"
}

# Elsewhere there is no such family, even for him who knows its number.
other_network_namespace() {
	new 5
	expect_exit 3 unshare --net "$nl" get id=5
	expect_exit 3 unshare --net "$nl" listen 1 5
	local family
	family=$("$nl" family)
	every_command invisible "$family"
	[[ $(ids) == 5 ]]
}

missing() {
	expect_out "^EINVAL: attribute 1 is missing$|^EINVAL: " "$nl" "$@"
}

missing_attributes() {
	missing new
	missing new id=5
	missing new "cgroup=$(cgroup 5)"
	missing new name=five
	missing set
	missing set name=five
	missing set init=1
	missing del
	missing resolve
	expect_out '^EINVAL: either an id or a name is needed$' "$nl" get
	expect_out '^EINVAL: there is nothing to set$' "$nl" set id=5
}

# What a command does not know is refused, not ignored.
too_much() {
	new 5 name=five
	expect_out '^EINVAL: either an id or a name is needed$' "$nl" get id=5 name=five
	expect_out '^EINVAL: ' "$nl" del id=5 name=five
	expect_out '^EINVAL: ' "$nl" set id=5 name=x "cgroup=$(cgroup 6)"
	expect_out '^EINVAL: ' "$nl" new id=6 "cgroup=$(cgroup 6)" init=1
	expect_out '^EINVAL: ' "$nl" new id=6 "cgroup=$(cgroup 6)" 6=2
	expect_out '^EINVAL: ' "$nl" new id=6 "cgroup=$(cgroup 6)" 99=2
	expect_out '^EINVAL: ' "$nl" get id=5 7:flag=
	expect_out '^EINVAL: ' "$nl" resolve pid=1 id=5
	expect_out '^EINVAL' "$nl" -d get id=5
	expect_out '^EINVAL' "$nl" -d get name=five
	[[ $(ids) == 5 ]]
}

out_of_range() {
	local id
	for id in 0 2147483645 2147483648 4294967295; do
		expect_out '^ERANGE: ' "$nl" new "id=$id" "cgroup=$(cgroup 5)"
		expect_out '^ERANGE: ' "$nl" set "id=$id" name=x
		expect_out '^ERANGE: ' "$nl" del "id=$id"
		expect_out '^ERANGE: ' "$nl" get "id=$id"
	done
	for id in 0 4194305 2147483648 4294967295; do
		expect_out '^ERANGE: ' "$nl" set id=5 "init=$id"
		expect_out '^ERANGE: ' "$nl" resolve "pid=$id"
	done
	[[ ! $(ids) ]]
}

wrong_length() {
	local type
	for type in u8 u16 u64 flag; do
		expect_out '^(EINVAL|ERANGE): ' "$nl" new "id:$type=5" "cgroup=$(cgroup 5)"
		expect_out '^(EINVAL|ERANGE): ' "$nl" del "id:$type=5"
		expect_out '^(EINVAL|ERANGE): ' "$nl" resolve "pid:$type=5"
	done
	for type in u8 u32 flag; do
		expect_out '^(EINVAL|ERANGE): ' "$nl" new id=5 "cgroup:$type=$(cgroup 5)"
	done
	[[ ! $(ids) ]]
}

bad_names() {
	new 5
	expect_out '^(EINVAL|ERANGE): ' "$nl" set id=5 "name=$(printf 'x%.0s' {1..64})"
	expect_out '^(EINVAL|ERANGE): ' "$nl" set id=5 "name=$(printf 'x%.0s' {1..3000})"
	expect_out '^(EINVAL|ERANGE): ' "$nl" set id=5 name:raw=five
	expect_out '^(EINVAL|ERANGE): ' "$nl" set id=5 name:flag=
	expect_out '^(EINVAL|ERANGE): ' "$nl" new id=6 "cgroup=$(cgroup 6)" "name=$(printf 'x%.0s' {1..64})"
	expect_out '^id 5 cgroup' "$nl" get id=5
	[[ $(ids) == 5 ]]
}

unknown_commands() {
	expect_out '^EOPNOTSUPP' "$nl" 0
	expect_out '^EOPNOTSUPP' "$nl" 6
	expect_out '^EOPNOTSUPP' "$nl" 99
	expect_out '^EOPNOTSUPP' "$nl" -d new id=5 "cgroup=$(cgroup 5)"
	expect_out '^EOPNOTSUPP' "$nl" -d resolve pid=1
}

rmmod_now() {
	[[ $(running) == 0 ]]
	modprobe -r cloison
}

start_core
ktap_plan 10
check "root of a user namespace" user_namespace_root
check "without CAP_SYS_ADMIN" no_capability
check "other network namespace" other_network_namespace
check "missing attributes" missing_attributes
check "attributes that do not belong there" too_much
check "numbers out of range" out_of_range
check "attributes of wrong length" wrong_length
check "names" bad_names
check "unknown commands" unknown_commands
check "nothing is left" rmmod_now
ktap_finish
