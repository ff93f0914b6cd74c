# SPDX-License-Identifier: GPL-2.0-only
# The folders of the tool's library, below userspace/.

TOOL_DIRS	:= lib net storage checkpoint migrate upgrade backup
