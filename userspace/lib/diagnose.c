// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>

#include "diagnose.h"
#include "util.h"

static void add(struct findings *f, enum verdict as, const char *mend, char *text)
{
	struct finding *new;

	f->list = xrealloc(f->list, (f->count + 1) * sizeof(*f->list));
	new = &f->list[f->count++];
	*new = (struct finding) {
		.check = f->check,
		.verdict = as,
		.text = text,
		.mend = mend ? xstrdup(mend) : NULL,
	};
	if (f->found)
		f->found(new);
}

void finding(struct findings *f, enum verdict as, const char *mend, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(f, as, mend, xstrdup(text));
}

void finding_error(struct findings *f, enum verdict as, const char *mend)
{
	add(f, as, mend, xstrdup(error_text()));
	error_clear();
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->list[i].text);
		free(f->list[i].mend);
	}
	free(f->list);
}
