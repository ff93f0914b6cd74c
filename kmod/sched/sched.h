/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cloison_sched.ko share. See Documentation/sched.rst. */
#ifndef _CLOISON_SCHED_PRIVATE_H
#define _CLOISON_SCHED_PRIVATE_H

#include "../core/cloison.h"

/* kfunc.c: what BPF programs call. They keep the module while they are loaded. */
#ifdef COMPAT_HAVE_KFUNC
void sched_kfunc_init(void);
#else
static inline void sched_kfunc_init(void)
{
}
#endif

#endif /* _CLOISON_SCHED_PRIVATE_H */
