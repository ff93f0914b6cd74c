/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers as people write them on the command line and in files. */
#ifndef CLOISON_VALUE_H
#define CLOISON_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define VALUE_UNLIMITED	UINT64_MAX

/* Container ids: 1..CLOISON_ID_MAX, nothing but digits. */
bool parse_ctid(const char *s, uint32_t *id);

/* A decimal number in @min..@max, nothing before or after it. */
bool parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/*
 * A size in bytes: a number with one of the suffixes T G M K (powers of 1024),
 * P (pages) or B; without one it counts in @unit. Or "unlimited". Values that
 * do not fit are refused, not cut.
 */
bool parse_size(const char *s, uint64_t unit, uint64_t *out);

/* barrier:limit, or one value for both; either pointer may be NULL. */
bool parse_size_pair(const char *s, uint64_t unit, uint64_t *barrier, uint64_t *limit);
bool parse_count_pair(const char *s, uint64_t *barrier, uint64_t *limit);

/* A host name: RFC 1123 labels joined by dots, at most HOST_NAME_MAX bytes. */
bool valid_hostname(const char *s);

/* A full path of a directory, with no slash at its end and no control characters. */
bool valid_path(const char *s);

/* A template's name: one path component of [A-Za-z0-9._+-], no leading dot. */
bool valid_template_name(const char *s);

#endif
