// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "terminal.h"

static void test_replaced(void)
{
	static const struct {
		const char *text, *printable, *what;
	} cases[] = {
		{ "", "", "nothing" },
		{ "plain ~", "plain ~", "ASCII stays" },
		{ "\033[2J\r\a\177\t\n", "?[2J???\t\n",
		  "control characters, but for lines and tabs" },
		{ "\302\233[31m", "??[31m", "U+009B as UTF-8" },
		{ "\233[31m\200\237", "?[31m??", "the same as a byte, and its like" },
		{ "\303\234 \342\202\254 \360\237\230\200",
		  "\303\234 \342\202\254 \360\237\230\200",
		  "characters of 2, 3 and 4 bytes stay" },
		{ "\303\233\233", "\303\233?", "a byte more than the character has" },
		{ "\342\202", "??", "one that is cut off" },
		{ "\342\202x", "??x", "one that is broken off" },
		{ "\300\233 \340\200\233 \360\200\200\233", "?? ??? ????", "longer than need be" },
		{ "\355\240\233 \364\220\200\233 \370\233\377", "??? ???? ???", "no characters" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i].text);
		make_lines_printable(text);
		ok(strcmp(text, cases[i].printable) == 0, "%s", cases[i].what);
	}
	snprintf(text, sizeof(text), "a\tb\nc");
	make_printable(text);
	ok(strcmp(text, "a?b?c") == 0, "tabs and lines, where they are none");
}

int main(void)
{
	test_replaced();
	return tap_done();
}
