/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers as people write them on the command line and in files. */
#ifndef CLOISON_VALUE_H
#define CLOISON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_UNLIMITED	UINT64_MAX

/* Container ids: 1..CLOISON_ID_MAX, nothing but digits. */
bool parse_ctid(const char *s, uint32_t *id);

/* A decimal number in @min..@max, nothing before or after it. */
bool parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/* The number that a line of the kernel's begins with and consists of. */
bool parse_line_number(const char *text, uint64_t *out);

/*
 * A size in bytes: a number with one of the suffixes T G M K (powers of 1024),
 * P (pages) or B; without one it counts in @unit. Or "unlimited". Values that
 * do not fit are refused, not cut.
 */
bool parse_size(const char *s, uint64_t unit, uint64_t *out);

/* The other way, in four digits at most: "12.3M". In @text, which is returned. */
const char *amount_text(double bytes, char *text, size_t size);

/* barrier:limit, or one value for both; either pointer may be NULL. */
bool parse_size_pair(const char *s, uint64_t unit, uint64_t *barrier, uint64_t *limit);
bool parse_count_pair(const char *s, uint64_t *barrier, uint64_t *limit);

/* Numbers as the kernel lists CPUs: "0-3,5". */
struct list_range {
	uint64_t first, last;
};

/* The next range of the list at *@list; false at its end, or where it is bad. */
bool list_next(const char **list, struct list_range *range);

/* Such a list, or "all" (and for CPUs "auto"). */
bool valid_cpumask(const char *s);
bool valid_nodemask(const char *s);

/* IPv4 or IPv6, without a prefix length. */
bool valid_address(const char *s);

/* A domain name to search in: as a host name, a final dot is allowed. */
bool valid_domain(const char *s);

/*
 * A container's name: 1..CLOISON_NAME_MAX letters, digits, blanks and any of
 * - _ . but no blank at an end, and not only digits, which would be a CTID.
 */
bool valid_name(const char *s);

/* A host name: RFC 1123 labels joined by dots, at most HOST_NAME_MAX bytes. */
bool valid_hostname(const char *s);

/* A full path of a directory, with no slash at its end and no control characters. */
bool valid_path(const char *s);

/* A template's name: one path component of [A-Za-z0-9._+-], no leading dot. */
bool valid_template_name(const char *s);

#endif
