// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "address.h"
#include "error.h"
#include "limits.h"
#include "params.h"
#include "util.h"
#include "validate.h"
#include "value.h"

enum level { ERROR, WARNING, RECOMMENDATION };

struct validation {
	struct conf *conf;
	enum repair repair;
	struct conf *refused;	/* KEY_limit or KEY_barrier, of what was asked */
	unsigned int errors;
	bool changed;
};

struct bounds {
	bool known;
	uint64_t barrier, limit;	/* bytes or items, VALUE_UNLIMITED */
};

static uint64_t unit_of(const char *key)
{
	return strstr(key, "PAGES") ? sysconf(_SC_PAGESIZE) : 1;
}

static struct bounds get(const struct validation *v, const char *key)
{
	const char *text = conf_get(v->conf, key);
	struct bounds b = {};

	b.known = text && parse_size_pair(text, unit_of(key), &b.barrier, &b.limit);
	return b;
}

static char *number(const char *key, uint64_t n)
{
	uint64_t unit = unit_of(key);

	if (n == VALUE_UNLIMITED)
		return xstrdup("unlimited");
	return xasprintf("%" PRIu64, n / unit + !!(n % unit));
}

static void put(const struct validation *v, const char *key, const struct bounds *b)
{
	cleanup_free char *barrier = number(key, b->barrier);
	cleanup_free char *limit = number(key, b->limit);
	cleanup_free char *text = xasprintf("%s:%s", barrier, limit);

	conf_set(v->conf, key, text);
}

/* Once for each: a later round finds it again. */
static bool wants_repair(struct validation *v, const char *key, const char *what,
			 const char *wanted)
{
	cleanup_free char *name = xasprintf("%s_%s", key, what);
	char answer[16];
	size_t len;

	if (v->repair != REPAIR_ASK)
		return v->repair == REPAIR_ALL;
	printf("Set %s of %s to %s? [y/N] ", what, key, wanted);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		*answer = '\0';
	len = strcspn(answer, "\n");
	answer[len] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return true;
	conf_set(v->refused, name, "yes");
	return false;
}

static bool was_refused(const struct validation *v, const char *key, const char *what)
{
	cleanup_free char *name = xasprintf("%s_%s", key, what);

	return conf_get(v->refused, name);
}

/* Barrier or limit of @key must be at least @least. */
static void need(struct validation *v, enum level as, const char *key, bool limit,
		 uint64_t least, const char *because)
{
	static const char *const words[] = { "Error", "Warning", "Recommendation" };
	struct bounds b = get(v, key);
	uint64_t *have = limit ? &b.limit : &b.barrier;
	cleanup_free char *wanted = number(key, least);
	const char *what = limit ? "limit" : "barrier";

	if (!b.known || *have >= least || was_refused(v, key, what))
		return;
	printf("%s: %s of %s should be at least %s%s: %s\n", words[as], what, key, wanted,
	       unit_of(key) > 1 ? " pages" : "", because);
	if (wants_repair(v, key, what, wanted)) {
		*have = least;
		if (b.limit < b.barrier)
			b.limit = b.barrier;
		put(v, key, &b);
		v->changed = true;
	} else {
		v->errors += as == ERROR;
	}
}

/* The room between barrier and limit is what lets sockets go on. */
static void need_room(struct validation *v, enum level as, const char *key, const char *sockets)
{
	struct bounds b = get(v, key), n = get(v, sockets);
	cleanup_free char *because = xasprintf("2.5K above the barrier for each of %s", sockets);
	uint64_t least;

	if (!b.known || !n.known || n.limit == VALUE_UNLIMITED)
		return;
	if (!__builtin_add_overflow(b.barrier, n.limit * 2560, &least))
		need(v, as, key, true, least, because);
}

static uint64_t average_processes(const struct validation *v)
{
	struct bounds average = get(v, "AVNUMPROC"), all = get(v, "NUMPROC");

	if (average.known && average.barrier != VALUE_UNLIMITED)
		return average.barrier;
	return all.known && all.limit != VALUE_UNLIMITED ? all.limit / 2 : 0;
}

static void check_beancounters(struct validation *v)
{
	struct bounds dcache = get(v, "DCACHESIZE"), files = get(v, "NUMFILE");
	struct bounds guaranteed = get(v, "VMGUARPAGES");
	struct bounds tcp = get(v, "NUMTCPSOCK"), other = get(v, "NUMOTHERSOCK");
	struct bounds pty = get(v, "NUMPTY");
	uint64_t average = average_processes(v);

	if (dcache.known && dcache.limit != VALUE_UNLIMITED)
		need(v, ERROR, "KMEMSIZE", false, 40960 * average + dcache.limit,
		     "40K for each process, and DCACHESIZE");
	need(v, ERROR, "VMGUARPAGES", true, VALUE_UNLIMITED, "it is a guarantee");
	need(v, ERROR, "OOMGUARPAGES", true, VALUE_UNLIMITED, "it is a guarantee");
	need(v, ERROR, "PHYSPAGES", true, VALUE_UNLIMITED, "it limits nothing without VSwap");
	need_room(v, ERROR, "TCPSNDBUF", "NUMTCPSOCK");
	need_room(v, ERROR, "OTHERSOCKBUF", "NUMOTHERSOCK");
	need_room(v, WARNING, "TCPRCVBUF", "NUMTCPSOCK");
	if (guaranteed.known)
		need(v, WARNING, "PRIVVMPAGES", false, guaranteed.barrier,
		     "VMGUARPAGES is promised");
	if (files.known && files.limit != VALUE_UNLIMITED)
		need(v, WARNING, "DCACHESIZE", true, 384 * files.limit,
		     "384 bytes for each of NUMFILE");
	need(v, WARNING, "TCPSNDBUF", false, 65536, "one connection needs it");
	need(v, WARNING, "TCPRCVBUF", false, 65536, "one connection needs it");
	need(v, WARNING, "DGRAMRCVBUF", false, 32768, "one datagram needs it");
	need(v, WARNING, "OTHERSOCKBUF", false, 32768, "one datagram needs it");
	need(v, RECOMMENDATION, "DGRAMRCVBUF", false, 132096, "large datagrams need it");
	need(v, RECOMMENDATION, "OTHERSOCKBUF", false, 132096, "large datagrams need it");
	need(v, WARNING, "NUMFILE", true, 32 * average, "32 files for each process");
	if (tcp.known && other.known && pty.known)
		need(v, WARNING, "NUMFILE", true, tcp.limit + other.limit + pty.limit,
		     "each socket and terminal is a file");
}

/* A value that nobody can read is an error whatever the rules. */
static void check_values(struct validation *v)
{
	cleanup_addresses struct addresses addresses = {};
	const char *key, *value;
	struct limits limits;

	if (limits_read(v->conf, &limits) ||
	    addresses_parse(conf_get(v->conf, "IP_ADDRESS"), &addresses)) {
		printf("Error: %s\n", error_text());
		error_clear();
		v->errors++;
	}
	for (size_t at = 0; (key = conf_next(v->conf, &at, &value));) {
		struct bounds b;

		if (!(params_key_applies(key) &
		      (APPLIES_NOWHERE | APPLIES_BEANCOUNTERS | APPLIES_ENFORCED)) ||
		    strcmp(key, "VM_OVERCOMMIT") == 0)
			continue;
		b = get(v, key);
		if (!b.known || b.barrier > b.limit) {
			printf("Error: %s=\"%s\" is not BARRIER:LIMIT, or the barrier is higher\n",
			       key, value);
			v->errors++;
		}
	}
}

unsigned int validate_conf(struct conf *conf, enum repair repair, enum validate_as as)
{
	cleanup_conf struct conf *refused = conf_new();
	struct validation v = { .conf = conf, .repair = repair, .refused = refused,
				.changed = true };
	struct bounds ram = get(&v, "PHYSPAGES");

	if (as == VALIDATE_AS_IT_IS)
		as = ram.known && ram.limit != VALUE_UNLIMITED ? VALIDATE_VSWAP :
								 VALIDATE_BEANCOUNTERS;

	/* what one rule has raised, another may measure by: at most as often as there are rules */
	for (int i = 0; i < 16 && v.changed; i++) {
		v.changed = false;
		if (as == VALIDATE_BEANCOUNTERS)
			check_beancounters(&v);
	}
	check_values(&v);
	return v.errors;
}
