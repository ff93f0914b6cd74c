// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/cloison.h>

#include "cleanup.h"
#include "util.h"
#include "value.h"

/* More CPUs or nodes than any kernel has. */
#define LIST_MAX	65535

/* Digits only: strtoull() alone would take blanks, signs and octal. */
static bool digits(const char *s, uint64_t *out, const char **end)
{
	char *e;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &e, 10);
	*end = e;
	return errno == 0;
}

bool parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *end;
	uint64_t n;

	if (!digits(s, &n, &end) || *end || n < min || n > max)
		return false;
	*out = n;
	return true;
}

bool parse_line_number(const char *text, uint64_t *out)
{
	const char *end;

	return digits(text, out, &end) && (*end == '\n' || !*end);
}

bool parse_ctid(const char *s, uint32_t *id)
{
	uint64_t n;

	if (!parse_number(s, 1, CLOISON_ID_MAX, &n))
		return false;
	*id = n;
	return true;
}

/* OpenVZ's samples have 2.2G. */
static bool fraction(const char **s, double *out)
{
	size_t len = 1 + strspn(*s + 1, "0123456789");
	char *end;

	*out = strtod(*s, &end);
	if (end != *s + len)
		return false;
	*s = end;
	return true;
}

bool parse_size(const char *s, uint64_t unit, uint64_t *out)
{
	const char *end = s;
	double part = 0;
	uint64_t n = 0;

	if (strcmp(s, "unlimited") == 0) {
		*out = VALUE_UNLIMITED;
		return true;
	}
	if (*s != '.' && !digits(s, &n, &end))
		return false;
	if (*end == '.' && !fraction(&end, &part))
		return false;
	switch (toupper((unsigned char)*end)) {
	case 'T':
		unit = 1ULL << 40;
		break;
	case 'G':
		unit = 1ULL << 30;
		break;
	case 'M':
		unit = 1ULL << 20;
		break;
	case 'K':
		unit = 1ULL << 10;
		break;
	case 'P':
		unit = sysconf(_SC_PAGESIZE);
		break;
	case 'B':
		unit = 1;
		break;
	case '\0':
		end--;
		break;
	default:
		return false;
	}
	if (end[1])
		return false;
	/* this is how OpenVZ's files write it */
	if (n == LONG_MAX) {
		*out = VALUE_UNLIMITED;
		return true;
	}
	/* the largest number is taken, for unlimited */
	return !__builtin_mul_overflow(n, unit, out) &&
	       !__builtin_add_overflow(*out, (uint64_t)(part * unit), out) &&
	       *out != VALUE_UNLIMITED;
}

typedef bool (*parse_fn)(const char *s, uint64_t unit, uint64_t *out);

static bool parse_pair(const char *s, parse_fn parse, uint64_t unit,
		       uint64_t *barrier, uint64_t *limit)
{
	const char *colon = strchr(s, ':');
	cleanup_free char *first = colon ? xstrndup(s, colon - s) : xstrdup(s);
	uint64_t b, l;

	if (!parse(first, unit, &b))
		return false;
	l = b;
	if (colon && !parse(colon + 1, unit, &l))
		return false;
	if (barrier)
		*barrier = b;
	if (limit)
		*limit = l;
	return true;
}

const char *amount_text(double bytes, char *text, size_t size)
{
	static const char suffixes[] = " KMGTPE";
	int i = 0;

	for (; bytes >= 1024 && suffixes[i + 1]; i++)
		bytes /= 1024;
	snprintf(text, size, "%.*f%c", i ? 1 : 0, bytes, suffixes[i]);
	return text;
}

bool parse_size_pair(const char *s, uint64_t unit, uint64_t *barrier, uint64_t *limit)
{
	return parse_pair(s, parse_size, unit, barrier, limit);
}

static bool parse_count(const char *s, uint64_t unit, uint64_t *out)
{
	const char *digit = s + strspn(s, "0123456789");

	return (!*digit || strcmp(s, "unlimited") == 0) && parse_size(s, unit, out);
}

bool parse_count_pair(const char *s, uint64_t *barrier, uint64_t *limit)
{
	return parse_pair(s, parse_count, 1, barrier, limit);
}

bool list_next(const char **list, struct list_range *range)
{
	const char *s = *list + (**list == ',');

	if (!digits(s, &range->first, &s))
		return false;
	range->last = range->first;
	if (*s == '-' && !digits(s + 1, &range->last, &s))
		return false;
	if ((*s && *s != ',') || range->last < range->first || range->last > LIST_MAX)
		return false;
	*list = s;
	return true;
}

static bool valid_list(const char *s)
{
	struct list_range range;

	if (!isdigit((unsigned char)*s))
		return false;
	while (list_next(&s, &range))
		;
	return !*s;
}

bool valid_nodemask(const char *s)
{
	return strcmp(s, "all") == 0 || valid_list(s);
}

bool valid_cpumask(const char *s)
{
	return strcmp(s, "auto") == 0 || valid_nodemask(s);
}

bool valid_address(const char *s)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, s, &addr) == 1 || inet_pton(AF_INET6, s, &addr) == 1;
}

bool valid_name(const char *s)
{
	size_t len = strlen(s);

	if (!len || len > CLOISON_NAME_MAX || *s == ' ' || *s == '.' || *s == '-' ||
	    s[len - 1] == ' ' || strspn(s, "0123456789") == len)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(" -_+.", *s))
			return false;
	return true;
}

bool valid_domain(const char *s)
{
	size_t len = strlen(s);
	cleanup_free char *name = xstrndup(s, len && s[len - 1] == '.' ? len - 1 : len);

	return valid_hostname(name);
}

bool valid_hostname(const char *s)
{
	size_t label = 0;

	if (!*s || strlen(s) > HOST_NAME_MAX)
		return false;
	for (; *s; s++) {
		if (*s == '.') {
			if (label == 0 || s[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*s) && *s != '_' && (*s != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return label && s[-1] != '-';
}

bool valid_path(const char *s)
{
	if (*s != '/' || s[strlen(s) - 1] == '/')
		return false;
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return true;
}

bool valid_template_name(const char *s)
{
	if (!*s || *s == '.' || *s == '-' || strlen(s) > 200)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._+-", *s))
			return false;
	return true;
}
