#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The debug kernel sees what it is built to see: a module does one wrong thing after the other, and each must fail the
# test during which it was done. Runs on the host, in a machine of its own.
# place: host
# kernels: debug
# timeout: 5400
# shellcheck disable=SC2317 # ktap_run calls the functions

here=$(cd "$(dirname "$0")" && pwd)
. "$here/ktap.sh"

flaws=(use-after-free out-of-bounds leak shift live-timer sleep-in-atomic lock-order)
declare -A says=(
	[use-after-free]='BUG: KASAN: slab-use-after-free in use_after_free'
	[out-of-bounds]='BUG: KASAN: slab-out-of-bounds in out_of_bounds'
	[leak]='kmemleak: [0-9]+ new suspected memory leaks'
	[shift]='UBSAN: shift-out-of-bounds'
	[live-timer]='ODEBUG: free active'
	[sleep-in-atomic]='BUG: sleeping function called from invalid context'
	[lock-order]='WARNING: possible circular locking dependency'
)

# Each flaw is a test that passes by itself; `each` and tap.awk judge it, as they judge all others.
machine_script() {
	cat <<-'EOF'
		#!/bin/bash
		for flaw in "$@"; do
			printf '#!/bin/bash\necho 1..1\n' >"/tmp/$flaw"
			[[ $flaw == none ]] || printf 'insmod %s flaw=%s || exit 1\n' \
				/usr/lib/cloison/selftests/kmod/cloison_flaw.ko "$flaw" >>"/tmp/$flaw"
			echo 'echo ok 1' >>"/tmp/$flaw"
			chmod +x "/tmp/$flaw"
		done
		cd /tmp && exec /usr/lib/cloison/selftests/vm/each --machine "${@/#/./}"
	EOF
}

run_flaws() {
	machine_script | sed "1a set -- ${flaws[*]} none" >"$KTAP_TMP/script"
	"$here/vm/run" --kernel debug --selftests "$KTAP_TMP/script" >"$KTAP_TMP/output" 2>"$KTAP_TMP/errors" </dev/null
	status=$?
	mkdir "$KTAP_TMP/logs"
	awk -f "$here/vm/tap.awk" -v dir="$KTAP_TMP/logs" "$KTAP_TMP/output" >"$KTAP_TMP/rows"
}

# fails NAME: one point, and one failure more for the kernel
fails() {
	expect_out "^$1 1 1 0 [0-9]* the kernel complained" cat "$KTAP_TMP/rows" &&
		expect_out "${says[$1]}" cat "$KTAP_TMP/logs/$1.log"
}

run_fails() {
	[[ $status -eq 125 ]] && expect_out 'the kernel of node1 complained' cat "$KTAP_TMP/errors"
}

ktap_plan $((${#flaws[@]} + 2))
run_flaws
for flaw in "${flaws[@]}"; do
	ktap_run "seen: $flaw" fails "$flaw"
done
ktap_run "nothing is seen where nothing is wrong" expect_out '^none 1 0 0' cat "$KTAP_TMP/rows"
ktap_run "the run as a whole fails" run_fails
ktap_finish
