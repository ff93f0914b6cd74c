// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of all containers for Prometheus, in its text format:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/beancounters.h"
#include "../lib/error.h"
#include "../lib/figures.h"
#include "../lib/lock.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

struct metrics {
	FILE *out;
	struct usage *list;
	size_t count;
	/* the family at hand */
	char name[80];
	const char *type, *help;
	bool begun;
};

static void family(struct metrics *m, const char *type, const char *help, const char *fmt, ...)
	__printf(4, 5);
static void family(struct metrics *m, const char *type, const char *help, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->name, sizeof(m->name), fmt, args);
	va_end(args);
	m->type = type;
	m->help = help;
	m->begun = false;
}

/*
 * @part: of a histogram. The head comes with the first sample: a family without any is not
 * there.
 */
static void sample_of(struct metrics *m, const struct usage *u, const char *part, const char *more)
{
	if (!m->begun)
		fprintf(m->out, "# HELP cloison_%s %s\n# TYPE cloison_%s %s\n", m->name, m->help,
			m->name, m->type);
	m->begun = true;
	/* neither names nor what is in @more have characters to be escaped */
	fprintf(m->out, "cloison_%s%s{ctid=\"%u\",name=\"%s\"%s} ", m->name, part, u->id,
		u->name ? u->name : "", more);
}

static void sample(struct metrics *m, const struct usage *u, const char *more)
{
	sample_of(m, u, "", more);
}

static void put_number(struct metrics *m, uint64_t n)
{
	if (n == VALUE_UNLIMITED)
		fprintf(m->out, "+Inf\n");
	else
		fprintf(m->out, "%" PRIu64 "\n", n);
}

static void put_figure(struct metrics *m, int index)
{
	const struct figure *f = &figures[index];
	static const char *const units[] = {
		[FIGURE_NUMBER] = "", [FIGURE_BYTES] = "_bytes",
		[FIGURE_MICROSECONDS] = "_seconds", [FIGURE_HUNDREDTHS] = "",
	};

	/* load1, as node_exporter has it */
	family(m, f->counter ? "counter" : "gauge", f->help, "%s%s%s%s%s", f->group,
	       f->unit == FIGURE_HUNDREDTHS ? "" : "_", f->name, units[f->unit],
	       f->counter ? "_total" : "");
	for (size_t i = 0; i < m->count; i++) {
		const struct usage *u = &m->list[i];

		if (!u->known[index])
			continue;
		sample(m, u, "");
		if (f->unit == FIGURE_MICROSECONDS)
			fprintf(m->out, "%" PRIu64 ".%06" PRIu64 "\n", u->of[index] / 1000000,
				u->of[index] % 1000000);
		else if (f->unit == FIGURE_HUNDREDTHS)
			fprintf(m->out, "%" PRIu64 ".%02" PRIu64 "\n", u->of[index] / 100,
				u->of[index] % 100);
		else
			put_number(m, u->of[index]);
	}
}

/* Each bucket has those before it too. */
static void put_latency(struct metrics *m)
{
	family(m, "histogram", "how long a task waited for a CPU after a wakeup",
	       "sched_latency_seconds");
	for (size_t i = 0; i < m->count; i++) {
		const struct usage *u = &m->list[i];
		uint64_t sum = 0;

		if (!u->known[FIGURE_SCHED_WAIT])
			continue;
		for (int b = 0; b < CLOISON_SCHED_BUCKETS; b++) {
			cleanup_free char *more = b == CLOISON_SCHED_BUCKETS - 1 ?
				xstrdup(",le=\"+Inf\"") :
				xasprintf(",le=\"%.9f\"", latency_bound(b) / 1e9);

			sum += u->latency[b];
			sample_of(m, u, "_bucket", more);
			put_number(m, sum);
		}
		sample_of(m, u, "_sum", "");
		fprintf(m->out, "%.9f\n", u->latency_sum / 1e9);
		sample_of(m, u, "_count", "");
		put_number(m, sum);
	}
}

/* One figure of things that a container has several of. */
struct part {
	const char *name, *help;
	size_t offset;
	bool gauge;
};

static uint64_t part_of(const void *thing, const struct part *p)
{
	return *(const uint64_t *)((const char *)thing + p->offset);
}

/* Those things: */
struct things {
	const char *name;
	/* the one with number @n, or NULL */
	const void *(*get)(const struct usage *u, size_t n);
	char *(*label)(const void *thing);
	struct part parts[7];
};

static void put_things(struct metrics *m, const struct things *t)
{
	for (const struct part *p = t->parts; p->name; p++) {
		family(m, p->gauge ? "gauge" : "counter", p->help, "%s_%s%s", t->name, p->name,
		       p->gauge ? "" : "_total");
		for (size_t i = 0; i < m->count; i++) {
			const struct usage *u = &m->list[i];
			const void *thing;

			for (size_t n = 0; (thing = t->get(u, n)); n++) {
				cleanup_free char *more = t->label(thing);

				sample(m, u, more);
				put_number(m, part_of(thing, p));
			}
		}
	}
}

static const void *get_device(const struct usage *u, size_t n)
{
	return n < u->devices_count ? &u->devices[n] : NULL;
}

static char *label_device(const void *thing)
{
	const struct device_io *d = thing;

	return xasprintf(",device=\"%u:%u\"", d->major, d->minor);
}

static const void *get_link(const struct usage *u, size_t n)
{
	return n < u->links_count ? &u->links[n] : NULL;
}

/* There is one at most, before all others. */
static const void *get_venet(const struct usage *u, size_t n)
{
	const struct link_counters *l = get_link(u, n);

	return l && l->is_venet ? l : NULL;
}

static char *label_link(const void *thing)
{
	const struct link_counters *l = thing;

	return xasprintf(",interface=\"%s\"", l->ifname);
}

#define OF(flow, field)	offsetof(struct link_counters, flow.field)
static const struct things several[] = {
	{
		"device", get_device, label_device, {
			{ "read_bytes", "bytes read from a device",
			  offsetof(struct device_io, read_bytes) },
			{ "written_bytes", "bytes written to a device",
			  offsetof(struct device_io, written_bytes) },
			{ "reads", "reads from a device", offsetof(struct device_io, reads) },
			{ "writes", "writes to a device", offsetof(struct device_io, writes) },
		},
	},
	{
		"network", get_link, label_link, {
			{ "received_bytes", "bytes received by the container",
			  OF(received, bytes) },
			{ "received_packets", "packets received by the container",
			  OF(received, packets) },
			{ "received_drops", "packets to the container that were dropped",
			  OF(received, drops) },
			{ "sent_bytes", "bytes sent by the container", OF(sent, bytes) },
			{ "sent_packets", "packets sent by the container", OF(sent, packets) },
			{ "sent_drops", "packets of the container that were dropped",
			  OF(sent, drops) },
		},
	}, {
		"network", get_venet, label_link, {
			{ "received_held_packets", "packets to the container that had to wait",
			  OF(received, held) },
			{ "received_queued_packets", "packets to the container that wait",
			  OF(received, queued_packets), true },
			{ "received_queued_bytes", "memory of packets to the container that wait",
			  OF(received, queued_bytes), true },
			{ "sent_held_packets", "packets of the container that had to wait",
			  OF(sent, held) },
			{ "sent_queued_packets", "packets of the container that wait",
			  OF(sent, queued_packets), true },
			{ "sent_queued_bytes", "memory of packets of the container that wait",
			  OF(sent, queued_bytes), true },
		},
	},
};
#undef OF

/* All reasons, also those that there were not: who looks for a first time needs the 0 before. */
static void put_drops(struct metrics *m, const char *way, const char *help, size_t dropped)
{
	family(m, "counter", help, "network_%s_drops_by_reason_total", way);
	for (size_t i = 0; i < m->count; i++) {
		const struct link_counters *l = get_venet(&m->list[i], 0);

		for (size_t r = 0; l && r < ARRAY_SIZE(drop_reasons); r++) {
			const struct part part = { .offset = dropped + r * sizeof(uint64_t) };
			cleanup_free char *more = NULL;

			if (!drop_reasons[r])
				continue;
			more = xasprintf(",interface=\"%s\",reason=\"%s\"", l->ifname,
					 drop_reasons[r]);
			sample(m, &m->list[i], more);
			put_number(m, part_of(l, &part));
		}
	}
}

static void put_beancounters(struct metrics *m, const struct acct_container *acct, size_t count)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
		bool always;	/* even if nothing is accounted */
	} parts[] = {
		{ "beancounter_held", "gauge", "held of a resource, in its own unit",
		  offsetof(struct acct_figures, held) },
		{ "beancounter_maxheld", "gauge", "most ever held of a resource",
		  offsetof(struct acct_figures, maxheld) },
		{ "beancounter_barrier", "gauge", "barrier of a resource",
		  offsetof(struct acct_figures, barrier), true },
		{ "beancounter_limit", "gauge", "limit of a resource",
		  offsetof(struct acct_figures, limit), true },
		{ "beancounter_failures_total", "counter", "refused for a resource",
		  offsetof(struct acct_figures, failcnt) },
	};

	for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
		family(m, parts[p].type, parts[p].help, "%s", parts[p].name);
		for (size_t i = 0, j = 0; i < m->count; i++) {
			const char *resource;
			uint32_t r;

			/* both are by id */
			while (j < count && acct[j].id < m->list[i].id)
				j++;
			if (j == count || acct[j].id != m->list[i].id)
				continue;
			for (size_t b = 0; (resource = beancounter_name(b, &r)); b++) {
				const struct acct_figures *a = &acct[j].of[r];
				cleanup_free char *more = xasprintf(",resource=\"%s\"", resource);
				const struct part part = { .offset = parts[p].offset };

				if (!a->known && !parts[p].always)
					continue;
				sample(m, &m->list[i], more);
				put_number(m, part_of(a, &part) == CLOISON_ACCT_UNLIMITED ?
					   VALUE_UNLIMITED : part_of(a, &part));
			}
		}
	}
}

/* Of all containers, so that one that has gone down can be seen. */
static int put_up(struct metrics *m)
{
	cleanup_free struct container_entry *all = NULL;
	size_t count;
	int ret = container_list(true, &all, &count);

	family(m, "gauge", "whether the container runs", "up");
	for (size_t i = 0, j = 0; !ret && i < count; i++) {
		struct listed l = { .id = all[i].id, .kc = all[i].kc };
		struct usage u = { .id = all[i].id };
		bool known;

		while (j < m->count && m->list[j].id < u.id)
			j++;
		/* its file has been read, and warned of if that was called for */
		known = j < m->count && m->list[j].id == u.id;
		u.name = known ? m->list[j].name : (char *)listed_conf(&l, "NAME");
		if (known || listed_runs(&l) || listed_container(&l)->conf) {
			sample(m, &u, "");
			put_number(m, listed_runs(&l));
		}
		listed_close(&l);
	}
	return ret;
}

static int put_all(struct metrics *m)
{
	cleanup_free struct acct_container *acct = NULL;
	size_t count = 0;
	int ret = put_up(m);

	if (ret)
		return ret;
	family(m, "gauge", "seconds since the container started", "uptime_seconds");
	for (size_t i = 0; i < m->count; i++) {
		sample(m, &m->list[i], "");
		put_number(m, m->list[i].uptime);
	}
	for (int i = 0; i < FIGURES; i++)
		put_figure(m, i);
	put_latency(m);
	for (size_t i = 0; i < ARRAY_SIZE(several); i++)
		put_things(m, &several[i]);
	put_drops(m, "received", "packets to the container that were dropped, by reason",
		  offsetof(struct link_counters, received.dropped));
	put_drops(m, "sent", "packets of the container that were dropped, by reason",
		  offsetof(struct link_counters, sent.dropped));
	/* it may be unloaded meanwhile */
	if (acct_loaded() && acct_list(&acct, &count))
		error_clear();
	put_beancounters(m, acct, count);
	return 0;
}

/* All or nothing: what a scraper reads is whole. */
static int deliver(const char *text, const char *path)
{
	cleanup_close int lock = -1;
	struct stat st;
	int ret;

	if (!path)
		return fputs(text, stdout) == EOF || fflush(stdout) ?
		       fail_errno(EXIT_SYSTEM, "Cannot print the metrics") : 0;
	/* a device or a pipe would be replaced by a file */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return fail(EXIT_BAD_VALUE,
			    "%s is no regular file; to print, leave --output away", path);
	ret = lock_take("metrics", true, &lock);
	if (ret)
		return ret;
	return write_file_atomic(path, text, 0644) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}

int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{}
	};
	cleanup_free char *text = NULL;
	const char *path = NULL;
	struct metrics m = {};
	size_t size;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (opt != 'o')
			return cmd_bad_option(argv);
		path = optarg;
	}
	ret = cmd_no_more(argc, argv);
	if (ret)
		return ret;
	ret = usage_list(NULL, &m.list, &m.count);
	if (ret)
		return ret;
	m.out = open_memstream(&text, &size);
	if (!m.out)
		ret = fail_errno(EXIT_SYSTEM, "Cannot gather the metrics");
	else
		ret = put_all(&m);
	if (m.out && fclose(m.out) && !ret)
		ret = fail_errno(EXIT_SYSTEM, "Cannot gather the metrics");
	usage_list_free(m.list, m.count);
	return ret ? ret : deliver(text, path);
}
