/* sqlite_verify - whether all that the log promises is so in the file.
 * Threads:    the main thread of a tool (sqlite_scratch.h).
 * Owns:       nothing.
 * Invariant:  nothing is changed.
 * Fails:      false if the file could not be looked at. */
#ifndef HUBBUB_JOURNAL_SQLITE_VERIFY_H
#define HUBBUB_JOURNAL_SQLITE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

struct verify_result {
    int64_t rooms, events, messages;
    unsigned faults;
};

/* report is called with a sentence for each fault. A file in use is looked at in a copy beside it, because
 * one of the checks would hold back who writes. */
bool verify_file(const char *path, struct verify_result *result,
                 void (*report)(void *arg, const char *sentence), void *arg);

#endif
