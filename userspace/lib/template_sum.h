/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checksums of templates' archives, ARCHIVE.sha256, in sha256sum's format. An archive need not
 * have one: administrators put theirs beside ours.
 */
#ifndef CLOISON_TEMPLATE_SUM_H
#define CLOISON_TEMPLATE_SUM_H

#include <stdbool.h>

int template_sum_write(const char *archive, const char *sum);
/* Before the archive goes or is replaced: one of another would condemn the next. */
int template_sum_remove(const char *archive);

/*
 * Is @fd, the open @archive at its beginning, what its checksum says? EXIT_BAD_TEMPLATE if not;
 * 0 with *@known false if it has none.
 */
int template_sum_check(const char *archive, int fd, bool *known);

#endif
