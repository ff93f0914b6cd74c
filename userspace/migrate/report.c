// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/terminal.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "channel.h"
#include "report.h"

void report_begin(struct report *r, const char *host, uint32_t ctid)
{
	*r = (struct report){ .host = host, .ctid = ctid, .begun = now_ms() };
}

static uint64_t bytes_of(const struct channel *ch)
{
	return ch->sent + ch->received;
}

void report_step(struct report *r, const struct channel *ch, const char *name, bool down)
{
	int64_t now = now_ms();
	struct report_step *last = r->count ? &r->steps[r->count - 1] : NULL;

	progress_end();
	if (last && r->step_begun) {
		last->ms = now - r->step_begun;
		last->bytes = bytes_of(ch) - r->bytes_before;
	}
	r->step_begun = 0;
	if (!name || r->count == REPORT_STEPS)
		return;
	detail("%s", name);
	r->steps[r->count++] = (struct report_step){ .name = name, .down = down };
	r->step_begun = now;
	r->bytes_before = bytes_of(ch);
}

void report_progress(const struct report *r, const struct channel *ch)
{
	const struct report_step *s = r->count ? &r->steps[r->count - 1] : NULL;
	uint64_t bytes = bytes_of(ch) - r->bytes_before;
	int64_t ms = now_ms() - r->step_begun;
	char amount[16], rate[16];

	if (!s || !progress_shown())
		return;
	progress("%s: %sB, %sB/s", s->name, amount_text(bytes, amount, sizeof(amount)),
		 amount_text(ms > 0 ? bytes * 1000.0 / ms : 0, rate, sizeof(rate)));
}

struct sums {
	int64_t total_ms, down_ms;
	uint64_t bytes;
};

static struct sums sums_of(const struct report *r)
{
	struct sums sums = { .total_ms = now_ms() - r->begun };

	for (size_t i = 0; i < r->count; i++) {
		sums.bytes += r->steps[i].bytes;
		if (r->steps[i].down)
			sums.down_ms += r->steps[i].ms;
	}
	return sums;
}

int report_json(const struct report *r, int status, bool live)
{
	struct sums sums = sums_of(r);
	json_t *steps = json_array();

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(steps,
				      json_pack("{s:s, s:I, s:I, s:b}", "step",
						r->steps[i].name, "ms",
						(json_int_t)r->steps[i].ms, "bytes",
						(json_int_t)r->steps[i].bytes, "down",
						r->steps[i].down));
	return json_print(json_pack("{s:I, s:s, s:b, s:i, s:o, s:I, s:I, s:I, s:o}", "ctid",
				    (json_int_t)r->ctid, "host", r->host, "live", live,
				    "status", status, "error",
				    json_text(status ? error_text() : NULL),
				    "total_ms", (json_int_t)sums.total_ms, "down_ms",
				    (json_int_t)sums.down_ms, "bytes",
				    (json_int_t)sums.bytes, "steps", steps));
}

void report_print(const struct report *r, bool steps)
{
	struct sums sums = sums_of(r);
	char amount[16];

	for (size_t i = 0; steps && i < r->count; i++)
		say("%8lld ms %8sB  %s%s", (long long)r->steps[i].ms,
		    amount_text(r->steps[i].bytes, amount, sizeof(amount)), r->steps[i].name,
		    r->steps[i].down ? " (down)" : "");
	say("Migrated in %.1f s: %sB; it was down for %.2f s", sums.total_ms / 1000.0,
	    amount_text(sums.bytes, amount, sizeof(amount)), sums.down_ms / 1000.0);
}
