/* sqlite_file - the journal's file as the operating system sees it: there, ours alone, a database.
 * Threads:    any.
 * Owns:       nothing; the lock's descriptor is the caller's, to be closed.
 * Invariant:  nothing is written to a file that exists.
 * Fails:      false or -1 after logging what is wrong and what to do. */
#ifndef HUBBUB_JOURNAL_SQLITE_FILE_H
#define HUBBUB_JOURNAL_SQLITE_FILE_H

#include <stdbool.h>

/* Logs why the file cannot be used. */
void file_log_refusal(const char *path, const char *reason, const char *hint);

/* Takes the lock of the one who serves the file, for as long as the descriptor is open. */
int file_lock(const char *path);
/* True if somebody has it. */
bool file_is_locked(const char *path);

/* Makes an empty file if there is none and it may, and looks at the first bytes of one that there is. */
bool file_prepare(const char *path, bool may_make, bool may_write);

#endif
