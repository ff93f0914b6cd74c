/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration files: KEY="value" lines that a shell can source, as OpenVZ's
 * were. A value may be quoted as in a shell, over several lines too, but nothing is
 * expanded. A rewrite keeps comments, order and lines we know nothing of.
 */
#ifndef CLOISON_CONF_H
#define CLOISON_CONF_H

#include "cleanup.h"

struct conf;

/* In bytes. A file larger than this was not written for us. */
#define CONF_MAX	(1 << 20)

/*
 * Read @path into *@out. Returns 0, EXIT_NO_CONF if the file does not exist
 * (no error is noted), EXIT_BAD_VALUE with the line if it cannot be parsed.
 */
int conf_load(const char *path, struct conf **out);
struct conf *conf_new(void);
struct conf *conf_copy(const struct conf *conf);
void conf_free(struct conf *conf);

/* The value of @key or NULL; the last of several lines wins, as in a shell. */
const char *conf_get(const struct conf *conf, const char *key);
/* Set @key; a NULL value removes it. */
void conf_set(struct conf *conf, const char *key, const char *value);

/*
 * The assignments one by one, *@at being 0 before the first: its key and value, NULL
 * after the last. A key may come more than once.
 */
const char *conf_next(const struct conf *conf, size_t *at, const char **value);

/* Parse and print the whole text (what conf_load() and conf_save() do). */
int conf_parse(struct conf *conf, const char *text, const char *what);
char *conf_text(const struct conf *conf);

/*
 * Write to @path, or where a link there leads: a temporary file, fsync, rename, fsync of the
 * directory, so that after any crash there is the old text or the new one. Callers hold the
 * lock of what the file belongs to. Returns 0 or EXIT_CONF_SAVE.
 */
int conf_put(const char *path, const char *text);
int conf_save(const struct conf *conf, const char *path);

static inline void cleanup_conf_fn(struct conf **conf)
{
	conf_free(*conf);
}

#define cleanup_conf	cleanup(cleanup_conf_fn)

#endif
