/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses of migrate: the numbers of vzmigrate(8). */
#ifndef CLOISON_MIGRATE_STATUS_H
#define CLOISON_MIGRATE_STATUS_H

enum migrate_status {
	MIGRATE_OK		= 0,
	MIGRATE_USAGE		= 1,
	MIGRATE_STOPPED		= 2,	/* --live, and it does not run */
	MIGRATE_CONNECT		= 4,
	MIGRATE_COPY		= 6,
	MIGRATE_START		= 7,	/* start or restore over there */
	MIGRATE_STOP		= 8,	/* stop, freeze or dump here */
	MIGRATE_EXISTS		= 9,	/* the id or the name is taken there */
	MIGRATE_NOT_EXIST	= 10,
	MIGRATE_IP		= 12,	/* an address is in use there */
	MIGRATE_NOT_RUNNING	= 14,	/* Cloison does not work there */
	MIGRATE_CONFIG		= 15,	/* it cannot be configured there as here */
	MIGRATE_VERSION		= 17,
	MIGRATE_CPU		= 18,
	MIGRATE_LOCKED		= 20,
};

#endif
