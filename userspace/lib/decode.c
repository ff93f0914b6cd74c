// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "decode.h"

static struct nla_policy top[CLOISON_A_MAX + 1] = {
	[CLOISON_A_ID] = { .type = NLA_U32 },
	[CLOISON_A_EVENT] = { .type = NLA_U32 },
	[CLOISON_A_CONTAINER] = { .type = NLA_NESTED },
};

static struct nla_policy container[CLOISON_CONTAINER_A_MAX + 1] = {
	[CLOISON_CONTAINER_A_ID] = { .type = NLA_U32 },
	[CLOISON_CONTAINER_A_NAME] = { .type = NLA_STRING },
	[CLOISON_CONTAINER_A_CGROUP_ID] = { .type = NLA_U64 },
	[CLOISON_CONTAINER_A_STATE] = { .type = NLA_U32 },
	[CLOISON_CONTAINER_A_INIT_PID] = { .type = NLA_U32 },
	[CLOISON_CONTAINER_A_STARTED] = { .type = NLA_U64 },
	[CLOISON_CONTAINER_A_EXIT_STATUS] = { .type = NLA_U32 },
};

bool decode_container(struct nlmsghdr *nlh, struct kernel_container *out)
{
	struct nlattr *a[CLOISON_A_MAX + 1], *tb[CLOISON_CONTAINER_A_MAX + 1];

	memset(out, 0, sizeof(*out));
	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, a, CLOISON_A_MAX, top) < 0 || !a[CLOISON_A_CONTAINER] ||
	    nla_parse_nested(tb, CLOISON_CONTAINER_A_MAX, a[CLOISON_A_CONTAINER], container) < 0 ||
	    !tb[CLOISON_CONTAINER_A_ID])
		return false;
	out->id = nla_get_u32(tb[CLOISON_CONTAINER_A_ID]);
	if (tb[CLOISON_CONTAINER_A_NAME])
		nla_strlcpy(out->name, tb[CLOISON_CONTAINER_A_NAME], sizeof(out->name));
	if (tb[CLOISON_CONTAINER_A_CGROUP_ID])
		out->cgroup_id = nla_get_u64(tb[CLOISON_CONTAINER_A_CGROUP_ID]);
	if (tb[CLOISON_CONTAINER_A_STATE])
		out->state = nla_get_u32(tb[CLOISON_CONTAINER_A_STATE]);
	if (tb[CLOISON_CONTAINER_A_INIT_PID])
		out->init = nla_get_u32(tb[CLOISON_CONTAINER_A_INIT_PID]);
	if (tb[CLOISON_CONTAINER_A_STARTED])
		out->started = nla_get_u64(tb[CLOISON_CONTAINER_A_STARTED]);
	if (tb[CLOISON_CONTAINER_A_EXIT_STATUS])
		out->exit_status = nla_get_u32(tb[CLOISON_CONTAINER_A_EXIT_STATUS]);
	return out->id != 0;
}

bool decode_id(struct nlmsghdr *nlh, uint32_t *id)
{
	struct nlattr *a[CLOISON_A_MAX + 1];

	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, a, CLOISON_A_MAX, top) < 0 || !a[CLOISON_A_ID])
		return false;
	*id = nla_get_u32(a[CLOISON_A_ID]);
	return true;
}

bool decode_event(struct nlmsghdr *nlh, uint32_t *event)
{
	struct nlattr *a[CLOISON_A_MAX + 1];

	if (!genlmsg_valid_hdr(nlh, 0) ||
	    genlmsg_parse(nlh, 0, a, CLOISON_A_MAX, top) < 0 || !a[CLOISON_A_EVENT])
		return false;
	*event = nla_get_u32(a[CLOISON_A_EVENT]);
	return true;
}

void decode_refusal(struct nlmsghdr *nlh, char *text, size_t size)
{
	struct nlmsgerr *err = nlmsg_data(nlh);
	size_t len = nlmsg_datalen(nlh), skip = sizeof(*err);
	struct nlattr *attr;

	text[0] = '\0';
	if (len < sizeof(*err) || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* the refused message comes back, whole unless NLM_F_CAPPED */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += nlmsg_datalen(&err->msg);
	skip = NLMSG_ALIGN(skip);
	if (len < skip)
		return;
	attr = nla_find((struct nlattr *)((char *)err + skip), len - skip, NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(text, size, "%.*s", nla_len(attr), (char *)nla_data(attr));
}
