# SPDX-License-Identifier: GPL-2.0-only
# What the tests of templates share.
# shellcheck shell=bash

# A mount namespace of its own, in which the cache of templates is a copy: whatever cuts this off, other tests find
# theirs as it was.
[[ ${TEMPLATES_OWN:-} ]] || TEMPLATES_OWN=1 exec unshare --mount "$0"

. "$(dirname "${BASH_SOURCE[0]}")/cli-lib.sh"

cache=$state/template/cache
mkdir "$KTAP_TMP/cache"
cp -p "$cache"/busybox.tar.zst "$KTAP_TMP/cache/"
mount --bind "$KTAP_TMP/cache" "$cache"
