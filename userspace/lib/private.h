/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The private area: what belongs to a container on disk. Making and destroying one
 * takes long, and may be cut off anywhere. What is half made or half gone stands
 * under another name beside it, so that it is never taken for a container:
 *
 *	PRIVATE.creating	fs, and the configuration file as it was before
 *	PRIVATE.destroyed	what is being removed
 *
 * All here is called with the container's lock held.
 */
#ifndef CLOISON_PRIVATE_H
#define CLOISON_PRIVATE_H

#include "container.h"

/* A file in it until the first start: its files are the template's still, see dist.h. */
#define PRIVATE_FRESH	"fresh"

bool private_is_fresh(const char *private);
/* 0, or @status or EXIT_NO_SPACE. */
int private_make_fresh(const char *private, int status);
/* If @from is. */
int private_copy_fresh(const char *from, const char *to, int status);

/*
 * The text of the configuration file that was there before, empty if there was none.
 * Once it is created, a rest.
 */
#define PRIVATE_BEFORE	"conf.before"

enum private_left { PRIVATE_NOTHING, PRIVATE_CREATING, PRIVATE_DESTROYED };

/* What a create or destroy that was cut off left of this container. */
enum private_left private_left(const struct container *ct);

/*
 * Bring that to its end: what was being created never was, its configuration file
 * is what it was before; what was being destroyed is gone. The file is read again.
 * Nothing to do is success. 0, EXIT_CREATE, EXIT_DESTROY or EXIT_CONF_SAVE.
 */
int private_settle(struct container *ct);

/*
 * Make it from a template's archive, and write @ct->conf to its file. On error all
 * is as it was before. When it returns 0 the container is on disk.
 */
int private_create(struct container *ct, const char *archive);
/* The same with files that @fill_in puts into the staging area, when the file has its ids. */
int private_create_by(struct container *ct,
		      int (*fill_in)(struct container *ct, const char *staging, void *arg),
		      void *arg);

/*
 * The same in steps, for files that come from elsewhere: private_begin() writes the file,
 * with ids of its own, and makes private_staging(), to be freed, where the files belong.
 * private_finish() makes a container of it. Until then, and with private_undo() after it
 * too, it can be undone.
 */
int private_begin(struct container *ct);
char *private_staging(const struct container *ct);
int private_finish(struct container *ct);
int private_undo(struct container *ct);

/*
 * Keep its files and its file, as NAME.migrated: they are no container any more, and of no
 * project.
 */
#define PRIVATE_KEPT	".migrated"
int private_put_aside(struct container *ct);

/* EXIT_DESTROY: nobody can say whether there is one, as its disk is not mounted. */
int private_look(const struct container *ct);

/*
 * Destroy it and put the configuration file aside, as NAME.destroyed. From the
 * first step on it does not exist. 0, EXIT_DESTROY: as private_look(), too.
 */
int private_destroy(struct container *ct);

#endif
