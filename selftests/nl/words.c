// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nl.h"
#include "words.h"

static int command(const struct words *words, const char *name)
{
	unsigned int i;

	for (i = 0; i < words->n_commands; i++)
		if (words->commands[i] && !strcmp(words->commands[i], name))
			return i;
	if (strspn(name, "0123456789") != strlen(name))
		errx(3, "%s: no such command", name);
	return atoi(name);
}

/* "id:u8=5": which attribute, and the default of its type. */
static int attribute(const struct words *words, const char *name,
		     const char **type)
{
	unsigned int i;

	for (i = 0; i < words->n_attributes; i++) {
		const struct word *word = &words->attributes[i];

		if (word->name && !strcmp(word->name, name)) {
			*type = word->type;
			return i;
		}
	}
	*type = "u32";
	return atoi(name);
}

static void add(const struct words *words, struct nl_msg *msg, char *arg)
{
	char *value = strchr(arg, '='), *colon;
	unsigned long long number;
	unsigned char ip[16];
	const void *data;
	const char *type;
	size_t len;
	int attr;

	if (!value)
		errx(3, "%s: no value", arg);
	*value++ = '\0';
	colon = strchr(arg, ':');
	if (colon)
		*colon++ = '\0';
	attr = attribute(words, arg, &type);
	if (colon)
		type = colon;

	data = value;
	len = strlen(value);
	if (!strcmp(type, "flag")) {
		len = 0;
	} else if (!strcmp(type, "str")) {
		len++;
	} else if (!strcmp(type, "ip")) {
		data = ip;
		len = strchr(value, ':') ? 16 : 4;
		if (inet_pton(len == 4 ? AF_INET : AF_INET6, value, ip) != 1)
			errx(3, "%s: no address", value);
	} else if (*type == 'u' || !strcmp(type, "file")) {
		/* The machine is little-endian: the low bytes come first. */
		data = &number;
		len = *type == 'u' ? atoi(type + 1) / 8 : 4;
		number = strtoull(value, NULL, 0);
		if (*type == 'f') {
			number = open(value, O_RDONLY | O_CLOEXEC);
			if ((int)number < 0)
				err(3, "%s", value);
		}
	}
	if (nla_put(msg, attr, len, data))
		errx(3, "%s does not fit", arg);
}

int words_ask(struct nl_sock *sk, const struct words *words, char **argv)
{
	struct nl_msg *msg;
	int flags = 0, ret;

	if (*argv && !strcmp(*argv, "-d")) {
		flags = NLM_F_DUMP;
		argv++;
	}
	if (!*argv)
		errx(3, "which command?");
	msg = nl_request(command(words, *argv), flags);
	while (*++argv)
		add(words, msg, *argv);

	ret = nl_ask(sk, msg, words->answer, NULL);
	if (ret)
		printf("%s: %s\n", strerrorname_np(-ret), nl_message);
	else if (nl_interrupted)
		printf("interrupted\n");
	return ret ? 1 : 0;
}

int words_batch(struct nl_sock *sk, const struct words *words)
{
	char line[4096], *argv[16];
	int ret = 0;

	while (!ret && fgets(line, sizeof(line), stdin)) {
		char **arg = argv;

		for (*arg = strtok(line, "\n "); *arg && arg < argv + 15;)
			*++arg = strtok(NULL, "\n ");
		*arg = NULL;
		ret = words_ask(sk, words, argv);
	}
	return ret;
}
