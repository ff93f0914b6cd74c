/* SPDX-License-Identifier: GPL-2.0-only */
/* The global configuration, cloison.conf: where things are, and defaults. */
#ifndef CLOISON_GLOBAL_H
#define CLOISON_GLOBAL_H

#include <stdbool.h>
#include <stddef.h>

#define GLOBAL_CONF	SYSCONFDIR "/cloison.conf"

struct global {
	const char *lockdir;
	const char *backup_dir;		/* backups are in CTID/ below it */
	const char *dumpdir;		/* dumps of suspended containers */
	const char *template;		/* templates' archives are in cache/ below it */
	const char *ve_root;		/* $VEID stands for the container's id */
	const char *ve_private;
	const char *ve_layout;		/* what create takes, see layout.h */
	const char *def_ostemplate;	/* or NULL */
	const char *configfile;		/* sample for create, or NULL */
	bool logging;
	bool log_syslog;		/* to the system's log too */
	const char *logfile;
	unsigned int log_level;		/* above 0: details too */
	unsigned int verbose;		/* as many --verbose go without saying */
	unsigned int start_timeout;	/* seconds start --wait waits */
	unsigned int stop_timeout;	/* seconds stop waits before it kills */
	const char *neighbour_devs;	/* all, detect, or names of links; see neighbour.h */
	const char *route_src_dev;	/* whose address speaks to containers, or NULL */
	bool shortcut;			/* between containers, past the host's netfilter */
	bool skip_arpdetect;		/* do not ask whether an address is free */
	bool overwrite_device;		/* whatever is on the one for a container's files */
	bool error_on_arpfail;		/* one that is not is not used */
	bool prove_checkpoint;		/* suspend tries whether it could be resumed */
	bool load_view;			/* start loads cloison_view */
	bool load_acct;			/* limits that need cloison_acct load it */
	bool load_sched;		/* start loads cloison_sched */
	bool sched_auto;		/* sched enable --auto is to enable our scheduler */
	unsigned int host_cpuunits;	/* the host's own weight there */
};

extern struct global global;

/* Read it. Returns 0, EXIT_NO_GLOBAL_CONF or EXIT_BAD_VALUE. */
int global_load(void);

/* Its lines one by one, as conf_next(); and whether any of that key is read. */
const char *global_next(size_t *at, const char **value);
bool global_reads(const char *key);

#endif
