#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memory: 3072
# How long a container with 3000 files of 200 MB stands still for a snapshot without memory, where
# copies share no blocks (ext4), against what cp takes for the same files: so long it would be if
# nothing were copied before. The least of three.

here=$(dirname "$0")
. "$here/parts/lib.sh"

private=/var/lib/cloison/private/900
copy=/var/lib/cloison/copy

fill() {
	python3 - "$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' /etc/cloison/conf/900.conf)" <<-'END'
		import os, sys
		base = int(sys.argv[1])
		for n in range(3000):
		    where = "/var/lib/cloison/root/900/many/%d" % (n // 100)
		    os.makedirs(where, exist_ok=True)
		    path = "%s/%d" % (where, n)
		    with open(path, "wb") as f:
		        f.write(os.urandom(66667))
		    os.chown(path, base, base)
	END
	# what was changed in the last ten minutes is not copied before
	sync
	once date -s '+11 minutes'
}

# The kernel tells of each change of cgroup.events.
frozen() {
	python3 - <<-'END'
		import select, time
		f = open("/sys/fs/cgroup/cloison/900/cgroup.events")
		changes = select.poll()
		changes.register(f, select.POLLPRI)
		since = None
		while True:
		    changes.poll()
		    now = time.monotonic()
		    f.seek(0)
		    is_frozen = "frozen 1" in f.read()
		    if is_frozen and since is None:
		        since = now
		    if since is not None and not is_frozen:
		        print(round((now - since) * 1e6), flush=True)
		        break
	END
}

freeze() {
	local said snapshot
	said=$(mktemp)
	frozen >"$said" &
	sleep 1
	once cloisonctl --quiet snapshot 900 --skip-suspend --name one
	wait $!
	snapshot=$private.snapshots/$(cloisonctl snapshot-list 900 -Ho uuid | tr -d ' ')
	once diff -r --no-dereference "$private/$1/many" "$snapshot/$1/many"
	once cloisonctl --quiet snapshot-delete 900 --id one
	cat "$said"
}

copy() {
	local start
	start=$(now_us)
	once cp -a --reflink=auto "$private/$1" "$copy"
	echo $(($(now_us) - start))
	rm -r "$copy"
}

for layout in dir overlay; do
	files=fs
	[[ $layout == dir ]] || files=overlay/upper
	once cloisonctl --quiet create 900 --ostemplate busybox --layout $layout --diskspace 2G
	once cloisonctl --quiet start 900 --wait
	fill
	result storage.freeze.$layout "$(least 3 freeze $files)" "$(least 3 copy $files)" cp us lower \
		0.50
	once cloisonctl --quiet stop 900 --fast
	once cloisonctl --quiet destroy 900
done
finish
