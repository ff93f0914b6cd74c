// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cloison_sched.h>

#include "message.h"

int message_sched_good(struct asker *a, unsigned char *msg)
{
	if (chance(&a->chance, 2))
		message_dump(msg);
	else	/* 0: the host */
		message_put_u32(msg, CLOISON_SCHED_A_ID, chance(&a->chance, SLOTS + 1));
	return CLOISON_SCHED_CMD_GET;
}
