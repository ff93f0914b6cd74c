// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cgroup.h"
#include "fields.h"
#include "tap.h"
#include "value.h"

static bool is(char *got, const char *want)
{
	bool same = strcmp(got, want) == 0;

	if (!same)
		printf("# got %s, wanted %s\n", got, want);
	free(got);
	return same;
}

static void test_table(void)
{
	static const char *const some[] = {
		"ctid", "veid", "vpsid", "status", "kmemsize", "kmemsize.m", "swappages.f",
		"diskspace.h", "laverage", "vm_overcommit", "capability", "sched",
	};
	size_t count, twice = 0;
	const struct field *all = fields(&count);

	ok(count == 16 + 21 * 5 + 23 + 1, "as many fields as vzlist has and one: %zu", count);
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		ok(field_find(some[i]) && strcmp(field_find(some[i])->name, some[i]) == 0,
		   "%s is there", some[i]);
	ok(!field_find("nosuch") && !field_find("") && !field_find("kmemsize.x"),
	   "what is not there is not found");
	for (size_t i = 0; i < count; i++)
		twice += field_find(all[i].name) != &all[i];
	ok(!twice, "no name is there twice");
	ok(strcmp(field_find("numproc.l")->header, "NPROC.L") == 0, "headers have suffixes too");
	ok(field_is_part(field_find("diskspace.s")) && !field_is_part(field_find("diskspace")),
	   "parts are told from wholes");
}

static void test_text(void)
{
	ok(is(cell_text(&(struct cell) { CELL_NONE }), "-"), "nothing");
	ok(is(cell_text(&(struct cell) { CELL_NUMBER, .number = 9223372036854775807 }),
	      "9223372036854775807"), "unlimited");
	ok(is(cell_text(&(struct cell) { CELL_REAL, .real = 1.5 }), "1.5"), "a real number");
	ok(is(cell_text(&(struct cell) { CELL_YESNO, .number = 1 }), "yes"), "yes");
	ok(is(cell_text(&(struct cell) { CELL_UPTIME, .number = 90061000 }), "001d01h:01m:01s"),
	   "a day, an hour, a minute and a second");
	ok(is(cell_text(&(struct cell) { CELL_TEXT, .text = (char *)"a\033[1mb\n" }), "a?[1mb?"),
	   "what a terminal would obey is not printed");
	ok(is(cell_text(&(struct cell) { CELL_TEXT, .text = (char *)"\xc2\x9b[1m \xc3\xa9" }),
	      "??[1m \xc3\xa9"), "nor what it would obey in UTF-8");
}

static void test_order(void)
{
	const struct field up = {}, down = { .flags = FIELD_DOWN };
	const struct cell none = { CELL_NONE }, two = { CELL_NUMBER, .number = 2 };
	const struct cell ten = { CELL_NUMBER, .number = 10 };
	const struct cell a = { CELL_TEXT, .text = (char *)"a" };
	const struct cell b = { CELL_TEXT, .text = (char *)"b" };

	ok(cell_compare(&up, &two, &ten) < 0 && cell_compare(&up, &ten, &two) > 0,
	   "numbers are no text");
	ok(cell_compare(&down, &two, &ten) > 0, "the largest first");
	ok(cell_compare(&up, &a, &b) < 0 && cell_compare(&up, &a, &a) == 0, "text");
	ok(cell_compare(&up, &none, &a) < 0 && cell_compare(&down, &none, &two) < 0 &&
	   cell_compare(&up, &none, &none) == 0, "what is not set comes first");
	ok(cell_compare(&up, &a, &two) == -cell_compare(&up, &two, &a) &&
	   cell_compare(&up, &a, &two) != 0, "names and numbers do not mix");
}

static void test_json(void)
{
	json_t *words = json_words(" a  b ", " "), *none = json_words(NULL, " ");
	json_t *bad = json_text("caf\xe9"), *good = json_text("caf\xc3\xa9");

	ok(json_array_size(words) == 2 && json_array_size(none) == 0, "words");
	ok(strcmp(json_string_value(bad), "caf?") == 0, "bytes that are no UTF-8");
	ok(strcmp(json_string_value(good), "caf\xc3\xa9") == 0, "UTF-8");
	json_decref(words);
	json_decref(none);
	json_decref(bad);
	json_decref(good);
}

static void test_kernel_text(void)
{
	static const char text[] = "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\nbad x\n";
	uint64_t n;

	ok(cgroup_find(text, "low", &n) && n == 0, "the first line");
	ok(cgroup_find(text, "oom", &n) && n == 3, "a key that another begins with");
	ok(cgroup_find(text, "oom_kill", &n) && n == 4, "that other");
	ok(!cgroup_find(text, "kill", &n) && !cgroup_find(text, "nosuch", &n) &&
	   !cgroup_find("", "low", &n), "keys that are not there");
	ok(!cgroup_find(text, "bad", &n), "no number");
	ok(parse_line_number("12\n", &n) && n == 12 && parse_line_number("12", &n) &&
	   !parse_line_number("12 13\n", &n) && !parse_line_number("", &n), "one number");
}

int main(void)
{
	test_table();
	test_text();
	test_order();
	test_json();
	test_kernel_text();
	return tap_done();
}
