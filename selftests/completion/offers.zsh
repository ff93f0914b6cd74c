# SPDX-License-Identifier: GPL-2.0-only
# What zsh offers where each of these command lines ends, sorted, on a line for each:
#
#	zsh -f offers.zsh COMMAND-LINE...
#
# They are typed at a zsh with a terminal of its own, and Tab is pressed. What the completion adds goes into a file.

zmodload zsh/zpty
export TERM=dumb
setup=$(mktemp) offered=$(mktemp)
cat >$setup <<END
PROMPT=ready RPROMPT= HISTFILE=
setopt extendedglob
autoload -Uz compinit && compinit -u -D
# those that match; with -O, -A and -D it is only asked which would
compadd() {
	local -a hits
	if [[ " \${@[1,(i)(-|--)]}" != *' -'[a-zA-Z]#[OAD]* ]]; then
		builtin compadd -A hits "\$@"
		all+=(\$hits)
	fi
	builtin compadd "\$@"
}
offer() {
	all=()
	zle complete-word
	print -r -- \${(ou)all} >>$offered
}
zle -N offer
bindkey '^I' offer
bindkey '^U' kill-whole-line
END
zpty shell zsh -f -i
zpty -w shell "source $setup"
# the terminal is the editor's then
zpty -r -m shell line '*ready*'
for line; do
	zpty -n -w shell "$line"$'\t\x15'
done
zpty -w shell exit
while zpty -r shell line; do
	:
done
cat $offered
rm $setup $offered
