/* option_table - the one list of all options.
 * Threads:    any, read only.
 * Owns:       nothing.
 * Invariant:  names are snake_case and unique; each fallback is a legal value.
 * Fails:      never. */
#ifndef HUBBUB_APP_OPTION_TABLE_H
#define HUBBUB_APP_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_UINT,     /* unsigned */
    OPTION_FD,       /* int; -1 is "none" */
    OPTION_TEXT,     /* char *, owned, never NULL */
    OPTION_ORIGINS,  /* the same; *, or origins separated by commas */
    OPTION_CHOICE,   /* an enum: one of the option's choices, by its place among them */
    OPTION_DURATION, /* uint64_t milliseconds: 30, 30s, 500ms, 2m, 1h */
    OPTION_SIZE,     /* uint64_t bytes: 4096, 64k, 1m, 1g */
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset; /* in struct options */
    const char *fallback;
    uint64_t min, max; /* in the type's unit; of numbers only */
    const char *zero;  /* what 0 means, if it is allowed although it is below min; or NULL. Of an
                          OPTION_CHOICE: the choices, separated by "|" */
    const char *text;  /* a sentence without a full stop */
};

extern const struct option option_table[];
extern const size_t option_count;

#endif
