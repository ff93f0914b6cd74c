#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# Overlays and images migrate as directories do: stopped, running, refused if they could not be there.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

archive=$state/template/cache/busybox.tar.zst

# change ID: files that are the template's no more, new ones, and none.
change() {
	cloisonctl exec "$1" "
		mkdir -p '/srv/a b'
		echo text >'/srv/a b/new'
		ln '/srv/a b/new' /srv/hard
		ln -s nowhere /srv/soft
		echo other >/etc/hosts
		rm /etc/inittab
		mv /var/log /var/moved
		dd if=/bin/busybox of=/srv/sparse bs=4096 seek=5000 count=1 2>/dev/null
		chown -R 1000:50 /srv; chmod 4751 /srv/hard"
}

# seen NODE ID: what it has, as it sees it, in a running container.
seen() {
	on "$1" cloisonctl exec "$2" "cd / && find . -xdev ! -path './root/*' -exec stat -c '%n %a %u %g %h %F %Y' {} + | grep -v ' directory ' | sort
		find . -xdev ! -path './root/*' -type f -exec md5sum {} + | sort"
}

# kept NODE ID LAYOUT
kept() {
	on "$1" cloisonctl list -H -o layout "$2" | grep -q "$3"
}

# there_and_back LAYOUT [OPTION...]
there_and_back() {
	make_running 900 --layout "$@" --ram 64M
	change 900
	seen 1 900 >"$KTAP_TMP/before"
	cloisonctl stop 900 --fast
	cloisonctl migrate node2 900
	nowhere_left 1 900
	ssh node2 cloisonctl start 900 --wait
	kept 2 900 "$1"
	seen 2 900 | diff "$KTAP_TMP/before" -
	# stopped for it, and started
	ssh node2 cloisonctl migrate node1 900
	is_running 900
	kept 1 900 "$1"
	seen 1 900 | diff "$KTAP_TMP/before" -
	nowhere_left 2 900
}

# A program that has files open and writes to one.
live() {
	make_running 900 --layout "$@" --ram 64M
	change 900
	seen 1 900 >"$KTAP_TMP/before"
	cloisonctl exec 900 "printf '#!/bin/sh\nexec >>/root/said\nn=0\nwhile :; do n=\$((n + 1)); echo \$n; sleep 0.1; done\n' >/root/say; chmod 755 /root/say; setsid /root/say </dev/null >/dev/null 2>&1 &"
	wait_for cloisonctl exec 900 test -s /root/said
	cloisonctl migrate --live node2 900
	nowhere_left 1 900
	seen 2 900 | diff "$KTAP_TMP/before" -
	says_on 2
	ssh node2 cloisonctl migrate --live node1 900
	nowhere_left 2 900
	seen 1 900 | diff "$KTAP_TMP/before" -
	says_on 1
	kept 1 900 "$1"
	no_loops 2
}

no_loops() {
	not grep /private/900 <(on "$1" losetup -n -O BACK-FILE)
}

beyond() {
	[[ $(on "$1" cloisonctl exec 900 tail -n 1 /root/said) -gt $2 ]]
}

# says_on NODE: it goes on, and no number is missing.
says_on() {
	wait_for beyond "$1" "$(on "$1" cloisonctl exec 900 tail -n 1 /root/said)"
	on "$1" cloisonctl exec 900 "awk '\$1 != NR { print NR, \"is\", \$1; exit 1 }' /root/said"
}

# shown ID: what the host sees of a running container, but for its clock's ticks in directories
shown() {
	cd "$state/root/$1" || return
	find . -xdev -path ./root -prune -o -path ./dev -prune -o -type d -printf '%y %m %p\n' -o -printf '%y %m %n %s %T@ %p %l\n' | sort
	find . -xdev -path ./root -prune -o -path ./dev -prune -o -type f -exec md5sum {} + | sort
}

# last_moment LAYOUT SAID SCRIPT [FIRST]: what 900 does when all passes but the last one are over is there when it has moved. FIRST
# is done before.
last_moment() {
	local pid
	make_running 900 --layout "$1" --ram 64M
	[[ ! ${4:-} ]] || cloisonctl exec 900 "$4"
	printf '#!/bin/sh\ntrap "sh -e /root/script && touch /root/done" USR1\nwhile :; do sleep 0.1; done\n' |
		cloisonctl exec 900 'cat >/root/wait'
	cloisonctl exec 900 'cat >/root/script; setsid sh /root/wait </dev/null >/dev/null 2>&1 &' <<<"$3"
	wait_for pgrep -f /root/wait
	pid=$(pgrep -o -f /root/wait)
	sleep 3
	mkdir -p "$KTAP_TMP/bin"
	{
		declare -f shown
		cat <<-EOF
			if [[ \$1 == swrk && -e /run/cloison/migrate/900/dump ]]; then
				state=$state
				kill -USR1 $pid
				for ((i = 0; i < 100; i++)); do
					[[ ! -e $state/root/900/root/done ]] || break
					sleep 0.1
				done
				shown 900 >$KTAP_TMP/before
			fi
			exec $(command -v criu) "\$@"
		EOF
	} | sed '1i #!/bin/bash' >"$KTAP_TMP/bin/criu"
	chmod 755 "$KTAP_TMP/bin/criu"
	PATH=$KTAP_TMP/bin:$PATH cloisonctl --verbose migrate --live node2 900 >"$KTAP_TMP/words" 2>&1 || cat "$KTAP_TMP/words"
	ssh node2 test -e "$state/root/900/root/done"
	grep -E "$2" "$KTAP_TMP/words"
	grep ' \./srv/mark' "$KTAP_TMP/before"
	on 2 bash -c "state=$state; $(declare -f shown); shown 900" | diff "$KTAP_TMP/before" -
	rm "$KTAP_TMP/bin/criu"
	nowhere_left 1 900
	ssh node2 'cloisonctl --quiet stop 900 --fast && cloisonctl --quiet destroy 900'
}

# Only the upper layer is looked at, if that tells all.
upper_layer() {
	last_moment overlay '^[0-9]+ names in the last pass' '
		cd /srv; echo x >mark
		echo other >/etc/hosts; rm /etc/inittab; chmod 711 /var/log
		mkdir -p "new/a b/c"; echo 1 >"new/a b/c/$(printf "odd\nname")"; ln -s nowhere new/soft
		mv own moved; rm -r gone; mkfifo fifo
		printf 00000001 >same; touch -d "2020-01-01 00:00:00" same
		rm -r /etc/init.d; mkdir /etc/init.d; echo 2 >/etc/init.d/opaque' '
		chmod 755 /etc /var; mkdir /srv; cd /srv; mkdir -p own/deep/deeper gone/deep; echo own >own/deep/deeper/file; echo gone >gone/deep/file
		printf 00000000 >same; touch -d "2020-01-01 00:00:00" same'
}

all_layers() {
	local what='does not tell what has changed'
	last_moment overlay "$what" 'mv /etc/init.d /srv/rc.d; echo x >/srv/mark' 'mkdir /srv'
	last_moment overlay "$what" 'cd /srv; echo x >mark; i=0; while [ $i -lt 110 ]; do mkdir d; cd d; i=$((i + 1)); done; echo deep >file' 'mkdir /srv'
	# one of two names the template has for it
	cloisonctl --quiet template remove linked 2>/dev/null || true
	(
		mkdir "$KTAP_TMP/tree"
		cd "$KTAP_TMP/tree"
		zstd -qdc "$archive" | tar -xf -
		mkdir srv && echo both >etc/first && ln etc/first srv/second
		tar -cf - . | zstd -q -1 -f -o "${archive%/*}/linked.tar.zst"
	)
	ssh node2 "cat >${archive%/*}/linked.tar.zst" <"${archive%/*}/linked.tar.zst"
	make_running() {
		cloisonctl --quiet create "$1" --ostemplate linked "${@:2}"
		cloisonctl --quiet start "$1" --wait
	}
	last_moment overlay "$what" 'echo more >>/srv/second; rm /srv/second; grep more /etc/first; echo x >/srv/mark'
	last_moment overlay "$what" 'echo more >>/srv/second; cmp /srv/second /etc/first; echo x >/srv/mark'
	rm -r "$KTAP_TMP/tree"
	cloisonctl --quiet template remove linked
	ssh node2 cloisonctl --quiet template remove linked
}

# A template of that name that differs, in a file of the same size and time.
other_template() {
	make_running 900 --layout overlay
	seen 1 900 >"$KTAP_TMP/before"
	ssh node2 "set -e; mkdir /tmp/t; cd /tmp/t; zstd -qdc $archive | tar -xf -; cp -p $archive /tmp/kept; mv $archive.sha256 /tmp/sum; touch -r etc/hosts /tmp/time; sed -i s/localhost/LOCALHOST/ etc/hosts; touch -r /tmp/time etc/hosts; tar -cf - . | zstd -q -1 -f -o $archive"
	cloisonctl migrate --live node2 900
	seen 2 900 | diff "$KTAP_TMP/before" -
	ssh node2 "rm $archive"
	ssh node2 cloisonctl migrate node1 900
	expect_exit 15 cloisonctl migrate --check-only node2 900
	expect_exit 15 cloisonctl migrate --live node2 900
	expect_out 'template busybox, which is not here' cloisonctl migrate node2 900
	is_running 900
	nowhere_left 2 900
	ssh node2 "mv /tmp/kept $archive; mv /tmp/sum $archive.sha256; rm -r /tmp/t"
}

# What stays of it here needs the files it shared, whatever is built since.
kept_here() {
	local tree
	zstd -dqc "$archive" | zstd -q -f -o "${archive%/*}/kept.tar.zst"
	ssh node2 "cat >${archive%/*}/kept.tar.zst" <"${archive%/*}/kept.tar.zst"
	cloisonctl --quiet create 900 --ostemplate kept --layout overlay
	tree=$(readlink "$state/private/900/overlay/lower")
	cloisonctl migrate --keep node2 900
	expect_out 'migrate --keep has left of container 900 shares' cloisonctl template remove kept
	expect_exit 53 cloisonctl template remove kept
	[[ -d $tree && $(readlink "$state/private/900.migrated/overlay/lower") == "$tree" ]]
	# nor where it was not yet put aside whole
	mv "$etc/conf/900.conf.migrated" "$etc/conf/900.conf"
	expect_exit 53 cloisonctl template remove kept
	rm -r "$etc/conf/900.conf" "$state/private/900.migrated"
	cloisonctl template remove kept
	[[ ! -e $tree ]]
	ssh node2 'cloisonctl --quiet destroy 900; cloisonctl --quiet template remove kept'
}

# counted: how many files and directories of 900, of what is left of it too, are of its project
counted() {
	lsattr -Rp "$state"/private/900* 2>/dev/null |
		awk -v project=$((0x80000000 | 900)) '$1 == project { n++ } END { print n + 0 }'
}

# kept_uncounted LAYOUT MKFS...: what stays here counts for nobody.
kept_uncounted() {
	truncate -s 400M "$KTAP_TMP/disk"
	"${@:2}" "$KTAP_TMP/disk"
	mount -o loop,prjquota "$KTAP_TMP/disk" "$state/private"
	make_running 900 --layout "$1"
	change 900
	cloisonctl stop 900 --fast
	# as if who was at it had been killed
	chattr -p 0 "$state"/private/900/*
	[[ $(counted) -gt 5 ]]
	cloisonctl migrate --keep node2 900
	[[ $(counted) == 0 ]]
	# but what comes back does
	ssh node2 cloisonctl migrate node1 900
	[[ $(counted) -gt 5 ]]
	cloisonctl --quiet destroy 900
	umount "$state/private"
}

ktap_plan 12
run_case "overlay, stopped" there_and_back overlay
run_case "overlay, running" live overlay
run_case "overlay, changed at the last moment" upper_layer
run_case "overlay, in a way that its upper layer does not tell" all_layers
run_case "directory, changed at the last moment" last_moment dir '^[0-9]+ names in the last pass' \
	'echo x >/srv/mark; echo other >/etc/hosts; rm /etc/inittab; mkdir -p /srv/new/a; echo 1 >/srv/new/a/file' 'mkdir /srv'
run_case "overlay, over another build" other_template
run_case "overlay, kept" kept_here
run_case "overlay on ext4, kept" kept_uncounted overlay mkfs.ext4 -q -m 0 -O quota,project -E quotatype=prjquota
run_case "directory on xfs, kept" kept_uncounted dir mkfs.xfs -q -f
run_case "image, stopped" there_and_back image --diskspace 64M
run_case "image, running" live image --diskspace 64M
run_case "image with xfs, running" live image:xfs --diskspace 320M
ktap_finish
