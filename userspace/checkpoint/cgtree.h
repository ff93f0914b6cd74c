/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control groups of a container around a checkpoint. CRIU 4.1 restores which task was
 * in which group, and leaves out groups without tasks, the owners of files, and when
 * subtree_control may be written. See Documentation/checkpoint.rst.
 */
#ifndef CLOISON_CGTREE_H
#define CLOISON_CGTREE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The whole tree of container @id into a file in directory @images, with limits that are lifted as
 * they were. As long as something in it runs it may be another one by now.
 */
int cgtree_record(uint32_t id, int images);

/* The groups, with their owners, below the container's own, which is there: @top. */
int cgtree_make(int top, int images);
/* The controllers: all tasks are where they were, and no file is open yet. */
int cgtree_delegate(int top, int images);
/* The limits. */
int cgtree_limit(int top, int images);

/*
 * What keeps tasks waiting, and CRIU with them, for as long as the container likes: cpu.max,
 * memory.high, memory.swap.high, and io.max, for what CRIU reads of theirs from swap they read.
 * Those that the record in @images has are lifted, and noted before (stage.h). EXIT_PAUSE.
 */
int cgtree_lift(uint32_t id, int images);
bool cgtree_lifted(uint32_t id);
/* As noted; the note goes. What cannot be is warned of. */
void cgtree_put_back(uint32_t id);

/*
 * EXIT_PAUSE if a group below the container's own is frozen: what is does not run CRIU's code,
 * and holds up the rest. Likewise if one is threaded: CRIU would dump it, and not restore it.
 */
int cgtree_check(uint32_t id);
/* Those that are frozen are no longer. */
void cgtree_thaw(uint32_t id);

#endif
