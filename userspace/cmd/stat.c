// SPDX-License-Identifier: GPL-2.0-only
/* What containers use of the machine. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/error.h"
#include "../lib/figures.h"
#include "../lib/json.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

static const char *const unit_suffixes[] = {
	[FIGURE_NUMBER] = "", [FIGURE_BYTES] = "_bytes", [FIGURE_MICROSECONDS] = "_us",
	[FIGURE_HUNDREDTHS] = "",
};

/* null: no limit. JSON has no numbers beyond 2^53 that all readers get right. */
static json_t *number_json(uint64_t n)
{
	return n > INT64_MAX ? json_null() : json_integer((json_int_t)n);
}

static void add_figures(json_t *object, const struct usage *u)
{
	for (int i = 0; i < FIGURES; i++) {
		const struct figure *f = &figures[i];
		cleanup_free char *key = xasprintf("%s%s", f->name, unit_suffixes[f->unit]);
		json_t *group = json_object_get(object, f->group);

		if (!u->known[i])
			continue;
		if (!group) {
			group = json_object();
			json_object_set_new(object, f->group, group);
		}
		json_object_set_new(group, key, f->unit == FIGURE_HUNDREDTHS ?
				    json_real(u->of[i] / 100.0) : number_json(u->of[i]));
	}
}

/* Each bucket by itself, with the bound that is above it; the last one has none. */
static json_t *latency_json(const struct usage *u)
{
	json_t *all = json_array();

	for (int b = 0; b < CLOISON_SCHED_BUCKETS; b++) {
		json_t *bound = b < CLOISON_SCHED_BUCKETS - 1 ? json_integer(latency_bound(b)) :
								json_null();

		json_array_append_new(all, json_pack("{s:o, s:I}", "below_ns", bound,
						     "wakeups", (json_int_t)u->latency[b]));
	}
	return all;
}

static json_t *device_json(const struct device_io *d)
{
	cleanup_free char *name = xasprintf("%u:%u", d->major, d->minor);

	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "device", name,
			 "read_bytes", (json_int_t)d->read_bytes, "reads", (json_int_t)d->reads,
			 "written_bytes", (json_int_t)d->written_bytes,
			 "writes", (json_int_t)d->writes);
}

static json_t *flow_json(const struct flow_counters *f, bool is_venet)
{
	json_t *object = json_pack("{s:I, s:I, s:I}", "bytes", (json_int_t)f->bytes,
				   "packets", (json_int_t)f->packets,
				   "drops", (json_int_t)f->drops);
	json_t *reasons = is_venet ? json_object() : NULL;

	if (!is_venet)
		return object;
	for (size_t i = 0; i < ARRAY_SIZE(drop_reasons); i++)
		if (drop_reasons[i])
			json_object_set_new(reasons, drop_reasons[i],
					    json_integer((json_int_t)f->dropped[i]));
	json_object_set_new(object, "drops_by_reason", reasons);
	json_object_set_new(object, "held", json_integer((json_int_t)f->held));
	json_object_set_new(object, "queued_packets", json_integer((json_int_t)f->queued_packets));
	json_object_set_new(object, "queued_bytes", json_integer((json_int_t)f->queued_bytes));
	return object;
}

static json_t *link_json(const struct link_counters *l)
{
	return json_pack("{s:s, s:o, s:o}", "interface", l->ifname,
			 "received", flow_json(&l->received, l->is_venet),
			 "sent", flow_json(&l->sent, l->is_venet));
}

static json_t *to_json(const struct usage *u)
{
	json_t *object = json_pack("{s:I, s:I}", "ctid", (json_int_t)u->id,
				   "uptime", (json_int_t)u->uptime);
	json_t *devices = json_array(), *links = json_array();

	json_object_set_new(object, "name", json_text(u->name));
	add_figures(object, u);
	if (u->known[FIGURE_SCHED_WAIT]) {
		json_t *sched = json_object_get(object, "sched");

		json_object_set_new(sched, "latency", latency_json(u));
		json_object_set_new(sched, "latency_sum_us", json_integer(u->latency_sum / 1000));
	}
	for (size_t i = 0; i < u->devices_count; i++)
		json_array_append_new(devices, device_json(&u->devices[i]));
	for (size_t i = 0; i < u->links_count; i++)
		json_array_append_new(links, link_json(&u->links[i]));
	json_object_set_new(object, "devices", devices);
	json_object_set_new(object, "interfaces", links);
	return object;
}

static void print_figure(const struct figure *f, uint64_t n)
{
	char size[16];

	printf("  %s.%-*s ", f->group, 22 - (int)strlen(f->group), f->name);
	if (n == VALUE_UNLIMITED)
		printf("%14s\n", "-");
	else if (f->unit == FIGURE_MICROSECONDS)
		printf("%14.3f s\n", n / 1e6);
	else if (f->unit == FIGURE_BYTES)
		printf("%14s\n", amount_text(n, size, sizeof(size)));
	else if (f->unit == FIGURE_HUNDREDTHS)
		printf("%14.2f\n", n / 100.0);
	else
		printf("%14" PRIu64 "\n", n);
}

/* Of so many of a hundred wakeups: below which bound did they wait? */
static void print_latency(const struct usage *u, int percent)
{
	uint64_t all = 0, below = 0;
	int b = 0;

	for (int i = 0; i < CLOISON_SCHED_BUCKETS; i++)
		all += u->latency[i];
	if (!all)
		return;
	while (b < CLOISON_SCHED_BUCKETS - 1 && (below += u->latency[b]) * 100 < all * percent)
		b++;
	if (b < CLOISON_SCHED_BUCKETS - 1)
		printf("  sched.latency_%-8d %14.6f s\n", percent, latency_bound(b) / 1e9);
	else
		printf("  sched.latency_%-8d %14s\n", percent, "more");
}

static void print_device(const struct device_io *d)
{
	char read[16], written[16];

	printf("  device %u:%u: read %s in %" PRIu64 ", written %s in %" PRIu64 "\n",
	       d->major, d->minor, amount_text(d->read_bytes, read, sizeof(read)), d->reads,
	       amount_text(d->written_bytes, written, sizeof(written)), d->writes);
}

static void print_flow(const char *what, const struct flow_counters *f)
{
	char size[16];

	printf(" %s %s in %" PRIu64 " packets, %" PRIu64 " dropped", what,
	       amount_text(f->bytes, size, sizeof(size)), f->packets, f->drops);
}

/* What there was of it. */
static void print_details(const char *what, const struct flow_counters *f)
{
	const char *before = "dropped:";
	char size[16];

	for (size_t i = 0; i < ARRAY_SIZE(drop_reasons); i++) {
		if (!f->dropped[i] || !drop_reasons[i])
			continue;
		if (*before == 'd')
			printf("    %s, ", what);
		printf("%s %" PRIu64 " %s", before, f->dropped[i], drop_reasons[i]);
		before = ",";
	}
	if (*before == ',')
		printf("\n");
	if (f->held)
		printf("    %s, held: %" PRIu64 " packets, %s in %" PRIu64 " wait now\n", what,
		       f->held, amount_text(f->queued_bytes, size, sizeof(size)),
		       f->queued_packets);
}

static void print_usage(const struct usage *u)
{
	printf("CTID %u%s%s, up %" PRIu64 " s\n", u->id, u->name ? " " : "", u->name ? u->name : "",
	       u->uptime);
	for (int i = 0; i < FIGURES; i++)
		if (u->known[i])
			print_figure(&figures[i], u->of[i]);
	print_latency(u, 50);
	print_latency(u, 99);
	for (size_t i = 0; i < u->devices_count; i++)
		print_device(&u->devices[i]);
	for (size_t i = 0; i < u->links_count; i++) {
		printf("  %s:", u->links[i].ifname);
		print_flow("received", &u->links[i].received);
		print_flow("; sent", &u->links[i].sent);
		printf("\n");
		print_details("received", &u->links[i].received);
		print_details("sent", &u->links[i].sent);
	}
}

int cmd_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{}
	};
	struct usage *list;
	json_t *out = NULL;
	size_t count;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (opt != 'j')
			return cmd_bad_option(argv);
		if (!out)
			out = json_array();
	}
	ret = usage_list(argv + optind, &list, &count);
	if (ret) {
		json_decref(out);
		return ret;
	}
	for (size_t i = 0; i < count; i++) {
		if (out)
			json_array_append_new(out, to_json(&list[i]));
		else
			print_usage(&list[i]);
	}
	usage_list_free(list, count);
	return out ? json_print(out) : 0;
}
