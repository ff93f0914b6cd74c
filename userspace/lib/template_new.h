/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An archive of a template that is being made, by a recipe or of what is imported: hidden until
 * it is whole.
 */
#ifndef CLOISON_TEMPLATE_NEW_H
#define CLOISON_TEMPLATE_NEW_H

struct template_new {
	const char *name;
	char *archive;		/* to be written */
	char *dir;		/* room for other things, not made yet */
	int lock;
};

#define TEMPLATE_NEW_INIT	{ .lock = -1 }

/* Nobody else makes one of that name until template_end(), which clears away. */
int template_begin(struct template_new *t, const char *name);
void template_end(struct template_new *t);
#define cleanup_template_new	cleanup(template_end)

/*
 * It is the archive of that name from now on, with @suffix for its format, and the only one; it
 * gets a checksum. Whatever has that name is whole, after a power cut too.
 */
int template_put(struct template_new *t, const char *suffix);

/* All archives of that name but @keep, which may be NULL. */
int template_remove_archives(const char *name, const char *keep);

#endif
