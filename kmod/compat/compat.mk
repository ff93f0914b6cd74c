# SPDX-License-Identifier: GPL-2.0-only
# Included by every Kbuild file: include paths, the version, and what the kernel at
# hand has.
#
# $(call compat-probe,NAME) is "m" when probe/NAME.c compiles with the flags of
# the kernel and empty when not. Each probe compiles where the NEW interface
# is, and names the release that brought it; compat.h gives it to the older
# kernels. So a probe that breaks for another reason breaks the build
# or leaves a module out; it never yields a module that misbehaves.
compat-dir := $(dir $(lastword $(MAKEFILE_LIST)))

compat-probe = $(call try-run,$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-DKBUILD_MODNAME='"probe"' -DKBUILD_BASENAME='"probe"' \
	-c $(compat-dir)probe/$(1).c -o "$$TMP",m,)

# Exported: the Kbuild files below the first one need not probe again.
ifndef COMPAT_CFLAGS
COMPAT_CFLAGS := \
	$(if $(call compat-probe,genl_split_ops),-DCOMPAT_HAVE_GENL_SPLIT_OPS) \
	$(if $(call compat-probe,exit_group_dead),-DCOMPAT_HAVE_EXIT_GROUP_DEAD) \
	$(if $(call compat-probe,netns_immutable),-DCOMPAT_HAVE_NETNS_IMMUTABLE) \
	$(if $(call compat-probe,persistent_dentries),-DCOMPAT_HAVE_PERSISTENT_DENTRIES) \
	$(if $(call compat-probe,filelock_header),-DCOMPAT_HAVE_FILELOCK_HEADER) \
	$(if $(call compat-probe,file_lock_core),-DCOMPAT_HAVE_FILE_LOCK_CORE) \
	$(if $(call compat-probe,kfunc),-DCOMPAT_HAVE_KFUNC) \
	$(if $(call compat-probe,sk_uid),-DCOMPAT_HAVE_SK_UID)
export COMPAT_CFLAGS
endif

ccflags-y += -I$(compat-dir)../../include $(COMPAT_CFLAGS) \
	-DCLOISON_VERSION='"$(shell cat $(compat-dir)../../VERSION)"'
