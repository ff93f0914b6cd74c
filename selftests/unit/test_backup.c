// SPDX-License-Identifier: GPL-2.0-only
/* Backups: what has changed, and bytes that are no backup. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf.h"
#include "error.h"
#include "format.h"
#include "index.h"
#include "util.h"

#include "tap.h"

/* Each of @lines ends with a line break, which stands for a zero byte. A '$' is one in a name. */
static struct text make(const char *lines)
{
	struct text text = { strdup(lines), strlen(lines) };

	for (char *p = text.data; *p || p < text.data + text.len; p++)
		*p = *p == '\n' ? '\0' : *p == '$' ? '\n' : *p;
	return text;
}

/* What tar is to leave out, of @now after @then; NULL: one of them is no index. */
static char *unchanged(const char *then, const char *now)
{
	struct text a = make(then), b = make(now), list = {};
	int ret = index_unchanged(&b, &a, 100, &list);
	char *text = ret ? NULL : strndup(list.data, list.len);

	text_free(&a);
	text_free(&b);
	text_free(&list);
	error_clear();
	return text;
}

static void is(const char *then, const char *now, const char *want, const char *name)
{
	char *has = unchanged(then, now);

	ok(want ? has && strcmp(has, want) == 0 : !has, "%s", name);
	if (has && want && strcmp(has, want) != 0)
		printf("# \"%s\"\n", has);
	free(has);
}

static void changes(void)
{
	is("d 1 9.5 .\nf 2 9.5 ./a\n", "d 1 9.5 .\nf 2 9.5 ./a\n", "./a\n",
	   "the same file; never directories");
	is("", "d 1 9.5 .\nf 2 9.5 ./a\n", "", "all is new");
	is("f 2 9.5 ./a\n", "f 2 9.6 ./a\n", "", "another time");
	is("f 2 9.5 ./a\n", "f 3 9.5 ./a\n", "", "another inode");
	is("f 2 9.5 ./a\n", "l 2 9.5 ./a\n", "", "another kind");
	is("f 2 9.5 ./a\n", "f 2 9.5 ./b\n", "", "another name");
	is("f 2 9.5 ./a\n", "f 2 9.50 ./a\n", "", "a time written in another way");
	is("f 2 99.9 ./a\nf 3 100.0 ./b\n", "f 2 99.9 ./a\nf 3 100.0 ./b\n", "./a\n",
	   "a time since the last one began");
	is("f 2 9.5 ./a\nf 2 9.5 ./b\nf 3 9.5 ./c\n",
	   "f 2 9.5 ./a\nf 2 9.5 ./new\nf 3 9.5 ./c\n", "./c\n", "all names of a file or none");
	is("f 2 9.5 ./a$./b\nf 3 9.5 ./b\n", "f 2 9.5 ./a$./b\nf 3 9.5 ./b\n", "./b\n",
	   "a line break in a name");
	is("f 2 9.5 ./a\t\nf 3 9.5 ./a b\n", "f 2 9.5 ./a\t\nf 3 9.5 ./a b\n", "./a b\n",
	   "a blank at the end");
	is("f 2 9.5 ./z\nf 3 9.5 ./a\n", "f 3 9.5 ./a\nf 2 9.5 ./z\n", "./a\n./z\n",
	   "in another order");
}

static void no_index(void)
{
	is("f 2 9.5 ./a\n", "f 2 9.5\n", NULL, "a line without a path");
	is("nothing\n", "f 2 9.5 ./a\n", NULL, "no lines at all");
	is("\n", "f 2 9.5 ./a\n", NULL, "an empty line");
	is("ff 2 9.5 ./a\n", "f 2 9.5 ./a\n", NULL, "a kind of two letters");
	is("f -1 x ./a\n", "f 2 9.5 ./a\n", "", "numbers that are none");
}

/* The status of reading a backup's head from these bytes. */
static int head_of(const void *data, size_t len)
{
	struct backup b = BACKUP_INIT;
	int fd = memfd_create("test", 0), ret;

	if (write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
		return -1;
	ret = backup_read_head(&b, fd, "test");
	backup_close(&b);
	error_clear();
	return ret;
}

static int head_with(const char *json)
{
	static const unsigned char start[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x00, 0x01, 0x00, 0x00, 0x99, 0xe9, 0xd8, 0x51,
		0x5c, 0x2a, 0x4d, 0x18,
	};
	uint32_t len = strlen(json);
	cleanup_free char *block = xmalloc(sizeof(start) + 4 + len);

	memcpy(block, start, sizeof(start));
	memcpy(block + sizeof(start), &len, 4);
	memcpy(block + sizeof(start) + 4, json, len);
	return head_of(block, sizeof(start) + 4 + len);
}

#define HEAD(version, id, ctid, more) \
	"{\"cloison-backup\": " version ", \"id\": \"" id "\", \"ctid\": " ctid ", \"date\": 1, " \
	"\"layout\": \"dir\", \"conf\": \"\", \"description\": \"\"" more "}"
#define PARENT(id)	", \"parent\": \"" id "\", \"parent_sha256\": \"0\""
#define SCRIPTS ", \"scripts\": {}"

/* The status of a head with a configuration of @size bytes; the last "conf" is it. */
static int head_of_conf(int size)
{
	cleanup_free char *json = xasprintf(HEAD("1", "7-1", "7", SCRIPTS ", \"conf\": \"%0*d\""),
					    size, 0);

	return head_with(json);
}

static void heads(void)
{
	ok(head_with(HEAD("1", "7-1", "7", SCRIPTS)) == 0, "a head");
	ok(head_of("", 0) == EXIT_RESTORE, "nothing");
	ok(head_of("\x28\xb5\x2f\xfd", 4) == EXIT_RESTORE, "the first bytes of zstd");
	ok(head_with("") == EXIT_RESTORE, "an empty head");
	ok(head_with("{") == EXIT_RESTORE, "no JSON");
	ok(head_with(HEAD("2", "7-1", "7", SCRIPTS)) == EXIT_RESTORE, "a later version");
	ok(head_with(HEAD("1", "../7", "7", SCRIPTS)) == EXIT_RESTORE, "an id that is a path");
	ok(head_with(HEAD("1", "7-1", "0", SCRIPTS)) == EXIT_RESTORE, "the host");
	ok(head_with(HEAD("1", "7-1", "7", "")) == EXIT_RESTORE, "something is missing");
	ok(head_with(HEAD("1", "7-1", "7", ", \"scripts\": 5")) == EXIT_RESTORE,
	   "scripts are no object");
	ok(head_with(HEAD("1", "7-1", "7", SCRIPTS ", \"parent\": \"7-0\"")) == EXIT_RESTORE,
	   "a parent without its sum");
	ok(head_with(HEAD("1", "7-1", "7", SCRIPTS PARENT("a/b"))) == EXIT_RESTORE,
	   "a parent that is a path");
	ok(head_with(HEAD("1", "7-1", "7", SCRIPTS PARENT("7-0"))) == 0, "a parent");
	ok(head_of_conf(CONF_MAX) == 0, "a large configuration");
	ok(head_of_conf(CONF_MAX + 1) == EXIT_RESTORE, "too large a configuration");
}

int main(void)
{
	changes();
	no_index();
	heads();
	return tap_done();
}
