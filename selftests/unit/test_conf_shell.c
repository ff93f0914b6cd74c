// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration against the shell itself: OpenVZ's scripts source these
 * files, and so may anybody's. What conf_get() says must be what sh says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf.h"
#include "tap.h"
#include "util.h"

#define KEYS	200

/* Sources @path; prints K0..K(count-1), each ended by a NUL. One shell for all. */
static char *ask_shell(const char *path, int count, size_t *size)
{
	char *command = xasprintf("set -f; . %s; i=0; while [ $i -lt %d ]; do "
				  "eval \"v=\\$K$i\"; printf '%%s\\0' \"$v\"; i=$((i + 1)); done",
				  path, count);
	size_t len = 0, space = 1 << 16;
	char *text = xmalloc(space);
	int ends[2], status;
	pid_t pid;
	ssize_t n;

	if (pipe(ends))
		exit(2);
	pid = fork();
	if (pid < 0)
		exit(2);
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((n = read(ends[0], text + len, space - len)) > 0) {
		len += n;
		if (len == space)
			text = xrealloc(text, space *= 2);
	}
	close(ends[0]);
	waitpid(pid, &status, 0);
	free(command);
	if (status)
		printf("# sh: status %d\n", status);
	*size = len;
	return text;
}

/* Numbers that are the same in each run. */
static uint32_t next_random(void)
{
	static uint64_t state = 20250101;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 33;
}

static void random_text(char *out, const char *const pieces[], size_t count, size_t max)
{
	size_t n = next_random() % (max + 1);

	*out = '\0';
	while (n--)
		strcat(out, pieces[next_random() % count]);
}

static bool agree(const struct conf *conf, const char *path)
{
	size_t size;
	char *said = ask_shell(path, KEYS, &size), *p = said;
	bool good = true;

	for (int i = 0; i < KEYS; i++) {
		char key[8];
		const char *value;

		snprintf(key, sizeof(key), "K%d", i);
		value = conf_get(conf, key);
		if (p >= said + size) {
			printf("# the shell ended before %s\n", key);
			good = false;
			break;
		}
		if (!value || strcmp(value, p)) {
			printf("# %s: we say <%s>, the shell <%s>\n", key, value ?: "(none)", p);
			good = false;
		}
		p += strlen(p) + 1;
	}
	free(said);
	return good;
}

/* Whatever we write, the shell reads the same. */
static bool written(const char *path)
{
	static const char *const pieces[] = {
		"a", "B9", " ", "\t", "\n", "'", "\"", "\\", "$", "`", "$(id)", "${HOME}", "#", ";",
		"&", "|", "<", ">", "(", ")", "*", "?", "~", "!", "=", "\\n", "\\\n", "\303\251",
		"%s", "\r", "\001",
	};
	cleanup_conf struct conf *conf = conf_new(), *reread = NULL;

	for (int i = 0; i < KEYS; i++) {
		char key[8], value[256];

		snprintf(key, sizeof(key), "K%d", i);
		random_text(value, pieces, ARRAY_SIZE(pieces), 12);
		conf_set(conf, key, value);
	}
	return conf_save(conf, path) == 0 && conf_load(path, &reread) == 0 &&
	       agree(conf, path) && agree(reread, path);
}

/* Whatever people write in one word, without expansions, we read as the shell does. */
static bool read_as_shell(const char *path)
{
	static const char *const pieces[] = {
		"a", "Z", "' '", "\" \"", "\\ ", "\\\"", "\\'", "\\\\", "\\a", "\"\\$x\"",
		"'$x'", "\"\\`\"", "'\\'", "\"\\a\"", "\"#\"", "'\n'",
		"\"\n\"", "\\\n", "\"a\\\nb\"",
		"x#y", "\\;", "':'", "=", "''", "\"\"", "\"'\"", "'\"'", "/",
		":", "%", "\\$",
	};
	static const char *const ends[] = { "", "", " # rest", ";", "\t", " ; # ' \"" };
	cleanup_conf struct conf *conf = NULL;
	FILE *f = fopen(path, "w");

	if (!f)
		return false;
	for (int i = 0; i < KEYS; i++) {
		char value[256];

		random_text(value, pieces, ARRAY_SIZE(pieces), 8);
		fprintf(f, "%sK%d=%s%s\n", i % 7 ? "" : "export ", i, value,
			ends[next_random() % ARRAY_SIZE(ends)]);
	}
	fclose(f);
	return conf_load(path, &conf) == 0 && agree(conf, path);
}

int main(void)
{
	char dir[] = "/tmp/test_conf_shell.XXXXXX";
	char *path;

	if (!mkdtemp(dir))
		return 2;
	path = xasprintf("%s/conf", dir);
	for (int round = 0; round < 10; round++) {
		ok(written(path), "what we write, a shell reads, %d", round);
		ok(read_as_shell(path), "what people write, we read as a shell does, %d", round);
	}
	unlink(path);
	rmdir(dir);
	free(path);
	return tap_done();
}
