# SPDX-License-Identifier: GPL-2.0-only
# A machine: its disks, its QEMU, its channels.
# shellcheck shell=bash

# Timeouts of the kernel's own watchdogs allow for emulation on a busy host. A panic reboots, and -no-reboot makes that
# the end of QEMU. Boot messages below warning stay off the serial line, which is slow; the guest turns them on later.
readonly KERNEL_ARGUMENTS=(
	console=ttyS0 net.ifnames=0 panic=-1 tsc=reliable no_timer_check
	hung_task_panic=0 sysctl.kernel.hung_task_timeout_secs=240
	watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60
	systemd.show_status=no systemd.log_target=kmsg
)

# What an emulated processor had better not have, as the kernel then does without: waiting by MWAIT is emulated by a busy loop,
# copying by "rep movsb" byte by byte. Nor does it speculate: so there is nothing to mitigate, see qemu_arguments().
readonly TCG_CPU=max,la57=off,monitor=off,erms=off,fsrm=off,fzrm=off,fsrs=off,fsrc=off

# A debug kernel is slow, and one report of KASAN must not hide the next.
readonly DEBUG_ARGUMENTS=(
	kasan_multi_shot rcupdate.rcu_cpu_stall_timeout=250 sysctl.kernel.hung_task_timeout_secs=900
	workqueue.watchdog_thresh=200 watchdog_thresh=60
)

# machine_tar SERIES FILE: the disk that is unpacked over the root file system: Cloison as installed, and the script.
machine_tar() {
	local series=$1 file=$2 root kver part
	root=$cache/root/$(root_of "$series")
	kver=$(kver "$series")
	mkdir -p "$scratch/extra/root/run"
	[[ ${#files[@]} -eq 0 ]] || cp -r --preserve=mode,timestamps "${files[@]}" "$scratch/extra/root/run/"
	[[ ! $script_name ]] || chmod +x "$scratch/extra/root/run/$script_name"
	[[ ! $also ]] || machine_also "$scratch/extra"
	tar -C "$scratch/extra" --owner=0 --group=0 -cf "$file" .
	for part in "$root/stage/$kver" "$cache/root/trixie/stage/tool" ${also:+"$cache/root/$(root_of "$also")/stage/$(kver "$also")"}; do
		[[ -d $part ]] || continue
		stage_tar "$part" >"$scratch/part"
		tar -A -f "$file" "$scratch/part"
	done
	if [[ $selftests ]]; then
		machine_tar_selftests "$root/build/$kver" >"$scratch/part"
		tar -A -f "$file" "$scratch/part"
	fi
	rm -f "$scratch/part"
}

# machine_also DIRECTORY: another kernel as a distribution installs it, in /boot. Its initramfs is the one that machines
# begin with, and mounts its own modules.
machine_also() {
	local boot=$1/boot kver
	kver=$(kver "$also")
	mkdir -p "$boot" "$scratch/also"
	cp "$cache/kernel/$kver/vmlinuz" "$boot/vmlinuz-$kver"
	cp "$cache/kernel/$kver/boot"/config* "$boot/config-$kver"
	sed 's/modules\.img/also.img/' "$vmdir/guest/init" >"$scratch/also/init"
	chmod +x "$scratch/also/init"
	# of two archives, one after the other, the files of the later one count
	(cat "$cache/kernel/$kver/initrd" && cd "$scratch/also" && echo init | cpio --quiet -o -H newc -R 0:0) >"$boot/initrd.img-$kver"
}

# The built tests of the tool's copy, and this kernel's test modules.
machine_tar_selftests() {
	local part=$scratch/selftests modules
	mkdir -p "$part/usr/lib/cloison"
	cp -r --preserve=mode,timestamps "$cache/root/trixie/build/tool/selftests" "$part/usr/lib/cloison/"
	for modules in "$1"/selftests/kmod/*.ko; do
		[[ ! -f $modules ]] || cp "$modules" "$part/usr/lib/cloison/selftests/kmod/"
	done
	tar -C "$part" --owner=0 --group=0 -cf - .
}

# qemu_arguments NODE: sets $qemu.
qemu_arguments() {
	local node=$1 kver
	kver=$(kver "$series")
	qemu=(
		qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -monitor none
		-name "cloison-node$node" -m "$mem" -machine "q35,usb=off,vmport=off" -rtc base=utc
		-device virtio-rng-pci
		-kernel "$cache/kernel/$kver/vmlinux" -initrd "$cache/kernel/$kver/initrd"
		-chardev "file,id=log,path=$scratch/node$node.log" -serial chardev:log
	)
	local arguments=("${KERNEL_ARGUMENTS[@]}" "systemd.hostname=node$node" "machine.node=$node" "machine.nodes=$nodes")
	if host_has_kvm && [[ ! $icount ]]; then
		qemu+=(-accel kvm -cpu host -smp "$smp")
	elif [[ $icount ]]; then
		qemu+=(-accel "tcg,thread=single" -cpu max,la57=off -smp 1 -icount "shift=1,sleep=off")
	else
		# smap: each opening of the way to user memory ends a translated block; a debug kernel watches that way
		qemu+=(-accel "tcg,thread=multi,tb-size=512" -cpu "$TCG_CPU$([[ $slow -ne 1 ]] || echo ,smap=off)" -smp "$smp")
		arguments+=("tsc_early_khz=$("$cache/tsc-khz")" mitigations=off)
	fi
	qemu_disks "$node"
	qemu_network "$node"
	qemu_channels "$node"
	[[ $slow -eq 1 ]] || arguments+=("${DEBUG_ARGUMENTS[@]}")
	[[ $verbose ]] || arguments+=(loglevel=5 systemd.log_level=notice)
	if [[ $interactive && $node -eq 1 ]]; then
		arguments+=("machine.shell=$(stty size 2>/dev/null | tr ' ' x)" "machine.term=${TERM:-linux}")
	fi
	qemu+=(-append "${arguments[*]} machine.script=$script_name")
}

# machine_disk: a root disk that stays. Raw, so that what QEMU has written is in the host's page cache and stays when QEMU
# is killed, in whichever state its own caches are: what is lost then is what the machine has not given to its disk.
machine_disk() {
	[[ ! -e $disk ]] || return 0
	cp --sparse=always "$cache/image/root.img" "$disk.new"
	mv "$disk.new" "$disk"
}

# Writes go to a snapshot in the run's scratch directory, which nobody misses; but for --disk.
qemu_disks() {
	local node=$1 file n=0
	[[ ! $also ]] || qemu+=(
		-drive "if=none,id=also,file=$cache/kernel/$(kver "$also")/modules.img,format=raw,cache=unsafe,snapshot=on"
		-device "virtio-blk-pci,drive=also,serial=also.img"
	)
	for file in "$cache/image/root.img" "$cache/kernel/$(kver "$series")/modules.img" "$scratch/extra.tar" "$cache/templates.img"; do
		[[ -f $file ]] || continue
		if [[ $disk && $node -eq 1 && $file == */root.img ]]; then
			qemu+=(-drive "if=none,id=disk$n,file=/mnt/${disk##*/},format=raw,cache=unsafe")
		else
			qemu+=(-drive "if=none,id=disk$n,file=$file,format=raw,cache=unsafe,snapshot=on")
		fi
		qemu+=(-device "virtio-blk-pci,drive=disk$n,serial=${file##*/}")
		n=$((n + 1))
	done
}

# Two machines share a cable; one alone has a card with nobody at the other end.
qemu_network() {
	local node=$1
	if [[ $nodes -eq 1 ]]; then
		qemu+=(-netdev user,id=net,restrict=on,ipv6=off)
	elif [[ $node -eq 1 ]]; then
		qemu+=(-netdev "stream,id=net,server=off,addr.type=unix,addr.path=$scratch/cable")
	else
		qemu+=(-netdev "stream,id=net,server=on,addr.type=unix,addr.path=$scratch/cable")
	fi
	qemu+=(-device "virtio-net-pci,netdev=net,mac=52:54:00:99:00:0$node,romfile=")
}

# The script's output, its status, and with --interactive a terminal.
qemu_channels() {
	local node=$1
	qemu+=(-device virtio-serial-pci -chardev "file,id=status,path=$scratch/node$node.status")
	if [[ $node -ne 1 ]]; then
		return
	fi
	qemu+=(-device "virtserialport,chardev=status,name=cloison.status")
	if [[ $interactive ]]; then
		qemu+=(-chardev "stdio,id=out,signal=off" -device "virtconsole,chardev=out")
	else
		qemu+=(-chardev "file,id=out,path=$scratch/output" -device "virtserialport,chardev=out,name=cloison.output")
	fi
}

# machine_qemu: becomes QEMU, keeping the process id. It is trixie's, from the build root, whatever the host is: QEMU
# before 8.1 lets one processor keep translated code that another has just patched, and the kernel, which patches itself
# for static keys and tracepoints, dies of "Oops: int3".
machine_qemu() {
	# shellcheck disable=SC2016 # the inner shell expands
	exec unshare --mount sh -ec '
		cd "$1"
		mount --rbind /dev dev
		mount -t proc proc proc
		mkdir -p ".$2"
		mount --bind "$2" ".$2"
		mount --bind "$3" mnt
		shift 3
		exec chroot . "$@"' sh "$cache/root/trixie" "$cache" "$(realpath "$(dirname "${disk:-$cache/.}")")" "${qemu[@]}"
}

# machine_start NODE: QEMU in the background; its process id goes to $pids[NODE].
pids=() relay=
machine_start() {
	local node=$1
	qemu_arguments "$node"
	: >"$scratch/node$node.status"
	if [[ $node -ne 1 ]]; then
		machine_qemu </dev/null 2>"$scratch/node$node.err" &
	elif [[ $interactive ]]; then
		machine_qemu <&0 2>"$scratch/node$node.err" &
	else
		# Not QEMU's own standard output: it would be made non-blocking, for all who share it.
		rm -f "$scratch/output"
		mkfifo "$scratch/output"
		tee "$scratch/said" <"$scratch/output" &
		relay=$!
		machine_qemu </dev/null 2>"$scratch/node$node.err" &
	fi
	pids[node]=$!
	cleanups+=("kill ${pids[node]} 2>/dev/null")
}

# machine_wait NODE: until it powers off or $timeout seconds have passed; false if the time ran out. QEMU's status goes to
# $qemu_status.
qemu_status=0
machine_wait() {
	local pid=${pids[$1]} timer
	qemu_status=0
	(
		trap - EXIT INT TERM
		sleep "$timeout" &
		trap 'kill $!; exit' TERM
		wait $!
		kill "$pid"
	) 2>/dev/null &
	timer=$!
	cleanups+=("kill $timer 2>/dev/null")
	wait "$pid" || qemu_status=$?
	if ! kill "$timer" 2>/dev/null; then
		return 1
	fi
	wait "$timer" || true
	[[ ! $relay ]] || wait "$relay" || true
	[[ $qemu_status -eq 0 ]] || say "QEMU ended with status $qemu_status: $(cat "$scratch/node$1.err")"
}

# machine_stillborn NODE: did QEMU abort before the script said a word? TCG with several processors has a race that ends in
# a failed assertion (iotlb_to_section) when a device's registers move while another processor uses them, that is while
# the kernel boots, about once in some hundred boots.
machine_stillborn() {
	[[ $qemu_status -eq 134 && ! -s $scratch/node$1.status && ! -s $scratch/said ]]
}

# machine_cut NODE: a power cut.
machine_cut() {
	say "power cut"
	kill -KILL "${pids[$1]}" 2>/dev/null || true
}

# machine_stop NODE: takes away the power.
machine_stop() {
	kill "${pids[$1]}" 2>/dev/null || true
	wait "${pids[$1]}" || true
}
