/* SPDX-License-Identifier: GPL-2.0-only */
/* Small things that every part needs. */
#ifndef CLOISON_UTIL_H
#define CLOISON_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Allocation that ends the process with EXIT_SYSTEM when memory is out: a
 * command of a few milliseconds cannot do anything better.
 */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Add to a string that is on the heap. */
void text_append(char **text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Read a whole file of less than @max bytes as a string. NULL and errno on
 * error (EFBIG if it is larger); readable with a NUL byte in it, up to there.
 */
char *read_file(const char *path, size_t max);
char *read_file_at(int dirfd, const char *path, size_t max);
/* With a NUL byte in it: NULL and EILSEQ. */
char *read_text(const char *path, size_t max);
/* In bytes, what /proc/meminfo has of @name, such as "MemFree"; 0: nothing. */
uint64_t host_meminfo(const char *name);

/* Replace @path by @text, all or nothing, on disk when this returns 0. A file that
 * is there keeps its mode; a new one gets @mode.
 */
int write_file_atomic(const char *path, const char *text, mode_t mode);

/* All of it, however many calls that takes; 0, or -1 and errno. */
int write_all(int fd, const void *data, size_t len);

/* fsync(2) of a file or a directory. */
int sync_file(const char *path);
/* Until the directory it is in is on disk, a power cut may undo what was done to a name. */
int sync_parent(const char *path);
/* All of the file system that directory @path is on. */
int sync_file_system(const char *path);
int sync_file_system_at(int dirfd, const char *path);

/*
 * Rename @from to @to, which nothing of worth has; on disk when this returns 0, and not done
 * if it is -1, with errno.
 */
int rename_synced(const char *from, const char *to);

/* One write(2) into a file that exists (procfs, cgroupfs); 0 or -1 and errno. */
int write_file_at(int dirfd, const char *path, const char *text);

/* mkdir -p; existing directories are left as they are. 0 or -1 and errno. */
int mkdir_parents(const char *path, mode_t mode);

/* Cut off the slashes at the end, but for the root's own. */
void trim_slashes(char *path);

/* In mountinfo, see proc(5), blanks and the like are \040. */
void unescape_mount(char *s);

/* Run a program of the host's and wait for it. Returns its wait status, -1 and
 * errno if it could not be run. If the tool is killed, so is the program, which
 * may clear away first (SIGTERM). It and what it runs have @lock as well, unless
 * that is -1: while something of it is left nobody else begins.
 */
int run_program(const char *const argv[], int lock);

/* All of @path, if it is there: rm(1) walks hostile trees (links, depth, names) better than
 * we would. @lock as above. 0, or @status with the error noted.
 */
int remove_tree(const char *path, int lock, int status);

/*
 * Reap a child that has ended or was killed, as long as that takes up to five seconds.
 * One that somebody else traces is not free to end: he is told, and need not let go
 * (ptrace(2), PTRACE_O_TRACEEXIT). False if it is left behind.
 */
bool reap_child(pid_t pid, int *status);

/*
 * Reap what was left behind and has ended meanwhile; true while there is more. The init of
 * its pid namespace cannot end before (pid_namespaces(7)): who waits for that one calls this.
 */
bool reap_left(void);

/* CLOCK_MONOTONIC in ms */
int64_t now_ms(void);
/* ns of CLOCK_BOOTTIME, as the kernel notes when a container started. */
uint64_t boot_ns(void);
void sleep_ms(unsigned int ms);

/* @len random hexadecimal digits, an even number up to 64, and an end. */
void random_digits(char *text, size_t len);

#endif
