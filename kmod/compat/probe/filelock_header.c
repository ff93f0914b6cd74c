// SPDX-License-Identifier: GPL-2.0-only
/* 6.3 moved file locks out of fs.h (5970e15dbcfe). */
#include <linux/filelock.h>
