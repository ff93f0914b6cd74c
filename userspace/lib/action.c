// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action.h"
#include "attach.h"
#include "error.h"
#include "global.h"
#include "script.h"
#include "util.h"

#define CONF_DIR	SYSCONFDIR "/conf"
#define TEXT_MAX	(1 << 20)

static const char *const on_host[] = { "premount", "mount", "umount", "postumount" };
static const char *const all[] = { "premount", "mount", "start", "stop", "umount", "postumount" };

static char *script_of(const struct container *ct, const char *when, bool global)
{
	return global ? xasprintf(CONF_DIR "/vps.%s", when) :
			xasprintf(CONF_DIR "/%u.%s", ct->id, when);
}

/* 1: there is none; 0: it may be run. Root runs nothing that others can write. */
static int look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 1 : fail_errno(EXIT_ACTION, "Action script %s", path);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0100) || st.st_uid != 0 || st.st_mode & 022)
		return fail(EXIT_ACTION,
			    "Action script %s must be an executable file that belongs to root and only root may write: chown root %s; chmod 755 %s",
			    path, path, path);
	return 0;
}

static void become_script(const struct container *ct, const char *path, pid_t tool)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const char *const argv[] = { path, NULL };
	const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		xasprintf("VEID=%u", ct->id),
		xasprintf("VE_CONFFILE=%s", ct->conf_path),
		xasprintf("VE_ROOT=%s", ct->root),
		xasprintf("VE_PRIVATE=%s", ct->private),
		NULL
	};

	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* the next command runs the scripts that undo it; not beside it */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != tool)
		_exit(EXIT_SYSTEM);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(EXIT_SYSTEM);
	execve(path, (char *const *)argv, (char *const *)env);
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Seconds: without START_TIMEOUT a day. */
static unsigned int time_limit(void)
{
	return global.start_timeout ? global.start_timeout : 86400;
}

static int run(const struct container *ct, const char *path)
{
	int status, ret = look_at(path);
	cleanup_close int pidfd = -1;
	pid_t tool = getpid(), pid;

	if (ret)
		return ret == 1 ? 0 : ret;
	detail("Running %s", path);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	if (pid == 0)
		become_script(ct, path, tool);
	ret = attach_watch(pid, &pidfd);
	/* one that waits for a server that is gone holds no boot up, nor a shutdown */
	if (!ret)
		ret = attach_wait(pid, pidfd, now_ms() + time_limit() * 1000LL, &status);
	if (ret)
		return fail_wrap(EXIT_ACTION, "Action script %s", path);
	if (WIFSIGNALED(status))
		return fail(EXIT_ACTION, "Action script %s was killed by signal %d", path,
			    WTERMSIG(status));
	if (WEXITSTATUS(status))
		return fail(EXIT_ACTION, "Action script %s failed with status %d", path,
			    WEXITSTATUS(status));
	return 0;
}

int action_host(const struct container *ct, const char *when)
{
	cleanup_free char *global_path = script_of(ct, when, true);
	cleanup_free char *path = script_of(ct, when, false);
	int ret = run(ct, global_path);

	return ret ? ret : run(ct, path);
}

bool action_any(const struct container *ct)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(on_host); i++) {
		cleanup_free char *path = script_of(ct, on_host[i / 2], i % 2);

		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

int action_inside(const struct container *ct, const char *when, unsigned int seconds)
{
	cleanup_free char *path = script_of(ct, when, false);
	cleanup_free char *id = xasprintf("VEID=%u", ct->id);
	cleanup_free char *text = NULL;
	const char *const env[] = { id, NULL };
	struct script script = { .name = path, .env = env, .bash = true, .seconds = seconds };
	struct kernel_container kc;
	struct attached in;
	int ret = look_at(path);

	if (ret)
		return ret == 1 ? 0 : ret;
	ret = script_load(path, &text);
	if (!ret)
		ret = container_running(ct, &kc);
	if (!ret)
		ret = attach_open(ct, &kc, &in);
	if (ret)
		return fail_wrap(EXIT_ACTION, "Action script %s", path);
	detail("Running %s in the container", path);
	script.text = text;
	ret = script_run(&in, &script);
	attach_close(&in);
	return ret ? fail_wrap(EXIT_ACTION, "Action script") : 0;
}

char *action_find(const struct container *ct)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char *path = script_of(ct, all[i], false);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int action_put_aside(const struct container *ct, const char *suffix)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		cleanup_free char *path = script_of(ct, all[i], false);
		cleanup_free char *gone = xasprintf("%s.%s", path, suffix);

		if (rename(path, gone) && errno != ENOENT)
			return fail_errno(EXIT_DESTROY, "Cannot rename %s to %s", path, gone);
	}
	return 0;
}

int action_collect(const struct container *ct, json_t *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		cleanup_free char *path = script_of(ct, all[i], false);
		cleanup_free char *text = read_file(path, TEXT_MAX);
		json_t *value;

		if (!text && errno == ENOENT)
			continue;
		if (!text)
			return fail_errno(EXIT_ACTION, "Cannot read %s", path);
		value = json_string(text);
		if (!value)
			return fail(EXIT_ACTION, "%s is not UTF-8", path);
		json_object_set_new(to, all[i], value);
	}
	return 0;
}

int action_write(const struct container *ct, const json_t *scripts)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *text = json_string_value(json_object_get(scripts, all[i]));
		cleanup_free char *path = script_of(ct, all[i], false);

		if (text && (write_file_atomic(path, text, 0755) || chmod(path, 0755)))
			return fail_errno(EXIT_ACTION, "Cannot write %s", path);
	}
	return 0;
}

void action_remove(const struct container *ct)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		cleanup_free char *path = script_of(ct, all[i], false);

		if (unlink(path) && errno != ENOENT)
			warn("Cannot remove %s: %s", path, strerror(errno));
	}
}
