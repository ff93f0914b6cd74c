#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest
# timeout: 600
# A container of many small files, MANY_FILES=N of them (1000, at least 200; check-long has 100000): each operation, in each
# layout and from each to the next, keeps all of them.

. "$(dirname "$0")/storage-lib.sh"

many=${MANY_FILES:-1000}
cache=$state/template/cache
trap 'clean; rm -rf "$KTAP_TMP" "$state"/backup/9* "$state"/private/9*.snapshots "$cache"/many.tar.zst "$state"/template/tree/many' EXIT

# A hundred in each directory, of which the last has a second name in the next.
template() {
	local tree=$KTAP_TMP/tree
	mkdir -p "$tree/sbin"
	chmod 755 "$tree"
	install -m 755 /usr/bin/true "$tree/sbin/init"
	python3 - "$tree/many" "$many" <<-'END'
		import os, sys
		top, count = sys.argv[1], int(sys.argv[2])
		for n in range(count):
		    where = "%s/%d/%d" % (top, n // 10000, n // 100)
		    if n % 100 == 0:
		        os.makedirs(where)
		        if n:
		            os.link(last, where + "/again")
		    last = "%s/%d" % (where, n)
		    with open(last, "w") as f:
		        f.write("%d\n" % n)
		    os.chmod(last, 0o600 + n % 64)
		    os.chown(last, n % 1000, n % 7)
	END
	tar -C "$tree" --numeric-owner -cf - . | zstd -q -1 -f -o "$cache/many.tar.zst"
	rm -r "$tree"
}

# picture_of BASE: the files here, with ids as the container has them, and what is in them
picture_of() {
	find many -printf '%p %y %m %U %G %n %T@\n' | awk -v base="$1" '{ $4 -= base; $5 -= base; if ($2 == "d") $6 = 0; print }' | LC_ALL=C sort &&
		find many -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum
}

picture() {
	at "$1" picture_of "$(base_of "$1")"
}

# took WHAT COMMAND...: without an error, and how long
took() {
	local start=${EPOCHREALTIME/./} out
	out=$("${@:2}" 2>&1) || { echo "$1: $out" && return 1; }
	times+=", $1 $(((${EPOCHREALTIME/./} - start) / 1000))"
}

same() {
	picture "$1" >"$KTAP_TMP/now"
	cmp "$KTAP_TMP/$2" "$KTAP_TMP/now" || { diff "$KTAP_TMP/$2" "$KTAP_TMP/now" | head -n 20 && return 1; }
}

change() {
	as_root 900 'cd many
		rm -r 0/0
		mv 0/1 0/0
		touch new'
}

# each_operation LAYOUT NEXT
each_operation() {
	local times="ms: " last snapshot
	took create cloisonctl create 900 --ostemplate many --layout "$1" --diskspace 2G --diskinodes $((2 * many + 1000))
	picture 900 >"$KTAP_TMP/first"
	[[ $(grep -c ' f ' "$KTAP_TMP/first") -eq $((many + (many - 1) / 100)) ]]
	took snapshot cloisonctl snapshot 900
	snapshot=$(cloisonctl snapshot-list 900 -Ho uuid)
	took backup cloisonctl backup 900
	change
	picture 900 >"$KTAP_TMP/second"
	took incremental cloisonctl backup 900 --incremental
	last=$(cloisonctl backup-list -H 900 | awk 'END { print $1 }')
	took switch cloisonctl snapshot-switch 900 --id "$snapshot"
	same 900 first
	took snapshot-delete cloisonctl snapshot-delete 900 --id "$snapshot"
	took clone cloisonctl clone 900 901
	same 901 first
	took destroy cloisonctl destroy 901
	took restore cloisonctl restore-backup "$last" --ctid 901
	same 901 second
	took convert cloisonctl convert 900 --layout "$2"
	same 900 first
	took restore-over cloisonctl restore-backup "$last" --force
	same 900 second
	echo "$1: ${times#*, }" >>"$KTAP_TMP/times"
}

ktap_plan 4
ktap_run "a template of $many files" template
run_case "dir, and to an overlay" each_operation dir overlay
run_case "overlay, and to an image" each_operation overlay image
run_case "image, and to a directory" each_operation image dir
[[ ! -e $KTAP_TMP/times ]] || ktap_say "$(<"$KTAP_TMP/times")"
ktap_finish
