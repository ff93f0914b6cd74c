// SPDX-License-Identifier: GPL-2.0-only
/* The names of the beancounters. */
#include "acct.h"

const char * const acct_names[CLOISON_ACCT_RESOURCES] = {
	[CLOISON_ACCT_KMEMSIZE]		= "kmemsize",
	[CLOISON_ACCT_LOCKEDPAGES]	= "lockedpages",
	[CLOISON_ACCT_PRIVVMPAGES]	= "privvmpages",
	[CLOISON_ACCT_SHMPAGES]		= "shmpages",
	[CLOISON_ACCT_NUMPROC]		= "numproc",
	[CLOISON_ACCT_PHYSPAGES]	= "physpages",
	[CLOISON_ACCT_VMGUARPAGES]	= "vmguarpages",
	[CLOISON_ACCT_OOMGUARPAGES]	= "oomguarpages",
	[CLOISON_ACCT_NUMTCPSOCK]	= "numtcpsock",
	[CLOISON_ACCT_NUMFLOCK]		= "numflock",
	[CLOISON_ACCT_NUMPTY]		= "numpty",
	[CLOISON_ACCT_NUMSIGINFO]	= "numsiginfo",
	[CLOISON_ACCT_TCPSNDBUF]	= "tcpsndbuf",
	[CLOISON_ACCT_TCPRCVBUF]	= "tcprcvbuf",
	[CLOISON_ACCT_OTHERSOCKBUF]	= "othersockbuf",
	[CLOISON_ACCT_DGRAMRCVBUF]	= "dgramrcvbuf",
	[CLOISON_ACCT_NUMOTHERSOCK]	= "numothersock",
	[CLOISON_ACCT_DCACHESIZE]	= "dcachesize",
	[CLOISON_ACCT_NUMFILE]		= "numfile",
	[CLOISON_ACCT_NUMIPTENT]	= "numiptent",
	[CLOISON_ACCT_SWAPPAGES]	= "swappages",
};
