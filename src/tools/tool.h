/* tool - the commands beside serving: what they are called, what they take, what they do.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  one table; each tool works on the journal's file while it is served, too.
 * Fails:      exit codes: 0, 1 after saying on stderr what went wrong, 2 for a mistake in the arguments. That what was
 *             printed has arrived is for main to see. */
#ifndef HUBBUB_TOOLS_TOOL_H
#define HUBBUB_TOOLS_TOOL_H

#include "core/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum tool_option {
    TOOL_ROOM,
    TOOL_USER,
    TOOL_SINCE,
    TOOL_UNTIL,
    TOOL_LINES,
    TOOL_FOLLOW,
    TOOL_AHEAD,
    TOOL_OPTIONS
};

/* A call of a tool, its arguments understood. */
struct tool_call {
    const char *path; /* borrowed: the journal's file */
    const char *room; /* a key, in room_key; NULL: not given */
    const char *user; /* a key, in username; NULL: not given */
    uint64_t since, until;
    uint64_t lines;
    bool does_follow;
    bool takes_ahead; /* times that are ahead of the clock, as now */
    const char *file; /* borrowed; NULL: not given */

    char room_key[ROOM_NAME_MAX_BYTES + 1];
    struct username *username; /* owned; NULL: not given */
};

struct tool {
    const char *name, *help;
    unsigned options; /* a bit each */
    bool needs_file;  /* else it is optional, if it is taken at all */
    bool takes_file;
    bool takes_stream;  /* "-" is standard input or output */
    bool makes_journal; /* works where there is no journal yet */
    int (*run)(const struct tool_call *call);
};

/* NULL if it is none. */
const struct tool *tool_find(const char *name);

/* The tool's own arguments, taken out of argv; those of hubbub itself, such as --state-dir, stay in rest, which
 * has room for all. False after saying what is wrong. */
struct tool_arguments {
    const char *values[TOOL_OPTIONS]; /* borrowed; NULL: not given */
    struct tool_call call;            /* without its path */
    bool wants_help;
    char *const *rest; /* owned by the caller */
    int rest_count;
};
bool tool_take_arguments(const struct tool *tool, int argc, char *const *argv, char **rest,
                         struct tool_arguments *out);
void tool_free_arguments(struct tool_arguments *arguments);

/* Runs it on the journal's file; returns the exit code. */
int tool_run(const struct tool *tool, struct tool_arguments *arguments, const char *path);

/* In files of their own. */
int tool_export(const struct tool_call *call);
int tool_import(const struct tool_call *call);
int tool_history(const struct tool_call *call);
int tool_backup(const struct tool_call *call);
int tool_verify(const struct tool_call *call);

#endif
