#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Templates: built from recipes, listed, removed; archives that are broken or hostile.

. "$(dirname "$0")/templates-lib.sh"

# archive NAME DIR: a template of what is in DIR
archive() {
	tar -C "$2" --numeric-owner --xattrs --xattrs-include='*' -cf - . | zstd -q >"$cache/$1.tar.zst"
}

# listed NAME KEY: what list says of it.
listed() {
	cloisonctl template list --json | python3 -c 'import json, sys
print([t[sys.argv[2]] for t in json.load(sys.stdin) if t["name"] == sys.argv[1]][0])' "$@"
}

build_list_remove() {
	cloisonctl template remove busybox
	not test -e "$cache"/busybox.tar.zst
	expect_exit 91 cloisonctl create 900 --ostemplate busybox
	cloisonctl template build busybox
	expect_out '^busybox +[0-9.]+M +20.* yes$' cloisonctl template list
	make_running 900
	not compgen -G "$cache/.*.zst"
}

# Several archives of one name: one of them counts, for all commands the same, and none is left of those that go.
several() {
	cp "$cache"/busybox.tar.zst "$cache"/many.tar.zst
	zstd -dqc "$cache"/busybox.tar.zst >"$cache"/many.tar
	gzip -c "$cache"/many.tar >"$cache"/many.tar.gz
	[[ $(listed many archive) == "$cache"/many.tar ]]
	cloisonctl template remove many
	not compgen -G "$cache/many*"
	# what is built is what is used, by overlays too
	mkdir "$KTAP_TMP"/old
	touch "$KTAP_TMP"/old/old
	tar -C "$KTAP_TMP"/old -cf "$cache"/busybox.tar .
	cloisonctl --quiet create 900 --ostemplate busybox
	[[ -e $state/private/900/fs/old ]]
	cloisonctl template build busybox
	[[ ! -e $cache/busybox.tar ]]
	make 901 --layout overlay
	cloisonctl --quiet start 901 --wait
	is_running 901
}

# A bit flips: create and the unpacking of an overlay's tree refuse the archive, and nothing is left.
checksum() {
	local archive=$cache/busybox.tar.zst
	cloisonctl template build busybox
	(cd "$cache" && sha256sum --check --strict busybox.tar.zst.sha256)
	cloisonctl template verify busybox
	cp "$archive" "$KTAP_TMP"/good
	# zstd's own checksum is not asked: tar could read it
	zstd -dqc "$archive" | sed 's/127\.0\.0\.1 localhost/127.0.0.2 localhost/' | zstd -q >"$KTAP_TMP"/bad
	cat "$KTAP_TMP"/bad >"$archive"
	expect_exit 47 cloisonctl template verify busybox
	expect_exit 47 cloisonctl create 900 --ostemplate busybox
	expect_exit 47 cloisonctl create 900 --ostemplate busybox --layout overlay
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
	[[ -z $(ls -A "$state"/private) ]]
	not compgen -G "$state/template/tree/.*"
	# what was put there by hand, without one
	rm "$archive".sha256
	make 900
	expect_out 'has no checksum' cloisonctl template verify busybox
	expect_exit 91 cloisonctl template verify nosuch
	# replaced: it goes with the old archive
	cp "$KTAP_TMP"/good "$archive"
	echo "$(sha256sum <"$KTAP_TMP"/good | cut -c 1-64)  busybox.tar.gz" >"$cache"/busybox.tar.gz.sha256
	cloisonctl template build busybox
	[[ ! -e $cache/busybox.tar.gz.sha256 ]]
	cloisonctl template verify busybox
}

# One that fails stays, and keeps nobody from the next.
update() {
	local recipes=/usr/share/cloison/templates
	mkdir "$recipes"/another
	printf '#!/bin/sh\nexit 1\n' >"$recipes"/another/build
	chmod 755 "$recipes"/another/build
	cp "$cache"/busybox.tar.zst "$cache"/another.tar.zst
	touch -d '3 days ago' "$cache"/*.tar.zst
	expect_out '^busybox .* 3d +yes$' cloisonctl template list
	[[ $(listed busybox age) -ge 259200 ]]
	expect_exit 47 cloisonctl template update
	[[ $(listed busybox age) -lt 86400 && $(listed another age) -ge 259200 ]]
	touch -d '3 days ago' "$cache"/busybox.tar.zst
	cloisonctl template update busybox
	[[ $(listed busybox age) -lt 86400 ]]
	expect_exit 91 cloisonctl template update nosuch
	rm -r "$recipes"/another "$cache"/another.tar.zst
}

recipe_that_fails() {
	mkdir /usr/share/cloison/templates/bad
	printf '#!/bin/sh\necho half >"$1"\nexit 1\n' >/usr/share/cloison/templates/bad/build
	chmod 755 /usr/share/cloison/templates/bad/build
	expect_exit 47 cloisonctl template build bad
	rm -r /usr/share/cloison/templates/bad
	not compgen -G "$cache/*bad*"
	not compgen -G "$cache/.*bad*"
}

# The tool is killed: its recipe clears away and ends, and while something that it runs is left nobody else builds.
recipe_cut_off() {
	local recipe=/usr/share/cloison/templates/slow tool
	mkdir "$recipe"
	cat >"$recipe/build" <<-EOF
		#!/bin/bash
		trap 'echo cleared >$KTAP_TMP/cleared' EXIT
		echo half >"\$1"
		(trap '' TERM; cat $KTAP_TMP/last) &
		echo \$\$ >$KTAP_TMP/recipe
		wait
	EOF
	chmod 755 "$recipe/build"
	mkfifo "$KTAP_TMP/last"
	cloisonctl template build slow &
	tool=$!
	wait_for test -s "$KTAP_TMP/recipe"
	exec 9>"$KTAP_TMP/last"
	kill -9 "$tool"
	wait_for test -e "$KTAP_TMP/cleared"
	recipe_ended() { [[ ! -d /proc/$(<"$KTAP_TMP/recipe") ]]; }
	wait_for recipe_ended
	expect_exit 9 cloisonctl template build slow
	exec 9>&-
	rm -r "$recipe"
	wait_for not_locked slow
	expect_out 'build or import of a template that was cut off: removed it' cloisonctl check --repair
	not compgen -G "$cache/.*slow*"
}

not_locked() {
	flock -n "/run/cloison/lock/template-$1.lck" true
}

broken_archive() {
	head -c 300000 "$cache"/busybox.tar.zst >"$cache"/broken.tar.zst
	expect_exit 47 cloisonctl create 900 --ostemplate broken
	rm "$cache"/broken.tar.zst
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
	[[ -z $(ls -A "$state"/private) ]]
	make 900
}

formats() {
	zstd -dqc "$cache"/busybox.tar.zst | gzip >"$cache"/other.tar.gz
	cloisonctl --quiet create 900 --ostemplate other
	rm "$cache"/other.tar.gz
	cloisonctl --quiet start 900 --wait
	is_running 900
}

ids_and_attributes() {
	local tree=$KTAP_TMP/tree base
	mkdir -p "$tree"/sub
	touch "$tree"/of1000 "$tree"/capable
	chown 1000:50 "$tree"/of1000
	chmod 4755 "$tree"/of1000
	setfattr -n user.note -v text "$tree"/of1000
	setcap cap_net_raw+ep "$tree"/capable
	ln "$tree"/of1000 "$tree"/sub/link
	archive attrs "$tree"
	cloisonctl --quiet create 900 --ostemplate attrs
	rm "$cache"/attrs.tar.zst
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/900.conf)
	cd "$state"/private/900/fs
	[[ $(stat -c %u:%g:%a:%h of1000) == $((base + 1000)):$((base + 50)):4755:2 ]]
	[[ $(getfattr --only-values -n user.note of1000) == text ]]
	# the capability is the container's: worth nothing on the host
	[[ $(getcap -n capable) == *"rootid=$base"* ]]
}

hostile_archive() {
	local tree=$KTAP_TMP/tree
	mkdir -p "$tree"/dev "$tree"/etc
	mknod "$tree"/dev/sda b 8 0
	mknod "$tree"/etc/disk b 8 0
	archive node "$tree"
	# in /dev it is left out, elsewhere it cannot be made and refuses the archive
	expect_exit 47 cloisonctl create 900 --ostemplate node
	rm "$tree"/etc/disk
	archive node "$tree"
	cloisonctl --quiet create 900 --ostemplate node
	[[ -z $(ls -A "$state"/private/900/fs/dev) ]]
	rm "$cache"/node.tar.zst
	# a link to the host, and a file through it
	rm -rf "$tree" && mkdir "$tree" && ln -s /etc "$tree"/out
	tar -C "$tree" -cf "$cache"/link.tar .
	mkdir "$tree".2 "$tree".2/out && echo x >"$tree".2/out/cloison-escaped
	tar -C "$tree".2 -rf "$cache"/link.tar ./out/cloison-escaped
	expect_exit 0 cloisonctl create 901 --ostemplate link || true
	rm "$cache"/link.tar
	[[ ! -e /etc/cloison-escaped ]]
	# paths that climb
	echo x >"$KTAP_TMP/climb"
	tar -P --transform 's,.*,../../../../../../etc/cloison-escaped,' -cf "$cache"/climb.tar "$KTAP_TMP/climb"
	cloisonctl --quiet create 902 --ostemplate climb || true
	rm "$cache"/climb.tar
	[[ ! -e /etc/cloison-escaped && ! -e $state/private/etc/cloison-escaped ]]
}

ktap_plan 10
run_case "build, list, remove" build_list_remove
run_case "several archives of one name" several
run_case "an archive that is damaged" checksum
run_case "updates" update
run_case "a recipe that fails leaves nothing" recipe_that_fails
run_case "a recipe whose tool is killed" recipe_cut_off
run_case "a broken archive leaves nothing" broken_archive
run_case "other formats" formats
run_case "ids, modes, links, attributes, capabilities" ids_and_attributes
run_case "hostile archives" hostile_archive
ktap_finish
