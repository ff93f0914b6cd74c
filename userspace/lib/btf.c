// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/btf.h>

#include "btf.h"
#include "cleanup.h"
#include "util.h"

/* As of Linux 7; before, the bits that came to these were always 0. */
#define VLEN(info)	((info) & 0xffffff)
#define KIND(info)	((info) >> 24 & 0x7f)

/* What follows a struct btf_type, in bytes; -1 for a kind that we do not know. */
static long extra(uint32_t info)
{
	long n = VLEN(info);

	switch (KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	}
	return -1;
}

/* The bytes of the file, none if there is no such file; -1 and errno. */
static ssize_t read_all(const char *path, char **data)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return -1;
	*data = xmalloc(st.st_size + 1);
	while (n > 0 && len < (size_t)st.st_size) {
		n = read(fd, *data + len, st.st_size - len);
		if (n > 0)
			len += n;
	}
	/* names end, whatever is in the file */
	(*data)[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

/* A description that lies behind another one, whose types and strings come first. */
struct described {
	char *data;
	const char *strings;
	uint32_t strings_from, strings_len;
	unsigned int first;	/* id */
	size_t at, end;		/* in data */
};

static int read_described(const char *path, struct described *d)
{
	ssize_t size = read_all(path, &d->data);
	const struct btf_header *h = (void *)d->data;

	if (size < 0)
		return -1;
	if ((size_t)size < sizeof(*h) || h->magic != BTF_MAGIC ||
	    (size_t)h->hdr_len + h->str_off + h->str_len > (size_t)size ||
	    (size_t)h->hdr_len + h->type_off + h->type_len > (size_t)size)
		return 0;
	d->strings = d->data + h->hdr_len + h->str_off;
	d->strings_len = h->str_len;
	d->at = h->hdr_len + h->type_off;
	d->end = d->at + h->type_len;
	return 0;
}

/* Names among the strings that come before are not what anybody looks for here. */
static bool is_named(const struct described *d, uint32_t at, const char *name)
{
	return at >= d->strings_from && at - d->strings_from < d->strings_len &&
	       strcmp(d->strings + at - d->strings_from, name) == 0;
}

static void look_up_member(const struct described *d, const struct btf_type *t,
			   struct btf_symbol *symbol)
{
	const struct btf_member *m = (void *)(t + 1);

	for (uint32_t i = 0; i < VLEN(t->info); i++)
		if (is_named(d, m[i].name_off, symbol->member))
			symbol->offset = BTF_MEMBER_BIT_OFFSET(m[i].offset) / 8;
}

/* The id after the last one. */
static unsigned int look_up(const struct described *d, struct btf_symbol symbols[], size_t count)
{
	unsigned int id = d->first;
	size_t at = d->at;
	long more = 0;

	for (; more >= 0 && at + sizeof(struct btf_type) <= d->end; id++) {
		const struct btf_type *t = (void *)(d->data + at);
		unsigned int kind = KIND(t->info);

		more = extra(t->info);
		at += sizeof(*t) + more;
		if ((kind != BTF_KIND_FUNC && kind != BTF_KIND_STRUCT) || at > d->end)
			continue;
		for (size_t i = 0; i < count; i++) {
			bool function = kind == BTF_KIND_FUNC;

			if (function == !!symbols[i].member ||
			    !is_named(d, t->name_off, symbols[i].name))
				continue;
			symbols[i].id = id;
			if (symbols[i].member)
				look_up_member(d, t, &symbols[i]);
		}
	}
	return id;
}

int btf_look_up(const char *module, struct btf_symbol symbols[], size_t count)
{
	cleanup_free char *path = module ? xasprintf("/sys/kernel/btf/%s", module) : NULL;
	struct described kernel = { .first = 1 }, own = {};
	int ret = read_described("/sys/kernel/btf/vmlinux", &kernel);

	for (size_t i = 0; i < count; i++) {
		symbols[i].id = 0;
		symbols[i].offset = -1;
	}
	if (!ret)
		own.first = look_up(&kernel, symbols, count);
	own.strings_from = kernel.strings_len;
	if (!ret && path)
		ret = read_described(path, &own);
	if (!ret && path)
		look_up(&own, symbols, count);
	free(kernel.data);
	free(own.data);
	return ret;
}
