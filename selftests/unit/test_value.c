// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "tap.h"
#include "value.h"

static void test_ctid(void)
{
	static const char *const bad[] = { "", "0", "-1", "+1", " 1", "1 ", "1x", "0x10", "web",
					   "2147483645", "99999999999999999999" };
	uint32_t id;

	ok(parse_ctid("1", &id) && id == 1, "1 is a CTID");
	ok(parse_ctid("2147483644", &id) && id == 2147483644, "so is the largest");
	ok(parse_ctid("0101", &id) && id == 101, "a leading zero is not octal");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!parse_ctid(bad[i], &id), "'%s' is not a CTID", bad[i]);
}

static void test_size(void)
{
	static const struct {
		const char *text;
		uint64_t unit, value;
	} good[] = {
		{ "0", 1, 0 }, { "512", 1, 512 }, { "512", 4096, 2097152 }, { "1K", 4096, 1024 },
		{ "256M", 1, 268435456 }, { "256m", 1, 268435456 }, { "2G", 1, 2147483648 },
		{ "1T", 1, 1099511627776 }, { "3P", 1, 3 * 4096 }, { "7B", 4096, 7 },
		{ "unlimited", 1, VALUE_UNLIMITED }, { "9223372036854775807", 1, VALUE_UNLIMITED },
		{ "9223372036854775807", 4096, VALUE_UNLIMITED },
		{ "1.5G", 1, 1610612736 }, { "2.2G", 1, 2362232012 }, { ".5k", 4096, 512 },
		{ "1.5", 4096, 6144 },
	};
	static const char *const bad[] = { "", "M", "-1", "1.G", ".", ".G", "1.5.5G",
					   "1.5e3", "1.-5", "1MM", "1 M", "0x10", "infinity",
					   "16777216T", "18446744073709551615",
					   "18446744073709551616" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(parse_size(good[i].text, good[i].unit, &v) && v == good[i].value,
		   "'%s' in units of %" PRIu64 " is %" PRIu64, good[i].text, good[i].unit,
		   good[i].value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!parse_size(bad[i], 1, &v), "'%s' is not a size", bad[i]);
}

static void test_pairs(void)
{
	uint64_t b, l;

	ok(parse_size_pair("0:256M", 4096, &b, &l) && b == 0 && l == 268435456,
	   "barrier and limit");
	ok(parse_size_pair("10", 4096, &b, &l) && b == 40960 && l == 40960, "one value for both");
	ok(parse_size_pair("1:unlimited", 1, NULL, &l) && l == VALUE_UNLIMITED, "no barrier asked");
	ok(!parse_size_pair("1:", 1, &b, &l), "an empty limit is refused");
	ok(!parse_size_pair(":1", 1, &b, &l), "an empty barrier is refused");
	ok(!parse_size_pair("1:2:3", 1, &b, &l), "three values are refused");
	ok(parse_count_pair("100:200", &b, &l) && b == 100 && l == 200, "counts");
	ok(!parse_count_pair("1K", &b, &l), "counts have no suffix");
}

static void test_hostname(void)
{
	char label[65], name[300] = "";

	memset(label, 'a', 64);
	label[64] = '\0';
	ok(valid_hostname("web1.example.com"), "a name of labels");
	ok(valid_hostname("1"), "a digit may come first");
	ok(!valid_hostname(""), "the empty name is refused");
	ok(!valid_hostname("-web") && !valid_hostname("web-") && !valid_hostname("a-.b"),
	   "a hyphen at an end of a label is refused");
	ok(!valid_hostname("a..b") && !valid_hostname(".a") && !valid_hostname("a."),
	   "an empty label is refused");
	ok(valid_hostname("_vps_1_"), "an underscore, which many have");
	ok(!valid_hostname("a+b") && !valid_hostname("a b") && !valid_hostname("a\nb") &&
	   !valid_hostname("a;reboot"), "other characters are refused");
	ok(!valid_hostname(label), "a label of 64 is refused");
	label[63] = '\0';
	/* the kernel takes 64 bytes in all, HOST_NAME_MAX */
	ok(valid_hostname(label), "a label of 63 is taken");
	snprintf(name, sizeof(name), "%s.aa", label);
	ok(!valid_hostname(name), "more than the kernel takes is refused");
}

static void test_template_name(void)
{
	ok(valid_template_name("debian-13") && valid_template_name("a_b+c.1"), "template names");
	ok(!valid_template_name("") && !valid_template_name("../etc/passwd") &&
	   !valid_template_name(".hidden") && !valid_template_name("a/b") &&
	   !valid_template_name("-rf") && !valid_template_name("a b"),
	   "no paths, options and blanks");
}

static void test_path(void)
{
	ok(valid_path("/srv/ct/101"), "a full path");
	ok(!valid_path("srv") && !valid_path("") && !valid_path("/") && !valid_path("/srv/") &&
	   !valid_path("/a\nb"), "no others");
}

int main(void)
{
	test_ctid();
	test_size();
	test_pairs();
	test_hostname();
	test_template_name();
	test_path();
	return tap_done();
}
