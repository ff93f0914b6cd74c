# SPDX-License-Identifier: GPL-2.0-only
# For recipes that build from Debian's archive: sourced, with sh.
# shellcheck shell=sh

# The mirror this machine's own apt uses for archive $1 (Debian or Debian-Security).
debian_mirror() {
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
		awk -F '|' -v label="$1" '$1 == "Debian" && $2 == label { print $3; exit }'
}

# The sources of suite $1, from those mirrors.
debian_sources() {
	main=$(debian_mirror Debian)
	security=$(debian_mirror Debian-Security)
	if [ -z "$main" ]; then
		echo "apt knows no mirror of Debian's archive: run apt-get update first" >&2
		return 1
	fi
	keys="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
	echo "deb $keys $main $1 main"
	echo "deb $keys $main $1-updates main"
	if [ -n "$security" ]; then
		echo "deb $keys $security $1-security main"
	fi
}
