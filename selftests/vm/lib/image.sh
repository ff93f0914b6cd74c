# SPDX-License-Identifier: GPL-2.0-only
# The root file system that all machines share: trixie's user space and what guest/ adds.
# shellcheck shell=bash

# image_from DIRECTORY IMAGE SIZE: an ext4 image of a directory, sparse, without mounting anything.
image_from() {
	truncate -s "$3" "$2"
	mke2fs -q -t ext4 -m 0 -E nodiscard,lazy_itable_init=1,root_owner=0:0 -d "$1" "$2"
}

# Units that a machine which lives for a minute does without.
readonly MASKED_UNITS=(
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
	systemd-tmpfiles-clean.timer systemd-timesyncd.service systemd-networkd.service systemd-pstore.service
	systemd-random-seed.service systemd-rfkill.socket systemd-rfkill.service systemd-update-utmp.service
	systemd-update-done.service systemd-journal-catalog-update.service systemd-hwdb-update.service
	systemd-journal-flush.service systemd-machine-id-commit.service systemd-firstboot.service ldconfig.service
	systemd-udev-trigger.service systemd-udev-settle.service systemd-remount-fs.service systemd-user-sessions.service
	getty.target getty-static.service serial-getty@ttyS0.service console-getty.service
	dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
	sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount sshd-keygen.service
	systemd-vconsole-setup.service systemd-hibernate-clear.service systemd-initctl.socket
	systemd-ask-password-console.path systemd-ask-password-wall.path
	remote-fs.target run-lock.mount tmp.mount
	lxcfs.service nftables.service sshd-unix-local.socket systemd-sysext.socket
	systemd-hostnamed.socket systemd-creds.socket systemd-pcrextend.socket systemd-pcrlock.socket systemd-mute-console.socket
	systemd-udev-load-credentials.service systemd-binfmt.service systemd-pcrphase.service systemd-pcrphase-sysinit.service
	systemd-sysusers.service systemd-logind.service systemd-tmpfiles-setup-dev-early.service systemd-pcrmachine.service
	systemd-tpm2-setup.service systemd-tpm2-setup-early.service systemd-boot-random-seed.service
	podman.service podman.socket podman-auto-update.timer podman-auto-update.service podman-restart.service
	podman-clean-transient.service netavark-dhcp-proxy.socket netavark-firewalld-reload.service
	modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service
)

# image_keys ROOT: both nodes have the same host key and root key, so each can ssh to the other without a question.
image_keys() {
	local root=$1
	install -d -m 700 "$root/root/.ssh"
	rm -f "$root"/etc/ssh/ssh_host_*
	ssh-keygen -q -t ed25519 -N '' -C cloison -f "$root/etc/ssh/ssh_host_ed25519_key"
	ssh-keygen -q -t ed25519 -N '' -C cloison -f "$root/root/.ssh/id_ed25519"
	cp "$root/root/.ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
	echo "node1,node2,10.99.0.1,10.99.0.2,fd99::1,fd99::2 $(cut -d ' ' -f 1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" \
		>"$root/root/.ssh/known_hosts"
}

# image_configure ROOT: makes a bare Debian a machine of ours. guest/root/ is laid over it as it is.
image_configure() {
	local root=$1 unit
	cp -r "$vmdir/guest/root/." "$root/"
	# Generators look for things these machines do not have; each is a process at boot.
	mkdir -p "$root/etc/systemd/system-generators"
	for unit in "$root"/usr/lib/systemd/system-generators/*; do
		ln -sf /dev/null "$root/etc/systemd/system-generators/${unit##*/}"
	done
	for unit in "${MASKED_UNITS[@]}"; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	rm -f "$root/etc/systemd/system/multi-user.target.wants/ssh.service" # ssh.socket starts it
	rm -f "$root/usr/lib/systemd/system/multi-user.target.wants/dbus.service" # and dbus.socket that one
	# nobody is told to wait for a unit that is masked above
	ln -sf /dev/null "$root/etc/tmpfiles.d/systemd-nologin.conf"
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
	: >"$root/etc/fstab"
	image_keys "$root"
	mkdir -p "$root/var/lib/cloison/template/cache" "$root/root/run"
	remove "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*
}

# image_make DIRECTORY
image_make() {
	local dir=$1
	mkdir "$dir"
	root_make machine trixie "$dir/root"
	logged image image_pack "$dir"
}

image_pack() {
	local dir=$1
	image_configure "$dir/root"
	cp "$dir/root/usr/bin/busybox" "$dir/busybox"
	image_from "$dir/root" "$dir/root.img" 12G
	remove "$dir/root"
}

image_ready() {
	cached "$cache/image" "$(key "$vmdir/packages/machine" "$vmdir/guest/root" "$vmdir/lib/image.sh" \
		"$(declare -f root_make root_sources)")" image_make
}
