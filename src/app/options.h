/* options - what the operator may set, from the command line, the environment and a file.
 * Threads:    main, before anything else runs.
 * Owns:       struct options owns its strings until options_free.
 * Invariant:  one table (option_table.c) drives all: sources, checks, --help, sample file, README.
 * Fails:      OPTIONS_WRONG after every mistake was written to err, each with where it was made
 *             and what is allowed; options_free is due in any case. */
#ifndef HUBBUB_APP_OPTIONS_H
#define HUBBUB_APP_OPTIONS_H

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>

enum journal_kind { JOURNAL_SQLITE, JOURNAL_MEMORY };
enum journal_sync { JOURNAL_SYNC_NORMAL, JOURNAL_SYNC_FULL };

/* Durations are in milliseconds, sizes in bytes. What each is for: option_table.c. */
struct options {
    unsigned port;
    char *address;
    char *static_dir;
    int ready_fd;
    enum log_level log_level;
    unsigned workers;
    unsigned max_connections;
    unsigned max_connections_per_address;
    uint64_t header_timeout;
    uint64_t join_timeout;
    uint64_t ping_interval;
    uint64_t ping_timeout;
    uint64_t drain_time;
    unsigned message_rate;
    unsigned message_burst;
    uint64_t max_frame;
    uint64_t max_body;
    unsigned max_rooms;
    enum journal_kind journal;
    char *state_dir;
    enum journal_sync journal_sync;
    uint64_t history_max_age;
    uint64_t history_max_messages;
    uint64_t hold_time;
    char *server_name;
    unsigned ring_frames;
    uint64_t ring_bytes;
    uint64_t send_buffer;
    char *allowed_origins;
};

enum options_outcome {
    OPTIONS_RUN, /* serve */
    OPTIONS_CHECK, /* all values are legal and listed on out; whether the machine can do as they say is to
                      be looked at */
    OPTIONS_DONE,  /* what was asked for, such as --help, is written to out */
    OPTIONS_WRONG, /* the mistakes are written to err */
};

/* argv and envp as main gets them; each later source wins: defaults, file, environment, command
 * line. */
enum options_outcome options_load(struct options *o, int argc, char *const *argv, char *const *envp,
                                  FILE *out, FILE *err);

void options_free(struct options *o);

#endif
