# SPDX-License-Identifier: GPL-2.0-only
# Short lines while building; `make V=1` shows the commands.

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
endif
