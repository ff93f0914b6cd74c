// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/conf.h"
#include "../lib/error.h"
#include "../lib/terminal.h"
#include "../lib/util.h"
#include "format.h"

#define TAIL_SIZE	512
#define HEAD_MAX	(16 << 20)	/* a configuration and six scripts, escaped */
#define PIECE		(128 << 10)

/* What zstd makes of nothing. */
static const unsigned char nothing[] = {
	0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x00, 0x01, 0x00, 0x00, 0x99, 0xe9, 0xd8, 0x51,
};

/* To be skipped: 0x184d2a50 to 5f are. */
#define SKIPPED_MAGIC	0x184d2a5cU
#define INDEX_MAGIC	0x184d2a5dU

struct frame {
	uint32_t magic, size;	/* little endian */
};

static int fail_write(void)
{
	return fail_errno(disk_status(EXIT_BACKUP), "Cannot write the backup");
}

static int put(int fd, const void *data, size_t len, struct sum *sum)
{
	if (write_all(fd, data, len))
		return fail_write();
	return sum_add(sum, data, len);
}

int backup_write_head(int fd, const json_t *head, const struct text *index,
		      struct sum *sum)
{
	cleanup_free char *text = json_dumps(head, JSON_INDENT(1)), *block = NULL;
	struct frame frame = { .magic = htole32(SKIPPED_MAGIC) };
	struct frame second = { htole32(INDEX_MAGIC), htole32(index->len) };
	int ret = sum_begin(sum);

	if (ret)
		return ret;
	if (!text)
		return fail(EXIT_BACKUP, "The configuration cannot be written as JSON");
	/* a line of its own, for who looks at it by head(1) */
	block = xasprintf("\n%s\n", text);
	if (strlen(block) > HEAD_MAX)
		return fail(EXIT_BACKUP, "Configuration and action scripts are too large");
	frame.size = htole32(strlen(block));
	ret = put(fd, nothing, sizeof(nothing), sum);
	if (!ret)
		ret = put(fd, &frame, sizeof(frame), sum);
	if (!ret)
		ret = put(fd, block, strlen(block), sum);
	if (!ret)
		ret = put(fd, &second, sizeof(second), sum);
	return ret ? ret : put(fd, index->data, index->len, sum);
}

static ssize_t get_some(int fd, void *data, size_t len)
{
	ssize_t n;

	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

int backup_write_data(int fd, int from, struct sum *sum)
{
	cleanup_free char *piece = xmalloc(PIECE);
	uint64_t done = 0;
	ssize_t n;
	int ret = 0;

	/* how much it is going to be, packed, tar does not know either */
	while (!ret && (n = get_some(from, piece, PIECE)) > 0) {
		ret = put(fd, piece, n, sum);
		done += n;
		progress_bytes("Backing up", done, 0);
	}
	progress_end();
	return !ret && n < 0 ? fail_errno(EXIT_BACKUP, "Cannot read from tar") : ret;
}

int backup_write_tail(int fd, json_t *tail, struct sum *sum)
{
	cleanup_free char *text = NULL;
	struct frame frame = { htole32(SKIPPED_MAGIC), htole32(TAIL_SIZE - sizeof(frame)) };
	char block[TAIL_SIZE], digits[SUM_SIZE];
	int ret = sum_end(sum, digits);

	if (ret)
		return ret;
	json_object_set_new(tail, "sha256", json_string(digits));
	text = json_dumps(tail, JSON_COMPACT);
	if (!text || strlen(text) > sizeof(block) - sizeof(frame) - 2)
		return fail(EXIT_BACKUP, "The end of the backup cannot be written as JSON");
	memset(block, ' ', sizeof(block));
	memcpy(block, &frame, sizeof(frame));
	block[sizeof(frame)] = '\n';
	memcpy(block + sizeof(frame) + 1, text, strlen(text));
	block[sizeof(block) - 1] = '\n';
	return write_all(fd, block, sizeof(block)) ? fail_write() : 0;
}

void backup_close(struct backup *b)
{
	free(b->path);
	free(b->start);
	json_decref(b->head);
	json_decref(b->tail);
	cleanup_close_fn(&b->fd);
	*b = (struct backup)BACKUP_INIT;
}

const char *backup_text(const struct backup *b, const char *key)
{
	return json_string_value(json_object_get(b->head, key));
}

const char *backup_id(const struct backup *b)
{
	return backup_text(b, "id");
}

uint32_t backup_ctid(const struct backup *b)
{
	return json_integer_value(json_object_get(b->head, "ctid"));
}

int64_t backup_date(const struct backup *b)
{
	return json_integer_value(json_object_get(b->head, "date"));
}

const char *backup_sum(const struct backup *b)
{
	return json_string_value(json_object_get(b->tail, "sha256")) ?: "";
}

bool backup_good_id(const char *id)
{
	size_t len = strspn(id, "0123456789abcdefT-");

	return len > 0 && len < ID_MAX && !id[len] && id[0] != '-';
}

static const char *name_of(const struct backup *b)
{
	return b->path ? b->path : "What comes";
}

static int no_backup(const struct backup *b)
{
	return fail(EXIT_RESTORE, "%s is no backup of a container's, or cut off", name_of(b));
}

static int damaged(const struct backup *b, const char *how)
{
	return fail(EXIT_RESTORE, "%s is damaged: %s", name_of(b), how);
}

/* The next bytes, which b->start has then too. 0, or -1 if there are less. */
static int get_start(struct backup *b, size_t len)
{
	b->start = xrealloc(b->start, b->start_size + len + 1);
	while (len) {
		ssize_t n = get_some(b->fd, b->start + b->start_size, len);

		if (n <= 0)
			return -1;
		b->start_size += n;
		len -= n;
	}
	return 0;
}

/* What the rest relies on; a stranger may have written it. */
static bool good_head(const json_t *head)
{
	const char *id, *layout, *conf, *parent = NULL, *parent_sum = NULL, *description;
	json_int_t ctid, date;
	const json_t *scripts;

	if (json_unpack((json_t *)head, "{s:s, s:I, s:I, s:s, s:s, s:o, s:s, s?s, s?s}",
			"id", &id, "ctid", &ctid, "date", &date, "layout", &layout, "conf", &conf,
			"scripts", &scripts, "description", &description, "parent", &parent,
			"parent_sha256", &parent_sum))
		return false;
	return backup_good_id(id) && ctid > 0 && ctid <= INT32_MAX && json_is_object(scripts) &&
	       strlen(conf) <= CONF_MAX &&
	       !parent == !parent_sum && (!parent || backup_good_id(parent));
}

int backup_read_head(struct backup *b, int fd, const char *path)
{
	struct frame frame;
	json_int_t version;
	size_t at;

	*b = (struct backup){ .path = path ? xstrdup(path) : NULL, .fd = fd };
	if (get_start(b, sizeof(nothing) + sizeof(frame)) ||
	    memcmp(b->start, nothing, sizeof(nothing)) != 0)
		return no_backup(b);
	memcpy(&frame, b->start + sizeof(nothing), sizeof(frame));
	if (le32toh(frame.magic) != SKIPPED_MAGIC || le32toh(frame.size) > HEAD_MAX)
		return no_backup(b);
	at = b->start_size;
	if (get_start(b, le32toh(frame.size)))
		return no_backup(b);
	b->head = json_loadb(b->start + at, b->start_size - at, 0, NULL);
	version = json_integer_value(json_object_get(b->head, "cloison-backup"));
	if (!version)
		return no_backup(b);
	if (version != FORMAT_VERSION)
		return fail(EXIT_RESTORE, "%s was written by another version of Cloison",
			    name_of(b));
	return good_head(b->head) ? 0 : damaged(b, "its head says what cannot be");
}

int backup_read_index(const struct backup *b, struct text *packed)
{
	struct frame frame;
	size_t len;
	ssize_t n;

	if (pread(b->fd, &frame, sizeof(frame), b->start_size) != sizeof(frame) ||
	    le32toh(frame.magic) != INDEX_MAGIC ||
	    le32toh(frame.size) > b->size - b->start_size)
		return damaged(b, "it has no list of its files");
	len = le32toh(frame.size);
	packed->data = xmalloc(len + 1);
	for (packed->len = 0; packed->len < len; packed->len += n) {
		n = pread(b->fd, packed->data + packed->len, len - packed->len,
			  b->start_size + sizeof(frame) + packed->len);
		if (n <= 0)
			return damaged(b, "its list of files cannot be read");
	}
	return 0;
}

static json_t *parse_tail(const char block[TAIL_SIZE])
{
	struct frame frame;
	json_t *tail;

	memcpy(&frame, block, sizeof(frame));
	if (le32toh(frame.magic) != SKIPPED_MAGIC ||
	    le32toh(frame.size) != TAIL_SIZE - sizeof(frame))
		return NULL;
	tail = json_loadb(block + sizeof(frame), TAIL_SIZE - sizeof(frame), 0, NULL);
	if (json_is_string(json_object_get(tail, "sha256")))
		return tail;
	json_decref(tail);
	return NULL;
}

void backup_look_at_tail(struct backup *b)
{
	char block[TAIL_SIZE];
	struct stat st;

	if (fstat(b->fd, &st))
		return;
	b->size = st.st_size;
	if (b->size >= b->start_size + TAIL_SIZE &&
	    pread(b->fd, block, TAIL_SIZE, b->size - TAIL_SIZE) == TAIL_SIZE && !b->tail)
		b->tail = parse_tail(block);
}

/* All but the last TAIL_SIZE bytes, which are left in @piece. */
static int read_data(struct backup *b, int to, struct sum *sum, char *piece)
{
	struct stat st;
	uint64_t all = b->path && !fstat(b->fd, &st) ? st.st_size : 0, seen = b->start_size;
	size_t have = 0;
	ssize_t n;
	int ret = 0;

	while (!ret && (n = get_some(b->fd, piece + have, PIECE - have)) > 0) {
		size_t done;

		seen += n;
		progress_bytes(to < 0 ? "Verifying" : "Restoring", seen, all);
		have += n;
		if (have <= TAIL_SIZE)
			continue;
		done = have - TAIL_SIZE;
		ret = sum_add(sum, piece, done);
		if (!ret && to >= 0 && write_all(to, piece, done))
			return fail(EXIT_RESTORE, "%s cannot be unpacked; tar's messages are above",
				    name_of(b));
		memmove(piece, piece + done, TAIL_SIZE);
		have = TAIL_SIZE;
	}
	progress_end();
	if (!ret && n < 0)
		ret = fail_errno(EXIT_RESTORE, "Cannot read %s", name_of(b));
	return ret || have == TAIL_SIZE ? ret : no_backup(b);
}

int backup_read(struct backup *b, int to)
{
	cleanup_sum struct sum sum = {};
	cleanup_free char *piece = xcalloc(1, PIECE);
	char digits[SUM_SIZE];
	int ret = sum_begin(&sum);

	if (!ret && b->path && lseek(b->fd, b->start_size, SEEK_SET) < 0)
		ret = fail_errno(EXIT_RESTORE, "Cannot read %s", b->path);
	if (!ret)
		ret = sum_add(&sum, b->start, b->start_size);
	if (!ret)
		ret = read_data(b, to, &sum, piece);
	if (ret)
		return ret;
	json_decref(b->tail);
	b->tail = parse_tail(piece);
	if (!b->tail)
		return damaged(b, "its end is missing");
	ret = sum_end(&sum, digits);
	if (!ret && strcmp(digits, backup_sum(b)) != 0)
		ret = damaged(b, "its checksum is not what was written");
	return ret;
}
