// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
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

int btf_functions(const char *const names[], unsigned int ids[], unsigned int count)
{
	cleanup_free char *data = NULL;
	ssize_t size = read_all("/sys/kernel/btf/vmlinux", &data);
	const struct btf_header *h = (void *)data;
	const char *strings;
	size_t at, end;
	long more = 0;

	memset(ids, 0, count * sizeof(*ids));
	if (size < 0)
		return -1;
	if ((size_t)size < sizeof(*h) || h->magic != BTF_MAGIC ||
	    (size_t)h->hdr_len + h->str_off + h->str_len > (size_t)size ||
	    (size_t)h->hdr_len + h->type_off + h->type_len > (size_t)size)
		return 0;
	strings = data + h->hdr_len + h->str_off;
	at = h->hdr_len + h->type_off;
	end = at + h->type_len;
	for (unsigned int id = 1; more >= 0 && at + sizeof(struct btf_type) <= end; id++) {
		const struct btf_type *t = (void *)(data + at);

		if (KIND(t->info) == BTF_KIND_FUNC && t->name_off < h->str_len)
			for (unsigned int i = 0; i < count; i++)
				if (strcmp(strings + t->name_off, names[i]) == 0)
					ids[i] = id;
		more = extra(t->info);
		at += sizeof(*t) + more;
	}
	return 0;
}
