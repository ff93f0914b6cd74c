/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Templates unpacked once, for containers that share their files: TEMPLATE/tree/NAME@STAMP,
 * where the stamp is that of the archive. One that is built anew gets a tree of its own, and
 * the old one stays for those that have it. Files have the ids 0..65535: nobody but root
 * gets there.
 */
#ifndef CLOISON_TREE_H
#define CLOISON_TREE_H

#include <stdint.h>

/*
 * The path of the tree of template @name, to be freed, which is unpacked if it is not there
 * yet, by a process with ids from @base on. As long as *@lock is open nobody removes it: until
 * it is written down, in a private area, that it is used.
 */
int tree_use(const char *name, const char *archive, uint32_t base, char **path, int *lock);

/* Where a private area says which tree it uses: a symbolic link to it. */
#define TREE_LINK	"overlay/lower"

/*
 * Remove those of @name's trees that no container uses, but not that of the archive @keep. One
 * that has OSTEMPLATE @name, and whose private area is not there, may use any of them.
 * With @keep NULL, EXIT_TEMPLATE_USED says who uses one.
 */
int tree_prune(const char *name, const char *keep);

/* Call @found for each tree that was half made or half removed; and remove it. */
void tree_unfinished(void (*found)(const char *name, void *arg), void *arg);
int tree_clear(const char *name);

#endif
