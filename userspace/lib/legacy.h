/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of OpenVZ's configuration files that mean something else here, or nothing. */
#ifndef CLOISON_LEGACY_H
#define CLOISON_LEGACY_H

/*
 * Why the line KEY="VALUE" of a container's file has no effect, and what does
 * instead; NULL if it has, or if it is nobody's that we know.
 */
const char *legacy_advice(const char *key, const char *value);
/* The same for the global file; what is no key of it has none either. */
const char *legacy_global_advice(const char *key, const char *value);

#endif
