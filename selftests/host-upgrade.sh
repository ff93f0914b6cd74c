#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: 6.12
# also: newest
# timeout: 1200
# Node 2 has containers, and boots another kernel by kexec. A client here, on node 1, is patient: its connection to one of
# them goes on, and so does one between two of them.
#
#	node 1				  node 2
#	client ---- 10.99.0.0/24 ---- 901 10.99.0.101 <---- 902 10.99.0.102
#							    903, which cannot be suspended
# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/cli-lib.sh"

client=
new=$(echo /boot/vmlinuz-*)
new=${new#*-}
trap '[[ ! $client ]] || kill "$client"; rm -rf "$KTAP_TMP"' EXIT

# there: what comes on standard input, on node 2, as in a test case.
there() {
	{
		echo 'cd /usr/lib/cloison/selftests; . ./cli-lib.sh; trap "rm -rf $KTAP_TMP" EXIT'
		echo 'fs() { echo /var/lib/cloison/private/$1/fs; }; note=/var/lib/cloison/host-upgrade'
		echo 'set -eE; trap "echo \"failed: \$BASH_COMMAND (line \$LINENO)\" >&2" ERR'
		cat
	} | ssh -o ConnectTimeout=5 node2 bash -s
}

# The links that containers answer on are the harness's to set up. Numbers, and what they are kept in: the memory of two processes that a connection is between.
starts() {
	there <<-'EOF'
		mkdir -p /etc/systemd/system/cloison.service.d
		cat >/etc/systemd/system/cloison.service.d/link.conf <<-'END'
			[Service]
			ExecStartPre=/bin/sh -c 'until ip addr show eth0 | grep -q 10.99.0.2; do sleep 0.1; done'
		END
		modprobe -a cloison cloison_net cloison_view
		for n in 1 2 3; do
			make 90$n --ipadd 10.99.0.10$n
			sed -i '/^ONBOOT=/d' $etc/conf/90$n.conf
		done
		cloisonctl --quiet set 901 --bootorder 5 --save
		cat >$(fs 901)/root/follow <<-'END'
			#!/bin/sh
			last=0
			while read -r n; do
				[ $n = $((last + 1)) ] || echo "$last, then $n" >>/root/lost
				last=$n
				echo $n >/root/last.new
				mv /root/last.new /root/last
			done
			echo "end after $last" >>/root/lost
		END
		cat >$(fs 902)/root/numbers <<-'END'
			#!/bin/sh
			n=0
			while :; do
				n=$((n + 1))
				echo $n
				sleep 0.2
			done
		END
		chmod +x $(fs 901)/root/follow $(fs 902)/root/numbers
		for n in 1 2 3; do
			cloisonctl --quiet start 90$n --wait
		done
		cloisonctl exec 901 'nc -ll -p 7000 -e cat </dev/null >/dev/null 2>&1 &'
		cloisonctl exec 901 'nc -l -p 7001 -e /root/follow </dev/null >/dev/null 2>&1 &'
		wait_for cloisonctl exec 901 'netstat -tln | grep -q :7000 && netstat -tln | grep -q :7001'
		cloisonctl exec 902 'nc 10.99.0.101 7001 -e /root/numbers </dev/null >/dev/null 2>&1 &'
		cloisonctl exec 901 'dd if=/dev/urandom of=/dev/shm/memory bs=1M count=4 2>/dev/null; md5sum </dev/shm/memory >/root/sum'
		cloisonctl exec 903 'unshare -u sleep 9999 </dev/null >/dev/null 2>&1 &'
		wait_for pgrep -f '^sleep 9999'
	EOF
	cat >"$KTAP_TMP/client.py" <<-'EOF'
		import os, socket, sys, time
		out = sys.argv[1]
		s = socket.create_connection(("10.99.0.101", 7000))
		f = s.makefile("rw")
		n, longest = 0, 0
		while True:
		    n += 1
		    begin = time.monotonic()
		    f.write(str(n) + "\n")
		    f.flush()
		    back = f.readline()
		    longest = max(longest, time.monotonic() - begin)
		    ok = back == str(n) + "\n"
		    with open(out + ".new", "w") as o:
		        o.write("%s %.1f\n" % (n if ok else -1, longest))
		    os.rename(out + ".new", out)
		    if not ok:
		        break
		    time.sleep(0.2)
	EOF
}

# all_go_on: the client's connection, and the other one.
all_go_on() {
	local n
	n=$(heard)
	wait_for is_heard $((n + 3))
	there <<-'EOF'
		is_running 901
		is_running 902
		last=$(cat $(fs 901)/root/last)
		beyond() { [[ $(cat $(fs 901)/root/last) -gt $last ]]; }
		wait_for beyond
		[[ ! -e $(fs 901)/root/lost ]]
	EOF
}

heard() {
	cut -d ' ' -f 1 "$KTAP_TMP/heard"
}

is_heard() {
	[[ $(heard) -ge $1 ]]
}

bad_input() {
	there <<-'EOF'
		expect_exit 5 cloisonctl host-upgrade --kernel 9.9.9
		expect_out 'Linux 9.9.9 is not installed: there is no /boot/vmlinuz-9.9.9' cloisonctl host-upgrade --kernel 9.9.9
		expect_exit 5 cloisonctl host-upgrade --kernel ..
		expect_exit 5 cloisonctl host-upgrade --kernel /nowhere
		expect_out '/bin/bash is not a kernel' cloisonctl host-upgrade --kernel /bin/bash
		expect_exit 20 cloisonctl host-upgrade --kexec --reboot
		expect_exit 20 cloisonctl host-upgrade now
		expect_exit 20 cloisonctl host-upgrade --resume --check-only
		expect_exit 21 cloisonctl host-upgrade --timeout 0
		# one that Cloison has not been built for
		new=$(echo /boot/vmlinuz-*)
		new=${new#*-}
		dep=/lib/modules/$new/modules.dep
		cp $dep $KTAP_TMP/dep
		sed -i '/cloison_net.ko/d' $dep
		expect_exit 5 cloisonctl host-upgrade --stop-others
		expect_out "There is no module cloison_net for Linux ${new//+/.}: dkms" cloisonctl host-upgrade --stop-others
		cp $KTAP_TMP/dep $dep
		# nobody would resume them
		expect_out 'cloison.service is not enabled' cloisonctl host-upgrade --stop-others
		systemctl -q enable cloison
		# where their states would be gone
		mkdir -p /var/lib/cloison/dump
		mount -t tmpfs tmpfs /var/lib/cloison/dump
		expect_exit 46 cloisonctl host-upgrade --check-only --stop-others
		expect_out '/var/lib/cloison/dump is in memory' cloisonctl host-upgrade --check-only --stop-others
		umount /var/lib/cloison/dump
		# a boot loader that is told
		mkdir /boot/grub
		echo "menuentry 'x' \$menuentry_id_option 'gnulinux-simple-1' {" >/boot/grub/grub.cfg
		expect_out 'no entry for Linux .*: run update-grub' cloisonctl host-upgrade --reboot --stop-others
		cat >/boot/grub/grub.cfg <<-END
			submenu 'more' --class x \$menuentry_id_option 'more-1' {
			  menuentry 'old' \$menuentry_id_option 'gnulinux-1.2-advanced-1' {
			  }
			  menuentry 'r' \$menuentry_id_option 'gnulinux-$new-recovery-1' {
			  }
			}
			submenu 'other' \$menuentry_id_option 'other-1' {
			  menuentry 'x' \$menuentry_id_option 'gnulinux-$new-advanced-0' {
			  }
			}
		END
		[[ ! -e $note && $(cat /sys/kernel/kexec_loaded) == 0 ]]
	EOF
}

named() {
	there <<-'EOF'
		status=0
		cloisonctl --quiet host-upgrade >$KTAP_TMP/out 2>&1 || status=$?
		cat $KTAP_TMP/out
		[[ $status == 16 ]]
		grep -q '^Warning: Container 903 cannot be suspended: Process .* uts namespace of its own' $KTAP_TMP/out
		[[ $(wc -l <$KTAP_TMP/out) == 2 ]]
		cloisonctl host-upgrade --check-only --stop-others --reboot >$KTAP_TMP/out
		rm -r /boot/grub
		grep -q "^GRUB has it as other-1>gnulinux-.*-advanced-0$" $KTAP_TMP/out
		grep -q '^Container 903 will be stopped, and started again' $KTAP_TMP/out
		grep -q '^Container 901 can be suspended' $KTAP_TMP/out
		[[ ! -e $note && $(cat /sys/kernel/kexec_loaded) == 0 ]]
	EOF
	all_go_on
}

# 901 comes last, and cannot be suspended by then: 902, which was, is resumed.
fails_in_the_middle() {
	there <<-'EOF'
		cat >$etc/conf/902.umount <<-'END'
			#!/bin/sh
			cloisonctl exec 901 sleep 7777 </dev/null >/dev/null 2>&1 &
			until pgrep -f '^sleep 7777' >/dev/null; do sleep 0.1; done
		END
		chmod +x $etc/conf/902.umount
		status=0
		cloisonctl host-upgrade --stop-others >$KTAP_TMP/out 2>&1 || status=$?
		rm $etc/conf/902.umount
		cat $KTAP_TMP/out
		[[ $status == 16 ]]
		grep -q '^Container 902 is suspended' $KTAP_TMP/out
		grep -q '^Container 901: .* was brought in by exec' $KTAP_TMP/out
		grep -q 'all run as before' $KTAP_TMP/out
		is_running 903
		pkill -f '^sleep 7777'
		[[ ! -e $note && $(cat /sys/kernel/kexec_loaded) == 0 ]]
	EOF
	all_go_on
}

# 901 comes last, and its state is never written: neither time that is over waits for that, nor who interrupts.
never_ends() {
	there <<-'EOF'
		mkdir $KTAP_TMP/bin
		cat >$KTAP_TMP/bin/tar <<-END
			#!/bin/sh
			case "\$*" in *901.images*) : >$KTAP_TMP/there; exec sleep 9999 ;; esac
			exec /usr/bin/tar "\$@"
		END
		chmod +x $KTAP_TMP/bin/tar
		PATH=$KTAP_TMP/bin:$PATH
		undone() {
			cat $KTAP_TMP/out
			grep -q "$1; all run as before" $KTAP_TMP/out
			for n in 1 2 3; do
				is_running 90$n
			done
			[[ ! -e $note && $(cat /sys/kernel/kexec_loaded) == 0 ]]
		}
		status=0
		cloisonctl host-upgrade --stop-others --timeout 60 >$KTAP_TMP/out 2>&1 || status=$?
		[[ $status == 16 ]]
		undone 'Not all could be suspended in time'
		rm $KTAP_TMP/there
		cloisonctl host-upgrade --stop-others >$KTAP_TMP/out 2>&1 &
		tool=$!
		wait_for test -e $KTAP_TMP/there
		kill $tool
		not wait $tool
		undone Interrupted
	EOF
	all_go_on
}

# Killed when 902 is suspended, and 901 not yet.
killed() {
	there <<-'EOF'
		mkfifo $KTAP_TMP/go
		printf '#!/bin/sh\n: >%s/there\nread x <%s/go\n' $KTAP_TMP $KTAP_TMP >$etc/conf/902.umount
		chmod +x $etc/conf/902.umount
		cloisonctl host-upgrade --stop-others >$KTAP_TMP/out 2>&1 &
		tool=$!
		wait_for test -e $KTAP_TMP/there
		expect_out 'hint +the host is being upgraded' cloisonctl check upgrade
		expect_exit 9 cloisonctl host-upgrade --resume
		expect_exit 9 cloisonctl boot start
		kill -9 $tool
		echo >$KTAP_TMP/go
		rm $etc/conf/902.umount
		free() { flock -n /run/cloison/lock/host-upgrade.lck true; }
		wait_for free
		[[ -e $note && $(cat /sys/kernel/kexec_loaded) == 1 ]]
		[[ $(status 902) == *" down suspended" ]]
		is_running 901
		is_running 903
		expect_out 'hint +an upgrade to Linux .*, begun at .*, was cut off' cloisonctl check upgrade
		expect_out '^1 of 1 containers run again' cloisonctl host-upgrade --resume
		[[ ! -e $note && $(cat /sys/kernel/kexec_loaded) == 0 ]]
		expect_out 'ok +no upgrade' cloisonctl check upgrade
	EOF
	all_go_on
}

# There it goes; while 901, the last, is suspended, somebody starts 904.
upgrades() {
	there <<-'EOF'
		make 904
		sed -i '/^ONBOOT=/d' $etc/conf/904.conf
		printf '#!/bin/sh\ncloisonctl --quiet start 904 || :\n' >$etc/conf/901.umount
		chmod +x $etc/conf/901.umount
	EOF
	# its end is not always told: the host goes down
	ssh node2 cloisonctl host-upgrade --stop-others --timeout 600 || true
	wait_for is_new || wait_for is_new
	there <<-'EOF'
		wait_for test ! -e $note || wait_for test ! -e $note
		journalctl -u cloison --no-pager -o cat
		is_running 903
		is_running 904
		is_active() { [[ $(systemctl is-active cloison) == active ]]; }
		wait_for is_active
		cloisonctl exec 901 md5sum /dev/shm/memory | grep -q "$(cut -d ' ' -f 1 $(fs 901)/root/sum)"
		[[ ! -e $(fs 901)/../suspended && ! -e $(fs 902)/../suspended ]]
		expect_out 'ok +no upgrade' cloisonctl check upgrade
	EOF
	all_go_on
}

is_new() {
	[[ $(ssh -o ConnectTimeout=5 node2 uname -r) == "$new" ]]
}

ktap_plan 7
ktap_run_next "containers and connections" starts
if [[ $ktap_failed -eq 0 ]]; then
	python3 "$KTAP_TMP/client.py" "$KTAP_TMP/heard" &
	client=$!
	wait_for test -e "$KTAP_TMP/heard"
fi
ktap_run_next "bad input" bad_input
ktap_run_next "what cannot be suspended is named" named
ktap_run_next "one that fails in the middle" fails_in_the_middle
ktap_run_next "one that never ends" never_ends
ktap_run_next "killed in the middle" killed
ktap_run_next "another kernel" upgrades
ktap_say "the client waited at most $(cut -d ' ' -f 2 "$KTAP_TMP/heard") s for an answer"
ktap_finish
