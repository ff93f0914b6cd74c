#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# Walls: archives of templates that come from an enemy, and tar's own holes.

. "$(dirname "$0")/walls-lib.sh"

mount_views

cache=$state/template/cache

# archive NAME DIRECTORY [TAR-OPTION...]
archive() {
	tar -C "$2" "${@:3}" -cf "$cache/$1.tar" .
}

# hostile: creates 900 from the archive, or not; nothing of the host's is touched either way.
hostile() {
	cloisonctl --quiet create 900 --ostemplate hostile || true
	rm "$cache"/hostile.tar
	[[ -z $(ls -A "$outside") ]]
}

tree=$KTAP_TMP/tree
outside=/tmp/outside

fresh() {
	rm -rf "$tree"
	mkdir -p "$tree" "$outside"
	chmod 777 "$outside"
}

links() {
	local kind
	fresh
	# a link to a directory that all may write, then a file through it
	for kind in "$outside" ../../../../../../../../../../tmp/outside; do
		rm -rf "$tree" && mkdir "$tree" && ln -s "$kind" "$tree/out"
		archive hostile "$tree"
		rm "$tree/out" && mkdir "$tree/out" && echo x >"$tree/out/file"
		tar -C "$tree" -rf "$cache/hostile.tar" ./out/file
		hostile
	done
	# the file itself is a link first
	rm -rf "$tree" && mkdir "$tree" && ln -s "$outside/file" "$tree/f"
	archive hostile "$tree"
	rm "$tree/f" && echo x >"$tree/f"
	tar -C "$tree" -rf "$cache/hostile.tar" ./f
	hostile
}

paths() {
	local to
	fresh
	echo x >"$tree/f"
	for to in "$outside/file" ../../../../../../../../../../tmp/outside/file ./../../../../../../../../tmp/outside/file; do
		archive hostile "$tree" -P --transform "s,^./f,$to,"
		hostile
		cloisonctl --quiet destroy 900 2>/dev/null || true
	done
}

hard_links() {
	local to
	fresh
	echo secret >/tmp/secret
	chmod 666 /tmp/secret
	echo x >"$tree/a"
	ln "$tree/a" "$tree/b"
	for to in /tmp/secret ../../../../../../../../../../tmp/secret; do
		archive hostile "$tree" -P --transform "flags=h;s,.*,$to,"
		hostile
		[[ $(stat -c %h /tmp/secret) == 1 ]]
		cloisonctl --quiet destroy 900 2>/dev/null || true
	done
	rm /tmp/secret
}

nodes_and_modes() {
	local base
	fresh
	mkdir "$tree/dev"
	mknod "$tree/dev/vda" b "$(($(stat -c 0x%t /dev/vda)))" "$(($(stat -c 0x%T /dev/vda)))"
	cp /bin/true "$tree/su"
	chmod 6755 "$tree/su"
	chmod 777 "$tree"
	archive hostile "$tree" --numeric-owner
	hostile
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/900.conf)
	[[ ! -e $state/private/900/fs/dev/vda ]]
	# set-user-ID to nobody of the host's, and out of others' reach
	[[ $(stat -c %u:%a "$state/private/900/fs/su") == "$base:6755" ]]
	# (setpriv looks its program up before it is somebody else)
	not setpriv --reuid 1000 --regid 1000 --clear-groups sh -c "exec $state/private/900/fs/su"
	cloisonctl --quiet destroy 900
	# elsewhere than in /dev a node refuses the archive
	mv "$tree/dev/vda" "$tree/vda"
	archive hostile "$tree"
	not cloisonctl --quiet create 900 --ostemplate hostile
	[[ ! -e $state/private/900 ]]
	rm "$cache/hostile.tar"
}

# A decompressor that the archive has taken over: it has what the container will have, and no more.
broken_tar() {
	local result=$state/private/900/fs/result listener
	fresh
	chmod 777 "$outside"
	zstd=$(command -v zstd)
	mv "$zstd" "$zstd.real"
	# what others than its distribution have put on the host it does not see
	cp "$escape" /usr/bin/walls-escape
	mkdir -p /usr/local/lib
	echo "of the administrator" >/usr/local/lib/walls
	cat >"$zstd" <<-EOF
		#!/bin/bash
		exec 3>&2
		{
			echo "uid \$(id -u) of \$(cat /proc/self/uid_map 2>&1)"
			for d in $outside /tmp /var/tmp /dev/shm /run/lock /usr /usr/local /empty /work/.. /; do
				touch \$d/walls 2>/dev/null && echo "wrote to \$d"
			done
			for f in $marker /etc/passwd /usr/local/lib/walls /var/lib /root /home /proc/cmdline /sys/class /boot; do
				[ -e \$f ] && echo "saw \$f"
			done
			walls-escape syscall bpf >/dev/null; echo "bpf \$?"
			walls-escape abstract-connect cloison-walls >/dev/null; echo "abstract \$?"
			walls-escape kill $$ >/dev/null; echo "kill \$?"
			walls-escape socket 38 5 0 >/dev/null; echo "alg \$?"
			walls-escape socketcall 38 5 0 >/dev/null; echo "alg32 \$?"
			mount -t minix none /work
			perl -e 'open(F, ">>&=", 3) && truncate(F, 0); print "perl\n"'
			printf '\033]0;title\007\n' >&3
			ls /sys/class/net/ 2>/dev/null | wc -l
			ip -o link 2>/dev/null | grep -c eth
			ls -l /proc/\$PPID/fd /proc/self/fd 2>/dev/null | grep -c cloison/run
		} >./result 2>&1
		exec 3>&-
		exec $zstd.real "\$@"
	EOF
	chmod 755 "$zstd"
	start_until "$KTAP_TMP/listen" listening "$escape" abstract-listen cloison-walls
	listener=$!
	modprobe -q algif_hash || true
	modprobe -r -q minix || true
	works socketcall 38 5 0
	echo whole >"$KTAP_TMP/log"
	cloisonctl --quiet create 900 --ostemplate busybox >>"$KTAP_TMP/log" 2>&1
	mv "$zstd.real" "$zstd"
	rm /usr/bin/walls-escape /usr/local/lib/walls
	kill "$listener"
	wait "$listener" || true
	cat "$result"
	grep -q '^uid 0 of' "$result"
	not grep -qE '^(wrote|saw)' "$result"
	grep -q '^bpf 1$' "$result"
	grep -q '^abstract 1$' "$result"
	grep -q '^kill 1$' "$result"
	grep -q '^alg 1$' "$result"
	if grep -q bpf /sys/kernel/security/lsm; then
		grep -q '^alg32 [13]$' "$result"
		not grep -q '^minix ' /proc/modules
	fi
	grep -q '^perl$' "$result"
	[[ $(<"$KTAP_TMP/log") == $'whole\n?]0;title?' ]]
	[[ -z $(ls -A "$outside") && ! -e /tmp/walls && ! -e /var/tmp/walls && ! -e /dev/shm/walls && ! -e /usr/walls ]]
	# and the container is as good as any
	cloisonctl --quiet start 900 --wait
	cloisonctl --quiet stop 900 --fast
}

# walled_case NAME FUNCTION
walled_case() {
	wall "$1" "$2"
	clean
}

ktap_plan 5
walled_case "links that lead out" links
walled_case "paths that lead out" paths
walled_case "hard links to the host's files" hard_links
walled_case "device nodes and modes" nodes_and_modes
walled_case "tar or its decompressor taken over" broken_tar
ktap_finish
