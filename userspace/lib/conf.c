// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "error.h"
#include "util.h"

struct line {
	char *text;	/* as it stands in the file */
	char *key;	/* NULL: comment, blank, or something not ours */
	char *value;
};

struct conf {
	struct line *lines;
	size_t count;
};

struct conf *conf_new(void)
{
	return xcalloc(1, sizeof(struct conf));
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->count; i++) {
		free(conf->lines[i].text);
		free(conf->lines[i].key);
		free(conf->lines[i].value);
	}
	free(conf->lines);
	free(conf);
}

static struct line *append(struct conf *conf)
{
	conf->lines = xrealloc(conf->lines, (conf->count + 1) * sizeof(*conf->lines));
	conf->lines[conf->count] = (struct line){};
	return &conf->lines[conf->count++];
}

static bool key_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Undo the shell's quoting of one word at @s into @out (at least as large).
 * Returns what follows the word, or NULL if a quote is not closed.
 */
static const char *unquote(const char *s, char *out)
{
	char quote = '\0';

	for (; *s; s++) {
		if (quote == '\'') {
			if (*s == '\'')
				quote = '\0';
			else
				*out++ = *s;
		} else if (*s == '\\' && (s[1] == '\n' || !s[1])) {
			s += s[1] == '\n';	/* the line goes on, if the file does */
		} else if (*s == '\\') {
			/* inside "" a backslash quotes only what is special there */
			if (quote && !strchr("\\\"$`", s[1]))
				*out++ = '\\';
			*out++ = *++s;
		} else if (quote && *s == quote) {
			quote = '\0';
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (quote || !(isspace((unsigned char)*s) || *s == ';')) {
			*out++ = *s;
		} else {
			break;
		}
	}
	*out = '\0';
	return quote ? NULL : s;
}

/*
 * The line at @s; its value may go on over several. @word has room for it. Returns
 * where the last of them ends, or NULL if a quote is not closed.
 */
static const char *parse_line(struct line *line, const char *s, char *word)
{
	const char *key, *end;

	key = s + strspn(s, " \t");
	if (strncmp(key, "export ", 7) == 0)
		key += 7;
	for (end = key; key_char(*end); end++)
		;
	if (end == key || isdigit((unsigned char)*key) || *end != '=')
		return s + strcspn(s, "\n");

	s = unquote(end + 1, word);
	if (!s)
		return NULL;
	line->key = xstrndup(key, end - key);
	line->value = xstrdup(word);
	return s + strcspn(s, "\n");
}

/* An odd number of backslashes before @end? */
static bool dangling(const char *s, const char *end)
{
	const char *p = end;

	while (p > s && p[-1] == '\\')
		p--;
	return (end - p) % 2;
}

int conf_parse(struct conf *conf, const char *text, const char *what)
{
	cleanup_free char *word = xmalloc(strlen(text) + 1);
	size_t number = 1;

	while (*text) {
		struct line *line = append(conf);
		const char *end = parse_line(line, text, word);

		if (!end) {
			conf->count--;
			return fail(EXIT_BAD_VALUE, "%s: line %zu: a quote is not closed: %.*s",
				    what, number, (int)strcspn(text, "\n"), text);
		}
		/* a backslash at the very end would quote the newline that we add */
		line->text = xstrndup(text, end - text - (!*end && dangling(text, end)));
		for (; text < end; text++)
			number += *text == '\n';
		if (*text) {
			text++;
			number++;
		}
	}
	return 0;
}

int conf_load(const char *path, struct conf **out)
{
	cleanup_conf struct conf *conf = conf_new();
	cleanup_free char *text = NULL;
	int ret;

	text = read_text(path, CONF_MAX);
	if (!text && errno == ENOENT)
		return EXIT_NO_CONF;
	/* lines after it would be lost when it is written again */
	if (!text && errno == EILSEQ)
		return fail(EXIT_BAD_VALUE, "%s has NUL bytes in it, as a power cut can leave "
			    "them: take them out with an editor", path);
	if (!text)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", path);
	ret = conf_parse(conf, text, path);
	if (ret)
		return ret;
	*out = conf;
	conf = NULL;
	return 0;
}

struct conf *conf_copy(const struct conf *conf)
{
	struct conf *copy = conf_new();

	for (size_t i = 0; i < conf->count; i++) {
		const struct line *from = &conf->lines[i];

		*append(copy) = (struct line){
			.text = xstrdup(from->text), .key = from->key ? xstrdup(from->key) : NULL,
			.value = from->value ? xstrdup(from->value) : NULL,
		};
	}
	return copy;
}

static struct line *find(const struct conf *conf, const char *key)
{
	for (size_t i = conf->count; i-- > 0;)
		if (conf->lines[i].key && strcmp(conf->lines[i].key, key) == 0)
			return &conf->lines[i];
	return NULL;
}

const char *conf_get(const struct conf *conf, const char *key)
{
	struct line *line = find(conf, key);

	return line ? line->value : NULL;
}

const char *conf_next(const struct conf *conf, size_t *at, const char **value)
{
	while (*at < conf->count) {
		const struct line *line = &conf->lines[(*at)++];

		if (!line->key)
			continue;
		*value = line->value;
		return line->key;
	}
	return NULL;
}

static char *quote(const char *key, const char *value)
{
	char *text = xmalloc(strlen(key) + 2 * strlen(value) + 4);
	char *p = text + sprintf(text, "%s=\"", key);

	for (; *value; value++) {
		if (strchr("\\\"$`", *value))
			*p++ = '\\';
		*p++ = *value;
	}
	strcpy(p, "\"");
	return text;
}

static void forget(struct conf *conf, struct line *line)
{
	size_t rest = conf->lines + conf->count - (line + 1);

	free(line->text);
	free(line->key);
	free(line->value);
	memmove(line, line + 1, rest * sizeof(*line));
	conf->count--;
}

void conf_set(struct conf *conf, const char *key, const char *value)
{
	struct line *line = find(conf, key);

	if (!value) {
		for (; line; line = find(conf, key))
			forget(conf, line);
		return;
	}
	if (!line) {
		line = append(conf);
		line->key = xstrdup(key);
	}
	free(line->text);
	line->text = quote(key, value);
	/* value may point into the line itself */
	key = line->value;
	line->value = xstrdup(value);
	free((char *)key);
}

char *conf_text(const struct conf *conf)
{
	size_t len = 1;
	char *text, *p;

	for (size_t i = 0; i < conf->count; i++)
		len += strlen(conf->lines[i].text) + 1;
	p = text = xmalloc(len);
	*p = '\0';
	for (size_t i = 0; i < conf->count; i++)
		p += sprintf(p, "%s\n", conf->lines[i].text);
	return text;
}

int conf_put(const char *path, const char *text)
{
	/* it may be kept elsewhere, on storage that hosts share */
	cleanup_free char *real = realpath(path, NULL);

	if (write_file_atomic(real ? real : path, text, 0644))
		return fail_errno(EXIT_CONF_SAVE, "Cannot write %s", path);
	return 0;
}

int conf_save(const struct conf *conf, const char *path)
{
	cleanup_free char *text = conf_text(conf);

	return conf_put(path, text);
}
