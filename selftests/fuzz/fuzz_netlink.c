// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages from the kernel. The bytes are what recvmsg() gave: libnl takes one
 * message after the other, so does this.
 */
#include <linux/netlink.h>
#include <netlink/msg.h>

#include "decode.h"
#include "fuzz.h"

static void decode(struct nlmsghdr *nlh)
{
	struct kernel_container kc;
	char text[256];
	uint32_t id;

	if (decode_container(nlh, &kc)) {
		must(kc.id);
		must(memchr(kc.name, '\0', sizeof(kc.name)));
	}
	decode_id(nlh, &id);
	decode_refusal(nlh, text, sizeof(text));
	must(memchr(text, '\0', sizeof(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int left = size;
	struct nlmsghdr *nlh = malloc(size ? size : 1), *begin = nlh;

	must(nlh);
	memcpy(nlh, data, size);
	for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		/* each in memory of its own, so that reading past its end is seen */
		struct nlmsghdr *one = malloc(nlh->nlmsg_len);

		must(one);
		memcpy(one, nlh, nlh->nlmsg_len);
		decode(one);
		free(one);
	}
	free(begin);
	return 0;
}
