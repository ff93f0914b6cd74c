#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Backups: what is restored is what was there; what is damaged, cut off or an enemy's changes nothing.

. "$(dirname "$0")/storage-lib.sh"

backups=$state/backup
cache=$state/template/cache
trap 'clean; rm -rf "$KTAP_TMP" "$backups"/9* "$cache"/bk-*.tar.zst "$state"/template/tree/bk-*' EXIT

# newest ID: its newest backup
newest() {
	cloisonctl backup-list -H "$1" | awk 'END { print $1 }'
}

# told ID EXPRESSION: it is true of the list "b" of its backups
told() {
	cloisonctl backup-list --json "$1" | python3 -c '
import json, sys
b = json.load(sys.stdin)
if not eval(sys.argv[1]):
    sys.exit("%s: %s" % (sys.argv[1], b))' "$2"
}

# take ID [OPTION...]: a backup; its name in $last
take() {
	cloisonctl --quiet backup "$@"
	last=$(newest "$1")
	[[ -f $backups/$1/$last.tar.zst ]]
}

# picture_of BASE: all there is to know of the files here, with ids as the container has them
picture_of() {
	find . -mindepth 1 -name lost+found -prune -o -printf '%y %m %U %G %n %s %T@ %p -> %l\0' | tr '\n\0' '?\n' |
		awk -v base="$1" '$1 == "d" { $5 = $6 = "-" } { $3 -= base; $4 -= base; print }' | sort
	find . -type f -exec sha256sum {} + | sort -k 2
	find . -type f -size +1M -printf '%p %b\n' | awk '{ print $1, ($NF < 200 ? "sparse" : "not") }'
	find . -print0 | sort -z | xargs -0 getfattr -hd -m '^user\.' 2>/dev/null
	find . ! -type l -print0 | sort -z | xargs -0 getfacl -n --skip-base 2>/dev/null | awk -F : -v base="$1" -v OFS=: '$2 >= base { $2 -= base } { print }'
	getcap -rn . | sed "s/rootid=$1/rootid=own/" | sort
}

picture() {
	at "$1" picture_of "$(base_of "$1")"
}

same() {
	picture "$2" >"$KTAP_TMP/now"
	diff -u "$1" "$KTAP_TMP/now"
}

# A template with what there can be, and nothing else: bk-kinds.
all_kinds() (
	tree=$KTAP_TMP/tree
	mkdir -p "$tree"/kinds/sub/$'line\nbreak' "$tree"/kinds/gone "$tree"/sbin
	chmod 755 "$tree"
	head -c 1M /dev/urandom >"$tree/sbin/init"
	cd "$tree/kinds"
	echo one >file
	ln file sub/link
	echo odd | tee ./-rf $'a\\b"c\351' gone/x kept >/dev/null
	ln -s /etc/shadow out
	mkfifo fifo
	truncate -s 4M sparse
	echo end >>sparse
	echo note >attributes
	chown 1000:50 attributes
	chmod 4755 attributes
	setfattr -n user.note -v text attributes
	setfacl -m u:1001:rw attributes
	cp /usr/bin/true capable
	setcap cap_net_raw+ep capable
	tar -C "$tree" --numeric-owner --acls --xattrs --xattrs-include='*' --sparse -cf - . |
		zstd -q -f -o "$cache/bk-kinds.tar.zst"
)

# Two times each kind of change.
change_once() {
	as_root "$1" 'cd kinds
		rm -r gone sub/link fifo; mv sub moved; echo two >file; ln kept moved/again; setfattr -n user.more -v m kept
		mkdir sub; echo new >sub/new; mv -- -rf was-rf; rm out; mkdir out; echo in >out/in'
}

change_again() {
	as_root "$1" 'cd kinds
		rm -r out; echo file >out; chmod 640 file; chown '"$(($(base_of "$1") + 7))"' kept; setcap -r capable; rm sparse; mv moved/line* sub
		mv moved gone'
}

# make_one ID LAYOUT [OPTION...]
make_one() {
	cloisonctl --quiet create "$1" --ostemplate bk-kinds --layout "$2" --diskspace 64M --hostname kept.example "${@:3}" 2>/dev/null
}

goes_and_comes() {
	local full first
	make_one 900 dir
	picture 900 >"$KTAP_TMP/full"
	take 900 --description 'the first one'
	full=$last
	change_once 900
	picture 900 >"$KTAP_TMP/first"
	take 900 --incremental
	first=$last
	change_again 900
	picture 900 >"$KTAP_TMP/second"
	take 900 --incremental
	# it has what has changed, and no more
	[[ $(stat -c %s "$backups/900/$last.tar.zst") -lt $(($(stat -c %s "$backups/900/$full.tar.zst") / 4)) ]]
	not grep -q sbin/init <<<"$(tar -tf "$backups/900/$last.tar.zst")"
	told 900 "b[1]['parent'] == '$full' and b[2]['parent'] == '$first' and b[0]['description'] == 'the first one'"
	told 900 "b[0]['type'] == 'full' and all(one['status'] == 'whole' and one['changed'] is False for one in b)"
	# as another, with other ids, from a file and its parents beside it
	cloisonctl --quiet restore-backup "$backups/900/$last.tar.zst" --ctid 901
	[[ $(base_of 901) != "$(base_of 900)" ]]
	same "$KTAP_TMP/second" 901
	cloisonctl --quiet restore-backup "$full" --ctid 901 --force
	same "$KTAP_TMP/full" 901
	# what is there now goes
	as_root 900 'rm -rf kinds sbin'
	sed -i 's/^HOSTNAME=.*/HOSTNAME="other"/' "$etc/conf/900.conf"
	cloisonctl --quiet restore-backup "$first"
	same "$KTAP_TMP/first" 900
	grep -qx 'HOSTNAME="kept.example"' "$etc/conf/900.conf"
	[[ ! -e $state/private/900.converting && ! -e $state/private/900/restored ]]
	# files of other numbers: the next incremental one has all
	take 900 --incremental
	[[ $(stat -c %s "$backups/900/$last.tar.zst") -gt 1000000 && -z $(find "$backups" -name '.*') ]]
}

# layout LAYOUT OTHER: to itself, and to another one
layout() {
	make_one 900 "$1"
	take 900
	change_once 900
	change_again 900
	picture 900 >"$KTAP_TMP/after"
	take 900 --incremental
	as_root 900 'rm -rf kinds sbin'
	cloisonctl --quiet restore-backup "$last"
	same "$KTAP_TMP/after" 900
	grep -qx "VE_LAYOUT=\"$1\"" "$etc/conf/900.conf"
	cloisonctl --quiet restore-backup "$last" --ctid 901 --layout "$2"
	grep -qx "VE_LAYOUT=\"$2\"" "$etc/conf/901.conf"
	same "$KTAP_TMP/after" 901
}

# What lies as deep as a path can say, and deeper, below names that no list of lines could have.
too_deep() {
	make_one 900 dir
	python3 - "$state/private/900/fs" "$(base_of 900)" <<-'END'
		import os, sys
		base = int(sys.argv[2])
		path = "."
		os.chdir(sys.argv[1])
		def down(name):
		    global path
		    os.mkdir(name)
		    os.chown(name, base, base)
		    os.chdir(name)
		    path += "/" + name
		for i in range(20):
		    down("%02d\n* %s " % (i, "x" * 194))
		for length in 4095, 4096:
		    name = "f" * (length - len(path) - 1)
		    open(name, "w").write("deep")
		    os.chown(name, base, base)
		for i in range(10):
		    down("d" * 200)
	END
	expect_out '^Warning: Left out: 2 paths of more than 4095 bytes.* \./00' cloisonctl backup 900
	last=$(newest 900)
	cloisonctl backup-list --verify 900
	cloisonctl --quiet restore-backup "$last" --ctid 901
	[[ $(find "$state/private/901/fs" -mindepth 21 -printf '%f %s\n') == "$(printf 'f%.0s' {1..73}) 4" ]]
	[[ $(<"$state/private/901/fs/kinds/file") == one ]]
	echo two >"$state/private/900/fs/kinds/file"
	take 900 --incremental
	told 900 "[one['left_out'] for one in b] == [2, 2]"
	cloisonctl --quiet restore-backup "$last" --ctid 901 --force
	[[ $(find "$state/private/901/fs" -mindepth 21 -printf '%f %s\n') == "$(printf 'f%.0s' {1..73}) 4" ]]
	[[ $(<"$state/private/901/fs/kinds/file") == two ]]
	take 901
	told 901 "b[-1]['left_out'] == 0"
}

# Without Cloison: tar and zstd.
plain_tar() {
	make_one 900 dir
	take 900
	mkdir "$KTAP_TMP/plain"
	tar -C "$KTAP_TMP/plain" --zstd -xf "$backups/900/$last.tar.zst"
	tar -tf "$backups/900/$last.tar.zst" | grep -x ./kinds/sub/link
	[[ $(<"$KTAP_TMP/plain/kinds/file") == one && $(stat -c %u:%g "$KTAP_TMP/plain/kinds/attributes") == 1000:50 ]]
	head -n 40 "$backups/900/$last.tar.zst" | grep -a HOSTNAME
	head -c -512 "$backups/900/$last.tar.zst" | sha256sum | cut -d ' ' -f 1 | grep -qf - <(tail -c 512 "$backups/900/$last.tar.zst")
}

# nothing_changed: 900 is as it was, and nobody's rest is beside it
nothing_changed() {
	same "$KTAP_TMP/before" 900
	[[ ! -e $state/private/900.converting && ! -e $etc/conf/901.conf && ! -e $state/private/901.creating ]]
}

damaged() {
	local full file copy=$KTAP_TMP/copy size
	make_one 900 dir
	take 900
	full=$last
	file=$backups/900/$full.tar.zst
	size=$(stat -c %s "$file")
	change_once 900
	take 900 --incremental
	echo own >"$state/private/900/fs/own"
	picture 900 >"$KTAP_TMP/before"
	cp "$file" "$copy"
	# a bit; the end; all but the head; nothing at all
	printf '\377' | dd of="$file" bs=1 seek=$((size / 2)) conv=notrunc status=none
	expect_exit 171 cloisonctl restore-backup "$full"
	expect_out 'checksum is not what was written' cloisonctl restore-backup "$last"
	expect_exit 171 cloisonctl backup-list --verify 900
	expect_out "^$full .* damaged" cloisonctl backup-list --verify 900
	nothing_changed
	for size in $((size - 1)) $((size / 2)) 20; do
		cp "$copy" "$file"
		truncate -s "$size" "$file"
		expect_exit 171 cloisonctl restore-backup "$last"
	done
	expect_out "^$full .* damaged" cloisonctl backup-list 900
	: >"$file"
	expect_exit 171 cloisonctl restore-backup "$full"
	# another in its place; none
	cp "$copy" "$file"
	take 900
	cp "$backups/900/$last.tar.zst" "$file"
	last=$(cloisonctl backup-list -H 900 | awk '$2 == "incremental" { print $1 }')
	expect_exit 171 cloisonctl restore-backup "$last"
	rm "$file"
	expect_out 'its parent .* is not there' cloisonctl restore-backup "$last"
	expect_out "^$last .* parent missing" cloisonctl backup-list 900
	expect_exit 172 cloisonctl restore-backup "$full"
	expect_exit 172 cloisonctl restore-backup ../900
	nothing_changed
}

streams() {
	local file=$KTAP_TMP/stream
	make_one 900 dir
	picture 900 >"$KTAP_TMP/before"
	expect_exit 20 cloisonctl backup 900 --stdout --incremental
	cloisonctl backup 900 --stdout | cloisonctl --quiet restore-backup - --ctid 901
	same "$KTAP_TMP/before" 901
	cloisonctl --quiet destroy 901
	[[ ! -e $backups/900 ]]
	cloisonctl backup 900 --stdout >"$file"
	expect_exit 44 cloisonctl restore-backup - <"$file"
	# it comes to an end too early, or is damaged at its very end: unpacked is not yet there
	expect_exit 171 cloisonctl restore-backup - --force < <(head -c -1 "$file")
	expect_exit 171 cloisonctl restore-backup - --ctid 901 < <(head -c -1 "$file")
	expect_exit 171 cloisonctl restore-backup - --force < <(head -c -520 "$file"; tail -c 520 "$file" | tr '\0' '\1')
	nothing_changed
	as_root 900 'rm -r kinds'
	cloisonctl --quiet restore-backup - --force <"$file"
	same "$KTAP_TMP/before" 900
	# who reads it goes away
	not cloisonctl backup 900 --stdout > >(head -c 100 >/dev/null)
	take 900
	not cloisonctl restore-backup - --ctid 901 < <(cloisonctl backup 900 --stdout --description "$(printf '\351')")
	zstd -dqc "$backups/900/$last.tar.zst" | zstd -qc | expect_exit 171 cloisonctl restore-backup - --ctid 901
	cloisonctl --quiet destroy 900
	cloisonctl --quiet restore-backup "$last"
	same "$KTAP_TMP/before" 900
}

no_space() {
	local disk=$KTAP_TMP/disk
	make_one 900 dir
	mkdir "$disk"
	mount -t tmpfs -o size=256k none "$disk"
	expect_exit 46 cloisonctl backup 900 --to "$disk"
	[[ -z $(ls -A "$disk") ]]
	umount "$disk"
	rmdir "$disk"
	# an image that is too small for what is restored
	head -c 20M /dev/zero >"$state/private/900/fs/big"
	picture 900 >"$KTAP_TMP/before"
	sed -i 's/^DISKSPACE=.*/DISKSPACE="16M:16M"/' "$etc/conf/900.conf"
	take 900
	expect_exit 46 cloisonctl restore-backup "$last" --ctid 901 --layout image
	nothing_changed
}

is_frozen() {
	grep -qx 'frozen 1' "/sys/fs/cgroup/cloison/900/cgroup.events"
}

running() {
	make_running 900 --layout "$1" --diskspace 64M
	cloisonctl exec2 900 'mkdir /kinds; echo written >/kinds/inside; mkdir /tmp/t && echo t >/tmp/t/t'
	take 900
	cloisonctl exec2 900 'echo more >/kinds/inside'
	take 900 --incremental --freeze
	not is_frozen
	told 900 "b[0]['state'] == 'running' and b[1]['state'] == 'frozen'"
	cloisonctl --quiet restore-backup "$last" --ctid 901
	cloisonctl --quiet start 901 --wait
	[[ $(cloisonctl exec2 901 cat /kinds/inside /tmp/t/t | xargs) == "more t" ]]
	cloisonctl --quiet stop 901 --fast
	expect_exit 41 cloisonctl restore-backup "$last"
	# killed while it is frozen: a reader that does not read holds it up
	mkfifo "$KTAP_TMP/fifo"
	exec 5<>"$KTAP_TMP/fifo"
	cloisonctl exec2 900 'dd if=/dev/urandom of=/random bs=1024 count=1024'
	cloisonctl backup 900 --stdout --freeze >"$KTAP_TMP/fifo" &
	wait_for is_frozen
	expect_exit 9 cloisonctl stop 900 --fast
	kill -9 $!
	wait $! || true
	exec 5>&-
	wait_for not is_frozen
	wait_for cloisonctl check --repair
	[[ ! -e /run/cloison/still/900 ]]
	cloisonctl exec2 900 true
	# and if nobody is left who thaws it
	cloisonctl --quiet pause 900
	echo programs >/run/cloison/still/900
	expect_out '^mended +container 900: stands still for a snapshot, clone or backup' cloisonctl check --repair
	not is_frozen
}

# decision CALL: of the points that inject listed that at which the tool itself makes this call, and the next
decision() {
	awk -v call="$1" '$1 ~ /^1\./ && made { print $1; exit } $1 ~ /^1\./ && $3 == call { print $1; made = 1 }' "$KTAP_TMP/points"
}

killed() {
	local point backup=(cloisonctl --quiet backup 900 --incremental) restore
	mkdir -p "$KTAP_TMP/small/sbin"
	echo one >"$KTAP_TMP/small/file"
	tar -C "$KTAP_TMP/small" -cf - . | zstd -q -f -o "$cache/bk-small.tar.zst"
	cloisonctl --quiet create 900 --ostemplate bk-small 2>/dev/null
	take 900
	"$here/crash/inject" --list "$KTAP_TMP/points" "${backup[@]}"
	[[ -n $(decision rename) ]]
	while read -r point <&3; do
		"$here/crash/inject" --kill-all "$point" "${backup[@]}" || true
		cloisonctl --quiet check --repair
		[[ -z $(find "$backups/900" -name '.*') ]]
	done 3< <(decision rename)
	cloisonctl backup-list --verify 900
	take 900 --incremental
	restore=(cloisonctl --quiet restore-backup "$last")
	"$here/crash/inject" --list "$KTAP_TMP/points" "${restore[@]}"
	[[ -n $(decision renameat2) ]]
	while read -r point <&3; do
		echo two >"$state/private/900/fs/file"
		cloisonctl --quiet set 900 --description two --save
		"$here/crash/inject" --kill-all "$point" "${restore[@]}" || true
		cloisonctl --quiet check --repair
		# files and configuration are those of one time
		case $(<"$state/private/900/fs/file") in
		one) not grep -q '^DESCRIPTION="two"' "$etc/conf/900.conf" ;;
		two) grep -qx 'DESCRIPTION="two"' "$etc/conf/900.conf" ;;
		*) false ;;
		esac
		[[ ! -e $state/private/900.converting && ! -e $state/private/900/restored ]]
		"${restore[@]}"
		[[ $(<"$state/private/900/fs/file") == one ]]
	done 3< <(decision renameat2)
	expect_out 'nothing is left' cloisonctl check --repair
}

configuration() {
	make_one 900 dir --name one --devnodes null:rw --capability sys_time:on --ram 1G --numproc 9999 --ipadd 10.9.9.9 --nat yes --description d
	echo 'echo mounted >&2' >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	take 900
	rm "$etc/conf/900.mount"
	sed -i 's/^NAME=.*/NAME="two"/' "$etc/conf/900.conf"
	strace -y -o "$KTAP_TMP/trace" -e trace=unlink,fsync cloisonctl --quiet restore-backup "$last"
	[[ -x $etc/conf/900.mount && $(status one) == "CTID 900 "* ]]
	# that this is done is on disk
	awk '/unlink.*\/900\/restored"/ { gone = 1 } gone && /fsync.*\/private\/900>/ { kept = 1 } END { exit !kept }' "$KTAP_TMP/trace"
	# what is a stranger's gives it nothing of the host's
	expect_out '^Warning: Left out.* PHYSPAGES.*IP_ADDRESS' cloisonctl restore-backup "$backups/900/$last.tar.zst" --ctid 901
	[[ ! -e $etc/conf/901.mount ]]
	not grep -E '^(NAME|DEVNODES|CAPABILITY|IP_ADDRESS|NAT)=' "$etc/conf/901.conf"
	# but what create would
	[[ $(grep -hE '^(PHYSPAGES|NUMPROC|CPUUNITS|DISK.*)=' "$etc/conf/901.conf" | sort) == $(grep -hE '^(PHYSPAGES|NUMPROC|CPUUNITS|DISK.*)=' "$etc/conf/ve-basic.conf-sample" | sort) ]]
	grep -qx 'HOSTNAME="kept.example"' "$etc/conf/901.conf"
	grep -qx 'DESCRIPTION="d"' "$etc/conf/901.conf"
	# and one that is there keeps what it has
	cloisonctl --quiet set 901 --ram 32M --description own --ipadd 10.9.9.1 --hostname other --save
	cloisonctl --quiet restore-backup "$backups/900/$last.tar.zst" --ctid 901 --force
	grep -qx 'PHYSPAGES="0:32M"' "$etc/conf/901.conf"
	grep -qx 'IP_ADDRESS="10.9.9.1"' "$etc/conf/901.conf"
	grep -qx 'DESCRIPTION="own"' "$etc/conf/901.conf"
	grep -qx 'HOSTNAME="kept.example"' "$etc/conf/901.conf"
	cloisonctl --quiet restore-backup "$backups/900/$last.tar.zst" --ctid 901 --force --trust
	[[ -x $etc/conf/901.mount ]]
	grep -qx 'IP_ADDRESS="10.9.9.9"' "$etc/conf/901.conf"
	grep -q '^DEVNODES="null:rw"' "$etc/conf/901.conf"
	not grep -q '^NAME=' "$etc/conf/901.conf"
	[[ $(base_of 900) != "$(base_of 901)" ]]
	rm -f "$etc"/conf/90[01].mount*
}

# forge TAR CONF [INDEX]: a backup as an enemy makes it; one that comes after the last, with that list of files
forge() {
	zstd -qc "$1" >"$KTAP_TMP/data"
	python3 - "$2" "$KTAP_TMP/data" "$KTAP_TMP/forged" "${@:3}" <<-'END'
		import hashlib, json, struct, sys
		conf, data, out, *index = sys.argv[1:]
		def frame(text, kind=0x184d2a5c):
		    return struct.pack("<II", kind, len(text)) + text
		head = {"cloison-backup": 1, "id": "900-20260101T000000-00000000", "ctid": 900, "date": 1,
		        "description": "", "state": "down", "layout": "dir", "fresh": False, "conf": conf,
		        "scripts": {"mount": "#!/bin/sh\ntouch /tmp/outside/ran"}}
		if index:
		    last = json.loads(open(out, "rb").read()[-503:])
		    head.update(id="900-20260101T000001-00000000", parent=head["id"], parent_sha256=last["sha256"])
		all = bytes.fromhex("28b52ffd240001000099e9d851") + frame(json.dumps(head).encode())
		if index:
		    all += frame(open(index[0], "rb").read(), 0x184d2a5d)
		all += open(data, "rb").read()
		tail = json.dumps({"sha256": hashlib.sha256(all).hexdigest()}).encode()
		open(out, "wb").write(all + frame(b"\n" + tail.ljust(502) + b"\n"))
	END
}

hostile() {
	local tree=$KTAP_TMP/tree outside=/tmp/outside
	rm -rf "$tree"
	mkdir -p "$tree" "$outside"
	chmod 777 "$outside"
	echo x >"$tree/f"
	for to in "$outside/file" ../../../../../../../../../../tmp/outside/file; do
		tar -C "$tree" -P --transform "s,^./f,$to," -cf "$KTAP_TMP/tar" .
		forge "$KTAP_TMP/tar" 'HOSTNAME="a`touch /tmp/outside/ran`"
touch /tmp/outside/ran
VE_PRIVATE="/tmp/outside/private"
LOCAL_UID="65536"'
		cloisonctl --quiet restore-backup "$KTAP_TMP/forged" || true
		[[ -z $(ls -A "$outside") ]]
		# shellcheck disable=SC1091
		[[ ! -e $etc/conf/900.conf ]] || (. "$etc/conf/900.conf")
		[[ -z $(ls -A "$outside") && ! -e $etc/conf/900.mount ]]
		[[ ! -e $etc/conf/900.conf ]] || cloisonctl --quiet destroy 900
	done
	# links out, and through them
	ln -s "$outside" "$tree/out"
	tar -C "$tree" -cf "$KTAP_TMP/tar" .
	rm "$tree/out" && mkdir "$tree/out" && echo x >"$tree/out/file"
	tar -C "$tree" -rf "$KTAP_TMP/tar" ./out/file
	forge "$KTAP_TMP/tar" ''
	cloisonctl --quiet restore-backup "$KTAP_TMP/forged" || true
	[[ -z $(ls -A "$outside") ]]
	[[ ! -e $etc/conf/900.conf ]] || cloisonctl --quiet destroy 900
	# a device
	mknod "$tree/node" c 1 3
	tar -C "$tree" -cf "$KTAP_TMP/tar" .
	forge "$KTAP_TMP/tar" ''
	expect_exit 171 cloisonctl restore-backup "$KTAP_TMP/forged"
	not test -e "$state/private/900"
	# a name that is a path: of what is not there, and of another's configuration
	rm "$tree/node"
	tar -C "$tree" -cf "$KTAP_TMP/tar" .
	make_one 901 dir
	for to in ../../cloison-outside ../conf/901.conf; do
		forge "$KTAP_TMP/tar" "NAME=\"$to\""
		expect_out "$to is no name of a container: 900 is left without" cloisonctl restore-backup "$KTAP_TMP/forged"
		[[ ! -L $etc/../cloison-outside && ! -L $etc/conf/901.conf && -s $etc/conf/901.conf ]]
		not grep -q '^NAME=' "$etc/conf/900.conf"
		cloisonctl --quiet destroy 900
	done
	echo 'NAME="../../cloison-outside"' >"$KTAP_TMP/900.conf"
	ln -s "$KTAP_TMP/900.conf" "$etc/conf/900.conf"
	expect_exit 131 cloisonctl create 900 --ostemplate bk-kinds
	[[ ! -L $etc/../cloison-outside && ! -e $state/private/900 && -L $etc/conf/900.conf ]]
	rm "$etc/conf/900.conf"
	# names that are paths
	sed -i 's,900-20260101T,../../260101T,' "$KTAP_TMP/forged"
	expect_out 'its head says what cannot be' cloisonctl restore-backup "$KTAP_TMP/forged"
	rm -r "$outside"
}

# What unpacks to more than there is room for is ended before the disk is full.
bomb() {
	local disk=$KTAP_TMP/disk tree=$KTAP_TMP/large
	mkdir "$tree"
	truncate -s 50M "$tree/zeros"
	tar -C "$tree" -cf "$KTAP_TMP/tar" .
	forge "$KTAP_TMP/tar" ''
	truncate -s 32M "$disk"
	mkfs.ext4 -q -m 0 "$disk"
	mount -o loop "$disk" "$state/private"
	expect_out 'more than nine tenths' cloisonctl restore-backup - <"$KTAP_TMP/forged"
	expect_exit 46 cloisonctl restore-backup "$KTAP_TMP/forged" --layout overlay
	[[ ! -e $etc/conf/900.conf && $(ls -A "$state/private") == lost+found ]]
	umount "$state/private"
	rm -r "$disk" "$tree"
}

# A list of files without an end: no more of the host's memory than a good one may take.
list_bomb() {
	local chain=$KTAP_TMP/chain
	mkdir -p "$chain" "$KTAP_TMP/tree"
	tar -C "$KTAP_TMP/tree" -cf "$KTAP_TMP/tar" .
	forge "$KTAP_TMP/tar" ''
	cp "$KTAP_TMP/forged" "$chain/900-20260101T000000-00000000.tar.zst"
	head -c 300M /dev/zero | zstd -q -o "$KTAP_TMP/index"
	forge "$KTAP_TMP/tar" '' "$KTAP_TMP/index"
	cp "$KTAP_TMP/forged" "$chain/900-20260101T000001-00000000.tar.zst"
	python3 -c '
import resource, subprocess, sys
said = subprocess.run(["cloisonctl", "restore-backup", sys.argv[1]], stderr=subprocess.PIPE)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
print(said, most)
sys.exit(said.returncode != 171 or b"more than 256 MB" not in said.stderr or most > 400)' "$chain/900-20260101T000001-00000000.tar.zst"
	# such a long one there may be of before that limit
	expect_out 'list of files in a backup cannot be read' cloisonctl restore-backup --trust "$chain/900-20260101T000001-00000000.tar.zst"
	not test -e "$state/private/900"
}

# heads DIR: for each line NAME DATE PARENT ("-": none) the head of such a backup, and no more
heads() {
	python3 -c '
import json, struct, sys
for line in sys.stdin:
    name, date, parent = line.split()
    head = {"cloison-backup": 1, "id": name, "ctid": int(name.split("-")[0]), "date": int(date), "layout": "dir",
            "conf": "#" * 100000, "scripts": {}, "description": ""}
    if parent != "-":
        head.update(parent=parent, parent_sha256="0")
    text = json.dumps(head).encode()
    start = bytes.fromhex("28b52ffd240001000099e9d851") + struct.pack("<II", 0x184d2a5c, len(text))
    open("%s/%s.tar.zst" % (sys.argv[1], name), "wb").write(start + text)' "$1"
}

# Many that need each other, and such as an enemy makes: they are in memory once, and there is an end.
families() {
	local dir=$KTAP_TMP/family
	mkdir "$dir"
	ulimit -Sv $((300 << 10))
	awk 'BEGIN { print "900-0 1 -"; for (n = 1; n < 60; n++) print "900-" n, 1, "900-" n - 1 }' | heads "$dir"
	cloisonctl --quiet backup-delete 900-1 --from "$dir" --with-children
	[[ $(ls "$dir") == 900-0.tar.zst ]]
	heads "$dir" <<<"900-0 1 900-0"
	cloisonctl --quiet backup-delete 900-0 --from "$dir"
	heads "$dir" <<<$'900-1 1 900-2\n900-2 1 900-1'
	expect_out 'Backup 900-2 needs 900-1' cloisonctl backup-delete 900-1 --from "$dir"
	cloisonctl --quiet backup-delete 900-1 --from "$dir" --with-children
	[[ -z $(ls -A "$dir") ]]
	# those of several containers, by date
	mkdir -p "$backups"/90{0,1}
	heads "$backups/900" <<<$'900-1 1 -\n900-3 3 900-1\n900-4 3 900-3'
	heads "$backups/901" <<<$'901-5 2 -\n901-0 4 -'
	[[ $(cloisonctl backup-list -H | awk '{ print $1 }' | xargs) == "900-1 901-5 900-3 900-4 901-0" ]]
	rm -r "$backups"/90{0,1}
}

deletes() {
	local full
	(families)
	make_one 900 dir
	expect_out 'making a full one' cloisonctl backup 900 --incremental
	full=$(newest 900)
	take 900 --incremental
	expect_exit 170 cloisonctl backup-delete "$full"
	expect_exit 172 cloisonctl backup-delete 900-1
	expect_exit 172 cloisonctl backup-delete ../../x
	cloisonctl --quiet backup-delete "$last"
	take 900 --incremental
	take 900 --incremental
	# each is read once, however many need it
	[[ $(cloisonctl --verbose backup-list --verify 900 2>&1 | grep -c '^Verifying ') == 3 ]]
	# where locks are refused, as by NFS, what is said to be deleted is
	strace -f -o "$KTAP_TMP/trace" -e trace=flock -e inject=flock:error=EBADF cloisonctl --quiet backup-delete "$last"
	grep -q EBADF "$KTAP_TMP/trace"
	[[ $(find "$backups/900" -type f | wc -l) == 2 ]]
	cloisonctl --quiet backup-delete "$full" --with-children
	[[ -z $(ls -A "$backups/900") ]]
	mkdir "$KTAP_TMP/else"
	cloisonctl --quiet backup 900 --to "$KTAP_TMP/else"
	cloisonctl --quiet backup 900 --to "$KTAP_TMP/else" --incremental
	[[ $(cloisonctl backup-list -H --from "$KTAP_TMP/else" | awk '{ print $2 }' | xargs) == "full incremental" ]]
	not grep -v ' whole' <<<"$(cloisonctl backup-list -H --from "$KTAP_TMP/else//")"
	[[ -z $(cloisonctl backup-list -H) ]]
	# a directory that is not there has no whole ones
	expect_exit 172 cloisonctl backup-list --from "$KTAP_TMP/elsewhere"
	expect_exit 172 cloisonctl backup-list --from "$KTAP_TMP/elsewhere" --verify
	expect_exit 3 cloisonctl backup-list --from "$etc/cloison.conf"
	cp "$etc/cloison.conf" "$KTAP_TMP/cloison.conf"
	echo "BACKUP_DIR=\"$KTAP_TMP/elsewhere\"" >>"$etc/cloison.conf"
	expect_exit 0 cloisonctl backup-list
	expect_exit 172 cloisonctl backup-list --verify
	echo "BACKUP_DIR=\"$etc/cloison.conf\"" >>"$etc/cloison.conf"
	expect_exit 3 cloisonctl backup-list
	cp "$KTAP_TMP/cloison.conf" "$etc/cloison.conf"
	full=$(cloisonctl backup-list -H --from "$KTAP_TMP/else" | awk 'END { print $1 }')
	expect_exit 44 cloisonctl restore-backup "$full" --from "$KTAP_TMP/else"
	cloisonctl --quiet restore-backup "$full" --from "$KTAP_TMP/else" --force
	# what was made, as the list has it, and no other word
	rm "$KTAP_TMP/else"/*
	cloisonctl backup 900 --to "$KTAP_TMP/else" --json >"$KTAP_TMP/first"
	cloisonctl backup 900 --to "$KTAP_TMP/else" --incremental --description two -j >"$KTAP_TMP/second"
	cloisonctl backup-list --json --from "$KTAP_TMP/else" >"$KTAP_TMP/both"
	python3 -c 'import json, sys
a, b, both = [json.load(open(path)) for path in sys.argv[1:]]
assert [a, b] == both and b["parent"] == a["id"] and b["description"] == "two", (a, b, both)
assert a["size"] > 0 and a["ctid"] == 900 and a["status"] == "whole", a' "$KTAP_TMP"/{first,second,both}
	expect_exit 20 cloisonctl backup 900 --stdout --json
	expect_exit 14 cloisonctl backup 901
	expect_exit 20 cloisonctl backup 900 --full --incremental
	expect_exit 20 cloisonctl restore-backup
	expect_exit 21 cloisonctl restore-backup "$full" --layout nothing
}

# More files than the operator's shell may have open.
long_chain() {
	local n
	make_one 900 dir
	take 900
	for n in {1..12}; do
		echo "$n" >"$state/private/900/fs/n"
		take 900 --incremental
	done
	(
		ulimit -Sn 16
		cloisonctl --quiet restore-backup "$last" --ctid 901
		cloisonctl backup-list -H 900 >"$KTAP_TMP/list"
	)
	[[ $(<"$state/private/901/fs/n") == 12 && $(grep -c whole "$KTAP_TMP/list") == 13 ]]
}

# one NAME FUNCTION [ARGUMENT...]: nobody's backups before it
one() {
	rm -rf "$backups"/9*
	run_case "$@"
}

ktap_plan 16
all_kinds
one "full, incremental, restored over and as another" goes_and_comes
one "overlay, and to an image" layout overlay image
one "image, and to a directory" layout image dir
one "paths that are too long" too_deep
one "by tar alone" plain_tar
one "damaged, cut off, without its parent" damaged
one "streams" streams
one "no space" no_space
one "overlay: while it runs, frozen" running overlay
one "killed at any point" killed
one "configuration and scripts" configuration
one "an enemy's" hostile
one "an enemy's files" bomb
one "an enemy's list of files" list_bomb
one "deleted, elsewhere" deletes
one "a long chain" long_chain
ktap_finish
