// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <nftables/libnftables.h>

#include "cleanup.h"
#include "error.h"
#include "nft.h"
#include "util.h"

/*
 * Loaded when it is needed: with the four libraries that it needs itself it is as much
 * as all others together, and each command would pay for what few of them use.
 */
#define LIBRARY	"libnftables.so.1"

static struct {
	typeof(nft_ctx_new) *ctx_new;
	typeof(nft_ctx_free) *ctx_free;
	typeof(nft_ctx_buffer_output) *buffer_output;
	typeof(nft_ctx_buffer_error) *buffer_error;
	typeof(nft_ctx_get_output_buffer) *output;
	typeof(nft_ctx_get_error_buffer) *error;
	typeof(nft_run_cmd_from_buffer) *run;
} nft;

static bool load(void)
{
	void *lib = nft.run ? NULL : dlopen(LIBRARY, RTLD_NOW);

	if (!lib)
		return nft.run;
	nft.ctx_new = dlsym(lib, "nft_ctx_new");
	nft.ctx_free = dlsym(lib, "nft_ctx_free");
	nft.buffer_output = dlsym(lib, "nft_ctx_buffer_output");
	nft.buffer_error = dlsym(lib, "nft_ctx_buffer_error");
	nft.output = dlsym(lib, "nft_ctx_get_output_buffer");
	nft.error = dlsym(lib, "nft_ctx_get_error_buffer");
	nft.run = dlsym(lib, "nft_run_cmd_from_buffer");
	return nft.ctx_new && nft.ctx_free && nft.buffer_output && nft.buffer_error &&
	       nft.output && nft.error && nft.run;
}

int nft_run(const char *commands, char **output, int status, const char *what)
{
	struct nft_ctx *ctx = load() ? nft.ctx_new(NFT_CTX_DEFAULT) : NULL;
	int ret = 0;

	if (output)
		*output = xstrdup("");
	if (!ctx)
		return fail(status, "%s: cannot use " LIBRARY
			    "; install it with: apt install libnftables1", what);
	nft.buffer_error(ctx);
	nft.buffer_output(ctx);
	if (nft.run(ctx, commands)) {
		const char *why = nft.error(ctx);

		ret = fail(status, "%s: %.*s", what, (int)strcspn(why, "\n"), why);
	}
	if (output) {
		free(*output);
		*output = xstrdup(nft.output(ctx));
	}
	nft.ctx_free(ctx);
	return ret;
}

/* FNV-1a */
char *nft_list(const char *table)
{
	cleanup_free char *command = xasprintf("list table %s\n", table);
	char *rules = NULL;

	if (nft_run(command, &rules, EXIT_NETIF, ""))
		error_clear();
	return rules;
}

uint64_t nft_digest(const char *rules)
{
	uint64_t sum = 0, hash = 0;

	for (const char *c = rules; *c; c++) {
		hash = ((hash ? hash : 0xcbf29ce484222325ULL) ^ (unsigned char)*c) *
		       0x100000001b3ULL;
		if (*c != '\n')
			continue;
		sum += hash;
		hash = 0;
	}
	return sum;
}
