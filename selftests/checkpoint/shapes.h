/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shapes DIRECTORY PROCESSES [SHAPE...]
 *
 * Each shape is a process that sets something up in DIRECTORY, waits, and looks whether it is as
 * it was. When all are set up there is the file "ready", with the id of the first process. When
 * that gets SIGUSR1 they look, and the file "result" tells what is wrong, and last how many have
 * looked.
 */
#ifndef SHAPES_H
#define SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct shape {
	const char *name;
	void (*set_up)(void);
	void (*look)(void);
	bool asked;		/* only if it is asked for by name: it cannot be dumped */
};

/* Each ends with one without a name. */
extern const struct shape file_shapes[], memory_shapes[], process_shapes[], refused_shapes[],
	socket_shapes[], time_shapes[];

/* How many processes the shape "many" has. */
extern int many_processes;

void shape_failed(const char *file, int line, const char *what) __attribute__((noreturn));
void shape_wrong(const char *file, int line, const char *what);

/* Without this it cannot be set up. */
#define need(condition)							\
	do {								\
		if (!(condition))					\
			shape_failed(__FILE__, __LINE__, #condition);	\
	} while (0)

/* This must be so when it is looked at. */
#define want(condition)							\
	do {								\
		if (!(condition))					\
			shape_wrong(__FILE__, __LINE__, #condition);	\
	} while (0)

/* All of them: what is read is @text. */
void want_text(int fd, const char *text);

/* A child that does @work(@arg) when child_go() lets it, and exits with what that returns. */
struct child {
	pid_t pid;
	int go;
};

struct child child_start(int (*work)(void *arg), void *arg);
void child_go(struct child *c);
/* Lets it go, and waits for it: its exit status, or -1. */
int child_end(struct child *c);

#endif
