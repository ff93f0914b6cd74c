#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Completion for bash and zsh: what the shell would offer.

. "$(dirname "$0")/cli-lib.sh"

# shellcheck disable=SC1091 # installed
. /usr/share/bash-completion/completions/cloisonctl

# offers WORD...: the words offered for the last one of this command line
offers() {
	local COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_cloisonctl "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	echo "${COMPREPLY[@]}"
}

is() {
	[[ $1 == "$2" ]] || {
		echo "got \"$1\", wanted \"$2\""
		return 1
	}
}

verbs_and_options() {
	complete -p cloisonctl vzctl vzlist
	is "$(offers cloisonctl templ)" template
	[[ " $(offers cloisonctl '') " == *" start "*" check "* ]]
	is "$(offers cloisonctl --quiet resta)" restart
	is "$(offers cloisonctl --ver)" "--verbose --version"
	is "$(offers cloisonctl start 900 --f)" --force
	[[ " $(offers cloisonctl set 900 --) " == *" --hostname "* ]]
	[[ " $(offers cloisonctl create 900 --) " == *" --ram "* ]]
	is "$(offers cloisonctl set 900 --sa)" --save
	is "$(offers cloisonctl check --)" "--json --repair"
	is "$(offers cloisonctl backup 900 --inc)" --incremental
	is "$(offers cloisonctl backup 900 --js)" --json
	is "$(offers cloisonctl snapshot 900 --js)" --json
}

containers() {
	make_running 900
	make 901
	cloisonctl --quiet set 901 --name web1 --save
	is "$(offers cloisonctl start 9)" 901
	is "$(offers cloisonctl start w)" web1
	is "$(offers cloisonctl stop '')" 900
	is "$(offers cloisonctl exec 9)" 900
	is "$(offers cloisonctl set 90)" "900 901"
	is "$(offers cloisonctl list w)" web1
	is "$(offers cloisonctl create 9)" ""
	# compgen expands words: nobody's name may be one of those
	echo 'NAME="$(touch /tmp/pwned)"' >>"$etc/conf/901.conf"
	offers cloisonctl start ''
	[[ ! -e /tmp/pwned ]]
	# and its own is not left to the next tests
	sed -i '$d' "$etc/conf/901.conf"
	cloisonctl --quiet destroy 901
	[[ ! -L $etc/names/web1 ]]
}

values() {
	is "$(offers cloisonctl create 900 --ostemplate busy)" busybox
	is "$(offers cloisonctl create 900 --config bas)" basic
	is "$(offers cloisonctl create 900 --config = bas)" basic
	is "$(offers cloisonctl template build busy)" busybox
	is "$(offers cloisonctl template l)" list
	is "$(offers cloisonctl template import new --sh)" --sha256
	is "$(offers cloisonctl template import new /proc/cpuinf)" /proc/cpuinfo
	is "$(offers cloisonctl boot st)" "start stop"
	is "$(offers cloisonctl host-upgrade --stop)" --stop-others
	is "$(offers cloisonctl list -o hostn)" hostname
	is "$(offers cloisonctl list -o ctid,physpages.)" "ctid,physpages.m ctid,physpages.b ctid,physpages.l ctid,physpages.f"
	is "$(offers cloisonctl list -s -upt)" "-uptime"
	is "$(offers vzlist -o vp)" vpsid
	is "$(offers cloisonctl list --so)" --sort
}

# All at one go: a zsh is slow to begin.
by_zsh() {
	local line words lines=()
	make_running 900
	make 901
	cloisonctl --quiet set 901 --name web1 --save
	: >"$KTAP_TMP/wanted"
	while IFS='|' read -r line words; do
		lines+=("$line")
		echo "$line|$words" >>"$KTAP_TMP/wanted"
	done <<-'END'
		cloisonctl templ|template
		cloisonctl --quiet resta|restart
		cloisonctl --ver|--verbose --version
		vzctl resta|restart
		cloisonctl start 900 --f|--force
		cloisonctl set 900 --sa|--save
		cloisonctl create 900 --ra|--ram --rate
		cloisonctl check --|--json --repair
		cloisonctl backup 900 --inc|--incremental
		cloisonctl start 9|901
		cloisonctl start w|web1
		cloisonctl stop |900
		cloisonctl exec 9|900
		cloisonctl set 90|900 901
		cloisonctl list w|web1
		cloisonctl create 9|
		cloisonctl create 900 --ostemplate busy|busybox
		cloisonctl create 900 --config bas|basic
		cloisonctl template build busy|busybox
		cloisonctl template l|list
		cloisonctl template import new --sh|--sha256
		cloisonctl template import new /proc/cpuinf|cpuinfo
		cloisonctl boot st|start stop
		cloisonctl host-upgrade --stop|--stop-others
		cloisonctl set 900 --onboot |no yes
		cloisonctl list -o hostn|hostname
		cloisonctl list -o ctid,physpages.|physpages.b physpages.f physpages.l physpages.m
		cloisonctl list -s -upt|-uptime
		vzlist -o vp|vpsid
		cloisonctl list --so|--sort
		cloisonctl nonsense --x|
	END
	zsh -f "$here/completion/offers.zsh" "${lines[@]}" >"$KTAP_TMP/words"
	diff -u "$KTAP_TMP/wanted" <(printf '%s\n' "${lines[@]}" | paste -d '|' - "$KTAP_TMP/words")
}

ktap_plan 4
run_case "verbs and options" verbs_and_options
run_case "containers that the verb can do something with" containers
run_case "values" values
run_case "by zsh" by_zsh
ktap_finish
