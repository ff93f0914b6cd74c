# SPDX-License-Identifier: GPL-2.0-only
# Completion of cloisonctl, vzctl and vzlist for bash. What there is to complete is asked of the tool: verbs and options
# of its help, containers, names, templates and fields of its lists.
# shellcheck shell=bash

# _cloisonctl_verbs TOOL: from the usage lines "       TOOL VERB ..."
_cloisonctl_verbs() {
	"$1" --help 2>/dev/null | sed -nE 's/^ {7}[a-z]+ ([a-z][a-z0-9-]*)( .*)?$/\1/p'
}

# _cloisonctl_options TOOL VERB: those of its usage line, and the parameters if it takes them.
_cloisonctl_options() {
	local help line
	help=$("$1" --help 2>/dev/null)
	line=$(sed -nE "s/^ {7}[a-z]+ $2( .*)?\$/\\1/p" <<<"$help")
	grep -oE -e '--[a-z][a-z0-9_-]*' <<<"$line"
	if [[ $line == *PARAMETER* ]]; then
		sed -n '/^PARAMETER is/,$p' <<<"$help" | grep -oE -e '--[a-z][a-z0-9_-]*'
	fi
}

# _cloisonctl_containers TOOL VERB: numbers and names of those that the verb can do something with.
_cloisonctl_containers() {
	local -a which=(-a)
	case $2 in
	start | convert | destroy | delete | mount | resume | restore) which=(-S) ;;
	stop | restart | enter | exec | exec2 | runscript | console | pause | suspend | chkpnt | ubc | stat) which=() ;;
	create) return ;;
	backup-delete | restore-backup)
		"$1" backup-list -H 2>/dev/null | awk '$1 ~ /^[0-9a-fT-]+$/ { print $1 }'
		return
		;;
	esac
	# compgen expands what it is given: a name with a blank or worse in it is not offered
	"$1" list "${which[@]}" -H -o ctid,name 2>/dev/null |
		awk '{ print $1 } NF == 2 && $2 != "-" && $2 ~ /^[A-Za-z0-9._-]+$/ { print $2 }'
}

_cloisonctl_samples() {
	local file
	for file in "${CLOISON_CONF_DIR:-/etc/cloison/conf}"/ve-*.conf-sample; do
		[[ -e $file ]] || continue
		file=${file##*/ve-}
		file=${file%.conf-sample}
		[[ $file == *[!A-Za-z0-9._+-]* ]] || echo "$file"
	done
}

_cloisonctl_templates() {
	"$1" template list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_cloisonctl_kernels() {
	local file
	for file in /boot/vmlinuz-*; do
		[[ ! -e $file ]] || echo "${file#*/vmlinuz-}"
	done
}

_cloisonctl_fields() {
	"$1" list -L 2>/dev/null | awk '{ print $1 }'
}

# _cloisonctl_values TOOL OPTION: what the option takes; fails if that is not a choice between words.
_cloisonctl_values() {
	case $2 in
	--ostemplate) _cloisonctl_templates "$1" ;;
	--config | --applyconfig) _cloisonctl_samples ;;
	--kernel) _cloisonctl_kernels ;;
	--onboot | --disabled) echo yes no ;;
	--setmode) echo restart ignore ;;
	--layout | --velayout) echo dir simfs overlay image image:xfs ploop block ;;
	--diskquota) echo yes no ;;
	--applyconfig_map) echo name ;;
	--netfilter) echo disabled stateless stateful full ;;
	--sched) echo default latency batch ;;
	--mac_filter) echo on off ;;
	--netif_set) echo type=veth type=routed type=macvlan type=ipvlan type=ipvlan-l3 link= ip= ;;
	*) return 1 ;;
	esac
}

# _cloisonctl_offer WORDS: those that begin like the word at the cursor.
_cloisonctl_offer() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# _cloisonctl_list TOOL: the verb list, and vzlist
_cloisonctl_list() {
	local head options="-a --all -S --stopped -n --name -H --no-header -t --no-trim -j --json -o --output -1 -s --sort"
	options+=" -h --hostname -N --name_filter -d --description -L --list --help"
	case $prev in
	-o | --output | -s | --sort)
		# of a list of fields the last is completed
		head=${cur%"${cur##*[,-]}"}
		[[ $cur == *,* || $prev == -s || $prev == --sort ]] || head=
		mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(_cloisonctl_fields "$1")" -- "${cur#"$head"}")
		compopt -o nospace 2>/dev/null
		;;
	-h | --hostname | -N | --name_filter | -d | --description) COMPREPLY=() ;;
	*)
		if [[ $cur == -* ]]; then
			_cloisonctl_offer "$options"
		else
			_cloisonctl_offer "$(_cloisonctl_containers "$1" list)"
		fi
		;;
	esac
}

_cloisonctl_verb() {
	local tool=$1 verb=$2 first=$3 values
	case $verb in
	list) _cloisonctl_list "$tool" ;;
	sched)
		case $((COMP_CWORD - first)) in
		1) _cloisonctl_offer "enable disable status" ;;
		2) _cloisonctl_offer "--auto --json" ;;
		esac
		;;
	boot)
		case $((COMP_CWORD - first)) in
		1) _cloisonctl_offer "start stop" ;;
		2) _cloisonctl_offer --json ;;
		esac
		;;
	template)
		case $((COMP_CWORD - first)) in
		1) _cloisonctl_offer "list build import update verify remove" ;;
		2)
			if [[ ${COMP_WORDS[first + 1]} == list ]]; then
				_cloisonctl_offer --json
			else
				_cloisonctl_offer "$(_cloisonctl_templates "$tool")"
			fi
			;;
		*)
			if [[ ${COMP_WORDS[first + 1]} != import ]]; then
				:
			elif [[ $cur == -* ]]; then
				_cloisonctl_offer "--sha256 --force"
			elif [[ $prev != --sha256 ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			;;
		esac
		;;
	*)
		if values=$(_cloisonctl_values "$tool" "$prev"); then
			_cloisonctl_offer "$values"
		elif [[ $prev == --id ]]; then
			_cloisonctl_offer "$("$tool" snapshot-list "${COMP_WORDS[first + 1]}" -H -o uuid 2>/dev/null)"
		elif [[ $prev == --target ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		elif [[ $prev == --dumpfile || $prev == --device ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		elif [[ $prev == --to || $prev == --from ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		elif [[ $cur == -* ]]; then
			_cloisonctl_offer "$(_cloisonctl_options "$tool" "$verb")"
		elif [[ $verb == restore-backup && $cur == */* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		elif [[ $COMP_CWORD -eq $((first + 1)) && $verb != check && $verb != version && $verb != host-upgrade ]]; then
			_cloisonctl_offer "$(_cloisonctl_containers "$tool" "$verb")"
		elif [[ $verb == runscript ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		;;
	esac
}

_cloisonctl() {
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at
	COMPREPLY=()
	# --option=value comes as three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((at = 1; at < COMP_CWORD; at++)); do
		[[ ${COMP_WORDS[at]} == -* ]] || break
	done
	if [[ ${tool##*/} == vzlist ]]; then
		_cloisonctl_list "$(_cloisonctl_tool "$tool")"
	elif [[ $at -lt $COMP_CWORD ]]; then
		_cloisonctl_verb "$tool" "${COMP_WORDS[at]}" "$at"
	elif [[ $cur == -* ]]; then
		_cloisonctl_offer "--quiet --verbose --skiplock --version --help"
	else
		_cloisonctl_offer "$(_cloisonctl_verbs "$tool")"
	fi
}

# _cloisonctl_tool VZLIST: what takes verbs
_cloisonctl_tool() {
	local dir=${1%vzlist}
	if [[ -x ${dir}cloisonctl ]]; then
		echo "${dir}cloisonctl"
	else
		echo cloisonctl
	fi
}

complete -F _cloisonctl cloisonctl vzctl vzlist
