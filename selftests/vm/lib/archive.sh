# SPDX-License-Identifier: GPL-2.0-only
# The Debian archive: where this machine gets it from, and which kernel each suite ships today.
# shellcheck shell=bash

# The suite whose metapackage names the kernel of a series. "backports" is trixie with trixie-backports. The kernel of
# "debug" is built from that suite's sources, see debug.sh.
declare -A series_suite=([6.1]=bookworm [6.12]=trixie [newest]=backports [debug]=backports)
readonly ALL_SERIES=(6.1 6.12 newest debug)
readonly DEBIAN_SERIES=(newest 6.1 6.12) # what tests run on if nobody says otherwise, in the order of their worth
export ALL_SERIES DEBIAN_SERIES

readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# archive_uri LABEL: the mirror this machine's own apt uses for Debian's archive with that label.
archive_uri() {
	# shellcheck disable=SC2016 # $(...) is apt's notation
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
		awk -F '|' -v label="$1" '$1 == "Debian" && $2 == label { print $3; exit }'
}

# archive_sources SUITE: the lines of sources.list for bookworm, trixie or backports.
archive_sources() {
	local suite=$1 main security line="deb [signed-by=$KEYRING]"
	[[ $suite != backports ]] || suite=trixie
	main=$(archive_uri Debian)
	security=$(archive_uri Debian-Security)
	printf '%s\n' "$line $main $suite main" "$line $main $suite-updates main"
	if [[ $security ]]; then
		echo "$line $security $suite-security main"
	fi
	if [[ $1 == backports ]]; then
		echo "$line $main trixie-backports main"
	fi
}

# The part of this machine's apt configuration that a root needs to reach the same mirrors.
archive_apt_conf() {
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv)' || true
	echo 'APT::Install-Recommends "false";'
	echo 'Acquire::Languages "none";'
}

# archive_dir SUITE: a private apt state for SUITE under the cache, so that the host's own is left alone.
archive_dir() {
	local dir=$cache/apt/$1
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	if [[ -z $(archive_uri Debian) ]]; then
		# A fresh machine: apt knows whose archive it is after the first update.
		logged apt-update apt-get -q update
		[[ $(archive_uri Debian) ]] || die "this machine's apt has no source for Debian's archive"
	fi
	archive_sources "$1" >"$dir/sources.list"
	{
		archive_apt_conf
		cat <<-EOF
			Dir::Etc::sourcelist "$dir/sources.list";
			Dir::Etc::sourceparts "-";
			Dir::State "$dir/state";
			Dir::State::status "/dev/null";
			Dir::Cache "$dir/cache";
			APT::Architecture "amd64";
			APT::Sandbox::User "root";
			APT::Update::Error-Mode "any";
			Acquire::Retries "1";
		EOF
	} >"$dir/apt.conf"
}

# archive_apt SUITE TOOL ARGUMENT...: apt-get or apt-cache on SUITE.
archive_apt() {
	local suite=$1
	shift
	APT_CONFIG=$cache/apt/$suite/apt.conf "$@"
}

# archive_newest SUITE PACKAGE: its newest version; "backports" has an older one of trixie as well.
archive_newest() {
	archive_apt "$1" apt-cache madison "$2" | awk -F ' *[|] *' '{ print $2 }' | sort -V | tail -n 1
}

# archive_depends SUITE PACKAGE VERSION: names of the packages it depends on, one a line.
archive_depends() {
	archive_apt "$1" apt-cache show "$2=$3" | sed -n 's/^Depends: //p' | head -n 1 | tr ',|' '\n' |
		sed 's/^ *//; s/ .*//'
}

# archive_resolve SERIES: asks the archive which kernel the suite's metapackage stands for, once a day.
# The answer is one line, "KVER VERSION", in $cache/kernel/SERIES.
archive_resolve() {
	local series=$1 suite=${series_suite[$1]} file=$cache/kernel/$1 version kver
	if [[ $(find "$file" -mmin -1440 2>/dev/null) ]]; then
		return
	fi
	mkdir -p "$cache/kernel" "$cache/log"
	archive_dir "$suite"
	if ! archive_apt "$suite" apt-get -q update >"$cache/log/resolve-$series.log" 2>&1; then
		[[ -s $file ]] || die "cannot reach the archive (see $cache/log/resolve-$series.log), and no kernel $series is cached"
		say "cannot reach the archive: going on with kernel $(cut -d ' ' -f 1 "$file") of $(date -r "$file" +%F)"
		touch -d '23 hours ago' "$file" # ask again in an hour, not on every run
		return
	fi
	if [[ $series == debug ]]; then
		debug_resolve
		return
	fi
	version=$(archive_newest "$suite" linux-image-amd64)
	kver=$(archive_depends "$suite" linux-image-amd64 "$version" | sed -n 's/^linux-image-\([0-9].*-amd64\)$/\1/p')
	[[ $kver ]] || die "$suite: linux-image-amd64 $version names no kernel"
	echo "$kver $version" >"$file"
	[[ -z $verbose ]] || say "kernel $series is $kver ($version)"
}

# kver SERIES
kver() {
	cut -d ' ' -f 1 "$cache/kernel/$1"
}
