// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdlib.h>

#include "../lib/error.h"
#include "../lib/json.h"
#include "../lib/suspended.h"
#include "../lib/util.h"
#include "../storage/snapshot.h"
#include "cmd.h"

struct options {
	const char *id, *name, *description, *target;
	bool skip_suspend, skip_config, skip_resume, must_resume, json;
};

enum { SKIP_SUSPEND = 256, SKIP_CONFIG, SKIP_RESUME, MUST_RESUME };

static const struct option create_options[] = {
	{ "id", required_argument, NULL, 'i' },
	{ "uuid", required_argument, NULL, 'i' },
	{ "name", required_argument, NULL, 'n' },
	{ "description", required_argument, NULL, 'd' },
	{ "skip-suspend", no_argument, NULL, SKIP_SUSPEND },
	{ "json", no_argument, NULL, 'j' },
	{ "skip-config", no_argument, NULL, SKIP_CONFIG },
	{}
};

static const struct option switch_options[] = {
	{ "id", required_argument, NULL, 'i' },
	{ "uuid", required_argument, NULL, 'i' },
	{ "skip-resume", no_argument, NULL, SKIP_RESUME },
	{ "must-resume", no_argument, NULL, MUST_RESUME },
	{ "skip-config", no_argument, NULL, SKIP_CONFIG },
	{}
};

static const struct option mount_options[] = {
	{ "id", required_argument, NULL, 'i' },
	{ "uuid", required_argument, NULL, 'i' },
	{ "target", required_argument, NULL, 't' },
	{}
};

/* And umount. */
static const struct option delete_options[] = {
	{ "id", required_argument, NULL, 'i' },
	{ "uuid", required_argument, NULL, 'i' },
	{}
};

static int parse(int argc, char **argv, const struct option *known, struct options *o)
{
	int opt;

	*o = (struct options){};
	while ((opt = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (opt) {
		case 'i':
			o->id = optarg;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'd':
			o->description = optarg;
			break;
		case 't':
			o->target = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case SKIP_SUSPEND:
			o->skip_suspend = true;
			break;
		case SKIP_CONFIG:
			o->skip_config = true;
			break;
		case SKIP_RESUME:
			o->skip_resume = true;
			break;
		case MUST_RESUME:
			o->must_resume = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	if (known != create_options && !o->id)
		return fail(EXIT_BAD_OPTION, "Say which snapshot with --id");
	if (known == mount_options && !o->target)
		return fail(EXIT_BAD_OPTION, "Say where to mount it with --target");
	if (o->skip_resume && o->must_resume)
		return fail(EXIT_BAD_OPTION, "--skip-resume and --must-resume contradict");
	return cmd_no_more(argc, argv);
}

static int begin(int argc, char **argv, const struct option *known, struct container *ct,
		 struct options *o)
{
	int ret = cmd_container(argc, argv, NEED_CONF, ct);

	if (!ret)
		ret = parse(argc - 1, argv + 1, known, o);
	return ret ? ret : container_lock(ct);
}

/* The same for what is there already. @status: there is no such snapshot. */
static int begin_with(int argc, char **argv, const struct option *known, int status,
		      struct container *ct, struct options *o, struct snapshots *all,
		      const struct snapshot **s)
{
	int ret = begin(argc, argv, known, ct, o);

	return ret ? ret : snapshots_choose(ct, o->id, status, all, s);
}

static int print_json(const struct container *ct, const char *uuid)
{
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *s;
	int ret = snapshots_choose(ct, uuid, EXIT_SNAPSHOT, &all, &s);

	return ret ? ret : json_print(snapshot_json(ct, &all, s));
}

int cmd_snapshot(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	char uuid[SNAPSHOT_UUID_SIZE];
	struct options o;
	int ret = begin(argc, argv, create_options, &ct, &o);

	if (!ret && o.id)
		ret = snapshot_uuid(o.id, uuid);
	else if (!ret)
		snapshot_new_uuid(uuid);
	if (ret)
		return ret;
	quiet |= o.json;
	say("Creating snapshot %s", uuid);
	ret = snapshot_create(&ct, &(struct snapshot_request){
		.uuid = uuid, .name = o.name, .description = o.description,
		.skip_suspend = o.skip_suspend, .skip_config = o.skip_config,
	});
	if (ret)
		return fail_wrap(ret, "Failed to create snapshot");
	if (o.json)
		return print_json(&ct, uuid);
	say("Snapshot %s has been successfully created", uuid);
	return 0;
}

/* It is suspended now. As in vzctl, a state that cannot be restored is no error unless it must. */
static int resume(struct container *ct, bool must)
{
	int ret = do_resume(ct, NULL, false, false);

	if (!ret || must)
		return ret;
	warn("%s", error_text());
	warn("It is suspended: cloisonctl resume %u tries again, start %u --discard starts it anew",
	     ct->id, ct->id);
	error_clear();
	return 0;
}

int cmd_snapshot_switch(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *s;
	struct options o;
	int ret = begin_with(argc, argv, switch_options, EXIT_SNAPSHOT_SWITCH, &ct, &o, &all, &s);

	if (ret)
		return ret;
	if (o.must_resume && !s->memory)
		return fail(EXIT_SNAPSHOT_SWITCH, "Snapshot %s has no memory to resume from",
			    s->uuid);
	say("Switching to snapshot %s", s->uuid);
	ret = snapshot_switch(&ct, s, o.skip_config, !o.skip_resume);
	if (ret)
		return fail_wrap(ret, "Failed to switch to snapshot %s", s->uuid);
	if (suspended(&ct))
		ret = resume(&ct, o.must_resume);
	if (!ret)
		say("Container has been successfully switched to another snapshot");
	return ret;
}

int cmd_snapshot_delete(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *s;
	struct options o;
	int ret = begin_with(argc, argv, delete_options, EXIT_SNAPSHOT_DELETE, &ct, &o, &all, &s);

	if (ret)
		return ret;
	say("Deleting snapshot %s", s->uuid);
	ret = snapshot_delete(&ct, s);
	if (ret)
		return fail_wrap(ret, "Failed to delete snapshot %s", s->uuid);
	say("Snapshot %s has been successfully deleted", s->uuid);
	return 0;
}

int cmd_snapshot_mount(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	cleanup_free char *target = NULL;
	const struct snapshot *s;
	struct options o;
	int ret = begin_with(argc, argv, mount_options, EXIT_SNAPSHOT_MOUNT, &ct, &o, &all, &s);

	if (ret)
		return ret;
	target = realpath(o.target, NULL);
	if (!target)
		return fail_errno(EXIT_SNAPSHOT_MOUNT, "Cannot mount on %s", o.target);
	ret = snapshot_mount(&ct, s, target);
	if (!ret)
		say("Snapshot %s is mounted on %s", s->uuid, target);
	return ret;
}

int cmd_snapshot_umount(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_snapshots struct snapshots all = {};
	const struct snapshot *s;
	struct options o;
	int ret = begin_with(argc, argv, delete_options, EXIT_SNAPSHOT_UMOUNT, &ct, &o, &all, &s);

	if (!ret)
		ret = snapshot_umount(&ct, s);
	if (!ret)
		say("Snapshot %s is unmounted", s->uuid);
	return ret;
}
