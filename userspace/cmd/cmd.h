/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs. Each gets its arguments with its own name in argv[0] and returns an
 * exit status (lib/exit.h); main() prints the noted error.
 */
#ifndef CLOISON_CMD_H
#define CLOISON_CMD_H

#include "../lib/container.h"

int cmd_check(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_enter(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_exec2(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_restart(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_template(int argc, char **argv);
int cmd_version(int argc, char **argv);

/*
 * Common heads of verbs. Options are parsed by the verb with getopt_long() on
 * what is left after the CTID: argc and argv as from argv[1] on, so that argv[1]
 * plays the role of the program's name.
 */
int cmd_container(int argc, char **argv, enum container_need need, struct container *ct);

/* The same for verbs on what runs: with or without a good configuration. */
int cmd_running(int argc, char **argv, struct container *ct, struct kernel_container *kc);

/* getopt_long() returned '?' or ':'; says which option. Always EXIT_BAD_OPTION. */
int cmd_bad_option(char **argv);
/* Arguments are left that the verb does not take. */
int cmd_no_more(int argc, char **argv);

/* The steps that start, stop and restart share; the lock is held. */
int do_start(struct container *ct, bool wait, bool force);
int do_stop(struct container *ct, bool fast);

#endif
