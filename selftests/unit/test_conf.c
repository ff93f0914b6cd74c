// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf.h"
#include "error.h"
#include "tap.h"

static bool is(const char *got, const char *want)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return true;
	printf("# got %s, wanted %s\n", got ? got : "(none)", want ? want : "(none)");
	return false;
}

static void test_quoting(void)
{
	static const struct {
		const char *line, *value;
	} good[] = {
		{ "A=\"plain\"", "plain" }, { "A=bare", "bare" }, { "A='single $x'", "single $x" },
		{ "A=\"with # inside\"", "with # inside" }, { "A=bare # comment", "bare" },
		{ "A=", "" }, { "A=\"\"", "" }, { "A=\"q\\\"q\"", "q\"q" },
		{ "A=\"\\$VEID\"", "$VEID" }, { "A=\"$VEID\"", "$VEID" }, { "A=\"a\\b\"", "a\\b" },
		{ "A=\"a\"'b'c", "abc" }, { "export A=x", "x" }, { "  A=x", "x" },
		{ "A=x;B=y", "x" }, { "A=a\\ b", "a b" },
		{ "A=\"two\nlines\"", "two\nlines" }, { "A='two\nlines' # x", "two\nlines" },
		{ "A=a\\\nb", "ab" }, { "A=\"a\\\nb\"", "ab" }, { "A=a\\", "a" },
	};
	static const char *const none[] = { "", "# A=x", "A", "=x", "A =x", "1A=x", "A-B=x" };
	static const char *const bad[] = { "A=\"open", "A='open", "A=\"a\\\"" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cleanup_conf struct conf *conf = conf_new();

		ok(conf_parse(conf, good[i].line, "test") == 0 &&
		   is(conf_get(conf, "A"), good[i].value), "%s", good[i].line);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		cleanup_conf struct conf *conf = conf_new();

		ok(conf_parse(conf, none[i], "test") == 0 && !conf_get(conf, "A"),
		   "'%s' sets nothing", none[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cleanup_conf struct conf *conf = conf_new();

		ok(conf_parse(conf, bad[i], "test") == EXIT_BAD_VALUE &&
		   strstr(error_text(), "line 1"), "'%s' is an error that names the line", bad[i]);
	}
}

static void test_rewrite(void)
{
	static const char before[] =
		"# a comment\n\nRAM=\"1\"\n  weird line ;;\nVENDOR_KEY=\"kept\"\nRAM=\"2\"\n";
	cleanup_conf struct conf *conf = conf_new(), *copy = NULL;
	cleanup_free char *same = NULL, *after = NULL, *copied = NULL;

	conf_parse(conf, before, "test");
	same = conf_text(conf);
	ok(is(same, before), "what was not changed is printed as it was read");
	ok(is(conf_get(conf, "RAM"), "2"), "the last of several lines wins");
	conf_set(conf, "RAM", "a \"b\" $c `d` \\e");
	conf_set(conf, "NEW", "x");
	conf_set(conf, "NEW", conf_get(conf, "NEW"));
	after = conf_text(conf);
	ok(is(after, "# a comment\n\nRAM=\"1\"\n  weird line ;;\nVENDOR_KEY=\"kept\"\n"
	      "RAM=\"a \\\"b\\\" \\$c \\`d\\` \\\\e\"\nNEW=\"x\"\n"),
	   "one line changes, one comes");
	copy = conf_copy(conf);
	conf_set(conf, "RAM", NULL);
	ok(!conf_get(conf, "RAM") && is(conf_get(conf, "VENDOR_KEY"), "kept"),
	   "removing a key removes all its lines and no others");
	copied = conf_text(copy);
	ok(is(copied, after) && is(conf_get(copy, "VENDOR_KEY"), "kept") &&
	   is(conf_get(copy, "RAM"), "a \"b\" $c `d` \\e"), "a copy is what it was then");
}

/* What we write, a shell reads back: the real thing, not our idea of it. */
static void test_shell(void)
{
	static const char value[] = "a \"b\" $c `d` \\e 'f' ; # g";
	char dir[] = "/tmp/cloison-test-XXXXXX", path[64], command[128], got[128] = "";
	cleanup_conf struct conf *conf = conf_new(), *again = NULL;
	FILE *f;

	if (!mkdtemp(dir))
		return;
	snprintf(path, sizeof(path), "%s/1.conf", dir);
	ok(conf_load(path, &again) == EXIT_NO_CONF, "a missing file is told from a bad one");
	conf_set(conf, "A", value);
	ok(conf_save(conf, path) == 0, "saved");
	snprintf(command, sizeof(command), ". %s; printf %%s \"$A\"", path);
	f = popen(command, "r");
	if (f) {
		got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
		pclose(f);
	}
	ok(is(got, value), "a shell reads the same value");
	ok(conf_load(path, &again) == 0 && is(conf_get(again, "A"), value), "so do we");

	snprintf(command, sizeof(command), "%s/gone/1.conf", dir);
	ok(conf_save(conf, command) == EXIT_CONF_SAVE, "a directory that is not there is an error");
	/* a crash left this: it must not be in the way */
	snprintf(command, sizeof(command), "%s.tmp", path);
	f = fopen(command, "w");
	if (f)
		fclose(f);
	ok(conf_save(conf, path) == 0, "a temporary file left by a crash is not in the way");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	test_quoting();
	test_rewrite();
	test_shell();
	return tap_done();
}
