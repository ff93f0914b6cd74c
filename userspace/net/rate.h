/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast a container may receive (in) and send (out), over all its interfaces, as RATE
 * has it:
 *
 *	100M				both ways so many bits per second
 *	in=100M,out=20M,out_burst=256K	each way; bytes at once
 *	out_pps=5000,out_pps_burst=500	packets per second, and at once
 *	none
 *
 * K, M, G and T are powers of 1000, but of 1024 for bytes. What is not named is not
 * limited. What there is of a container is noted in /run/cloison/net/CTID.rate, as RATE
 * would have it, before it is made and until it is gone. See Documentation/net.rst.
 */
#ifndef CLOISON_RATE_H
#define CLOISON_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

#define RATE_TAKES \
	"BITS such as 100M, or in=BITS,out=BITS and any of in_burst, out_burst (bytes), in_pps, " \
	"out_pps, in_pps_burst, out_pps_burst (packets), or none"

/* The option of set: the text that RATE is, NULL if @arg is bad. */
char *rate_option(const char *arg, const char *old);

/* RATE's text, or NULL. That of Virtuozzo, which is a guarantee, is none, with a warning. */
const char *rate_wanted(const struct conf *conf);
/* EXIT_BAD_VALUE. @text may be NULL. */
int rate_check(const char *text);

/*
 * Make those of @text the limits of container @id, which is registered, on all that it
 * has: its addresses in the table, its interfaces. All or nothing. EXIT_LIMITS.
 */
int rate_set(uint32_t id, const char *text);
/* Once more those that it has: there are other addresses or interfaces. */
int rate_again(uint32_t id);
/* Who is not limited may go the short way again, see network_pause(). */
int rate_shortcut(uint32_t id);
/* None. Does nothing where there are none. */
int rate_clear(uint32_t id);
/* Is all there that is noted, if it @runs, and nothing noted else? */
bool rate_whole(uint32_t id, bool runs);

#endif
