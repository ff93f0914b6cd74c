// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cloison_acct.h>

#include "message.h"

/* Bounds of all sizes, in either order: some of them are refused. */
static uint64_t chance_bound(struct chance *c)
{
	return chance(c, 4) ? chance(c, 1000) : (uint64_t)chance(c, 1U << 31) << chance(c, 34);
}

int message_acct_good(struct asker *a, unsigned char *msg)
{
	static const int commands[] = {
		CLOISON_ACCT_CMD_GET, CLOISON_ACCT_CMD_SET, CLOISON_ACCT_CMD_VISIT,
		CLOISON_ACCT_CMD_CARRY,
	};
	struct chance *c = &a->chance;
	int command = commands[chance(c, 4)];
	bool carry = command == CLOISON_ACCT_CMD_CARRY;
	uint64_t barrier = chance_bound(c), limit = chance_bound(c);

	if (command == CLOISON_ACCT_CMD_GET && chance(c, 2)) {
		message_dump(msg);
		return command;
	}
	message_put_u32(msg, CLOISON_ACCT_A_ID, chance(c, SLOTS) + 1);
	if (command == CLOISON_ACCT_CMD_VISIT)
		message_put_u32(msg, CLOISON_ACCT_A_PID, chance(c, 70000));
	if (command == CLOISON_ACCT_CMD_SET || carry) {
		message_put_u32(msg, CLOISON_ACCT_A_RESOURCE,
				chance(c, CLOISON_ACCT_RESOURCES + 1));
		message_put(msg, carry ? CLOISON_ACCT_A_MAXHELD : CLOISON_ACCT_A_BARRIER, &barrier,
			    sizeof(barrier));
		message_put(msg, carry ? CLOISON_ACCT_A_FAILCNT : CLOISON_ACCT_A_LIMIT, &limit,
			    sizeof(limit));
	}
	return command;
}
