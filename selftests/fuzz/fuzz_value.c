// SPDX-License-Identifier: GPL-2.0-only
/* Option values: what is accepted is what its description says, and nothing else. */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>

#include <linux/cloison.h>

#include "cleanup.h"
#include "fuzz.h"
#include "value.h"

static void number(const char *s)
{
	uint64_t n = 7;

	if (!parse_number(s, 8, 500000, &n)) {
		must(n == 7);
		return;
	}
	must(n >= 8 && n <= 500000 && strspn(s, "0123456789") == strlen(s));
}

static void ctid(const char *s)
{
	char text[16];
	uint32_t id;

	if (!parse_ctid(s, &id))
		return;
	must(id >= 1 && id <= CLOISON_ID_MAX);
	snprintf(text, sizeof(text), "%" PRIu32, id);
	must(strcmp(text, s + strspn(s, "0")) == 0);
}

/* Unlimited is said, or is OpenVZ's number for it. */
static void size_value(const char *s)
{
	uint64_t bytes, again;
	char text[32];

	if (!parse_size(s, 4096, &bytes))
		return;
	if (bytes == VALUE_UNLIMITED) {
		must(strcmp(s, "unlimited") == 0 || strstr(s, "9223372036854775807"));
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 "B", bytes);
	must(parse_size(text, 4096, &again));
	must(again == bytes || bytes == LONG_MAX);
}

static void pair(const char *s)
{
	uint64_t barrier = 1, limit = 2, b, l;

	if (!parse_size_pair(s, 4096, &barrier, &limit)) {
		must(barrier == 1 && limit == 2);
		return;
	}
	must(strchr(s, ':') || barrier == limit);
	if (!parse_count_pair(s, &b, &l))
		return;
	must(strspn(s, "0123456789:unlimited") == strlen(s));
}

static void host(const char *s)
{
	if (!valid_hostname(s))
		return;
	must(strlen(s) <= HOST_NAME_MAX && *s != '-' && *s != '.' && !strstr(s, ".."));
	must(!strpbrk(s, "\n \t\"'$`\\/;|&<>()"));
}

static void path(const char *s)
{
	if (!valid_path(s))
		return;
	must(s[0] == '/' && s[strlen(s) - 1] != '/' && !strpbrk(s, "\n\r\t\033\177"));
}

static void template(const char *s)
{
	if (!valid_template_name(s))
		return;
	must(*s != '.' && *s != '-' && !strpbrk(s, "/\n \"'$`\\;|&<>()"));
}

/* Ranges come one by one until the list ends, each the right way round. */
static void list(const char *s)
{
	struct list_range range;
	const char *p = s;
	size_t n = 0;

	while (list_next(&p, &range)) {
		must(range.first <= range.last && p > s && p <= s + strlen(s));
		must(++n <= strlen(s));
	}
	if (valid_cpumask(s) || valid_nodemask(s))
		must(strspn(s, "0123456789,-alutoALUTO") == strlen(s));
}

static void names(const char *s)
{
	if (valid_name(s))
		must(*s && strlen(s) <= CLOISON_NAME_MAX && strspn(s, "0123456789") < strlen(s) &&
		     !strpbrk(s, "/\n\t\"'$`\\;|&<>()"));
	if (valid_domain(s))
		must(*s && *s != '-' && !strpbrk(s, "/\n \t\"'$`\\;|&<>()"));
	if (valid_address(s))
		must(strspn(s, "0123456789abcdefABCDEF.:") == strlen(s) && strpbrk(s, ".:"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *s = string(data, size);

	number(s);
	ctid(s);
	size_value(s);
	pair(s);
	host(s);
	path(s);
	template(s);
	list(s);
	names(s);
	return 0;
}
