/* SPDX-License-Identifier: GPL-2.0-only */
/* What --json prints, by libjansson. */
#ifndef CLOISON_JSON_H
#define CLOISON_JSON_H

#include <jansson.h>

#include "cleanup.h"

/* A string, null for NULL. Bytes that are no UTF-8, which JSON cannot have, become '?'. */
json_t *json_text(const char *text);

/* The words of @text, as an array; an empty one for NULL. */
json_t *json_words(const char *text, const char *separators);

/* What a file has, from @fd's position on; NULL if that is not JSON. */
json_t *json_read(int fd);

/* Print @value (and let go of it) on stdout. 0, or EXIT_SYSTEM. */
int json_print(json_t *value);

static inline void cleanup_json_fn(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json	cleanup(cleanup_json_fn)

#endif
