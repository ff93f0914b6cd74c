// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/utsname.h>

#include "../checkpoint/criu.h"
#include "../lib/error.h"
#include "hello.h"
#include "status.h"

json_t *hello_ours(void)
{
	json_t *list = json_array();
	struct utsname name;

	uname(&name);
	json_array_append_new(list, json_string("offline"));
	json_array_append_new(list, json_string("changed-files"));
	json_array_append_new(list, json_string("plain-images"));
	if (criu_ready() == 0)
		json_array_append_new(list, json_string("live"));
	error_clear();
	return json_pack("{s:i, s:i, s:s, s:s, s:s, s:o}", "protocol", CHANNEL_PROTOCOL, "oldest",
			 CHANNEL_OLDEST, "version", VERSION, "node", name.nodename, "kernel",
			 name.release, "features", list);
}

bool hello_can(const json_t *hello, const char *feature)
{
	json_t *list = json_object_get(hello, "features"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *name = json_string_value(one);

		if (name && strcmp(name, feature) == 0)
			return true;
	}
	return false;
}

int hello_exchange(struct channel *ch, json_t **answer)
{
	cleanup_json json_t *theirs = NULL;
	json_int_t newest, oldest;
	const char *version;
	int ret = channel_call(ch, "hello", hello_ours(), &theirs);

	if (ret)
		return ret;
	version = json_string_value(json_object_get(theirs, "version"));
	newest = json_integer_value(json_object_get(theirs, "protocol"));
	oldest = newest;
	json_unpack(theirs, "{s?I}", "oldest", &oldest);
	if (newest < CHANNEL_OLDEST || oldest > CHANNEL_PROTOCOL)
		return fail(MIGRATE_VERSION,
			    "Cloison %s on %s speaks another protocol than %s here: install the same version on both",
			    version ? version : "", ch->peer, VERSION);
	if (answer)
		*answer = json_incref(theirs);
	return 0;
}
