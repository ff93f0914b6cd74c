/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What commands that were killed, and machines that lost their power, leave behind:
 * finding it, and mending it. Documentation/crash-safety.rst says what there can be.
 */
#ifndef CLOISON_REPAIR_H
#define CLOISON_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

enum repair_verdict {
	REPAIR_FOUND,		/* can be mended, and was to be left alone */
	REPAIR_MENDED,
	REPAIR_FAILED,		/* cannot be mended, @text says why */
	REPAIR_BUSY,		/* another command works on it: not looked at */
};

/*
 * Look at container @id, or at all there is a trace of if @id is 0, and mend it
 * if @mend is set. What runs, or is locked by another command, is not touched. @report is
 * called for each thing that is not as it should be. 0, or the status of why the
 * search itself could not be done.
 */
int repair(uint32_t id, bool mend,
	   void (*report)(enum repair_verdict verdict, const char *text, void *arg), void *arg);

#endif
