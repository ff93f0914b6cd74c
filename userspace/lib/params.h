/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of create and set that stand for a line of the container's
 * configuration: one table, so that both take the same and mean the same.
 */
#ifndef CLOISON_PARAMS_H
#define CLOISON_PARAMS_H

#include <getopt.h>
#include <stdbool.h>

#include "conf.h"
#include "limits.h"

/* What a running container must be told when a parameter changes: enum limit_bits,
 * and
 */
enum applies_bits {
	APPLIES_ENFORCED	= 1 << 15,	/* counted, and held if it can be: enforce.h */
	APPLIES_HOSTNAME	= 1 << 16,
	APPLIES_DNS		= 1 << 17,	/* name servers and search domains */
	APPLIES_NAME		= 1 << 18,
	APPLIES_DEVICES		= 1 << 19,
	APPLIES_RESTART		= 1 << 20,	/* counts from the next start */
	APPLIES_NOWHERE		= 1 << 21,	/* recorded; nothing enforces it */
	APPLIES_FILE		= 1 << 22,	/* the file is all there is to change */
	APPLIES_ADDRESSES	= 1 << 23,
	APPLIES_NETIF		= 1 << 24,
	APPLIES_PORTS		= 1 << 25,
	APPLIES_LEGACY		= 1 << 26,	/* OpenVZ's, recorded: params_warn() says why */
	APPLIES_PLACE		= 1 << 27,	/* where its files are: not while they are used */
	APPLIES_RATE		= 1 << 28,
	APPLIES_BEANCOUNTERS	= 1 << 29,	/* counted; nothing enforces it */
	APPLIES_DISK		= 1 << 30,	/* limits of its files */
};

/* getopt_long() values of the parameters begin here. */
#define PARAM_FIRST	1000

/* Room for all of them. */
#define PARAMS_MAX	128

struct container;

/* Parameters on their way into a configuration. */
struct params {
	struct conf *conf;
	bool fresh;		/* of a container that begins with that configuration */
	unsigned int applies;	/* those bits, of all that were set */
	bool seen[PARAMS_MAX];	/* which were, on this command line */
};

/* The parameters' options followed by @own, for getopt_long(); to be freed. */
struct option *params_options(const struct option *own);

/*
 * Put option @opt (a value getopt_long() gave) with its argument into p->conf.
 * EXIT_BAD_VALUE names the option and what it takes.
 */
int params_set(struct params *p, int opt, const char *arg);

/* Say of those that have no effect on the container @ct that they have none. */
void params_warn(const struct params *p, const struct container *ct);
/* Was the configuration's @key among them? */
bool params_seen(const struct params *p, const char *key);

/* What a change of @key applies to; 0 if it is no parameter's. */
unsigned int params_key_applies(const char *key);

/* The name of the parameter for @key, without dashes; NULL if there is none. */
const char *params_key_option(const char *key);

#endif
