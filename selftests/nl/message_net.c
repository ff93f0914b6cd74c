// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include <linux/cloison_net.h>

#include "message.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* 10.77.0.0 to 10.77.1.24, fd77:: to fd77:0:0:1::18 */
int chance_address(struct chance *c, unsigned char *addr)
{
	unsigned char network = chance(c, 2), host = 8 * chance(c, 4);

	if (chance(c, 2)) {
		memcpy(addr, (unsigned char[]){ 10, 77, network, host }, 4);
		return 4;
	}
	memset(addr, 0, 16);
	addr[0] = 0xfd;
	addr[1] = 0x77;
	addr[7] = network;
	addr[15] = host;
	return 16;
}

/* Single, or a prefix; some of these have bits beyond it, and are refused. */
static void put_prefix(struct chance *c, unsigned char *msg)
{
	static const unsigned char v4[] = { 32, 32, 29, 24 }, v6[] = { 128, 128, 125, 64 };
	unsigned char addr[16], plen;
	int len = chance_address(c, addr);

	message_put(msg, CLOISON_NET_A_ADDR, addr, len);
	plen = len == 4 ? v4[chance(c, ARRAY_SIZE(v4))] : v6[chance(c, ARRAY_SIZE(v6))];
	if (chance(c, 2))
		message_put(msg, CLOISON_NET_A_PREFIXLEN, &plen, sizeof(plen));
}

int message_net_good(struct asker *a, unsigned char *msg)
{
	static const int commands[] = {
		CLOISON_NET_CMD_BIND, CLOISON_NET_CMD_BIND, CLOISON_NET_CMD_ADDR_ADD,
		CLOISON_NET_CMD_ADDR_ADD, CLOISON_NET_CMD_ADDR_ADD, CLOISON_NET_CMD_ADDR_DEL,
		CLOISON_NET_CMD_ADDR_GET, CLOISON_NET_CMD_ADDR_GET, CLOISON_NET_CMD_GET,
		CLOISON_NET_CMD_HOLD, CLOISON_NET_CMD_RELEASE, CLOISON_NET_CMD_RELEASE,
		CLOISON_NET_CMD_DISCARD, CLOISON_NET_CMD_HOST_SET, CLOISON_NET_CMD_HOST_GET,
	};
	struct chance *c = &a->chance;
	int n = chance(c, SLOTS), command = commands[chance(c, ARRAY_SIZE(commands))];
	unsigned char addr[16], on = chance(c, 2);

	switch (command) {
	case CLOISON_NET_CMD_HOST_SET:
		message_put(msg, CLOISON_NET_A_SHORTCUT, &on, sizeof(on));
		return command;
	case CLOISON_NET_CMD_HOST_GET:
		return command;
	case CLOISON_NET_CMD_GET:
	case CLOISON_NET_CMD_ADDR_GET:
		if (on) {
			message_dump(msg);
			if (command == CLOISON_NET_CMD_GET || chance(c, 2))
				return command;
		} else if (command == CLOISON_NET_CMD_ADDR_GET) {
			message_put(msg, CLOISON_NET_A_ADDR, addr, chance_address(c, addr));
			return command;
		}
	}
	message_put_u32(msg, CLOISON_NET_A_ID, n + 1);
	if (command == CLOISON_NET_CMD_BIND)
		message_put_u32(msg, CLOISON_NET_A_NETNS_FD, a->spaces[n]);
	if (command == CLOISON_NET_CMD_ADDR_ADD || command == CLOISON_NET_CMD_ADDR_DEL)
		put_prefix(c, msg);
	if (command == CLOISON_NET_CMD_HOLD && on) {
		message_put_u32(msg, CLOISON_NET_A_MAX_PACKETS, chance(c, 100));
		message_put_u32(msg, CLOISON_NET_A_MAX_BYTES, chance(c, 100000));
	}
	return command;
}
