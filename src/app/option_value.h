/* option_value - the texts of option values: reading, writing, and saying what is allowed.
 * Threads:    any.
 * Owns:       nothing; text values in struct options are replaced and freed as they are set.
 * Invariant:  what option_format writes, option_set reads back as the same value.
 * Fails:      ERR_INVALID; the old value stays. */
#ifndef HUBBUB_APP_OPTION_VALUE_H
#define HUBBUB_APP_OPTION_VALUE_H

#include "app/option_table.h"
#include "base/err.h"

struct options;

enum { OPTION_VALUE_SIZE = 512 };

MUST_USE enum err option_set(struct options *o, const struct option *option, const char *text);

/* Frees the value, if it is one that can be freed. */
void option_clear(struct options *o, const struct option *option);

/* The value as text; returns out. */
const char *option_format(const struct options *o, const struct option *option,
                          char out[OPTION_VALUE_SIZE]);

/* What is allowed, in short: "1 to 65535, or 0 for any free port"; returns out. */
const char *option_range(const struct option *option, char out[OPTION_VALUE_SIZE]);

/* The same as a part of a sentence: "a whole number from 1 to 65535, or ..."; returns out. */
const char *option_allowed(const struct option *option, char out[OPTION_VALUE_SIZE]);

#endif
