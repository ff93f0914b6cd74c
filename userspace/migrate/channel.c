// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "channel.h"
#include "status.h"

enum frame { FRAME_REQUEST = 1, FRAME_REPLY, FRAME_DATA, FRAME_END };

struct header {
	uint32_t length, type;
};

#define DATA_MAX	(64 << 10)
#define BODY_MAX	(16 << 20)	/* a configuration and its scripts are less */

void channel_open(struct channel *ch, int in, int out, const char *peer)
{
	*ch = (struct channel){ .in = in, .out = out, .peer = peer };
	fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK);
	fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
}

void channel_close(struct channel *ch)
{
	if (ch->in >= 0)
		close(ch->in);
	if (ch->out >= 0 && ch->out != ch->in)
		close(ch->out);
	ch->in = ch->out = -1;
}

static int broken(struct channel *ch)
{
	int saved = errno;

	if (ch->broken)
		return fail(MIGRATE_CONNECT, "The connection to %s is broken", ch->peer);
	ch->broken = true;
	errno = saved;
	return errno ? fail_errno(MIGRATE_CONNECT, "The connection to %s broke", ch->peer) :
		       fail(MIGRATE_CONNECT, "The connection to %s ended", ch->peer);
}

/* In slices: who says that it is broken may do so just before poll(2). */
#define SLICE_MS	500

/* False, for broken(), if nothing moves as long as there is patience, or it is broken. */
static bool wait_fd(struct channel *ch, int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int slice = ch->patience && ch->patience < SLICE_MS ? ch->patience : SLICE_MS;
	int64_t end = now_ms() + ch->patience;

	while (!ch->broken && poll(&pfd, 1, slice) <= 0) {
		if (!ch->patience || now_ms() < end)
			continue;
		errno = ETIMEDOUT;
		return false;
	}
	return !ch->broken;
}

static int write_out(struct channel *ch, const void *buf, size_t n)
{
	while (n) {
		ssize_t done = write(ch->out, buf, n);

		if (ch->broken)
			return broken(ch);
		if (done < 0 && errno != EINTR &&
		    (errno != EAGAIN || !wait_fd(ch, ch->out, POLLOUT)))
			return broken(ch);
		if (done <= 0)
			continue;
		buf = (const char *)buf + done;
		n -= done;
		ch->sent += done;
	}
	return 0;
}

static int read_in(struct channel *ch, void *buf, size_t n)
{
	while (n) {
		ssize_t done = read(ch->in, buf, n);

		if (ch->broken)
			return broken(ch);
		if (done == 0)
			errno = 0;
		if (done == 0 || (done < 0 && errno != EINTR &&
				  (errno != EAGAIN || !wait_fd(ch, ch->in, POLLIN))))
			return broken(ch);
		if (done <= 0)
			continue;
		buf = (char *)buf + done;
		n -= done;
		ch->received += done;
	}
	return 0;
}

static int bad_frame(struct channel *ch)
{
	ch->broken = true;
	return fail(MIGRATE_CONNECT, "What came from %s is not Cloison's protocol", ch->peer);
}

static int send_body(struct channel *ch, enum frame type, json_t *body)
{
	cleanup_free char *text = json_dumps(body, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0;
	struct header h = { htonl(length), htonl(type) };

	json_decref(body);
	if (!text || length > BODY_MAX)
		return fail(MIGRATE_CONNECT, "A message for %s cannot be made", ch->peer);
	if (ch->broken)
		return broken(ch);
	return write_out(ch, &h, sizeof(h)) ? MIGRATE_CONNECT : write_out(ch, text, length);
}

static int receive_body(struct channel *ch, enum frame type, json_t **body)
{
	cleanup_free char *text = NULL;
	struct header h;
	size_t length;

	*body = NULL;
	if (ch->broken)
		return broken(ch);
	if (read_in(ch, &h, sizeof(h)))
		return MIGRATE_CONNECT;
	length = ntohl(h.length);
	if (ntohl(h.type) != type || length > BODY_MAX)
		return bad_frame(ch);
	text = xmalloc(length + 1);
	if (read_in(ch, text, length))
		return MIGRATE_CONNECT;
	*body = json_loadb(text, length, 0, NULL);
	if (json_is_object(*body))
		return 0;
	json_decref(*body);
	*body = NULL;
	return bad_frame(ch);
}

int channel_ask(struct channel *ch, const char *verb, json_t *body)
{
	if (!body)
		body = json_object();
	json_object_set_new(body, "do", json_string(verb));
	return send_body(ch, FRAME_REQUEST, body);
}

int channel_answer(struct channel *ch, int status, const char *text, json_t *body)
{
	if (!body)
		body = json_object();
	json_object_set_new(body, "status", json_integer(status));
	if (status) {
		json_t *said = json_string(text);

		/* what a program of somebody's said need not be UTF-8 */
		json_object_set_new(body, "text", said ? said : json_string("(not UTF-8)"));
	}
	return send_body(ch, FRAME_REPLY, body);
}

int channel_hear(struct channel *ch, const char **verb, json_t **body)
{
	int ret = receive_body(ch, FRAME_REQUEST, body);

	if (ret)
		return ret;
	*verb = json_string_value(json_object_get(*body, "do"));
	return *verb ? 0 : bad_frame(ch);
}

int channel_wait(struct channel *ch, json_t **reply)
{
	cleanup_json json_t *body = NULL;
	int ret = receive_body(ch, FRAME_REPLY, &body);
	json_int_t status;
	const char *text;
	json_t *said;

	if (reply)
		*reply = NULL;
	if (ret)
		return ret;
	said = json_object_get(body, "status");
	status = json_integer_value(said);
	/* it becomes an exit status here, of which 256 is 0 */
	if (!json_is_integer(said) || status < 0 || status > 255)
		return fail(MIGRATE_VERSION, "%s answered with no status", ch->peer);
	text = json_string_value(json_object_get(body, "text"));
	if (status)
		ret = fail(status, "%s: %s", ch->peer, text ? text : "failed");
	if (reply)
		*reply = json_incref(body);
	return ret;
}

int channel_call(struct channel *ch, const char *verb, json_t *body, json_t **reply)
{
	int ret = channel_ask(ch, verb, body);

	if (reply)
		*reply = NULL;
	return ret ? ret : channel_wait(ch, reply);
}

/*
 * The tunnel. Neither side may wait for the other to read before it reads itself, or
 * both wait for ever: so all is nonblocking, with one buffer for each direction.
 */
struct buffer {
	char bytes[sizeof(struct header) + DATA_MAX];
	size_t at, end;
};

struct tunnel {
	int from, to;
	bool said_end, heard_end;
	struct buffer out, in;
	size_t expected;	/* bytes of the present frame that have not come yet */
	uint64_t bytes;		/* that have gone over the line, in both directions */
	int64_t moved;		/* since when it is that many, in now_ms() */
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* How many bytes may be sent now; in bursts of a fifth of a second. */
static size_t allowance(struct channel *ch)
{
	int64_t now = now_ms();
	double most = ch->rate / 5.0 > DATA_MAX ? ch->rate / 5.0 : DATA_MAX;

	if (!ch->rate)
		return DATA_MAX;
	if (!ch->paced)
		ch->paced = now;
	ch->credit += (now - ch->paced) / 1000.0 * ch->rate;
	ch->paced = now;
	if (ch->credit > most)
		ch->credit = most;
	return ch->credit < 4096 ? 0 : ch->credit < DATA_MAX ? (size_t)ch->credit : DATA_MAX;
}

static void frame_out(struct tunnel *t, enum frame type, size_t length)
{
	struct header h = { htonl(length), htonl(type) };

	memcpy(t->out.bytes, &h, sizeof(h));
	t->out.at = 0;
	t->out.end = sizeof(h) + length;
}

/* From our program into a frame. */
static void take(struct channel *ch, struct tunnel *t, size_t most)
{
	ssize_t n = read(t->from, t->out.bytes + sizeof(struct header), most);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		frame_out(t, FRAME_DATA, n);
		ch->credit -= n;
		return;
	}
	close_end(&t->from);
}

static int flush_out(struct channel *ch, struct buffer *b)
{
	ssize_t n = write(ch->out, b->bytes + b->at, b->end - b->at);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : broken(ch);
	b->at += n;
	ch->sent += n;
	return 0;
}

/* A frame's head, or what there is of its content. */
static int fill_in(struct channel *ch, struct tunnel *t)
{
	struct header h;
	ssize_t n;

	if (!t->expected) {
		if (read_in(ch, &h, sizeof(h)))
			return MIGRATE_CONNECT;
		if (ntohl(h.type) == FRAME_END && !h.length)
			t->heard_end = true;
		else if (ntohl(h.type) != FRAME_DATA || !h.length || ntohl(h.length) > DATA_MAX)
			return bad_frame(ch);
		t->expected = ntohl(h.length);
		return 0;
	}
	n = read(ch->in, t->in.bytes, t->expected);
	if (n == 0)
		errno = 0;
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : broken(ch);
	ch->received += n;
	t->expected -= n;
	t->in.at = 0;
	t->in.end = n;
	return 0;
}

/* To our program. One that reads no more has its reasons: its status tells. */
static void give(struct tunnel *t)
{
	ssize_t n = t->to < 0 ? (ssize_t)(t->in.end - t->in.at) :
		    write(t->to, t->in.bytes + t->in.at, t->in.end - t->in.at);

	if (n >= 0)
		t->in.at += n;
	else if (errno != EAGAIN && errno != EINTR)
		close_end(&t->to);
}

static bool empty(const struct buffer *b)
{
	return b->at == b->end;
}

static int step(struct channel *ch, struct tunnel *t)
{
	size_t most = t->from >= 0 && empty(&t->out) ? allowance(ch) : 0;
	struct pollfd pfds[] = {
		{ .fd = empty(&t->in) && !t->heard_end ? ch->in : -1, .events = POLLIN },
		{ .fd = empty(&t->out) ? -1 : ch->out, .events = POLLOUT },
		{ .fd = most ? t->from : -1, .events = POLLIN },
		{ .fd = empty(&t->in) ? -1 : t->to, .events = POLLOUT },
	};
	int ret = 0;

	if (poll(pfds, ARRAY_SIZE(pfds), t->from >= 0 && ch->rate && !most ? 20 : 500) < 0 &&
	    errno != EINTR)
		return broken(ch);
	if (pfds[0].revents)
		ret = fill_in(ch, t);
	if (!ret && pfds[1].revents)
		ret = flush_out(ch, &t->out);
	if (pfds[2].revents)
		take(ch, t, most);
	if (!empty(&t->in) && (pfds[3].revents || t->to < 0))
		give(t);
	/* it has said all it had to say, and listens no more */
	if (t->heard_end && empty(&t->in)) {
		close_end(&t->to);
		close_end(&t->from);
	}
	if (t->from < 0 && !t->said_end && empty(&t->out)) {
		frame_out(t, FRAME_END, 0);
		t->said_end = true;
	}
	return ret;
}

/* A peer that takes nothing for so long; who has nothing to say may wait, if that is no matter. */
static bool stands_still(const struct channel *ch, struct tunnel *t)
{
	uint64_t bytes = ch->sent + ch->received;

	if (bytes != t->bytes || (empty(&t->out) && !ch->urgent)) {
		t->bytes = bytes;
		t->moved = now_ms();
	}
	return ch->patience && now_ms() - t->moved >= ch->patience;
}

int channel_tunnel(struct channel *ch, int from, int to)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	int64_t shown = 0;
	int ret = ch->broken ? broken(ch) : 0;

	t->from = from;
	t->to = to;
	t->moved = now_ms();
	if (from >= 0)
		fcntl(from, F_SETFL, fcntl(from, F_GETFL) | O_NONBLOCK);
	if (to >= 0)
		fcntl(to, F_SETFL, fcntl(to, F_GETFL) | O_NONBLOCK);
	while (!ret && !(t->said_end && empty(&t->out) && t->heard_end && empty(&t->in))) {
		ret = ch->broken ? broken(ch) : step(ch, t);
		if (!ret && stands_still(ch, t)) {
			errno = ETIMEDOUT;
			ret = broken(ch);
		}
		if (ch->progress && now_ms() - shown > 200) {
			ch->progress(ch);
			shown = now_ms();
		}
	}
	close_end(&t->from);
	close_end(&t->to);
	free(t);
	return ret;
}
