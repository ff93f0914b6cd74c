/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of nft(8), by libnftables. */
#ifndef CLOISON_NFT_H
#define CLOISON_NFT_H

#include <stdint.h>

/*
 * Run @commands, all or none of them. 0, or @status with the error noted: "@what: ...".
 * @output, unless NULL, is what they print, to be freed.
 */
int nft_run(const char *commands, char **output, int status, const char *what);

/* The rules of @table, "netdev NAME" or the like, as nftables lists them; "" if there is none. */
char *nft_list(const char *table);

/* Of rules, whatever the order of their lines: what is made of several things has any. */
uint64_t nft_digest(const char *rules);

#endif
