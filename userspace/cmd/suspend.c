// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <string.h>

#include "../checkpoint/checkpoint.h"
#include "../checkpoint/state.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/suspended.h"
#include "cmd.h"

/* OpenVZ's stages, one of them; ALL is what people want. */
enum stage_option { ALL, SUSPEND, DUMP, KILL, RESUME, UNDUMP };

struct options {
	enum stage_option stage;
	const char *file;
	bool keep, force, prove;
};

static const struct option suspend_options[] = {
	{ "suspend", no_argument, NULL, SUSPEND },
	{ "dump", no_argument, NULL, DUMP },
	{ "kill", no_argument, NULL, KILL },
	{ "resume", no_argument, NULL, RESUME },
	{ "dumpfile", required_argument, NULL, 'f' },
	{ "prove", no_argument, NULL, 'p' },
	{ "flags", required_argument, NULL, 'i' },
	{ "context", required_argument, NULL, 'i' },
	{ "skip_arpdetect", no_argument, NULL, 'a' },
	{}
};

static const struct option resume_options[] = {
	{ "undump", no_argument, NULL, UNDUMP },
	{ "kill", no_argument, NULL, KILL },
	{ "resume", no_argument, NULL, RESUME },
	{ "dumpfile", required_argument, NULL, 'f' },
	{ "keep", no_argument, NULL, 'k' },
	{ "force", no_argument, NULL, 'F' },
	{ "flags", required_argument, NULL, 'i' },
	{ "context", required_argument, NULL, 'i' },
	{ "skip_arpdetect", no_argument, NULL, 'a' },
	{ "skip-fsck", no_argument, NULL, 'i' },
	{ "skip-remount", no_argument, NULL, 'i' },
	{}
};

static int parse(int argc, char **argv, const struct option *known, struct options *out)
{
	int opt;

	*out = (struct options){};
	while ((opt = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1) {
		switch (opt) {
		case 'f':
			/* the mark has it on a line */
			if (!*optarg || strchr(optarg, '\n'))
				return fail(EXIT_BAD_VALUE, "Bad name of a dumpfile");
			out->file = optarg;
			break;
		case 'k':
			out->keep = true;
			break;
		case 'F':
			out->force = true;
			break;
		case 'p':
			out->prove = true;
			global.prove_checkpoint = true;
			break;
		case 'a':
			global.skip_arpdetect = true;
			break;
		case 'i':	/* of OpenVZ's kernel, or of disk images */
			break;
		case '?':
			return cmd_bad_option(argv);
		default:
			if (out->stage && out->stage != (enum stage_option)opt)
				return fail(EXIT_BAD_OPTION, "One stage at a time");
			out->stage = opt;
		}
	}
	if ((out->stage == DUMP || out->stage == UNDUMP) && !out->file)
		return fail(EXIT_BAD_OPTION, "Error: dumpfile is not specified");
	if (out->prove && out->stage != ALL && out->stage != DUMP)
		return fail(EXIT_BAD_OPTION, "--prove is for what writes a state: --dump");
	return cmd_no_more(argc - 1, argv + 1);
}

static int begin(int argc, char **argv, const struct option *known, struct container *ct,
		 struct options *options, struct kernel_container *kc)
{
	int ret = cmd_container(argc, argv, NEED_CONF, ct);

	if (!ret)
		ret = parse(argc, argv, known, options);
	if (!ret)
		ret = container_lock(ct);
	return ret ? ret : kernel_get(ct->id, kc);
}

/* The stages that are the same on both sides. */
static int go_on(const struct container *ct, bool kill)
{
	int ret;

	if (!checkpoint_staged(ct))
		return fail(kill ? EXIT_PAUSE : EXIT_UNPAUSE,
			    "Container is not at a stage of checkpoint or restore");
	if (kill) {
		say("\tkill...");
		return state_kill(ct);
	}
	ret = checkpoint_resume(ct);
	if (!ret)
		say("\tresume...");
	return ret;
}

static int suspend(const struct container *ct, const struct options *o)
{
	switch (o->stage) {
	case KILL:
	case RESUME:
		return go_on(ct, o->stage == KILL);
	case SUSPEND:
		say("\tsuspend...");
		return checkpoint_suspend(ct);
	case DUMP:
		return state_dump(ct, o->file);
	default:
		say("\tsuspend...");
		return state_suspend(ct, o->file);
	}
}

int cmd_suspend(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	struct options o;
	int ret = begin(argc, argv, suspend_options, &ct, &o, &kc);

	if (ret)
		return ret;
	if (!kernel_runs(&kc))
		return fail(EXIT_NOT_RUNNING, suspended(&ct) ? "Container is suspended already" :
			    "Unable to setup checkpoint, container is not running");
	say("Setting up checkpoint...");
	ret = suspend(&ct, &o);
	if (ret)
		return fail_wrap(ret, "Checkpointing failed");
	say("Checkpointing completed successfully");
	return 0;
}

int do_resume(struct container *ct, const char *file, bool force, bool keep)
{
	int ret;

	say("Restoring container ...");
	ret = state_resume(ct, file, force, keep);
	if (ret)
		return fail_wrap(ret, "Restoring failed");
	say("Restoring completed successfully");
	return 0;
}

static int resume(struct container *ct, const struct options *o)
{
	int ret;

	if (o->stage == UNDUMP) {
		say("Restoring container ...");
		say("\tundump...");
		ret = state_undump(ct, o->file, o->force);
	} else {
		ret = go_on(ct, o->stage == KILL);
	}
	return ret ? fail_wrap(ret, "Restoring failed") : 0;
}

int cmd_resume(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	struct options o;
	int ret = begin(argc, argv, resume_options, &ct, &o, &kc);

	if (ret)
		return ret;
	if (kernel_runs(&kc) && (o.stage == ALL || o.stage == UNDUMP))
		return fail(EXIT_RUNNING, "Unable to perform restore, container already running");
	return o.stage == ALL ? do_resume(&ct, o.file, o.force, o.keep) : resume(&ct, &o);
}
