/* sqlite - a journal in an SQLite file: what was committed survives the process, and with full
 * synchronisation a power cut.
 * Threads:    as core/ports.h. One thread of its own writes, in transactions of whatever gathered while
 *             the last one was committed; another one reads, so that history never delays sending.
 * Owns:       the file's connections and both threads.
 * Invariant:  an event's place in the log is the order in which append took it.
 * Fails:      sqlite_journal_open returns NULL after logging what is wrong with the file and what to do;
 *             it never overwrites a file that it cannot read. Later failures are told as
 *             core/ports.h says, and every batch tries anew. */
#ifndef HUBBUB_JOURNAL_SQLITE_H
#define HUBBUB_JOURNAL_SQLITE_H

#include "core/ports.h"

struct sqlite_config {
    const char *path;    /* borrowed; made if it is not there, its folder must be */
    bool is_full;        /* synchronous=FULL: every commit reaches the disk; else NORMAL */
    uint64_t max_age_ms; /* older events are removed; 0: never */
    uint64_t max_events; /* durable events a room keeps, older ones are removed; 0: all */
};

struct journal *sqlite_journal_open(const struct sqlite_config *config,
                                    const struct journal_listener *listener);

/* Looks at the file without changing it or making it; false after logging what is wrong. */
bool sqlite_journal_check(const char *path);

#endif
